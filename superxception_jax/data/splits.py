"""Splits of a data set into training, validation and test images, one for each protocol.

A split depends on the names of cells and cases, the labels and a seed, and on nothing else.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import natural_key

PARTS = ("train", "validation", "test")
FOLDED_PROTOCOLS = ("cells", "cases")
# Keep every cell whole, so that its chromosomes can be assigned together.
WHOLE_CELL_PROTOCOLS = (*FOLDED_PROTOCOLS, "poletti")
POLETTI_CELLS = (70, 49)  # Training with validation, and test (Poletti et al. 2008).


@dataclasses.dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """Which protocol divides the images, and its numbers; ranges are checked here.

    Attributes:
        protocol: `paper` (images at random, stratified by class), `poletti` (70 and 49 cells),
            `cells` or `cases` (cross-validation over whole cells or patients).
        seed: Random seed of the split, at least 0; the training has a seed of its own.
        fold: Fold that tests, 0..folds-1 (`cells`, `cases`).
        folds: Number of folds, at least 2 (`cells`, `cases`).
        validation_share: Share of the training cells or cases that validates, in (0, 1)
            (`cells`, `poletti`, `cases`).
        training_share: Share of the training cells or cases that is used, or of the training
            images of each class (`paper`), in (0, 1]. The images of a smaller share are among
            those of a larger one; validation and test images stay the same.
        sizes: Numbers of training, validation and test images, each at least 1 (`paper`).

    Raises:
        ValueError: A value is out of its range; all problems are listed.
    """

    protocol: str
    seed: int
    fold: int
    folds: int
    validation_share: float
    training_share: float
    sizes: tuple[int, int, int]

    def __post_init__(self) -> None:
        problems = [] if self.protocol in PROTOCOLS else [_unknown(self.protocol)]
        if self.seed < 0:
            problems.append(f"`seed` must be at least 0, got {self.seed}; raise it.")
        if self.folds < 2:
            problems.append(f"`folds` must be at least 2, got {self.folds}; raise it.")
        elif not 0 <= self.fold < self.folds:
            problems.append(f"`fold` must be 0 to {self.folds - 1}, got {self.fold}; correct it.")
        if not 0 < self.validation_share < 1:
            problems.append(
                "`validation_share` must be between 0 and 1, "
                f"got {self.validation_share}; correct it."
            )
        if not 0 < self.training_share <= 1:
            problems.append(
                "`training_share` must be above 0 and at most 1, "
                f"got {self.training_share}; correct it."
            )
        if len(self.sizes) != 3 or min(self.sizes) < 1:
            problems.append(
                f"`sizes` must be 3 numbers of images of at least 1, got {self.sizes}; "
                "correct them."
            )
        if problems:
            raise ValueError("\n".join(problems))


@dataclasses.dataclass(frozen=True)
class Split:
    """The images of each part of a data set; no image is in two parts.

    Attributes:
        train: i64[A], ascending indices of the training images.
        validation: i64[B], ascending indices of the images that choose checkpoints and
            hyper-parameters.
        test: i64[C], ascending indices of the images whose results are reported.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def make_split(
    labels: np.ndarray, cells: np.ndarray, cases: np.ndarray, *, settings: SplitSettings
) -> Split:
    """Divide images into training, validation and test images.

    Args:
        labels: i32[N], class of each image.
        cells: str[N], cell of each image.
        cases: str[N], patient or sample of each image.
        settings: Protocol and its numbers.

    Returns:
        The split; equal arguments give equal splits.

    Raises:
        ValueError: There are too few images, cells or cases for the settings.

    Source: Swati, Sharma, Vig 2018, section 4 (`paper`); Poletti et al. 2008 (`poletti`). `cells`
        and `cases` keep groups whole, because images of one cell or patient resemble each other.
    """
    count = check(labels=(labels, "i32[N]"), cells=(cells, "any[N]"), cases=(cases, "any[N]"))["N"]
    if count == 0:
        raise ValueError("`labels` must hold images, got none; check the data set.")
    return PROTOCOLS[settings.protocol](labels, cells, cases, settings)


