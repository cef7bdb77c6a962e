"""What a training run carries from step to step."""

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
    """Everything that a checkpoint holds.

    Attributes:
        step: i32[], finished steps.
        params: parameters of the network.
        batch_stats: running means and variances of its BatchNorm layers.
        opt_state: state of the optimiser.
    """

    step: jax.Array
    params: Any
    batch_stats: Any
    opt_state: Any

    @property
    def variables(self) -> dict[str, Any]:
        """Return what the network is applied with."""
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
    """Draw the state before the first step.

    Args:
        model: takes f32[B,input_px,input_px,1].
        optimizer: makes its own state from the parameters.
        key: root key of the run.
        input_px: side of the network's input.

    Returns:
        The state at step 0.
    """
    variables = init_variables(model, key=key, input_px=input_px)
    return TrainState(
        step=jnp.zeros((), jnp.int32), opt_state=optimizer.init(variables["params"]), **variables
    )
