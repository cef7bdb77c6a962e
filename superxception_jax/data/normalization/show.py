"""Figures of what becomes of the image of one chromosome: its normalisation, its curled copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from superxception_jax.data.images.image_file import decode_image, load_content
from superxception_jax.data.normalization.background import level_cell
from superxception_jax.data.normalization.curl import curl_chromosome
from superxception_jax.data.normalization.measure import measure_cell
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalization_steps import normalization_steps
from superxception_jax.data.normalization.normalize import draw_cell
from superxception_jax.files import replacing

_COPIES = 8  # curled copies in a figure


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
    image = _load(image_file, background=settings.background)
    steps = normalization_steps(
        image, name=str(image_file), cell_length_px=cell_length_px, settings=settings
    )
    return _write(_draw(steps), out)


def write_curled_figure(image_file: Path, out: Path, *, settings: NormalizationSettings) -> Path:
    """Write a figure with some curled copies of a chromosome, and each on its canvas.

    Args:
        image_file: Image of one chromosome.
        out: Figure to write; its ending decides the format.
        settings: Settings of the normalisation.

    Returns:
        The absolute path of the figure.

    Raises:
        FileNotFoundError: There is no such image file.
        ValueError: The image can't be read or shows no chromosome, or the format is unknown.
    """
    image = _load(image_file, background=settings.background)
    measured = measure_cell([image], names=[str(image_file)], background=settings.background)
    figure = Figure(figsize=(1.3 * _COPIES, 3.0), layout="constrained")
    panels = figure.subplots(2, _COPIES)
    for number in range(_COPIES):
        copy = curl_chromosome(measured[0], name=f"{image_file.name} {number}")
        canvas = draw_cell([copy], settings=settings, scaled_as=measured)[0, ..., 0]
        for axes, picture in zip(panels[:, number], (copy.crop.image, canvas), strict=True):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_axis_off()
    return _write(figure, out)


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


def _load(image_file: Path, *, background: str) -> np.ndarray:
    if not image_file.is_file():
        raise FileNotFoundError(
            f"`--show` must be an image file, got {str(image_file)!r}; correct it."
        )
    try:
        decoded = decode_image(load_content(image_file))
    except ValueError as error:
        raise ValueError(f"{image_file}: {error}") from error
    # Of the other images of its cell nothing is known, so that it decides alone.
    return level_cell([decoded], background=background).images[0]


def _write(figure: Figure, out: Path) -> Path:
    with replacing(out) as temporary:
        figure.savefig(temporary, format=out.suffix[1:], dpi=150, bbox_inches="tight")
    return out.absolute()


def _draw(steps: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(2.2 * len(steps), 3.0), layout="constrained")
    for axes, (name, picture) in zip(figure.subplots(1, len(steps)), steps.items(), strict=True):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(f"{name}\n{picture.shape[1]}×{picture.shape[0]} px", fontsize=9)
        axes.set_axis_off()
    return figure
