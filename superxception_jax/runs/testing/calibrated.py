"""The calibrated predictions of a network: temperature, known stain, and whole cells assigned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import WHOLE_CELL_PROTOCOLS
from superxception_jax.evaluation.cells import assign_cells
from superxception_jax.evaluation.metrics import FEWEST_CALIBRATION_IMAGES
from superxception_jax.evaluation.predictions import Predictions
from superxception_jax.karyotyping.assignment import to_log_likelihoods
from superxception_jax.karyotyping.calibration import apply_temperature, fit_temperature
from superxception_jax.karyotyping.stain import (
    HAPLOID,
    KnownStain,
    fit_stain,
    stain_log_probabilities,
)
from superxception_jax.runs.included import find_weights
from superxception_jax.runs.reader import load_calibration
from superxception_jax.runs.setup import Setup
from superxception_jax.runs.testing.predicting import classes_of, predict_images
from superxception_jax.runs.workdir import CALIBRATION_FILE


@dataclass(frozen=True)
class Calibration:
    """What is known of a network besides its variables.

    Attributes:
        temperature: Its temperature.
        class_shares: f64[24], share of each class among the images that trained it.
        stain: Its known stain.
    """

    temperature: float
    class_shares: np.ndarray
    stain: KnownStain


def fit_calibration(
    setup: Setup, variables: Mapping[str, Any], *, is_start: bool = False
) -> Calibration:
    """Return the calibration of a network; what is fitted is fitted to validation images alone.

    Args:
        setup: Setup of the run.
        variables: `params` and `batch_stats`.
        is_start: Whether they are those of the network that the training started from, which was
            trained with other images.

    Returns:
        The calibration. The temperature is 1, which changes nothing, for too few images. Of several
        data sets, each has a temperature of its own, and the highest is taken: no data set may look
        more certain than it is. The known stain of an adapted network is that of its start if this
        admits more cells: the cells that validate an adaptation are few, and where they happen to
        be easy, other cells of the same laboratory would be foreign, and get no formula.
    """
    validation, polarity = setup.splits["validation"], setup.experiment.polarity
    outputs = predict_images(setup, variables, validation.images, bar=None)
    classes = classes_of(setup, outputs, validation)
    temperature = _fit_temperature(classes, validation)
    judged = stain_log_probabilities(outputs, polarity=polarity, temperature=temperature)
    stain, start = fit_stain(judged, validation.cells), _load_start_calibration(setup)
    if start is not None and start[2] is not None:
        stain = max(stain, start[2], key=lambda one: one.most_doubt(2 * HAPLOID))
    shares = start[1] if start is not None and is_start else setup.class_shares
    return Calibration(temperature, shares, stain)


def _load_start_calibration(setup: Setup) -> tuple[float, np.ndarray, KnownStain | None] | None:
    """Return the calibration of the start, where it counts as a result and has one."""
    if not setup.experiment.start_counts:
        return None
    folder = find_weights(setup.experiment.init_from).parent
    return load_calibration(folder) if (folder / CALIBRATION_FILE).is_file() else None


def _fit_temperature(classes: np.ndarray, validation: Chromosomes) -> float:
    count = len(validation.labels)
    if count < FEWEST_CALIBRATION_IMAGES:
        return 1.0
    sources = dict.fromkeys(validation.sources.tolist())
    parts = [validation.sources == source for source in sources]
    enough = [part for part in parts if part.sum() >= FEWEST_CALIBRATION_IMAGES]
    return max(
        fit_temperature(classes[part], validation.labels[part])
        for part in enough or [np.ones(count, bool)]
    )


def calibrated_predictions(
    setup: Setup,
    images: Chromosomes,
    log_probabilities: np.ndarray,
    temperature: float,
    class_shares: np.ndarray,
) -> tuple[Predictions, str]:
    """Return the predictions, with whole cells assigned where the split keeps them whole.

    Args:
        setup: Setup of the run.
        images: Tested images.
        log_probabilities: f32[N,24], not calibrated.
        temperature: Temperature of the network.
        class_shares: f64[24], share of each class among the images that trained it.

    Returns:
        The predictions, and why cells could not be assigned; the text is empty if they were or the
        split divides them.
    """
    assigned, withheld = None, ""
    if setup.experiment.split.protocol in WHOLE_CELL_PROTOCOLS:
        calibrated = apply_temperature(log_probabilities, temperature).astype(np.float64)
        try:
            likelihoods = to_log_likelihoods(calibrated, class_shares)
            assigned = assign_cells(likelihoods, images.cells)
        except ValueError as error:
            withheld = str(error)
    predictions = Predictions(
        names=images.names,
        cells=images.cells,
        cases=images.cases,
        labels=images.labels,
        log_probabilities=log_probabilities,
        assigned=assigned,
    )
    return predictions, withheld
