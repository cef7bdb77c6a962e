"""The predictions of an experiment's network for its images."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from tqdm import tqdm

from superxception_jax.data.source import Chromosomes
from superxception_jax.data.stored_images import Images, TurnedImages
from superxception_jax.evaluation.predict import predict_all
from superxception_jax.karyotyping.polarity import read_classes, weigh_polarity
from superxception_jax.runs.setup import Setup
from superxception_jax.training import compile as compilation


def predict_split(
    setup: Setup, variables: Mapping[str, Any], part: Chromosomes, *, bar: tqdm | None
) -> np.ndarray:
    """Return the log-probabilities of the classes of a split.

    Args:
        setup: Setup of the run.
        variables: `params` and `batch_stats`.
        part: Images of the split.
        bar: Progress bar over images, if any.

    Returns:
        f32[N,24], not calibrated.
    """
    outputs = predict_images(setup, variables, part.images, bar=bar)
    return classes_of(setup, outputs, part)


def classes_of(setup: Setup, outputs: np.ndarray, part: Chromosomes) -> np.ndarray:
    """Return the log-probabilities of the classes, f32[N,24].

    Args:
        setup: Setup of the run.
        outputs: What `predict_images` returned for the images.
        part: The images.
    """
    if setup.experiment.polarity == "given":
        return outputs
    if not setup.oriented:
        # What it calls upright is any way up, class by class.
        return weigh_polarity(outputs, turned_share=0.5).classes
    return read_classes(
        outputs,
        cells=part.cells,
        upright=part.upright,
        turned_share=setup.experiment.turned_share,
    )


def predict_images(
    setup: Setup, variables: Mapping[str, Any], images: Images | TurnedImages, *, bar: tqdm | None
) -> np.ndarray:
    """Return raw log-probabilities.

    Args:
        setup: Setup of the run.
        variables: `params` and `batch_stats`.
        images: u8[N,S,S,1], in memory or in a file.
        bar: Progress bar over images, if any.

    Returns:
        f32[N,24] for the classes, or f32[N,48] for upright and turned classes.
    """
    return predict_all(
        images,
        variables=variables,
        predict=setup.predict,
        place=functools.partial(compilation.place_chosen, mesh=setup.mesh),
        batch_sizes=(setup.experiment.evaluation_batch_size,),
        advance=bar.update if bar is not None else lambda count: None,
    )
