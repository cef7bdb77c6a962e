"""The karyotype of a cell: the record that karyograms, reports and exports are made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.normalization.background import CellBackground
from superxception_jax.karyotyping.stain import StainVerdict


@dataclass(frozen=True)
class ClassifiedChromosome:
    """One classified chromosome of a cell.

    Attributes:
        name: Name of its image, unique in the cell.
        image: u8[H,W], the chromosome at the scale of its image, upright with the p arm up,
            bright on black; everything that is not the chromosome is 0.
        label: Assigned class, index in `CLASS_NAMES`.
        probabilities: f64[24], calibrated class probabilities of the single image.
        marginals: f64[24], class probabilities given the whole cell.
        turned: Whether the p arm is down in the original image; False where that is not checked.
        turned_probability: Probability of that given the whole cell, 0..1; None from a network
            that assumes the p arm up and can't check it.
        length_px: Length of the medial axis, pixels of the image.
        flags: Short texts, what to review; empty if nothing.
        file: Path of its image below the folder of all images; empty if it is in no file.
        axis: f64[K,2], its medial axis in pixels of `image`, the upper end first; None: not
            measured.
    """

    name: str
    image: np.ndarray
    label: int
    probabilities: np.ndarray
    marginals: np.ndarray
    turned: bool
    turned_probability: float | None
    length_px: float
    flags: tuple[str, ...]
    file: str = ""
    axis: np.ndarray | None = None

    @property
    def class_name(self) -> str:
        """Return the name of the assigned class, such as `21` or `X`."""
        return CLASS_NAMES[self.label]

    @property
    def confidence(self) -> float:
        """Return the probability of the assigned class given the whole cell, 0..1."""
        return float(self.marginals[self.label])


@dataclass(frozen=True)
class Karyotype:
    """The karyotype of a cell.

    Attributes:
        cell: Name of the cell.
        chromosomes: All chromosomes, in the order of the images.
        iscn: Draft ISCN formula, such as `47,XY,+21`; empty for incomplete cells, and where it
            is withheld.
        margin: Log odds of this assignment against the second-best one, nats.
        flags: Short texts, what to review in the cell as a whole; empty if nothing.
        unread: Name of each image that could not be read, and the reason.
        set_aside: Name of each image that can't be one chromosome of the cell, and the reason;
            such images affect no other.
        background: What was decided about the background of the images.
        stain: Whether the network knows such bands.
        withheld: Why the cell gets no formula, whatever its counts; empty if it may get one.
        case: Patient or sample; empty if unknown.
        log_likelihoods: f64[N,24] of the classes of the chromosomes, up to a constant of each, from
            which the conclusions about a case are drawn; None: the counts are certain, such as
            those of a cell that a cytogeneticist corrected.
    """

    cell: str
    chromosomes: tuple[ClassifiedChromosome, ...]
    iscn: str
    margin: float
    flags: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]
    set_aside: tuple[tuple[str, str], ...]
    background: CellBackground
    stain: StainVerdict
    withheld: str
    case: str = ""
    log_likelihoods: np.ndarray | None = None

    @property
    def counts(self) -> tuple[int, ...]:
        """Return i[24], the number of chromosomes of each class."""
        labels = [one.label for one in self.chromosomes]
        return tuple(labels.count(label) for label in range(len(CLASS_NAMES)))

    def of_class(self, name: str) -> tuple[ClassifiedChromosome, ...]:
        """Return the homologues of a class from the longest to the shortest, as in a karyogram."""
        members = [one for one in self.chromosomes if one.class_name == name]
        return tuple(sorted(members, key=lambda one: -one.length_px))
