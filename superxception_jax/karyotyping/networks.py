"""The networks of a batch of cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.karyotyping.cell import Classifier


@dataclass(frozen=True)
class Networks:
    """The networks that karyotype a batch, by the background of its cells.

    Attributes:
        background: How the cells are read: "dark", "light", or "auto": decided for each cell.
        normalizations: Settings by which images become canvases, for "dark" and "light".
        load: "dark" or "light" → the network; loaded when a cell first needs it.
        identity: Digest of weights, settings and calibration: equal for equal results.
    """

    background: str
    normalizations: Mapping[str, NormalizationSettings]
    load: Callable[[str], Classifier]
    identity: str
