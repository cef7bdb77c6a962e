"""What stands above each class number of a karyogram, with its size in inches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES, SEX_CHROMOSOMES
from superxception_jax.data.bands import chromosome_length_units, load_bands
from superxception_jax.karyotyping.iscn import ploidy
from superxception_jax.karyotyping.karyogram.centromere import BAND_LEVEL
from superxception_jax.karyotyping.karyogram.ideogram import expected_arms_in
from superxception_jax.karyotyping.karyogram.layout import BODY_GAP_IN, Body, Slot
from superxception_jax.karyotyping.karyogram.picture import BORDER_PX, Picture
from superxception_jax.karyotyping.karyotype import Karyotype

# Length of an average chromosome 1 of the cell, whatever the pixel size of the camera.
LONGEST_IN = 1.75
# Width of an ideogram: at most this, and at most this share of the median chromosome's width.
IDEOGRAM_IN, IDEOGRAM_SHARE = 0.13, 0.7


def _length_units(label: int) -> int:
    return chromosome_length_units(load_bands(BAND_LEVEL)[CLASS_NAMES[label]])


def _inches_per_unit() -> float:
    return LONGEST_IN / max(_length_units(label) for label in range(len(CLASS_NAMES)))


def inches_per_pixel(karyotype: Karyotype) -> float:
    """Return the scale of a cell: the ISCN length of its chromosomes over their pixels.

    Args:
        karyotype: Karyotype of the cell.
    """
    length_px = sum(one.length_px for one in karyotype.chromosomes)
    units = sum(_length_units(one.label) for one in karyotype.chromosomes)
    return _inches_per_unit() * units / length_px


def class_members(karyotype: Karyotype, label: int) -> list[int]:
    """Return the indices of the chromosomes of a class, in the order of `Karyotype.of_class`.

    Args:
        karyotype: Karyotype of the cell.
        label: Class, an index in `CLASS_NAMES`.
    """
    chromosomes = karyotype.chromosomes
    members = [index for index, one in enumerate(chromosomes) if one.label == label]
    return sorted(members, key=lambda index: -chromosomes[index].length_px)


def _missing(counts: Sequence[int]) -> dict[str, int]:
    """Return how many chromosomes of each class are missing, by the ploidy level of the formula."""
    sets = ploidy(sum(counts))
    missing = {
        name: max(sets - count, 0)
        for name, count in zip(CLASS_NAMES, counts, strict=True)
        if name not in SEX_CHROMOSOMES
    }
    x, y = counts[-2:]
    lost = max(sets - x - y, 0)
    # Whether an X or a Y is missing is unknown; the outline goes where the cell has none.
    return missing | ({"X": lost, "Y": 0} if x == 0 else {"X": 0, "Y": lost})


def build_slots(
    karyotype: Karyotype, pictures: Sequence[Picture], *, in_per_px: float, ideograms: bool
) -> dict[str, Slot]:
    """Return the items above each class number, with their sizes.

    Args:
        karyotype: Karyotype of the cell.
        pictures: Pictures of its chromosomes.
        in_per_px: Inches on the page per pixel of an image.
        ideograms: Whether to show the ideogram of each class.
    """
    bodies = [
        Body(
            kind="chromosome",
            width_in=(picture.image.shape[1] - 2 * BORDER_PX) * in_per_px,
            above_in=(picture.centromere_px - BORDER_PX) * in_per_px,
            below_in=(picture.image.shape[0] - BORDER_PX - picture.centromere_px) * in_per_px,
            index=index,
        )
        for index, picture in enumerate(pictures)
    ]
    median_in = float(np.median([body.width_in for body in bodies]))
    ideogram_in = min(IDEOGRAM_IN, IDEOGRAM_SHARE * median_in)
    missing = _missing(karyotype.counts)
    slots = {}
    for label, name in enumerate(CLASS_NAMES):
        members = class_members(karyotype, label)
        expected_in = _inches_per_unit() * _length_units(label)
        above_in, below_in = expected_arms_in(label, length_in=expected_in)
        items = [bodies[index] for index in members]
        kind = "unknown" if name in SEX_CHROMOSOMES else "missing"
        items += [Body(kind, median_in, above_in, below_in)] * missing[name]
        if ideograms and (members or kind == "missing"):
            lengths = [karyotype.chromosomes[index].length_px * in_per_px for index in members]
            mean_in = float(np.mean(lengths)) if lengths else expected_in
            above_in, below_in = expected_arms_in(label, length_in=mean_in)
            items.insert(0, Body("ideogram", ideogram_in, above_in, below_in))
        homologues = 1 if name == "Y" else 2
        least_in = homologues * (median_in + BODY_GAP_IN) + (ideogram_in if ideograms else 0.0)
        slots[name] = Slot(class_name=name, bodies=tuple(items), least_width_in=least_in)
    return slots
