"""A batch of karyotyped cells as an HTML page for review and manual correction."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from superxception_jax.chromosomes import CLASS_NAMES, GROUPS
from superxception_jax.files import write_text
from superxception_jax.karyotyping.export import DRAFT_NOTE
from superxception_jax.karyotyping.iscn import COMPLETE_CELL
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.report.assets import load_script, load_style, load_template
from superxception_jax.karyotyping.report.case_values import check_cases
from superxception_jax.karyotyping.report.cell_part import (
    digest_of,
    load_cell_text,
    load_head,
    write_report_cell,
)
from superxception_jax.karyotyping.report.part_folder import (
    new_folder,
    part_name,
    remove_parts,
    write_parts,
)
from superxception_jax.karyotyping.report.review_order import (
    DOUBTFUL_CONFIDENCE,
    SURE_CONFIDENCE,
    review_key,
)

RESEARCH_NOTE = "Research use only. Not for diagnosis."
REPORT_FORMAT = 1
# A few cells are one file, which can be passed on as it is. Above this, each cell is a file beside
# the page, loaded when it is shown.
MOST_INLINE_BYTES = 4 * 2**20
# Scripts from beside the page; `file:` is what `'self'` is to a page that was opened as a file.
_PARTS_SOURCE = " 'self' file:"


def write_html_report(
    karyotypes: Sequence[Karyotype],
    path: Path,
    *,
    facts: Mapping[str, Any],
    cases: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write a page to review, correct and export a batch of cells.

    Laboratories review on computers without this software or a network, so the page includes
    everything, and its Content-Security-Policy blocks all network access. Of a large batch the
    images are in a folder beside it, see `write_report_of_parts`. The browser stores corrections
    under the digest of their cell: a new report finds those of all cells that did not change.

    Args:
        karyotypes: Cells with unique names, at least one.
        path: HTML file in an existing folder; an existing file is replaced.
        facts: JSON values by name about the result, for example the version of the program, its
            commit and its weights; shown and exported unchanged.
        cases: Conclusions about each case as JSON values, each case once; without them, the page
            shows no case.

    Returns:
        The path.

    Raises:
        ValueError: There is no cell, two cells or two cases have the same name, an image is
            empty, a fact is not a JSON value, a case lacks a value, or `karyotype_json` rejects a
            cell.
        TypeError: An image is not a u8 array.
    """
    _check_facts(facts)
    _check_names([karyotype.cell for karyotype in karyotypes])
    folder = new_folder(path.parent, prefix=".report-")
    try:
        parts = [
            write_report_cell(karyotype, folder / part_name(place))
            for place, karyotype in enumerate(karyotypes)
        ]
        return write_report_of_parts(parts, path, facts=facts, cases=cases)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_report_of_parts(
    parts: Sequence[Path],
    path: Path,
    *,
    facts: Mapping[str, Any],
    cases: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write the page of cells whose parts are files already; never holds more than one cell.

    Above `MOST_INLINE_BYTES` the images are copied into a folder beside the page, from where it
    loads each cell when it is shown. The page replaces an earlier one at once; after it, the
    folder of the earlier one is removed.

    Args:
        parts: Files of `write_report_cell`, of cells with unique names, at least one. They stay.
        path: HTML file in an existing folder; an existing file is replaced.
        facts: As for `write_html_report`.
        cases: As for `write_html_report`.

    Returns:
        The path.

    Raises:
        ValueError: As of `write_html_report`, or a part is damaged.
    """
    found = sorted(((load_head(part), part) for part in parts), key=lambda one: review_key(one[0]))
    heads, ordered = [head for head, _ in found], [part for _, part in found]
    _check_names([head["cell"] for head in heads])
    is_large = sum(part.stat().st_size for part in ordered) > MOST_INLINE_BYTES
    digest = digest_of(load_cell_text(part) for part in ordered)
    settings = _page_settings(digest, facts=facts, cases=cases)
    if is_large:
        settings["folder"] = write_parts(ordered, path, digest=digest)
        cells = [{**head, "part": part_name(place)} for place, head in enumerate(heads)]
    else:
        cells = [
            {**json.loads(load_cell_text(part)), **head}
            for head, part in zip(heads, ordered, strict=True)
        ]
    _write_page(path, {**settings, "cells": cells})
    remove_parts(path, keep=settings["folder"])
    return path


def script_json(values: Any) -> str:
    r"""Return values as JSON that is safe in a script element of an HTML page.

    Args:
        values: JSON values.

    Returns:
        JSON in which `<`, `>` and `&` are escaped, so that no text in it can end the element or
        open a comment.

    Raises:
        ValueError: A number is not finite.
        TypeError: A value is not a JSON value.

    Source: HTML Living Standard, restrictions for contents of script elements.

    >>> script_json({"cell": "</script>"})
    '{"cell":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _page_settings(
    digest: str, *, facts: Mapping[str, Any], cases: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return all that the page contains beside its cells."""
    _check_facts(facts)
    return {
        "format": REPORT_FORMAT,
        "digest": digest,
        "research_note": RESEARCH_NOTE,
        "draft_note": DRAFT_NOTE,
        "sure_confidence": SURE_CONFIDENCE,
        "doubtful_confidence": DOUBTFUL_CONFIDENCE,
        "complete_cell": {"least": COMPLETE_CELL[0], "most": COMPLETE_CELL[-1]},
        "classes": list(CLASS_NAMES),
        "groups": [{"name": name, "classes": list(members)} for name, members in GROUPS.items()],
        "facts": dict(facts),
        "folder": "",
        "cases": check_cases(cases),
    }


def _check_facts(facts: Mapping[str, Any]) -> None:
    try:
        json.dumps(dict(facts), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`facts` must be JSON values with finite numbers, got {dict(facts)!r} ({error}); "
            "convert other values to text."
        ) from error


def _check_names(names: Sequence[str]) -> None:
    if not names or len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        got = f"{twice} more than once" if twice else "none"
        raise ValueError(
            f"`karyotypes` must be at least one cell, with unique names, got {got}; "
            "pass each cell once, under its own name."
        )


def _write_page(path: Path, payload: Mapping[str, Any]) -> None:
    script, style = load_script(), load_style()
    # In one pass, so that no text of a cell is mistaken for a placeholder.
    page = string.Template(load_template()).substitute(
        research_note=RESEARCH_NOTE,
        script_hash=_content_hash(script),
        style_hash=_content_hash(style),
        parts_source=_PARTS_SOURCE if payload["folder"] else "",
        script=script,
        style=style,
        data=script_json(payload),
    )
    write_text(path, page)


def _content_hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy admits one inline element."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
