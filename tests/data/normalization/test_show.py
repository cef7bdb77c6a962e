from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.show import (
    settings_from_text,
    write_curled_figure,
    write_steps_figure,
)

DEFAULTS: dict[str, Any] = {
    "background": "auto",
    "tilt": "remove",
    "straightening": "none",
    "length": "cell",
    "length_reference": "longest",
    "length_exponent": 1.0,
    "absolute_length_px": 100.0,
    "grey": "keep",
    "image_px": 40,
}


@pytest.fixture
def image_file(tmp_path) -> Path:
    image = np.zeros((50, 30), np.uint8)
    image[5:45, 10:20] = 120
    Image.fromarray(image).save(tmp_path / "chromosome.png")
    return tmp_path / "chromosome.png"


def write(image_file: Path, name: str) -> Path:
    return write_steps_figure(
        image_file,
        image_file.with_name(name),
        cell_length_px=None,
        settings=NormalizationSettings(**DEFAULTS),
    )


@pytest.mark.parametrize("name", ["steps.png", "steps.jpg"])
def test_five_steps_are_drawn_side_by_side(image_file, name):
    written = write(image_file, name)
    assert written == image_file.with_name(name)
    with Image.open(written) as figure:
        assert figure.width > 3 * figure.height / 2


def test_curled_copies_are_drawn_above_their_canvases(image_file):
    out = image_file.with_name("curled.png")
    settings = NormalizationSettings(**DEFAULTS | {"straightening": "medial_axis"})
    assert write_curled_figure(image_file, out, settings=settings) == out
    with Image.open(out) as figure:
        grey = np.asarray(figure.convert("L"))
    upper, lower = np.array_split(grey, 2)
    # White paper around pictures that are mostly black.
    for half in (upper, lower):
        columns = (half < 20).any(axis=0)
        assert np.diff(np.concatenate([[0], columns, [0]]).astype(int)).clip(0).sum() == 8
    with pytest.raises(FileNotFoundError, match="`--show` must be an image file, got"):
        write_curled_figure(image_file.with_name("nowhere.png"), out, settings=settings)


def test_what_cannot_be_shown_is_explained_and_leaves_nothing(image_file):
    text = image_file.with_name("text.png")
    text.write_text("no image")
    with pytest.raises(ValueError, match=r"text\.png: the image can't be read"):
        write(text, "steps.png")
    with pytest.raises(FileNotFoundError, match="`--show` must be an image file, got"):
        write(image_file.with_name("nowhere.png"), "steps.png")
    with pytest.raises(ValueError, match="Format 'nonsense' is not supported"):
        write(image_file, "steps.nonsense")
    left = sorted(path.name for path in image_file.parent.iterdir())
    assert left == ["chromosome.png", "text.png"]


def test_settings_take_the_type_of_their_default():
    settings = settings_from_text(["image_px=64", "tilt=keep"], defaults=DEFAULTS)
    assert settings == NormalizationSettings(**{**DEFAULTS, "image_px": 64, "tilt": "keep"})
    assert settings_from_text([], defaults=DEFAULTS) == NormalizationSettings(**DEFAULTS)


@pytest.mark.parametrize("change", ["tlit=keep", "image_px=large", "image_px"])
def test_unknown_settings_are_explained(change):
    with pytest.raises(ValueError, match=f"must be NAME=VALUE with a name of .* got '{change}'"):
        settings_from_text([change], defaults=DEFAULTS)
