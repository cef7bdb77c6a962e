"""A batch of read cells as one HTML file in which a person corrects them."""

from __future__ import annotations

import base64
import hashlib
import json
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from superxception_jax.chromosomes import CLASS_NAMES, GROUPS, natural_key
from superxception_jax.data.image_file import encode_png
from superxception_jax.files import write_text
from superxception_jax.karyotyping.export import DRAFT_NOTE, karyotype_json
from superxception_jax.karyotyping.iscn import COMPLETE_CELL
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.report.assets import load_script, load_style, load_template

# Below these a person should look: one in a hundred wrong is what a laboratory accepts of a
# chromosome, and e^3, 20 to 1, is where a second assignment stops to be a serious rival.
SURE_CONFIDENCE = 0.99
DOUBTFUL_CONFIDENCE = 0.90
SURE_MARGIN_NATS = 3.0
RESEARCH_NOTE = "Not for diagnosis: research software"
REPORT_FORMAT = 1

_AUTOSOMES = CLASS_NAMES[:-2]
_USUAL_SEXES = ((2, 0), (1, 1))


def write_html_report(
    karyotypes: Sequence[Karyotype], path: Path, *, facts: Mapping[str, Any]
) -> Path:
    """Write one self-contained HTML file that shows, corrects and exports a batch of cells.

    Args:
        karyotypes: the cells, at least one; their names differ.
        path: target; its folder exists. A file that is there is replaced at once.
        facts: JSON values by name that belong to the result, for example the version of the
            program, its commit and its weights; shown and exported as they are.

    Returns:
        The path. Corrections live in the browser under a digest of the cells, so a report of
        the same cells that is written again finds them, one of other cells does not.

    Raises:
        ValueError: as `report_payload`.
        TypeError: as `report_payload`.

    Source: ours, because a laboratory reviews on machines without an install or a network;
        the page forbids itself all network by its Content-Security-Policy.
    """
    script, style = load_script(), load_style()
    payload = report_payload(karyotypes, facts=facts)
    # One pass, so that no text of a cell can be taken for a place of the template.
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
    """Collect what the page shows, as JSON values.

    Args:
        karyotypes: the cells, at least one; their names differ.
        facts: JSON values by name.

    Returns:
        The format, a digest of the cells, notes, thresholds, classes, groups, facts, and the
        cells, those to review first at the beginning: `karyotype_json` with the reasons for a
        review, and with the image of each chromosome as a PNG data URI and its size in pixels.

    Raises:
        ValueError: there is no cell, two have one name, an image is empty, a fact is no JSON
            value, or a cell is refused by `karyotype_json`.
        TypeError: an image is no u8 array.

    Source: ours, because the page must not decide again what Python has decided.
    """
    names = [karyotype.cell for karyotype in karyotypes]
    if not names or len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        got = f"{twice} more than once" if twice else "none"
        raise ValueError(
            f"`karyotypes` must be at least one cell with names that differ, got {got}; "
            "give each cell once, under a name of its own."
        )
    try:
        json.dumps(dict(facts), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`facts` must be JSON values with finite numbers, got {dict(facts)!r} ({error}); "
            "turn other values into text."
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
    """Say why a person should look at a cell before others.

    Args:
        karyotype: the cell.

    Returns:
        One short phrase for each reason, empty if there is none: an unusual count, flags of the
        cell, unread images, flagged chromosomes, a small margin, a doubtful chromosome.

    Source: ours, because what is rare, unsure or incomplete deserves the fresh eyes.
    """
    reasons = []
    counts = dict(zip(CLASS_NAMES, karyotype.counts, strict=True))
    usual_sex = (counts["X"], counts["Y"]) in _USUAL_SEXES
    if not usual_sex or any(counts[name] != 2 for name in _AUTOSOMES):
        reasons.append(f"unusual count ({sum(karyotype.counts)})")
    reasons.extend(karyotype.flags)
    if karyotype.unread:
        reasons.append(f"{len(karyotype.unread)} unread")
    flagged = sum(1 for one in karyotype.chromosomes if one.flags)
    if flagged:
        reasons.append(f"{flagged} flagged")
    if karyotype.margin < SURE_MARGIN_NATS:
        reasons.append(f"margin {karyotype.margin:.1f} nats")
    least = _least_confidence(karyotype)
    if least < DOUBTFUL_CONFIDENCE:
        reasons.append(f"least confidence {least:.0%}")
    return tuple(reasons)


def script_json(values: Any) -> str:
    r"""Write JSON that may stand in a script element of an HTML page.

    Args:
        values: JSON values.

    Returns:
        JSON in which `<`, `>` and `&` are written as escapes, so that no text in it can end
        the element or open a comment.

    Raises:
        ValueError: a number is not finite.
        TypeError: something is no JSON value.

    Source: HTML Living Standard, restrictions for contents of script elements.

    >>> script_json({"cell": "</script>"})
    '{"cell":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _least_confidence(karyotype: Karyotype) -> float:
    return min((one.confidence for one in karyotype.chromosomes), default=0.0)


def _review_key(karyotype: Karyotype) -> tuple[Any, ...]:
    """Sort by number of reasons, then by the least sure chromosome, then by name."""
    reasons = len(review_reasons(karyotype))
    return -reasons, _least_confidence(karyotype), natural_key(karyotype.cell)


def _cell_payload(karyotype: Karyotype) -> dict[str, Any]:
    cell = karyotype_json(karyotype)
    cell["reasons"] = list(review_reasons(karyotype))
    for values, one in zip(cell["chromosomes"], karyotype.chromosomes, strict=True):
        png = base64.b64encode(encode_png(one.image).getvalue()).decode("ascii")
        values["image"] = f"data:image/png;base64,{png}"
        values["height_px"], values["width_px"] = one.image.shape
    return cell


def _content_hash(text: str) -> str:
    """Return the hash by which a Content-Security-Policy admits one inline element."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
