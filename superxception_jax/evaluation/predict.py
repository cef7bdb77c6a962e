"""Exact predictions of a whole split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from superxception_jax.arrays import check
from superxception_jax.data.batches import evaluation_batches


def predict_all(
    images: np.ndarray,
    *,
    variables: Any,
    predict: Callable[[Any, jax.Array], jax.Array],
    place: Callable[[np.ndarray], jax.Array],
    batch_size: int,
    advance: Callable[[int], object],
) -> np.ndarray:
    """Apply a compiled function to all images, in padded batches of one size.

    Args:
        images: u8[N,S,S,1].
        variables: of the network.
        predict: compiled (variables, images) → f32[B,...].
        place: puts a batch on the devices.
        batch_size: images a step; the result doesn't depend on it.
        advance: called with the number of finished images.

    Returns:
        f32[N,...], without the padding.
    """
    count = check(images=(images, "u8[N,H,W,1]"))["N"]
    results = []
    for indices, mask in evaluation_batches(count, batch_size=batch_size):
        outputs = np.asarray(jax.device_get(predict(variables, place(images[indices]))))
        results.append(outputs[np.asarray(mask, bool)])
        advance(len(results[-1]))
    return np.concatenate(results)
