"""The pure function that predicts the classes of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from superxception_jax.arrays import check
from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.precision import apply_network, exact_products

# (variables, images u8[B,S,S,1]) → an array with the images' first axis.
Predict = Callable[[Any, jax.Array], jax.Array]


def make_predict(model: nn.Module, *, input_px: int, test_views: str, precision: str) -> Predict:
    """Return a function that predicts a batch.

    Args:
        model: Network from f32[B,input_px,input_px,1] to logits f32[B,C].
        input_px: Side in px to which the canvas is enlarged.
        test_views: "one", or "both" for a network that predicts polarity: the logits are the mean
            of those of the image and those of the image rotated by 180°, with their halves
            exchanged.
        precision: Number format of activations and products, "float32" (on every device, also
            where the default of products is coarser) or "bfloat16".

    Returns:
        A pure function from variables and images u8[B,S,S,1] to log-probabilities f32[B,C].
    """

    def predict(variables, images):
        check(images=(images, "u8[B,S,S,1]"))
        inputs = enlarge(to_unit_range(images), size_px=input_px)

        def logits_of(inputs: jax.Array) -> Any:
            with exact_products(precision):
                return apply_network(model, variables, inputs, precision=precision, train=False)

        logits = logits_of(inputs)
        if test_views == "both":
            turned = logits_of(inputs[:, ::-1, ::-1])
            logits = (logits + jnp.roll(turned, logits.shape[-1] // 2, axis=-1)) / 2.0
        return jax.nn.log_softmax(logits)

    return predict


def to_unit_range(images: jax.Array) -> jax.Array:
    """Return u8 grey values as f32 in [0, 1].

    Args:
        images: u8[B,S,S,1].

    Returns:
        f32[B,S,S,1].
    """
    return images.astype(jnp.float32) / 255.0
