"""Two rows of a results table, compared image by image."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.evaluation.statistics import Interval, mcnemar
from superxception_jax.tables.finished_run import TableRun, pool_folds
from superxception_jax.tables.stored_predictions import StoredPredictions


@dataclass(frozen=True)
class Difference:
    """The difference of two accuracies.

    Attributes:
        value: First accuracy minus the second.
        interval: Paired interval over cases or cells.
    """

    value: float
    interval: Interval


@dataclass(frozen=True)
class SeedComparison:
    """Two rows with one seed.

    Attributes:
        seed: Random seed.
        images: Number of images that both tested.
        only_first_correct: Number of images that only the first row classifies correctly.
        only_second_correct: Number of images that only the second row classifies correctly.
        p_value: Two-sided p value of McNemar's exact test; None where there are too few cases or
            cells for an interval.
        difference: Difference of the accuracies.
    """

    seed: int
    images: int
    only_first_correct: int
    only_second_correct: int
    p_value: float | None
    difference: Difference


@dataclass(frozen=True)
class RowComparison:
    """Two rows, compared seed by seed.

    Attributes:
        first: Name of the first row.
        second: Name of the second row.
        confidence_level: Confidence level of the intervals, 0..1.
        seeds: Comparison with each common seed.
        mean: Mean difference over these seeds. The seeds test the same images, so there is no p
            value of all of them together.
    """

    first: str
    second: str
    confidence_level: float
    seeds: tuple[SeedComparison, ...]
    mean: Difference


def compare_rows(first: Sequence[TableRun], second: Sequence[TableRun]) -> RowComparison:
    """Return the comparison of two rows over the seeds and folds that both have.

    Args:
        first: Runs of a row.
        second: Runs of another row; at least one seed and fold is common.

    Raises:
        ValueError: The runs of a seed and fold tested different images.
    """
    common = common_runs(first, second)
    seeds, changes, tested = [], [], []
    for seed in sorted({seed for seed, _ in common}):
        left, right = (
            pool_folds([run for run in runs if run.seed == seed and (seed, run.fold) in common])
            for runs in (first, second)
        )
        if not left.has_same_images(right):
            raise ValueError(
                f"`{first[0].row}` and `{second[0].row}` must have tested the same images, got "
                f"different ones for seed {seed}; run both on the same data, under another "
                "`--name`."
            )
        # Floats, because the difference of two booleans isn't defined.
        change = left.correct.astype(np.float64) - right.correct
        counts = int((change > 0).sum()), int((change < 0).sum())
        if left.cases is None:
            left = dataclasses.replace(left, cases=right.cases)
        difference = _difference(change, [left], first[0])
        seeds.append(
            SeedComparison(
                seed=seed,
                images=len(change),
                only_first_correct=counts[0],
                only_second_correct=counts[1],
                p_value=None if difference.interval.ends is None else mcnemar(*counts),
                difference=difference,
            )
        )
        changes.append(change)
        tested.append(left)
    return RowComparison(
        first=first[0].row,
        second=second[0].row,
        confidence_level=first[0].results.confidence_level,
        seeds=tuple(seeds),
        mean=_difference(np.concatenate(changes), tested, first[0]),
    )


def common_runs(first: Iterable[TableRun], second: Iterable[TableRun]) -> set[tuple[int, int]]:
    """Return the (seed, fold) for which both rows have a run."""
    return {run.key[1:] for run in first} & {run.key[1:] for run in second}


def _difference(
    change: np.ndarray, tested: Sequence[StoredPredictions], run: TableRun
) -> Difference:
    return Difference(value=float(change.mean()), interval=run.interval(change, tested))
