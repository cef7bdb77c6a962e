"""The calibrated predictions of a network: temperature, known stain, and whole cells assigned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import WHOLE_CELL_PROTOCOLS
from superxception_jax.evaluation.cells import assign_cells
from superxception_jax.evaluation.metrics import FEWEST_CALIBRATION_IMAGES
from superxception_jax.evaluation.predictions import Predictions
from superxception_jax.karyotyping.assignment import to_log_likelihoods
from superxception_jax.karyotyping.calibration import apply_temperature, fit_temperature
from superxception_jax.karyotyping.stain import KnownStain, fit_stain, stain_log_probabilities
from superxception_jax.runs.predicting import classes_of, predict_images
from superxception_jax.runs.setup import Setup


def fit_calibration(setup: Setup, variables: Mapping[str, Any]) -> tuple[float, KnownStain]:
    """Return the temperature and the known stain, both of the validation images alone.

    Args:
        setup: Setup of the run.
        variables: `params` and `batch_stats`.

    Returns:
        The temperature, 1, which changes nothing, for too few images; and the known stain. Of
        several data sets, each has a temperature of its own, and the highest is taken: no data set
        may look more certain than it is.
    """
    validation, polarity = setup.splits["validation"], setup.experiment.polarity
    outputs = predict_images(setup, variables, validation.images, bar=None)
    classes = classes_of(setup, outputs, validation)
    temperature = _fit_temperature(classes, validation)
    judged = stain_log_probabilities(outputs, polarity=polarity, temperature=temperature)
    return temperature, fit_stain(judged, validation.cells)


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
) -> tuple[Predictions, str]:
    """Return the predictions, with whole cells assigned where the split keeps them whole.

    Args:
        setup: Setup of the run.
        images: Tested images.
        log_probabilities: f32[N,24], not calibrated.
        temperature: Calibration temperature.

    Returns:
        The predictions, and why cells could not be assigned; the text is empty if they were or the
        split divides them.
    """
    assigned, withheld = None, ""
    if setup.experiment.split.protocol in WHOLE_CELL_PROTOCOLS:
        calibrated = apply_temperature(log_probabilities, temperature).astype(np.float64)
        try:
            likelihoods = to_log_likelihoods(calibrated, setup.class_shares)
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
