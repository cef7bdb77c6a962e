"""The records of a case: its settings, its cells, and what is concluded from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.prior import (
    LOST_IN_PREPARATION,
    CountPrior,
    constitutional_prior,
    default_prior,
)

Counts = tuple[int, ...]
ORDERS = ("constitutional", "neoplastic")
# Share of cases with more than one cell line, unless it is given.
_MOSAICISM = {"constitutional": 0.01, "neoplastic": 0.5}


@dataclass(frozen=True)
class CaseSettings:
    """How a case is concluded.

    Attributes:
        order: "constitutional" or "neoplastic": how formulas are written, and how often there is
            more than one cell line.
        cells_of_gain: Cells with the same gain that are a clone.
        cells_of_loss: Cells with the same loss that are a clone.
        lost: Probability that a chromosome is lost in preparation.
        gained: Probability that a cell shows one chromosome of a class too many, from a
            neighbouring cell or by a wrong class.
        mosaicism: Prior probability of a further cell line; None: that of the order.
        excluded_share: Share of a second cell line that is to be excluded.
        sex: "XX" or "XY", the constitutional sex complement if it is known, for neoplastic
            formulas; empty: by the cells.
        prior: Prior of a patient's chromosome counts.

    Raises:
        ValueError: A value is none of those above.
    """

    order: str = "constitutional"
    cells_of_gain: int = 2
    cells_of_loss: int = 3
    lost: float = LOST_IN_PREPARATION
    gained: float = 4e-5
    mosaicism: float | None = None
    excluded_share: float = 0.1
    sex: str = ""
    prior: CountPrior = field(default_factory=lambda: constitutional_prior(default_prior()))

    def __post_init__(self) -> None:
        for name, allowed in (("order", ORDERS), ("sex", ("", "XX", "XY"))):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"`{name}` must be one of {list(allowed)}, got {getattr(self, name)!r}; "
                    "correct it."
                )
        for name in ("cells_of_gain", "cells_of_loss"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must be at least 1, got {getattr(self, name)}; correct it."
                )
        for name in ("lost", "gained", "excluded_share", "mosaic_probability"):
            # A chromosome is lost or gained by exception, see `preparation`.
            most = 0.1 if name in ("lost", "gained") else 1.0
            if not 0.0 < getattr(self, name) < most:
                field = "mosaicism" if name == "mosaic_probability" else name
                raise ValueError(
                    f"`{field}` must be between 0 and {most:g}, got {getattr(self, name)}; "
                    "correct it."
                )

    @property
    def mosaic_probability(self) -> float:
        """Return the prior probability of a further cell line."""
        return _MOSAICISM[self.order] if self.mosaicism is None else self.mosaicism


@dataclass(frozen=True)
class CaseCell:
    """A cell of a case.

    Attributes:
        name: Name of the cell.
        counts: i[24], number of chromosomes of each class; all 0 where nothing is known.
        aside: Why the cell does not count; empty if it does.
        margin: Log odds of its assignment against the second-best one, nats; infinite if there is
            no other.
        certain: Whether the counts are certain, such as those of a corrected cell.
    """

    name: str
    counts: Counts
    aside: str = ""
    margin: float = float("inf")
    certain: bool = False

    def __post_init__(self) -> None:
        if len(self.counts) != len(CLASS_NAMES) or min(self.counts) < 0:
            raise ValueError(
                f"`counts` must be {len(CLASS_NAMES)} numbers of at least 0, got "
                f"{list(self.counts)}; count the chromosomes of each class of the cell."
            )


@dataclass(frozen=True)
class Candidate:
    """Chromosome counts that a cell line of the case may have.

    Attributes:
        counts: i[24], number of chromosomes of each class.
        log_prior: Log prior probability that a patient has these counts.
    """

    counts: Counts
    log_prior: float


@dataclass(frozen=True)
class SingleChange:
    """A gain or loss in too few cells to be a clone.

    Attributes:
        cell: Name of the cell.
        change: The change, such as `-7`.
        text: What it most probably is.
    """

    cell: str
    change: str
    text: str


@dataclass(frozen=True)
class Case:
    """What the cells of a case say together.

    Attributes:
        name: Name of the case.
        formula: Draft ISCN formula with cell numbers; empty if it is withheld.
        withheld: Why there is no formula; empty if there is one.
        settings: How it was concluded.
        posterior: Probability, 0..1, of the cell lines of the formula; where it is withheld, of
            those that were found.
        alternatives: Formula and probability of other cell lines, most probable first.
        cells: All cells, those that are set aside as well.
        lines: ISCN of each distinct cell among the analysed ones, with the names of its cells,
            most frequent first.
        class_counts: By class, the number of analysed cells with each number of chromosomes.
        clones: Each change that is in enough cells, with their names.
        single_changes: Changes in too few cells.
        sex: Probability of each sex complement, such as `XX` or, for two lines, `X/XX`.
        more_cells: How many further cells would settle the case.
        more_text: The same as a sentence.
        review_first: Cell and reason, what would change the conclusion most first.
        candidates: Chromosome counts that were considered.
        evidence: f64[analysed cells, candidates], log evidence, nats, up to a constant per cell.
        copies: By cell, in the order in which they may count, each other cell that is the same
            one, with the number of images that are in both.
    """

    name: str
    formula: str
    withheld: str
    settings: CaseSettings
    posterior: float
    alternatives: tuple[tuple[str, float], ...]
    cells: tuple[CaseCell, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]
    class_counts: Mapping[str, Mapping[int, int]]
    clones: tuple[tuple[str, tuple[str, ...]], ...]
    single_changes: tuple[SingleChange, ...]
    sex: Mapping[str, float]
    more_cells: int
    more_text: str
    review_first: tuple[tuple[str, str], ...]
    candidates: tuple[Candidate, ...]
    evidence: np.ndarray
    copies: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def analysed(self) -> tuple[CaseCell, ...]:
        """Return the cells that count."""
        return tuple(one for one in self.cells if not one.aside)

    @property
    def set_aside(self) -> tuple[CaseCell, ...]:
        """Return the cells that do not count."""
        return tuple(one for one in self.cells if one.aside)
