"""The evaluation protocols as splits of images: pure functions of names and a seed."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import natural_key

POLETTI_CELLS = (70, 49)  # Training with validation, and test (Poletti et al. 2008).


@dataclasses.dataclass(frozen=True)
class Split:
    """Hold which images train, validate and test; no image is in two parts.

    **Source:** ours, because indices can be checked and stored, copied images can't.

    Attributes:
        train: i64[A], ascending indices of the training images.
        validation: i64[B], those that choose checkpoints and hyper-parameters.
        test: i64[C], those that are reported and choose nothing.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def make_split(
    labels: np.ndarray,
    cells: np.ndarray,
    cases: np.ndarray,
    *,
    protocol: str,
    seed: int,
    fold: int,
    folds: int,
    validation_share: float,
    training_share: float,
    sizes: tuple[int, int, int],
) -> Split:
    """Split images by one of the protocols of `PROTOCOLS`.

    Args:
        labels: i32[N], class of each image.
        cells: str[N], cell of each image.
        cases: str[N], patient or sample of each image.
        protocol: `paper`, `cells`, `poletti` or `cases`.
        seed: seed of the split, at least 0; not the seed of the training.
        fold: which fold tests, 0..folds-1; 0 for the protocols without folds.
        folds: number of folds, at least 2 (`cells`, `cases`).
        validation_share: share of the training cells or cases that validates, in (0, 1)
            (`cells`, `poletti`, `cases`).
        training_share: share of what may train that does train, in (0, 1]: of the cells or
            cases, or of the images of each class (`paper`). A smaller share is part of a larger
            one, and validation and test stay the same.
        sizes: numbers of training, validation and test images (`paper`).

    Returns:
        The split; the same arguments give the same split.

    Raises:
        ValueError: an argument is out of its range, or there are too few images or cells.

    **Source:** Swati, Sharma, Vig 2018, section 4 (`paper`); Poletti et al. 2008 (`poletti`);
    `cells` and `cases` are ours, because images of one cell resemble each other.
    """
    count = check(labels=(labels, "i32[N]"), cells=(cells, "any[N]"), cases=(cases, "any[N]"))["N"]
    if protocol not in PROTOCOLS:
        raise ValueError(_unknown(protocol))
    if count == 0:
        raise ValueError("`labels` must hold images, got none; check the data set.")
    if seed < 0:
        raise ValueError(f"`seed` must be at least 0, got {seed}; raise it.")
    if not 0 < training_share <= 1:
        raise ValueError(
            f"`training_share` must be above 0 and at most 1, got {training_share}; correct it."
        )
    return PROTOCOLS[protocol](
        labels=labels,
        cells=cells,
        cases=cases,
        seed=seed,
        fold=fold,
        folds=folds,
        validation_share=validation_share,
        training_share=training_share,
        sizes=sizes,
    )


def _split_paper(
    *,
    labels: np.ndarray,
    seed: int,
    fold: int,
    training_share: float,
    sizes: tuple[int, int, int],
    **_: object,
) -> Split:
    _check_no_folds("paper", fold)
    if len(sizes) != 3 or min(sizes) < 1:
        raise ValueError(
            f"`sizes` must be 3 numbers of images of at least 1, got {sizes}; correct them."
        )
    if sum(sizes) > len(labels):
        raise ValueError(
            f"`sizes` must sum to at most the number of images, {len(labels)}, "
            f"got {sum(sizes)}; lower them or use the split `cells`."
        )
    generator = np.random.default_rng(seed)
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
        parts[2][-1] = _first(parts[2][-1], training_share)
    test_images, validation_images, train_images = (np.sort(np.concatenate(p)) for p in parts)
    return Split(train=train_images, validation=validation_images, test=test_images)


def _first(names: np.ndarray, share: float) -> np.ndarray:
    """Return the first of what was drawn: at least one, if there is any."""
    return names[: min(max(1, int(share * len(names) + 0.5)), len(names))]


