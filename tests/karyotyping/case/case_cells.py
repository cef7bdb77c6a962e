"""Cells of cases with certain counts, and with likelihoods that show certain counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from superxception_jax.karyotyping.case.case_record import Case, CaseCell, CaseSettings
from superxception_jax.karyotyping.case.conclude import conclude_cells
from superxception_jax.karyotyping.iscn import draft_iscn, number_problem
from superxception_jax.karyotyping.karyotype import Karyotype
from tests.karyotyping.formulas import parse_iscn
from tests.karyotyping.report.samples import SOUND, sample_chromosome


def cells_of(lines: dict[str, int]) -> list[CaseCell]:
    """Return so many corrected cells of each formula, with the numbers 1, 2, ... as names."""
    counts = [parse_iscn(text) for text, number in lines.items() for _ in range(number)]
    return [
        CaseCell(str(place + 1), one, aside=number_problem(sum(one)), certain=True)
        for place, one in enumerate(counts)
    ]


def corrected(
    lines: dict[str, int], **settings: Any
) -> tuple[list[CaseCell], CaseSettings, tuple, np.ndarray]:
    """Return cells, settings, candidates and evidence of a case of corrected cells."""
    cells = cells_of(lines)
    analysed = sum(not one.aside for one in cells)
    return cells, CaseSettings(**settings), (), np.zeros((analysed, 0))


def conclude(lines: dict[str, int], **settings: Any) -> Case:
    """Conclude a case of corrected cells."""
    cells, values, candidates, evidence = corrected(lines, **settings)
    return conclude_cells("case", cells, candidates, evidence, values)


def karyotype_of(
    name: str, text: str, *, log_likelihoods: np.ndarray | None = None, **changes: Any
) -> Karyotype:
    """Return a karyotype with the counts of a formula."""
    labels = np.repeat(np.arange(24), parse_iscn(text))
    chromosomes = tuple(sample_chromosome(str(i), label=int(one)) for i, one in enumerate(labels))
    values = SOUND | {"iscn": draft_iscn(parse_iscn(text)), "margin": 9.0, "case": "case"} | changes
    return Karyotype(name, chromosomes, log_likelihoods=log_likelihoods, **values)


def likelihoods_of(text: str, *, certainty: float = 12.0, seed: int = 0) -> np.ndarray:
    """Return f64[N,24] of chromosomes that show the counts of a formula, with some noise."""
    labels = np.repeat(np.arange(24), parse_iscn(text))
    logits = np.random.default_rng(seed).normal(0.0, 1.0, (len(labels), 24))
    logits[np.arange(len(labels)), labels] += certainty
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
