"""Cases by chance: cells with and without likelihoods, corrected ones, and cells set aside."""

from __future__ import annotations

from typing import Any

import numpy as np

from superxception_jax.karyotyping.case.case_json import case_json, settings_json
from superxception_jax.karyotyping.case.case_record import Case, CaseCell, CaseSettings
from superxception_jax.karyotyping.case.cell_lines import candidates_of
from superxception_jax.karyotyping.case.conclude import conclude_cells
from superxception_jax.karyotyping.case.preparation import evidence_of_counts
from tests.karyotyping.formulas import parse_iscn

LINES = (
    *("46,XX", "46,XY", "45,X", "47,XXY", "47,XXX", "47,XX,+21", "47,XY,+8", "45,XX,-7"),
    *("48,XX,+8,+21", "48,XY,+21,+21", "46,XX,+14,-15", "44,XX,-7,-7", "45,XY,-21"),
)
_MOST_CELLS = 12


def random_case(seed: int) -> tuple[list[CaseCell], CaseSettings, tuple, np.ndarray]:
    """Return cells, settings, candidates and the evidence of the analysed cells."""
    generator = np.random.default_rng([7, seed])
    order = ("constitutional", "neoplastic")[seed % 2]
    settings = CaseSettings(
        order=order,
        sex=str(generator.choice(["", "", "XX", "XY"])),
        cells_of_gain=int(generator.integers(1, 4)) if seed % 5 == 0 else 2,
        mosaicism=0.2 if seed % 7 == 0 else None,
    )
    texts = generator.choice(LINES, size=int(generator.integers(1, 4)))
    cells = []
    for number in range(int(generator.integers(1, _MOST_CELLS))):
        counts = list(parse_iscn(str(generator.choice(texts))))
        if generator.random() < 0.2:
            counts[int(generator.integers(22))] -= 1
        cells.append(
            CaseCell(
                f"cell {number}",
                tuple(max(0, count) for count in counts),
                aside="foreign stain" if generator.random() < 0.15 else "",
                margin=float(generator.choice([0.5, 2.0, 12.0])),
                certain=bool(generator.random() < 0.3),
            )
        )
    analysed = [one for one in cells if not one.aside]
    # Corrected cells may show what no candidate has: then it is added.
    known = [one for one in analysed if not one.certain] if seed % 3 == 0 else analysed
    candidates = candidates_of(known, settings=settings)
    evidence = np.zeros((len(analysed), len(candidates)))
    for row, cell in enumerate(analysed):
        for column, one in enumerate(candidates):
            logs = evidence_of_counts(cell.counts, one.counts, lost=1e-3, gained=4e-5)
            evidence[row, column] = round(0.7 * logs + generator.normal(0.0, 1.5), 6)
    return cells, settings, candidates, evidence


def given_to_the_page(
    cells: list[CaseCell], settings: CaseSettings, candidates: tuple, evidence: np.ndarray
) -> dict[str, Any]:
    """Return the arguments of `concludeCase`."""
    names = [one.name for one in cells if not one.aside]
    return {
        "cells": [
            {
                "cell": one.name,
                "counts": list(one.counts),
                "aside": one.aside,
                "margin": None if np.isinf(one.margin) else one.margin,
                "certain": one.certain,
            }
            for one in cells
        ],
        "settings": settings_json(settings),
        "candidates": [
            {"counts": list(one.counts), "log_prior": one.log_prior} for one in candidates
        ],
        "evidence": dict(zip(names, evidence.tolist(), strict=True)),
    }


def concluded_by_python(
    cells: list[CaseCell], settings: CaseSettings, candidates: tuple, evidence: np.ndarray
) -> tuple[Case, dict[str, Any]]:
    """Return the case, and what of its JSON values `concludeCase` returns as well."""
    case = conclude_cells("case", cells, candidates, evidence, settings)
    values = case_json(case)
    given = ("case", "note", "settings", "copies")
    return case, {name: value for name, value in values.items() if name not in given}
