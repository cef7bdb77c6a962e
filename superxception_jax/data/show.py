"""A figure of what the normalisation does to the image of one chromosome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from superxception_jax.data.background import level_cell
from superxception_jax.data.image_file import decode_image
from superxception_jax.data.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization_steps import normalization_steps
from superxception_jax.files import replacing


def write_steps_figure(
    image_file: Path,
    out: Path,
    *,
    cell_length_px: float | None,
    settings: NormalizationSettings,
) -> Path:
    """Write a figure with every step from the image file to the canvas.

    Args:
        image_file: Image of one chromosome.
        out: Figure to write; its ending decides the format.
        cell_length_px: Medial-axis length of the longest chromosome of the cell; None where the
            cell is unknown, then that of the image itself.
        settings: Settings of the normalisation.

    Returns:
        The absolute path of the figure.

    Raises:
        FileNotFoundError: There is no such image file.
        ValueError: The image can't be read or shows no chromosome, or the format is unknown.
    """
    if not image_file.is_file():
        raise FileNotFoundError(
            f"`--show` must be an image file, got {str(image_file)!r}; correct it."
        )
    try:
        decoded = decode_image(image_file.read_bytes())
    except ValueError as error:
        raise ValueError(f"{image_file}: {error}") from error
    # Of the other images of its cell nothing is known, so that it decides alone.
    image = level_cell([decoded], background=settings.background).images[0]
    steps = normalization_steps(
        image, name=str(image_file), cell_length_px=cell_length_px, settings=settings
    )
    with replacing(out) as temporary:
        _draw(steps).savefig(temporary, format=out.suffix[1:], dpi=150, bbox_inches="tight")
    return out.absolute()


def settings_from_text(
    changes: Sequence[str], *, defaults: Mapping[str, Any]
) -> NormalizationSettings:
    """Return normalisation settings with some values given as text.

    Args:
        changes: Texts `NAME=VALUE`, such as "tilt=keep".
        defaults: Values of all settings.

    Returns:
        The settings.

    Raises:
        ValueError: A name is unknown, or a value has the wrong kind or is out of its range.
    """
    values = dict(defaults)
    for change in changes:
        name, _, text = change.partition("=")
        try:
            values[name] = type(values[name])(text)
        except (KeyError, ValueError):
            raise ValueError(
                f"`--normalization` must be NAME=VALUE with a name of {', '.join(values)} and a "
                f"value of its kind, got {change!r}; see configs/base.py."
            ) from None
    return NormalizationSettings(**values)


def _draw(steps: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(2.2 * len(steps), 3.0), layout="constrained")
    for axes, (name, picture) in zip(figure.subplots(1, len(steps)), steps.items(), strict=True):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(f"{name}\n{picture.shape[1]}×{picture.shape[0]} px", fontsize=9)
        axes.set_axis_off()
    return figure
