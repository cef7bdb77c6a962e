"""From the images of a cell to its karyotype."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.normalization.cell_scale import estimate_reference_px
from superxception_jax.data.normalization.crop import KINDS
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import draw_cell, reference_of
from superxception_jax.files import readable_name
from superxception_jax.karyotyping.assignment import Assignment, assign_cell, to_log_likelihoods
from superxception_jax.karyotyping.calibration import apply_temperature
from superxception_jax.karyotyping.cell_images import (
    CellImages,
    NamedImage,
    PreparedCell,
    ReadCell,
    prepare_cell,
)
from superxception_jax.karyotyping.iscn import draft_formula
from superxception_jax.karyotyping.karyotype import ClassifiedChromosome, Karyotype
from superxception_jax.karyotyping.polarity import Polarity, weigh_polarity
from superxception_jax.karyotyping.prior import CountPrior, default_prior, prior_of_cell
from superxception_jax.karyotyping.review_flags import (
    cell_flags,
    chromosome_flags,
    withheld_reason,
)
from superxception_jax.karyotyping.stain import (
    KnownStain,
    StainVerdict,
    check_stain,
    stain_log_probabilities,
)
from superxception_jax.karyotyping.upright import turn

# Logarithm of the factor between two scales below which a second reading gains nothing
# (results/second_reading.md): training stretches its images by more than that.
SAME_SCALE = 0.1
# The records of the images belong to the public names of this module.
__all__ = ["CellImages", "Classifier", "NamedImage", "karyotype_cell"]


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
        oriented: Whether a network with 48 outputs has learned which end of a chromosome is up.
        known_stain: How doubtful known cells are to it; None: stains can't be checked.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    normalization: NormalizationSettings
    polarity: str
    temperature: float
    class_shares: np.ndarray
    about: Mapping[str, str]
    known_stain: KnownStain | None = None
    oriented: bool = True


def karyotype_cell(
    cell: CellImages,
    *,
    classifier: Classifier,
    turned_share: float | None = None,
    prior: CountPrior | None = None,
    background: str = "auto",
    any_stain: bool = False,
) -> Karyotype:
    """Classify all chromosomes of a cell together, and flag what needs review.

    Args:
        cell: Images of the cell, of any size.
        classifier: The network, see `superxception_jax.runs.reader.load_classifier`.
        turned_share: Share of the images that may be upside down, in (0, 1); None: the images of
            the cell tell. Of no effect if the network assumes the p arm up.
        prior: Prior of the chromosome counts of whole cells; None: cells of unknown origin. Other
            numbers of chromosomes than a whole cell's always get the prior of incomplete cells.
        background: "dark", "light", or "auto": as the network's settings say, which may leave it
            to the images of the cell.
        any_stain: Whether a formula is drafted for a stain that is foreign to the network, too.

    Returns:
        The karyotype. Images that show no chromosome are listed in `unread`, and those that
        can't be one chromosome of this cell in `set_aside`.

    Raises:
        ValueError: No image shows a chromosome, or there are more than a cell can have.

    Source: assignment after Tso et al. 1991, calibration after Guo et al. 2017.
    """
    settings = classifier.normalization
    prepared = prepare_cell(
        cell,
        background=settings.background if background == "auto" else background,
        normalizations=dict.fromkeys(KINDS, settings),
    )
    return karyotype_prepared(
        prepared,
        classifier=classifier,
        turned_share=turned_share,
        prior=prior,
        any_stain=any_stain,
    )


def karyotype_prepared(
    prepared: PreparedCell,
    *,
    classifier: Classifier,
    turned_share: float | None = None,
    prior: CountPrior | None = None,
    any_stain: bool = False,
    same_scale: float = SAME_SCALE,
) -> Karyotype:
    """Return the karyotype of a prepared cell, see `karyotype_cell`.

    Where its classes tell another scale than that of the canvases, by `same_scale` or more in the
    logarithm of the factor, the cell is read again.
    """
    read, settings = prepared.read, classifier.normalization
    reading = functools.partial(
        _read_classes,
        classifier=classifier,
        turned_share=turned_share,
        prior=prior_of_cell(len(read.measured), whole=prior or default_prior()),
    )
    first = reading(prepared.canvases)
    second = _at_own_scale(read, first, reading, settings=settings, same_scale=same_scale)
    polarity, found = second.polarity, second.found
    turned: list[float | None] = [None] * len(read.measured)
    if polarity is not None and classifier.oriented:
        turned = polarity.turned_given(found.marginals).tolist()
    chromosomes = tuple(
        _chromosome(prepared, index, found, np.exp(second.calibrated[index]), turned[index])
        for index in range(len(read.measured))
    )
    return _conclude(
        prepared,
        chromosomes,
        margin=found.margin,
        stain=_judge_stain(second.outputs, classifier),
        any_stain=any_stain,
        own_prior=prior is not None,
        log_likelihoods=second.log_likelihoods,
    )


@dataclass(frozen=True)
class _Reading:
    """What the network says of the canvases of a cell.

    Attributes:
        outputs: Its outputs, f32[N,24] or f32[N,48].
        polarity: Class and orientation, for 48 outputs.
        calibrated: f64[N,24], log-probabilities of the classes of the single images.
        log_likelihoods: f64[N,24], the same without the class shares of the training.
        found: Assignment of the cell.
    """

    outputs: np.ndarray
    polarity: Polarity | None
    calibrated: np.ndarray
    log_likelihoods: np.ndarray
    found: Assignment


def _read_classes(
    canvases: np.ndarray, *, classifier: Classifier, turned_share: float | None, prior: CountPrior
) -> _Reading:
    outputs = classes = classifier.predict(canvases)
    polarity = None
    if classifier.polarity == "read":
        # Of a network that never learned which end is up, only the sum of both readings counts.
        share = turned_share if classifier.oriented else 0.5
        polarity = weigh_polarity(outputs, turned_share=share)
        classes = polarity.classes
    calibrated = apply_temperature(classes, classifier.temperature).astype(np.float64)
    log_likelihoods = to_log_likelihoods(calibrated, classifier.class_shares)
    found = assign_cell(log_likelihoods, prior=prior)
    return _Reading(outputs, polarity, calibrated, log_likelihoods, found)


def _at_own_scale(
    read: ReadCell,
    first: _Reading,
    reading: Callable[[np.ndarray], _Reading],
    *,
    settings: NormalizationSettings,
    same_scale: float,
) -> _Reading:
    """Return the reading at the scale that the classes tell, where that is another one.

    The lengths of an incomplete cell leave its scale in doubt, and its classes settle it.
    """
    if settings.length != "cell" or settings.length_reference != "lengths":
        return first
    lengths_px = np.array([one.length_px for one in read.measured])
    reference_px = estimate_reference_px(lengths_px, classes=first.found.marginals)
    if abs(np.log(reference_px / reference_of(read.measured, settings=settings))) < same_scale:
        return first
    return reading(draw_cell(read.measured, settings=settings, reference_px=reference_px))


def _judge_stain(outputs: np.ndarray, classifier: Classifier) -> StainVerdict:
    judged = stain_log_probabilities(
        outputs, polarity=classifier.polarity, temperature=classifier.temperature
    )
    return check_stain(judged, known=classifier.known_stain)


def _conclude(
    prepared: PreparedCell,
    chromosomes: tuple[ClassifiedChromosome, ...],
    *,
    margin: float,
    stain: StainVerdict,
    any_stain: bool,
    own_prior: bool,
    log_likelihoods: np.ndarray,
) -> Karyotype:
    """Return the karyotype, with a formula unless something forbids it."""
    counts = np.bincount([one.label for one in chromosomes], minlength=len(CLASS_NAMES)).tolist()
    read = prepared.read
    unread, set_aside = len(read.unread), len(read.set_aside)
    foreign = stain.is_foreign and not any_stain
    withheld = withheld_reason(foreign=foreign, unread=unread, set_aside=set_aside)
    return Karyotype(
        cell=prepared.name,
        chromosomes=chromosomes,
        iscn=draft_formula(counts, withheld=withheld),
        margin=margin,
        flags=cell_flags(
            counts,
            margin=margin,
            unread=unread,
            set_aside=set_aside,
            stain=stain,
            any_stain=any_stain,
            own_prior=own_prior,
            oriented=all(one.turned_probability is not None for one in chromosomes),
        ),
        unread=tuple((readable_name(one), reason) for one, reason in read.unread),
        set_aside=read.set_aside,
        background=read.background,
        stain=stain,
        withheld=withheld,
        case=prepared.case,
        log_likelihoods=log_likelihoods,
    )


def _chromosome(
    prepared: PreparedCell,
    index: int,
    found: Assignment,
    probabilities: np.ndarray,
    turned_probability: float | None,
) -> ClassifiedChromosome:
    read = prepared.read
    upright, axis = prepared.pictures[index]
    label, marginals = int(found.labels[index]), found.marginals[index]
    turned = turned_probability is not None and turned_probability > 0.5
    if turned:
        upright, axis = turn(upright, axis)
    return ClassifiedChromosome(
        name=read.names[index],
        image=upright,
        label=label,
        probabilities=probabilities / probabilities.sum(),
        marginals=marginals,
        turned=turned,
        turned_probability=turned_probability,
        length_px=read.measured[index].length_px,
        flags=chromosome_flags(
            label,
            probabilities=probabilities,
            marginals=marginals,
            turned_probability=turned_probability,
        ),
        file=read.files[index],
        axis=axis,
    )
