"""Cases made by hand: the conclusions that a page shows, as the program writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.case.case_json import settings_json
from superxception_jax.karyotyping.case.case_record import CaseSettings
from superxception_jax.karyotyping.karyotype import Karyotype
from tests.karyotyping.report.samples import sample_cell

_PLACE = {name: place for place, name in enumerate(CLASS_NAMES)}


def counts_of(**changes: int) -> list[int]:
    """Return the counts of 46,XX with other numbers for some classes, such as `c21=3`."""
    counts = [2] * 22 + [2, 0]
    for name, count in changes.items():
        counts[_PLACE[name.removeprefix("c")]] = count
    return counts


_CANDIDATES: list[dict[str, Any]] = [
    {"iscn": "46,XX", "counts": counts_of(), "log_prior": -0.1},
    {"iscn": "47,XX,+21", "counts": counts_of(c21=3), "log_prior": -6.0},
    {"iscn": "45,X", "counts": counts_of(cX=1), "log_prior": -6.0},
]


def sample_case(
    name: str, cells: Sequence[Karyotype], *, formula: str, copy: str = "", **changes
) -> dict[str, Any]:
    """Return the conclusions about cells of which one may be a copy of the first."""
    counted = [one for one in cells if one.cell != copy]
    first = cells[0].cell
    reason = f"the same images as `{first}` (46 of them)"
    same = [(first, copy), (copy, first)] if copy else []
    lines: dict[str, list[str]] = {}
    for one in counted:
        lines.setdefault(one.iscn, []).append(one.cell)
    return {
        "case": name,
        "formula": formula,
        "note": "Draft from the cells of this case.",
        "withheld": "" if formula else "only 1 cell is complete",
        "order": "constitutional",
        "posterior": 0.987,
        "alternatives": [{"formula": "46,XX", "posterior": 0.011}],
        "cells": {
            "counted": len(counted),
            "analysed": len(counted),
            "set_aside": [{"cell": copy, "reason": reason}] if copy else [],
        },
        "lines": [{"iscn": iscn, "cells": names} for iscn, names in lines.items()],
        "class_counts": {
            label: {
                str(count): sum(one.counts[place] == count for one in counted)
                for count in sorted({one.counts[place] for one in counted})
            }
            for place, label in enumerate(CLASS_NAMES)
        },
        "clones": [],
        "single_changes": [],
        "sex": {"XX": 0.99, "X": 0.01},
        "more_cells": {"count": 3, "text": "3 more cells exclude a mosaic of 20 % or more."},
        "review_first": [{"cell": counted[0].cell, "reason": "differs from the other cells"}],
        "candidates": _CANDIDATES,
        "evidence": {
            one.cell: [
                -8.0 * sum(abs(a - b) for a, b in zip(one.counts, candidate["counts"], strict=True))
                for candidate in _CANDIDATES
            ]
            for one in counted
        },
        "settings": settings_json(CaseSettings()),
        "copies": [{"cell": one, "of": [{"cell": other, "images": 46}]} for one, other in same],
    } | changes


def _cell(number: int, case: str, *, karyotype: str) -> Karyotype:
    drawn = sample_cell(number, karyotype=karyotype)
    chromosomes = list(drawn.chromosomes)
    if number == 0:
        # The cell decided one of its chromosomes against the single image.
        one = chromosomes[4]
        rival = (one.label + 1) % len(CLASS_NAMES)
        probabilities = one.probabilities.copy()
        probabilities[[one.label, rival]] = probabilities[[rival, one.label]]
        probabilities[rival] = max(probabilities[rival], 0.6)
        chromosomes[4] = replace(
            one, probabilities=probabilities / probabilities.sum(), flags=("compare the bands",)
        )
    return replace(drawn, cell=f"{case}/cell {number}", case=case, chromosomes=tuple(chromosomes))


def sample_cases() -> tuple[list[Karyotype], list[dict[str, Any]]]:
    """Return the cells of two cases, trisomic and normal, and the conclusions about them."""
    first = [
        _cell(number, "case 7", karyotype=text)
        for number, text in enumerate(("47,XX,+21", "47,XX,+21", "46,XX"))
    ]
    second = [_cell(number, "case 8", karyotype="46,XX") for number in (3, 4)]
    clones = [{"change": "+21", "cells": [first[0].cell, first[1].cell]}]
    cases = [
        sample_case("case 7", first, formula="47,XX,+21", clones=clones),
        sample_case("case 8", second, formula="", copy=second[1].cell),
    ]
    return [*first, *second], cases
