"""From the images of a cell to its karyotype."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

UNSURE_CONFIDENCE = 0.9
UNSURE_POLARITY = 0.9
UNSURE_MARGIN_NATS = 3.0  # 20 to 1


@dataclass(frozen=True)
class Classifier:
    """A network with all that is needed to use it.

    Attributes:
        read: canvases u8[N,S,S,1] → log-probabilities f32[N,24], or f32[N,48] of the classes
            upright and turned.
        normalization: from raw crops to canvases.
        polarity: "given", or "read" for 48 outputs.
        temperature: of the calibration.
        class_shares: f64[24], of the training images.
        about: facts for reports.
    """

    read: Callable[[np.ndarray], np.ndarray]
    normalization: NormalizationSettings
    polarity: str
    temperature: float
    class_shares: np.ndarray
    about: Mapping[str, str]


# Images of a cell → the network that reads it.
ChooseClassifier = Callable[[Sequence[np.ndarray]], Classifier]


def karyotype_cell(
    images: Sequence[np.ndarray],
    *,
    names: Sequence[str],
    cell: str,
    reader: Classifier,
    turned_share: float,
    prior: CountPrior | None = None,
    unread: Sequence[tuple[str, str]] = (),
) -> Karyotype:
    """Classify, pair and check all chromosomes of a cell.

    Args:
        images: u8[H,W] each, one chromosome an image, any size, bright on black or dark on white.
        names: of the images, unique.
        cell: name of the cell.
        reader: the network, see `superxception_jax.runs.reader.load_classifier`.
        turned_share: share of the images that may be upside down, in (0, 1).
        prior: of the numbers of chromosomes; None chooses that of whole cells or of parts by
            the number of images.
        unread: name and reason of images that could not even be decoded.

    Returns:
        The karyotype. Images without a chromosome are listed in `unread`.

    Raises:
        ValueError: no image shows a chromosome, there are more than a cell can have, or names
            repeat.

    Source: ours; assignment after Tso et al. 1991, calibration after Guo et al. 2017.
    """
    if len(set(names)) != len(names) or len(names) != len(images):
        raise ValueError(
            f"`names` must be unique and one an image, got {len(names)} names, "
            f"{len(set(names))} of them different, for {len(images)} images; rename them."
        )
    measured, kept, empty = _measure(images, names, reader)
    unread = [*unread, *empty]
    if not measured:
        raise ValueError(
            f"cell `{cell}` must have an image that shows a chromosome, got {len(images)} images "
            f"and none; {unread[0][0] + ': ' + unread[0][1] if unread else 'add images.'}"
        )
    outputs = reader.read(draw_cell(measured, settings=reader.normalization))
    turned = np.zeros(len(measured))
    if reader.polarity == "read":
        outputs, turned = separate_polarity(outputs, turned_share=turned_share)
    calibrated = apply_temperature(outputs, reader.temperature).astype(np.float64)
    whole = len(measured) in COMPLETE_CELL
    found = assign_cell(
        to_log_likelihoods(calibrated, reader.class_shares),
        prior=prior or (default_prior() if whole else incomplete_prior()),
    )
    chromosomes = tuple(
        _chromosome(one, name, found, index, np.exp(calibrated[index]), float(turned[index]))
        for index, (one, name) in enumerate(zip(measured, kept, strict=True))
    )
    counts = np.bincount(found.labels, minlength=len(CLASS_NAMES)).tolist()
    return Karyotype(
        cell=cell,
        chromosomes=chromosomes,
        iscn=draft_formula(counts),
        margin=found.margin,
        flags=_cell_flags(counts, found, whole=whole, unread=len(unread)),
        unread=tuple(unread),
    )


def _measure(
    images: Sequence[np.ndarray], names: Sequence[str], reader: Classifier
) -> tuple[list[MeasuredChromosome], list[str], list[tuple[str, str]]]:
    measured, kept, unread = [], [], []
    for image, name in zip(images, names, strict=True):
        try:
            one = measure_chromosome(image, background=reader.normalization.background)
        except ValueError as error:
            unread.append((name, str(error)))
        else:
            measured.append(one)
            kept.append(name)
    return measured, kept, unread


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
    flags = []
    if marginals[label] < UNSURE_CONFIDENCE:
        second = int(np.argsort(marginals)[-2])
        flags.append(
            f"class unsure: {CLASS_NAMES[label]} ({marginals[label]:.0%}) or "
            f"{CLASS_NAMES[second]} ({marginals[second]:.0%})"
        )
    own = int(probabilities.argmax())
    if own != label:
        flags.append(
            f"alone it looks like {CLASS_NAMES[own]} ({probabilities[own]:.0%}); "
            "the other chromosomes of the cell speak against it"
        )
    if max(turned_probability, 1 - turned_probability) < UNSURE_POLARITY:
        flags.append("unsure which arm is up")
    return ClassifiedChromosome(
        name=name,
        image=upright[::-1, ::-1] if turned else upright,
        label=label,
        probabilities=probabilities / probabilities.sum(),
        marginals=marginals,
        turned=turned,
        turned_probability=turned_probability,
        length_px=measured.length_px,
        flags=tuple(flags),
    )


def upright_crop(measured: MeasuredChromosome) -> np.ndarray:
    """Draw a chromosome upright in its own pixels, in the tightest box.

    Args:
        measured: the chromosome.

    Returns:
        u8[H,W], bright on 0, not straightened.

    Source: ours, the same drawing as for the network's canvas, at the scale 1.
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


def _cell_flags(
    counts: Sequence[int], found: Assignment, *, whole: bool, unread: int
) -> tuple[str, ...]:
    flags = []
    if unread:
        flags.append(f"{unread} images could not be read")
    if not whole:
        flags.append(
            f"{sum(counts)} chromosomes are no whole cell: counts were not used and no formula "
            "is drafted"
        )
        return tuple(flags)
    for name, count in zip(CLASS_NAMES[:22], counts[:22], strict=True):
        if count != 2:
            flags.append(f"{count} copies of chromosome {name}")
    if tuple(counts[22:]) not in ((2, 0), (1, 1)):
        flags.append(f"sex chromosomes: {counts[22]} X and {counts[23]} Y")
    if found.margin < UNSURE_MARGIN_NATS:
        flags.append(f"another assignment is nearly as likely (1 to {np.exp(found.margin):.0f})")
    return tuple(flags)
