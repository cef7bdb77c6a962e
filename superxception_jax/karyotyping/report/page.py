"""A batch of karyotyped cells as one HTML file for review and manual correction."""

from __future__ import annotations

import base64
import hashlib
import json
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from superxception_jax.chromosomes import (
    AUTOSOMES,
    CLASS_NAMES,
    GROUPS,
    NORMAL_SEX_COUNTS,
    natural_key,
)
from superxception_jax.data.image_file import encode_png
from superxception_jax.files import write_text
from superxception_jax.karyotyping.export import DRAFT_NOTE, karyotype_json
from superxception_jax.karyotyping.iscn import COMPLETE_CELL
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.report.assets import load_script, load_style, load_template
from superxception_jax.karyotyping.review_flags import decided_text

# Below these thresholds a person should look: laboratories accept one error in a hundred
# chromosomes, and at odds of e^3, 20 to 1, a second assignment is no longer a serious alternative.
SURE_CONFIDENCE = 0.99
DOUBTFUL_CONFIDENCE = 0.90
SURE_MARGIN_NATS = 3.0
RESEARCH_NOTE = "Research use only. Not for diagnosis."
REPORT_FORMAT = 1


def write_html_report(
    karyotypes: Sequence[Karyotype], path: Path, *, facts: Mapping[str, Any]
) -> Path:
    """Write one self-contained HTML file to review, correct and export a batch of cells.

    Laboratories review on computers without this software or a network, so the file includes
    everything, and its Content-Security-Policy blocks all network access. The browser stores
    corrections under a digest of the cells: a new report of the same cells finds them again.

    Args:
        karyotypes: Cells with unique names, at least one.
        path: HTML file in an existing folder; an existing file is replaced.
        facts: JSON values by name about the result, for example the version of the program, its
            commit and its weights; shown and exported unchanged.

    Returns:
        The path.

    Raises:
        ValueError: See `report_payload`.
        TypeError: See `report_payload`.
    """
    script, style = load_script(), load_style()
    payload = report_payload(karyotypes, facts=facts)
    # In one pass, so that no text of a cell is mistaken for a placeholder.
    page = string.Template(load_template()).substitute(
        research_note=RESEARCH_NOTE,
        script_hash=_content_hash(script),
        style_hash=_content_hash(style),
        script=script,
        style=style,
        data=script_json(payload),
    )
    return write_text(path, page)


def report_payload(karyotypes: Sequence[Karyotype], *, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contents of the page as JSON values.

    Thresholds and rules that the page needs are part of them, so that it agrees with Python.

    Args:
        karyotypes: Cells with unique names, at least one.
        facts: JSON values by name.

    Returns:
        The format, a digest of the cells, notes, thresholds, the chromosome numbers of a complete
        cell, classes, groups, facts, and the cells, those to review first at the top:
        `karyotype_json` with the reasons for a review and what was decided about the images, and
        with the image of each chromosome as a PNG data URI with its size in pixels.

    Raises:
        ValueError: There is no cell, two cells have the same name, an image is empty, a fact is
            not a JSON value, or `karyotype_json` rejects a cell.
        TypeError: An image is not a u8 array.
    """
    names = [karyotype.cell for karyotype in karyotypes]
    if not names or len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        got = f"{twice} more than once" if twice else "none"
        raise ValueError(
            f"`karyotypes` must be at least one cell, with unique names, got {got}; "
            "pass each cell once, under its own name."
        )
    try:
        json.dumps(dict(facts), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`facts` must be JSON values with finite numbers, got {dict(facts)!r} ({error}); "
            "convert other values to text."
        ) from error
    cells = [_cell_payload(karyotype) for karyotype in sorted(karyotypes, key=_review_key)]
    digest = hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()
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
        "cells": cells,
    }


def review_reasons(karyotype: Karyotype) -> tuple[str, ...]:
    """Return the reasons to review a cell before others.

    Args:
        karyotype: Karyotyped cell.

    Returns:
        One short phrase per reason, empty if there is none: flags of the cell, abnormal counts,
        images without a classification, flagged chromosomes, a small margin, a chromosome of low
        confidence.
    """
    reasons = list(karyotype.flags)
    autosomes, sexes = karyotype.counts[:AUTOSOMES], karyotype.counts[AUTOSOMES:]
    if sexes not in NORMAL_SEX_COUNTS or any(count != 2 for count in autosomes):
        reasons.append(f"abnormal counts ({_plural(sum(karyotype.counts), 'chromosome')})")
    if left_out := len(karyotype.unread) + len(karyotype.set_aside):
        reasons.append(f"{_plural(left_out, 'image')} not classified")
    flagged = sum(1 for one in karyotype.chromosomes if one.flags)
    if flagged:
        reasons.append(f"{_plural(flagged, 'flagged chromosome')}")
    if karyotype.margin < SURE_MARGIN_NATS:
        reasons.append(f"small margin ({karyotype.margin:.1f} nats)")
    lowest = _lowest_confidence(karyotype)
    if lowest < DOUBTFUL_CONFIDENCE:
        reasons.append(f"lowest confidence {100 * lowest:.1f} %")
    return tuple(reasons)


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


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _lowest_confidence(karyotype: Karyotype) -> float:
    return min((one.confidence for one in karyotype.chromosomes), default=0.0)


def _review_key(karyotype: Karyotype) -> tuple[Any, ...]:
    """Sort by what the counts are worth: foreign stain, then images left out, then the rest.

    Within each, by the number of reasons, then by the lowest confidence, then by name.
    """
    return (
        not karyotype.stain.is_foreign,
        not karyotype.withheld,
        -len(review_reasons(karyotype)),
        _lowest_confidence(karyotype),
        natural_key(karyotype.cell),
    )


def _cell_payload(karyotype: Karyotype) -> dict[str, Any]:
    cell = karyotype_json(karyotype)
    cell["reasons"] = list(review_reasons(karyotype))
    cell["decided"] = decided_text(karyotype)
    for values, one in zip(cell["chromosomes"], karyotype.chromosomes, strict=True):
        png = base64.b64encode(encode_png(one.image).getvalue()).decode("ascii")
        values["image"] = f"data:image/png;base64,{png}"
        values["height_px"], values["width_px"] = one.image.shape
        # Here it means how the image is shown; `turned_probability` says whether it was checked.
        values["turned"] = bool(one.turned)
    return cell


def _content_hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy admits one inline element."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