def _apportion(total: int, weights: np.ndarray) -> np.ndarray:
    """Divide `total` by largest remainders; no share exceeds its weight if the total doesn't."""
    # In integers: quotas in floating point break ties by rounding errors.
    products = total * weights.astype(np.int64)
    shares, remainders = np.divmod(products, weights.sum())
    missing = total - shares.sum()
    shares[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return shares


def _split_cells(*, cells: np.ndarray, **arguments: object) -> Split:
    return _split_folds("cells", cells, **arguments)  # type: ignore[arg-type]


def _split_cases(*, cases: np.ndarray, **arguments: object) -> Split:
    return _split_folds("cases", cases, **arguments)  # type: ignore[arg-type]


def _split_folds(
    what: str,
    groups: np.ndarray,
    *,
    seed: int,
    fold: int,
    folds: int,
    validation_share: float,
    training_share: float,
    **_: object,
) -> Split:
    if folds < 2:
        raise ValueError(f"`folds` must be at least 2, got {folds}; raise it.")
    if not 0 <= fold < folds:
        raise ValueError(f"`fold` must be 0 to {folds - 1}, got {fold}; correct it.")
    names = _unique(groups)
    # Two groups must be left: one trains, one validates.
    if len(names) - -(-len(names) // folds) < 2 or len(names) < folds:
        raise ValueError(
            f"`{what}` must be enough for {folds} folds with training and validation, "
            f"got {len(names)}; use more {what} or fewer folds."
        )
    parts = np.array_split(np.random.default_rng(seed).permutation(names), folds)
    rest = np.concatenate([part for number, part in enumerate(parts) if number != fold])
    generator = np.random.default_rng([seed, fold])
    train, validation = _hold_out(generator.permutation(rest), validation_share)
    train = _first(train, training_share)
    return _by_groups(groups, train=train, validation=validation, test=parts[fold])


def _split_poletti(
    *,
    cells: np.ndarray,
    seed: int,
    fold: int,
    validation_share: float,
    training_share: float,
    **_: object,
) -> Split:
    _check_no_folds("poletti", fold)
    names = _unique(cells)
    if len(names) != sum(POLETTI_CELLS):
        raise ValueError(
            f"`cells` must be {sum(POLETTI_CELLS)} for the split `poletti`, got {len(names)}; "
            "use the split `cells`."
        )
    order = np.random.default_rng(seed).permutation(names)
    train, validation = _hold_out(order[: POLETTI_CELLS[0]], validation_share)
    train = _first(train, training_share)
    return _by_groups(cells, train=train, validation=validation, test=order[POLETTI_CELLS[0] :])


def _hold_out(names: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    if not 0 < share < 1:
        raise ValueError(f"`validation_share` must be between 0 and 1, got {share}; correct it.")
    size = min(max(1, int(share * len(names) + 0.5)), len(names) - 1)
    return names[size:], names[:size]


def _by_groups(groups: np.ndarray, **parts: np.ndarray) -> Split:
    return Split(**{part: np.flatnonzero(np.isin(groups, names)) for part, names in parts.items()})


def _unique(groups: np.ndarray) -> np.ndarray:
    # Sorted, so that the split doesn't depend on the order of the images.
    return np.array(sorted({str(group) for group in groups}, key=natural_key))


def _check_no_folds(name: str, fold: int) -> None:
    if fold != 0:
        raise ValueError(
            f"`fold` must be 0 for the split `{name}`, which has no folds, got {fold}; "
            "vary the seed instead."
        )


def _unknown(name: str) -> str:
    nearest = difflib.get_close_matches(name, PROTOCOLS, n=1, cutoff=0.0)[0]
    return (
        f"`protocol` must be one of {', '.join(PROTOCOLS)}, got {name!r}; did you mean `{nearest}`?"
    )


PROTOCOLS: dict[str, Callable[..., Split]] = {
    "paper": _split_paper,
    "cells": _split_cells,
    "poletti": _split_poletti,
    "cases": _split_cases,
}
