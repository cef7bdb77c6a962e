"""The state of a training, passed from step to step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import struct

from superxception_jax.models.build import init_variables

if TYPE_CHECKING:
    import optax


@struct.dataclass
class TrainState:
    """The state of a training, stored by a checkpoint.

    Attributes:
        step: i32[], number of finished steps.
        params: Parameters of the network.
        batch_stats: Running means and variances of its BatchNorm layers.
        opt_state: State of the optimiser.
    """

    step: jax.Array
    params: Any
    batch_stats: Any
    opt_state: Any

    @property
    def variables(self) -> dict[str, Any]:
        """Return the variables of the network."""
        return {"params": self.params, "batch_stats": self.batch_stats}


# (state, images, targets, root key) → (next state, metrics f32[] by name).
TrainStep = Callable[
    [TrainState, jax.Array, jax.Array, jax.Array], tuple[TrainState, dict[str, jax.Array]]
]


def init_state(
    model: nn.Module,
    optimizer: optax.GradientTransformation,
    *,
    key: jax.Array,
    input_px: int,
) -> TrainState:
    """Return the state before the first step.

    Args:
        model: Network of f32[B,input_px,input_px,1].
        optimizer: Optimiser of its parameters.
        key: Root key of the run.
        input_px: Side of the network's input in px.

    Returns:
        The state at step 0.
    """
    variables = init_variables(model, key=key, input_px=input_px)
    return TrainState(
        step=jnp.zeros((), jnp.int32), opt_state=optimizer.init(variables["params"]), **variables
    )
