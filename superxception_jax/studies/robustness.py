"""How well a trained network karyotypes damaged, incomplete and foreign cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from superxception_jax.data.images.image_file import DecodedImage
from superxception_jax.data.normalization.background import LeveledCell, level_cell
from superxception_jax.karyotyping.cell import CellImages, Classifier, NamedImage, karyotype_cell
from superxception_jax.karyotyping.cell_images import NoChromosomeError
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.studies.condition import MISSING, TURN, ConditionResult
from superxception_jax.studies.damage import CORRUPTIONS, corrupt
from superxception_jax.studies.raw_cells import RawCell

# Expected share of upside-down images of cells that are known to be upright: one half only where
# they are turned.
UPRIGHT_TURNED_SHARE, MIXED_TURNED_SHARE = 0.01, 0.5


def evaluate_condition(
    cells: Sequence[RawCell],
    *,
    classifier: Classifier,
    kind: str,
    level: float,
    seed: int,
    advance: Callable[[int], object],
) -> ConditionResult:
    """Karyotype all cells under one condition and count what is correct.

    Args:
        cells: Cells that the network has not seen.
        classifier: The network.
        kind: `UNDAMAGED`, `TURN`, `MISSING` or a key of `CORRUPTIONS`.
        level: Strength of the damage; for `TURN` the share of the images that is turned by 180°,
            for `MISSING` the number of chromosomes that are left out of each cell; cells that have
            no more take no part.
        seed: Random seed of the damage.
        advance: Called with the number of cells done.

    Returns:
        The counts. Images in which no chromosome is found, or that are set aside, count as wrong.
    """
    share = MIXED_TURNED_SHARE if kind == TURN else UPRIGHT_TURNED_SHARE
    reads_polarity = classifier.polarity == "read" and all(cell.upright for cell in cells)
    result = ConditionResult(kind, level, correct_polarity=0 if reads_polarity else None)
    for number, cell in enumerate(cells):
        if kind == MISSING and len(cell.images) <= level:
            advance(1)
            continue
        generator = np.random.default_rng([seed, number])
        kept = np.arange(len(cell.images))
        if kind == MISSING:
            lost = generator.choice(len(kept), size=int(level), replace=False)
            kept = np.delete(kept, lost)
        # Leveled once, damaged or not: damage of no strength must change nothing at all.
        leveled = level_cell(
            [DecodedImage(grey=image, colour_levels=0.0) for image in cell.images],
            background=classifier.normalization.background,
        )
        images, turned = _damage(leveled, kept, kind=kind, level=level, generator=generator)
        names = [str(index) for index in kept]
        truth = dict(zip(names, zip(cell.labels[kept], turned, strict=True), strict=True))
        try:
            karyotype = karyotype_cell(
                CellImages(cell.name, tuple(map(NamedImage, names, images))),
                classifier=classifier,
                turned_share=share if cell.upright else None,
            )
            found = _count_correct(karyotype, truth, kind=kind, level=level)
        except NoChromosomeError:
            count = len(truth)
            found = ConditionResult(kind, level, cells=1, images=count, unread=count)
        if not reads_polarity:
            found = dataclasses.replace(found, correct_polarity=None)
        result = result.plus(found)
        advance(1)
    return result


def _count_correct(
    karyotype: Karyotype, truth: Mapping[str, tuple[int, bool]], *, kind: str, level: float
) -> ConditionResult:
    """Compare one cell with the true label of each image, and whether it is upside down."""
    pairs = [(one, *truth[one.name]) for one in karyotype.chromosomes]
    assigned = sum(int(one.label == label) for one, label, _ in pairs)
    return ConditionResult(
        kind=kind,
        level=level,
        cells=1,
        correct_cells=int(assigned == len(truth)),
        images=len(truth),
        correct_single=sum(int(one.probabilities.argmax() == label) for one, label, _ in pairs),
        correct_assigned=assigned,
        correct_polarity=sum(int(one.turned == turned) for one, _, turned in pairs),
        unread=len(truth) - len(pairs),
    )


def _damage(
    leveled: LeveledCell,
    kept: np.ndarray,
    *,
    kind: str,
    level: float,
    generator: np.random.Generator,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the damaged images, and bool[N], whether each of them is now upside down."""
    images = [leveled.images[index] for index in kept]
    turned = np.zeros(len(kept), bool)
    if kind == TURN:
        turned = generator.random(len(kept)) < level
        images = [
            image[::-1, ::-1] if upside_down else image
            for image, upside_down in zip(images, turned, strict=True)
        ]
    elif kind in CORRUPTIONS:
        images = [
            corrupt(
                image,
                kind=kind,
                level=level,
                background=leveled.background.kind,
                generator=generator,
            )
            for image in images
        ]
    return images, turned
