"""Classes and polarity from a network that reads both: its second 24 outputs are turned ones."""

from __future__ import annotations

import numpy as np

from superxception_jax.arrays import check


def separate_polarity(
    log_probabilities: np.ndarray, *, turned_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Separate what a network says of class and polarity together.

    Args:
        log_probabilities: f32[N,2C], of class c upright (c) and turned by 180° (C + c), from a
            network that saw as many turned images as upright ones.
        turned_share: share of the images that comes upside down, in (0, 1).

    Returns:
        Log-probabilities of the classes f32[N,C], and the probability f64[N] that each image
        is turned.

    Raises:
        ValueError: the number of columns is odd, or the share is not inside (0, 1).

    Source: Bayes, with the share in place of the one half of the training.
    """
    columns = check(log_probabilities=(log_probabilities, "f32[N,D]"))["D"]
    if columns % 2 or not 0 < turned_share < 1:
        raise ValueError(
            "`log_probabilities` must have two columns a class and `turned_share` must be "
            f"between 0 and 1, got {columns} columns and {turned_share}."
        )
    classes = columns // 2
    joint = log_probabilities.astype(np.float64)
    joint[:, :classes] += np.log(1.0 - turned_share)
    joint[:, classes:] += np.log(turned_share)
    joint -= np.logaddexp.reduce(joint, axis=1, keepdims=True)
    upright, turned = joint[:, :classes], joint[:, classes:]
    return (
        np.logaddexp(upright, turned).astype(np.float32),
        np.exp(np.logaddexp.reduce(turned, axis=1)),
    )