def _split_paper(
    labels: np.ndarray, cells: np.ndarray, cases: np.ndarray, settings: SplitSettings
) -> Split:
    del cells, cases
    sizes = settings.sizes
    if sum(sizes) > len(labels):
        raise ValueError(
            f"`sizes` must sum to at most the number of images, {len(labels)}, "
            f"got {sum(sizes)}; lower them or use the split `cells`."
        )
    generator = np.random.default_rng(settings.seed)
    available = np.bincount(labels)
    # Shares of shares: each step takes from what the step before chose, so no class runs out.
    used = _apportion(sum(sizes), available)
    test = _apportion(sizes[2], used)
    validation = _apportion(sizes[1], used - test)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for label in range(len(available)):
        images = generator.permutation(np.flatnonzero(labels == label))[: used[label]]
        bounds = np.cumsum([test[label], validation[label]])
        for part, chosen in zip(parts, np.split(images, bounds), strict=True):
            part.append(chosen)
        parts[2][-1] = _first(parts[2][-1], settings.training_share)
    test_images, validation_images, train_images = (np.sort(np.concatenate(p)) for p in parts)
    return Split(train=train_images, validation=validation_images, test=test_images)


def _first(names: np.ndarray, share: float) -> np.ndarray:
    """Return the first part of shuffled names: at least one, if there is any."""
    return names[: min(max(1, int(share * len(names) + 0.5)), len(names))]


def _apportion(total: int, weights: np.ndarray) -> np.ndarray:
    """Divide `total` by largest remainders; no share exceeds its weight if the total doesn't."""
    # In integers: quotas in floating point break ties by rounding errors.
    products = total * weights.astype(np.int64)
    shares, remainders = np.divmod(products, weights.sum())
    missing = total - shares.sum()
    shares[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return shares


def _split_cells(
    labels: np.ndarray, cells: np.ndarray, cases: np.ndarray, settings: SplitSettings
) -> Split:
    del labels, cases
    return _split_folds("cells", cells, settings)


def _split_cases(
    labels: np.ndarray, cells: np.ndarray, cases: np.ndarray, settings: SplitSettings
) -> Split:
    del labels, cells
    return _split_folds("cases", cases, settings)


def _split_folds(what: str, groups: np.ndarray, settings: SplitSettings) -> Split:
    folds, fold = settings.folds, settings.fold
    names = _unique(groups)
    # Two groups must be left: one trains, one validates.
    if len(names) - -(-len(names) // folds) < 2 or len(names) < folds:
        raise ValueError(
            f"`{what}` must be enough for {folds} folds with training and validation, "
            f"got {len(names)}; use more {what} or fewer folds."
        )
    parts = np.array_split(np.random.default_rng(settings.seed).permutation(names), folds)
    rest = np.concatenate([part for number, part in enumerate(parts) if number != fold])
    generator = np.random.default_rng([settings.seed, fold])
    return _by_groups(groups, generator.permutation(rest), test=parts[fold], settings=settings)


def _split_poletti(
    labels: np.ndarray, cells: np.ndarray, cases: np.ndarray, settings: SplitSettings
) -> Split:
    del labels, cases
    names = _unique(cells)
    if len(names) != sum(POLETTI_CELLS):
        raise ValueError(
            f"`cells` must be {sum(POLETTI_CELLS)} for the split `poletti`, got {len(names)}; "
            "use the split `cells`."
        )
    order = np.random.default_rng(settings.seed).permutation(names)
    rest, test = np.split(order, POLETTI_CELLS[:1])
    return _by_groups(cells, rest, test=test, settings=settings)


def _by_groups(
    groups: np.ndarray, rest: np.ndarray, *, test: np.ndarray, settings: SplitSettings
) -> Split:
    """Hold out the first of the shuffled groups that don't test for validation; keep all whole."""
    held_out = min(max(1, int(settings.validation_share * len(rest) + 0.5)), len(rest) - 1)
    train = _first(rest[held_out:], settings.training_share)
    parts = {"train": train, "validation": rest[:held_out], "test": test}
    part_of = {str(name): part for part, names in parts.items() for name in names}
    # Looked up one by one: `np.isin` takes hours for a million texts of variable width.
    found = np.array([part_of.get(str(group), "") for group in groups])
    return Split(**{part: np.flatnonzero(found == part) for part in parts})


def _unique(groups: np.ndarray) -> np.ndarray:
    # Sorted, so that the split doesn't depend on the order of the images.
    return np.array(sorted({str(group) for group in groups}, key=natural_key))


def _unknown(name: str) -> str:
    nearest = difflib.get_close_matches(name, PROTOCOLS, n=1, cutoff=0.0)[0]
    return (
        f"`protocol` must be one of {', '.join(PROTOCOLS)}, got {name!r}; did you mean `{nearest}`?"
    )


PROTOCOLS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, SplitSettings], Split]] = {
    "paper": _split_paper,
    "cells": _split_cells,
    "poletti": _split_poletti,
    "cases": _split_cases,
}
