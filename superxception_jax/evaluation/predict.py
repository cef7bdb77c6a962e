"""Exact predictions of any number of images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from superxception_jax.arrays import check
from superxception_jax.data.batches import evaluation_batches
from superxception_jax.data.stored_images import Images, TurnedImages

# A single image, a few, a normal cell and many: a cell of any size needs no further compilation.
CELL_BATCHES = (1, 8, 46, 64)


def predict_all(
    images: Images | TurnedImages,
    *,
    variables: Any,
    predict: Callable[[Any, jax.Array], jax.Array],
    place: Callable[[Images | TurnedImages, np.ndarray], jax.Array],
    batch_sizes: tuple[int, ...],
    advance: Callable[[int], object],
) -> np.ndarray:
    """Return the outputs of a compiled function for all images, in padded batches of few sizes.

    Args:
        images: u8[N,S,S,1]; of images in a file one batch at a time is in memory.
        variables: Variables of the network.
        predict: Compiled function (variables, images) → f32[B,...].
        place: Function (images, indices i64[B]) → u8[B,S,S,1] that puts a batch on the devices.
        batch_sizes: Images per step, see `evaluation_batches`; a program is compiled for each
            size that is used. The result depends on them by rounding at most.
        advance: Called with the number of finished images after each batch.

    Returns:
        f32[N,...], without the padding.
    """
    count = check(images=(images, "u8[N,H,W,1]"))["N"]
    results = []
    for indices, mask in evaluation_batches(count, batch_sizes=batch_sizes):
        outputs = np.asarray(jax.device_get(predict(variables, place(images, indices))))
        results.append(outputs[np.asarray(mask, bool)])
        advance(len(results[-1]))
    return np.concatenate(results)
