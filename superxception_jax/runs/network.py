"""The network of an experiment."""

from __future__ import annotations

import flax.linen as nn
import jax

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.models.build import build_model
from superxception_jax.models.ops.dispatch import resolve_implementation
from superxception_jax.runs.experiment import Experiment


def make_network(experiment: Experiment, mesh: jax.sharding.Mesh) -> nn.Module:
    """Return the network of an experiment for the devices that it will run on.

    Args:
        experiment: Checked experiment.
        mesh: Devices.

    Returns:
        The module; with polarity "read" it has twice as many outputs as classes.
    """
    implementation = resolve_implementation(
        experiment.implementation, platform=mesh.devices.flat[0].platform
    )
    outputs = len(CLASS_NAMES) * (2 if experiment.polarity == "read" else 1)
    return build_model(**experiment.model, classes=outputs, implementation=implementation)
