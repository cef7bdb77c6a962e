"""Class and polarity from a network that predicts both: p arm up, or turned by 180°."""

from __future__ import annotations

import numpy as np

from superxception_jax.arrays import check


def separate_polarity(
    log_probabilities: np.ndarray, *, turned_share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the class probabilities and the polarity from joint predictions of both.

    The network was trained on as many turned as upright images; by Bayes' rule the given share
    replaces that one half.

    Args:
        log_probabilities: f32[N,2C], joint log-probabilities: class c upright in column c, class
            c turned by 180° in column C + c.
        turned_share: Share of the images that is upside down, in (0, 1).

    Returns:
        Log-probabilities of the classes f32[N,C], and the probability f64[N] that each image is
        upside down.

    Raises:
        ValueError: The number of columns is odd, or the share is not inside (0, 1).
    """
    columns = check(log_probabilities=(log_probabilities, "f32[N,D]"))["D"]
    if columns % 2 or not 0 < turned_share < 1:
        raise ValueError(
            "`log_probabilities` must have two columns per class and `turned_share` must be "
            f"between 0 and 1, got {columns} columns and {turned_share}; correct them."
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
