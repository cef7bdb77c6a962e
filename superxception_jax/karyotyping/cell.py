"""From the images of a cell to its karyotype."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.measure import MeasuredChromosome, measure_chromosome
from superxception_jax.data.normalize import MARGIN, NormalizationSettings, draw_canvas, draw_cell
from superxception_jax.karyotyping.assignment import Assignment, assign_cell, to_log_likelihoods
from superxception_jax.karyotyping.calibration import apply_temperature
from superxception_jax.karyotyping.iscn import COMPLETE_CELL, draft_formula
from superxception_jax.karyotyping.karyotype import ClassifiedChromosome, Karyotype
from superxception_jax.karyotyping.polarity import separate_polarity
from superxception_jax.karyotyping.prior import CountPrior, default_prior, incomplete_prior
from superxception_jax.karyotyping.review_flags import cell_flags, chromosome_flags
from superxception_jax.karyotyping.stain import KnownStain


@dataclass(frozen=True)
class NamedImage:
    """The image of one chromosome.

    Attributes:
        name: File name or any other name, unique in the cell.
        image: u8[H,W], one chromosome, bright on black or dark on white.
    """

    name: str
    image: np.ndarray


@dataclass(frozen=True)
class CellImages:
    """A cell on its way to a karyotype; each file is decoded once.

    Attributes:
        name: Name of the cell.
        images: One image per chromosome, in any order.
        unread: Name of each file that could not be decoded, and the reason.

    Raises:
        ValueError: Two images have the same name.
    """

    name: str
    images: tuple[NamedImage, ...]
    unread: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check the names."""
        counts = Counter(one.name for one in self.images)
        repeated = [name for name, count in counts.items() if count > 1]
        if repeated:
            raise ValueError(
                f"`images` of cell `{self.name}` must have unique names, got {repeated} more than "
                "once; rename them."
            )


@dataclass(frozen=True)
class Classifier:
    """A trained network with everything needed to use it.

    Attributes:
        predict: Canvases u8[N,S,S,1] → log-probabilities f32[N,24], or f32[N,48] of the classes
            upright and turned.
        normalization: Settings of the step from raw images to canvases.
        polarity: "given", or "read" for 48 outputs.
        temperature: Calibration temperature.
        class_shares: f64[24], share of each class among the training images.
        about: Facts for reports, by name.
        known_stain: How doubtful known cells are to it; None if its calibration does not say.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    normalization: NormalizationSettings
    polarity: str
    temperature: float
    class_shares: np.ndarray
    about: Mapping[str, str]
    known_stain: KnownStain | None = None


def karyotype_cell(
    cell: CellImages,
    *,
    classifier: Classifier,
    turned_share: float,
    prior: CountPrior | None = None,
) -> Karyotype:
    """Classify all chromosomes of a cell together, and flag what needs review.

    Args:
        cell: Images of the cell, of any size.
        classifier: The network, see `superxception_jax.runs.reader.load_classifier`.
        turned_share: Share of the images that may be upside down, in (0, 1).
        prior: Prior of the chromosome counts; None chooses the one of whole or of incomplete
            cells by the number of images.

    Returns:
        The karyotype. Images that show no chromosome are listed in `unread`.

    Raises:
        ValueError: No image shows a chromosome, or there are more than a cell can have.

    Source: assignment after Tso et al. 1991, calibration after Guo et al. 2017.
    """
    names, measured, empty = _measure(cell, background=classifier.normalization.background)
    unread = (*cell.unread, *empty)
    if not measured:
        raise ValueError(
            f"cell `{cell.name}` must have at least one image that shows a chromosome, got none "
            f"among {len(cell.images)}; {': '.join(unread[0]) if unread else 'add images.'}"
        )
    outputs = classifier.predict(draw_cell(measured, settings=classifier.normalization))
    turned = np.zeros(len(measured))
    if classifier.polarity == "read":
        outputs, turned = separate_polarity(outputs, turned_share=turned_share)
    calibrated = apply_temperature(outputs, classifier.temperature).astype(np.float64)
    complete = len(measured) in COMPLETE_CELL
    found = assign_cell(
        to_log_likelihoods(calibrated, classifier.class_shares),
        prior=prior or (default_prior() if complete else incomplete_prior()),
    )
    chromosomes = tuple(
        _chromosome(one, name, found, index, np.exp(calibrated[index]), float(turned[index]))
        for index, (name, one) in enumerate(zip(names, measured, strict=True))
    )
    counts = np.bincount(found.labels, minlength=len(CLASS_NAMES)).tolist()
    return Karyotype(
        cell=cell.name,
        chromosomes=chromosomes,
        iscn=draft_formula(counts),
        margin=found.margin,
        flags=cell_flags(
            counts, margin=found.margin, unread=len(unread), own_prior=prior is not None
        ),
        unread=unread,
    )


def _measure(
    cell: CellImages, *, background: str
) -> tuple[list[str], list[MeasuredChromosome], list[tuple[str, str]]]:
    """Return the names and measured chromosomes, and name and reason of the empty images."""
    names, measured, empty = [], [], []
    for one in cell.images:
        try:
            measured.append(measure_chromosome(one.image, background=background))
            names.append(one.name)
        except ValueError as error:
            empty.append((one.name, str(error)))
    return names, measured, empty


def _chromosome(
    measured: MeasuredChromosome,
    name: str,
    found: Assignment,
    index: int,
    probabilities: np.ndarray,
    turned_probability: float,
) -> ClassifiedChromosome:
    label, marginals = int(found.labels[index]), found.marginals[index]
    turned = turned_probability > 0.5
    upright = upright_crop(measured)
    return ClassifiedChromosome(
        name=name,
        image=upright[::-1, ::-1] if turned else upright,
        label=label,
        probabilities=probabilities / probabilities.sum(),
        marginals=marginals,
        turned=turned,
        turned_probability=turned_probability,
        length_px=measured.length_px,
        flags=chromosome_flags(
            label,
            probabilities=probabilities,
            marginals=marginals,
            turned_probability=turned_probability,
        ),
    )


def upright_crop(measured: MeasuredChromosome) -> np.ndarray:
    """Return a chromosome upright at the scale of its image, in the tightest box.

    It is drawn like the network's canvas, but never shrunk, enlarged or straightened.

    Args:
        measured: The chromosome.

    Returns:
        u8[H,W], bright on 0.
    """
    rows, columns = measured.crop.image.shape
    # Room for the diagonal, so that nothing is shrunk to fit.
    side = int(np.ceil(np.hypot(rows, columns) / (1 - 2 * MARGIN))) + 1
    settings = NormalizationSettings(
        background="dark",
        tilt="remove",
        straightening="none",
        length="absolute",
        length_exponent=1.0,
        absolute_length_px=side * (1 - 2 * MARGIN),
        grey="keep",
        image_px=max(side, 8),
    )
    canvas = draw_canvas(measured, longest_px=measured.length_px, gain=1.0, settings=settings)
    filled = [np.nonzero(canvas.any(axis=axis))[0] for axis in (1, 0)]
    return canvas[tuple(slice(places[0], places[-1] + 1) for places in filled)].copy()
