"""What is known of a cell after it was read: the one record that pictures and reports take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES


@dataclass(frozen=True)
class ClassifiedChromosome:
    """One chromosome of a cell, read and assigned.

    Attributes:
        name: of the image, unique in the cell.
        image: u8[H,W], the crop in its own pixels, bright on black, turned so that the p arm
            is up and the axis upright; everything that is not the chromosome is 0.
        label: assigned class, index in `CLASS_NAMES`.
        probabilities: f64[24], of the classes by the network alone, calibrated.
        marginals: f64[24], of the classes given the whole cell.
        turned: whether the image came upside down.
        turned_probability: by the network, 0..1.
        length_px: medial-axis length in pixels of the crop.
        flags: what a person should look at, one short sentence each; empty if nothing.
    """

    name: str
    image: np.ndarray
    label: int
    probabilities: np.ndarray
    marginals: np.ndarray
    turned: bool
    turned_probability: float
    length_px: float
    flags: tuple[str, ...]

    @property
    def class_name(self) -> str:
        """Return the assigned class as laboratories write it, for example `21` or `X`."""
        return CLASS_NAMES[self.label]

    @property
    def confidence(self) -> float:
        """Return the probability of the assigned class given the whole cell, 0..1."""
        return float(self.marginals[self.label])


@dataclass(frozen=True)
class Karyotype:
    """A cell, read as a whole.

    Attributes:
        cell: its name.
        chromosomes: all of it, in the order of the images.
        iscn: draft of the ISCN formula, for example `47,XY,+21`.
        margin: log odds of this assignment against the second-best one, nats.
        flags: of the cell as a whole, one short sentence each.
        unread: name of each image that could not be read, and why.
    """

    cell: str
    chromosomes: tuple[ClassifiedChromosome, ...]
    iscn: str
    margin: float
    flags: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """Return the number of chromosomes of each of the 24 classes."""
        labels = [one.label for one in self.chromosomes]
        return tuple(labels.count(label) for label in range(len(CLASS_NAMES)))

    def of_class(self, name: str) -> tuple[ClassifiedChromosome, ...]:
        """Return the chromosomes of a class, the longest first, as they stand side by side."""
        members = [one for one in self.chromosomes if one.class_name == name]
        return tuple(sorted(members, key=lambda one: -one.length_px))
