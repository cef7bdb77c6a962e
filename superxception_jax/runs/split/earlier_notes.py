"""What is printed about the networks that a run builds on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.exported.portable import OWN_FOLDER
from superxception_jax.runs.exported.trained_images import TRAINED_FILE, load_trained
from superxception_jax.runs.included import find_weights
from superxception_jax.runs.workdir import CONFIG_FILE
from superxception_jax.training.hosts.processes import is_first


def tell_of_networks(
    networks: Iterable[tuple[str, Experiment | None]],
    experiment: Experiment,
    *,
    seen: Mapping[str, np.ndarray],
    validation: np.ndarray,
) -> None:
    """Print what a user should know of the networks that a run builds on; mostly nothing.

    Args:
        networks: Weights and experiment of each, see `lineage.earlier_networks`.
        experiment: Experiment of the run.
        seen: bool[N] by weights: which images they were trained or validated on.
        validation: i32[V], places of the validation images.
    """
    if not is_first():
        return
    networks = list(networks)
    notes = _unknown_images(networks, experiment)
    for weights, earlier in networks:
        if count := int(seen[weights][validation].sum()):
            notes.append(_known_validation(weights, count, len(validation), experiment))
        used = (experiment.init_from, experiment.unlabelled_reader)
        if earlier is not None and weights in used:
            notes += _other_canvases(weights, earlier.normalization, experiment.normalization)
    for note in notes:
        print(note, flush=True)


def _unknown_images(
    networks: Iterable[tuple[str, Experiment | None]], experiment: Experiment
) -> list[str]:
    """Return of which networks nobody knows whether they were trained on images of a run."""
    unknown = [
        f"`{weights}`"
        for weights, earlier in networks
        if load_trained(find_weights(weights).parent) is None
        and (earlier is None or ("own" in experiment.data_sets and _hides_folder(earlier)))
    ]
    if not unknown:
        return []
    return [
        f"what {' and '.join(unknown)} was trained on is not known, because beside it is neither "
        f"{TRAINED_FILE} nor a {CONFIG_FILE} that says so: it is not checked whether the run tests "
        "such images"
    ]


def _hides_folder(earlier: Experiment) -> bool:
    """Return whether a network was trained on an own folder of which its export has no name."""
    own = earlier.data_sets.get("own", {})
    return own.get("folder") == OWN_FOLDER and "own" not in earlier.test_only


def _known_validation(weights: str, count: int, total: int, experiment: Experiment) -> str:
    """Return what it means that a network knows validation images."""
    text = f"`{weights}` was trained or validated on {count:,} of {total:,} validation images: "
    if experiment.start_counts and weights == experiment.init_from:
        return text + (
            "compared on these, it may be kept although an epoch is better on cells that neither "
            "has seen"
        )
    return text + "validation accuracy and calibration may be too favourable"


def _other_canvases(
    weights: str, theirs: NormalizationSettings, ours: NormalizationSettings
) -> list[str]:
    """Return the settings by which a network gets other images than it was trained on."""
    pairs = zip(dataclasses.asdict(ours).items(), dataclasses.asdict(theirs).values(), strict=True)
    # The background of each network is that of its stain.
    other = [
        f"{name} {value} instead of {before}"
        for (name, value), before in pairs
        if value != before and name != "background"
    ]
    if not other:
        return []
    return [
        f"`{weights}` was trained on images that were normalised in another way; here "
        f"`config.normalization` has {', '.join(other)}"
    ]
