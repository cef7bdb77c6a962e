"""Canvases of a cell from its images, as programs make them in two steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from superxception_jax.data.normalization.measure import measure_cell
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import draw_cell


def normalize_cell(
    images: Sequence[np.ndarray], *, names: Sequence[str], settings: NormalizationSettings
) -> np.ndarray:
    """Return all chromosomes of one cell on their canvases, u8[N,S,S,1]."""
    measured = measure_cell(images, names=names, background=settings.background)
    return draw_cell(measured, settings=settings)
