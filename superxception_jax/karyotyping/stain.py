"""Whether the bands of a cell are of a kind that a network knows.

A network gives every pattern a class. What it does not know shows in two ways: the classes are
doubtful, and more images have one class than a cell has room for. Both are one number per image,
its doubt; a cell is foreign if its mean doubt is far above that of the validation cells.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.arrays import check, group_members
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.calibration import apply_temperature
from superxception_jax.karyotyping.polarity import separate_polarity
from superxception_jax.wording import quantity

# Log odds of the most probable class from which an image has no doubt, in nats: 3,000 to 1. How
# far above it a network goes depends on its training, not on the stain.
CERTAIN_NATS = 8.0
# The doubt that cells of other laboratories and slightly blurred ones may have: so many times
# that of the validation cells, and so many nats more. Both, and `STANDARD_ERRORS`, were chosen on
# the development cells of benchmarks/stain.py; they hold for every network.
DOUBT_FACTOR = 1.75
DOUBT_MARGIN_NATS = 1.0
# Standard errors of the mean doubt of a cell that chance may add.
STANDARD_ERRORS = 1.5
# Fewer images are not judged: without its long chromosomes a part of a cell has the wrong scale,
# and known bands become doubtful too.
FEWEST_IMAGES = 15
# Chromosomes of one haploid set: a cell of 69 has room for three of each.
HAPLOID = 23
# Share of upside-down images that is assumed, so that no setting changes the verdict.
TURNED_SHARE = 0.5
# Standard deviation between cells as a share of that within, where one cell can't show it.
BETWEEN_SHARE = 1.0 / 3.0
# The field of calibration.json.
FIELD = "stain"


@dataclass(frozen=True)
class KnownStain:
    """How doubtful the stain that a network knows is to it, fitted on validation cells.

    Attributes:
        mean_doubt: Mean doubt of the images, see `image_doubts`; at least 0.
        between_cells: Standard deviation of the mean doubt between cells; at least 0.
        within_cells: Standard deviation of the doubt within a cell; at least 0.
        cells: Number of validation cells.
        images: Number of validation images.

    Raises:
        ValueError: A value is negative or no number.
    """

    mean_doubt: float
    between_cells: float
    within_cells: float
    cells: int
    images: int

    def __post_init__(self) -> None:
        """Check the values, which come from a file."""
        for name, value in vars(self).items():
            if not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise ValueError(
                    f"`{FIELD}.{name}` must be a number of at least 0, got {value!r}; test the "
                    "run again with launch/evaluate.py."
                )

    def to_json(self) -> dict[str, Any]:
        """Return the values as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, calibration: Mapping[str, Any]) -> KnownStain | None:
        """Return what `calibration.json` says of the stain; None if an earlier version wrote it.

        Args:
            calibration: Content of the file.

        Raises:
            ValueError: The field is not what `to_json` wrote.
        """
        if FIELD not in calibration:
            return None
        values, names = calibration[FIELD], {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise ValueError(
                f"`{FIELD}` must be an object with the names {', '.join(sorted(names))}, got "
                f"{values!r}; test the run again with launch/evaluate.py."
            )
        return cls(**values)

    def most_doubt(self, images: int) -> float:
        """Return the highest mean doubt of a cell that counts as known.

        Args:
            images: Number of images of the cell, at least 1.
        """
        chance = math.hypot(self.between_cells, self.within_cells / math.sqrt(images))
        return DOUBT_FACTOR * self.mean_doubt + DOUBT_MARGIN_NATS + STANDARD_ERRORS * chance


@dataclass(frozen=True)
class StainVerdict:
    """Whether the bands of a cell are of a kind that the network knows.

    Attributes:
        kind: "known", "foreign" or "not checked".
        score: Nats by which the mean doubt exceeds what the network knows, above 0 for foreign;
            None if not checked.
        text: Why it was not checked; empty otherwise.
    """

    kind: str
    score: float | None
    text: str = ""

    @property
    def is_foreign(self) -> bool:
        """Return whether the network doesn't know such bands."""
        return self.kind == "foreign"


def stain_log_probabilities(
    outputs: np.ndarray, *, polarity: str, temperature: float
) -> np.ndarray:
    """Return the log-probabilities by which a stain is judged: f64[N,24], calibrated.

    Args:
        outputs: f32[N,24] outputs of the network, or f32[N,48] with polarity "read".
        polarity: "given", or "read" for 48 outputs.
        temperature: Calibration temperature.
    """
    if polarity == "read":
        outputs, _ = separate_polarity(outputs, turned_share=TURNED_SHARE)
    return apply_temperature(outputs, temperature).astype(np.float64)


def image_doubts(log_probabilities: np.ndarray) -> np.ndarray:
    """Return how doubtful each image of a cell is: f64[N], at least 0, in nats.

    The doubt is what the log odds of the most probable class lack to `CERTAIN_NATS`; an image that
    surely has no room in its class, because too many others have it too, counts for as much again.

    Args:
        log_probabilities: f64[N,24], see `stain_log_probabilities`, all images of one cell.

    Raises:
        ValueError: There are no images, or a value is NaN.

    Log odds instead of the maximum probability (Hendrycks and Gimpel 2017), because they
    distinguish a certain image from a nearly certain one.
    """
    count = check(log_probabilities=(log_probabilities, f"f64[N,{len(CLASS_NAMES)}]"))["N"]
    if count == 0 or np.isnan(log_probabilities).any():
        raise ValueError(
            f"`log_probabilities` must be numbers of at least one image, got {count} images and "
            f"{int(np.isnan(log_probabilities).sum())} NaN; check the network."
        )
    ordered = np.sort(log_probabilities, axis=1)
    odds = ordered[:, -1] - np.logaddexp.reduce(ordered[:, :-1], axis=1)
    probabilities = np.exp(log_probabilities)
    expected = probabilities.sum(axis=0)
    room = max(2, round(count / HAPLOID))
    # The share of the images of each class for which a cell has no room.
    crowded = np.maximum(expected - room, 0.0) / np.maximum(expected, room)
    return CERTAIN_NATS - np.minimum(odds, CERTAIN_NATS) + CERTAIN_NATS * probabilities @ crowded


def fit_stain(log_probabilities: np.ndarray, cells: np.ndarray) -> KnownStain:
    """Return how doubtful known cells are to a network.

    Args:
        log_probabilities: f64[N,24], see `stain_log_probabilities`, of images used neither for
            training nor for testing.
        cells: str[N], the cell of each image; cells need not be complete.

    Raises:
        ValueError: There are no images, or a value is NaN.

    Source: components of variance of unequal groups, Searle, Casella, McCulloch 1992, chapter 3.
    """
    check(log_probabilities=(log_probabilities, "f64[N,C]"), cells=(cells, "any[N]"))
    members = group_members(cells) or [np.arange(0)]  # Without images, `image_doubts` raises.
    groups = [image_doubts(log_probabilities[one]) for one in members]
    sizes, means = (np.array([f(one) for one in groups], np.float64) for f in (len, np.mean))
    count, total = len(groups), sizes.sum()
    doubts = np.concatenate(groups)
    mean = doubts.mean()
    # With one image per cell, the two variances can't be told apart.
    parted = total > count
    squares = sum(((one - one.mean()) ** 2).sum() for one in groups)
    within = math.sqrt(squares / (total - count)) if parted else float(doubts.std())
    between = BETWEEN_SHARE * within
    if count > 1 and parted:
        typical = (total - (sizes**2).sum() / total) / (count - 1)
        excess = (sizes * (means - mean) ** 2).sum() / (count - 1) - within**2
        between = math.sqrt(max(0.0, excess / typical))
    return KnownStain(float(mean), float(between), float(within), count, int(total))


def stain_score(log_probabilities: np.ndarray, *, known: KnownStain) -> float:
    """Return how unlike the known stain a cell looks; above 0 it counts as foreign.

    Args:
        log_probabilities: f64[N,24], see `stain_log_probabilities`, all images of the cell.
        known: What the network knows.

    Returns:
        Nats by which the mean doubt exceeds the highest one of a known cell with as many images.

    Raises:
        ValueError: There are no images, or a value is NaN.
    """
    doubts = image_doubts(log_probabilities)
    return float(doubts.mean() - known.most_doubt(len(doubts)))


def check_stain(log_probabilities: np.ndarray, *, known: KnownStain | None) -> StainVerdict:
    """Return the verdict on the stain of a cell.

    Args:
        log_probabilities: f64[N,24], see `stain_log_probabilities`, all images of the cell.
        known: What the network knows; None if its calibration does not say.

    Raises:
        ValueError: There are no images, or a value is NaN.
    """
    if known is None:
        return StainVerdict(
            "not checked",
            None,
            f"the calibration.json of this network has no `{FIELD}`; test its run again with "
            "launch/evaluate.py",
        )
    count = len(log_probabilities)
    score = stain_score(log_probabilities, known=known)
    if count < FEWEST_IMAGES:
        few = quantity(count, "chromosome is", "chromosomes are")
        return StainVerdict(
            "not checked", None, f"{few} too few, at least {FEWEST_IMAGES} are needed"
        )
    return StainVerdict("foreign" if score > 0 else "known", score)
