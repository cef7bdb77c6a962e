"""Build networks of Keras without drawing weights that are given later anyway."""

from __future__ import annotations

import contextlib

import keras
import numpy as np
import pytest


@contextlib.contextmanager
def weights_given_later():
    """Start every kernel at zero: drawing would take most of a test's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            keras.initializers.VarianceScaling,
            "__call__",
            lambda self, shape, dtype: np.zeros(shape, dtype),
        )
        yield
