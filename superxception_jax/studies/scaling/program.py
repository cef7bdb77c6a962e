"""The training step of an experiment from shapes, for devices that needn't be there."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh

from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.network import make_network
from superxception_jax.training.compile import jit_train_step
from superxception_jax.training.flops import count_flops
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.state import TrainStep, init_state
from superxception_jax.training.steps import make_train_step

# Of the schedule; it changes constants of the step, and not what the step costs.
STEPS_PER_EPOCH = 100


def build_step(experiment: Experiment, mesh: Mesh) -> TrainStep:
    """Return the pure training step of an experiment, in the forms for the devices.

    Args:
        experiment: Checked experiment.
        mesh: Devices, whose platform decides on the forms.
    """
    model, optimizer = make_network(experiment, mesh), make_step_optimizer(experiment)
    return make_train_step(model, optimizer, **experiment.step_options)


def step_shapes(experiment: Experiment, mesh: Mesh, *, images: int) -> tuple[Any, ...]:
    """Return the shapes of the arguments of a training step.

    Args:
        experiment: Checked experiment.
        mesh: Devices.
        images: Images per step.

    Returns:
        State, images u8[B,S,S,1], labels i32[B] and key.
    """
    model, optimizer = make_network(experiment, mesh), make_step_optimizer(experiment)
    key = jax.eval_shape(lambda: jax.random.key(0))
    state = jax.eval_shape(
        lambda key: init_state(model, optimizer, key=key, input_px=experiment.input_px), key
    )
    side = experiment.normalization.image_px
    batch = jax.ShapeDtypeStruct((images, side, side, 1), jnp.uint8)
    return state, batch, jax.ShapeDtypeStruct((images,), jnp.int32), key


def lower_step(experiment: Experiment, mesh: Mesh) -> Any:
    """Return the lowered training step: the batch split over the devices, the state on each.

    Args:
        experiment: Checked experiment.
        mesh: Devices.
    """
    shapes = step_shapes(experiment, mesh, images=experiment.batch_size)
    return jit_train_step(build_step(experiment, mesh), mesh).lower(*shapes)


def count_step_flops(experiment: Experiment, mesh: Mesh) -> float:
    """Return the operations of a training step on one of the devices.

    Args:
        experiment: Checked experiment.
        mesh: Devices.

    Returns:
        The count without a compiler, see `training.flops.count_flops`.
    """
    shapes = step_shapes(experiment, mesh, images=experiment.batch_size // mesh.size)
    return count_flops(build_step(experiment, mesh), *shapes)


def make_step_optimizer(experiment: Experiment) -> optax.GradientTransformation:
    """Return the optimiser of an experiment.

    Args:
        experiment: Checked experiment.
    """
    return make_optimizer(
        experiment.optimizer,
        frozen=experiment.frozen,
        batch_size=experiment.batch_size,
        epochs=experiment.epochs,
        steps_per_epoch=STEPS_PER_EPOCH,
    )
