from __future__ import annotations

import dataclasses
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from superxception_jax.data.normalization.cell_scale import REFERENCES
from superxception_jax.data.normalization.measure import measure_cell
from superxception_jax.data.normalization.normalization_settings import (
    GREYS,
    LENGTHS,
    STRAIGHTENINGS,
    NormalizationSettings,
)
from superxception_jax.data.options import BACKGROUNDS
from tests.data.normalized import normalize_cell
from tests.paths import REAL_DATA

SETTINGS = NormalizationSettings(
    background="dark",
    tilt="remove",
    straightening="none",
    length="cell",
    length_reference="longest",
    length_exponent=1.0,
    absolute_length_px=100.0,
    grey="keep",
    image_px=50,
)
FOLDER = REAL_DATA


def bar_image(length: float, width: float, tilt: float = 0.0, side: int = 140) -> np.ndarray:
    """Draw a soft bar with a bright lower half whose top leans to the right by `tilt`."""
    row, column = np.mgrid[:side, :side] - (side - 1) / 2
    cosine, sine = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    along, across = row * cosine - column * sine, row * sine + column * cosine
    edge = np.minimum(length / 2 - np.abs(along), width / 2 - np.abs(across))
    grey = np.where(along > 0, 200, 80) * np.clip(edge + 0.5, 0, 1)
    return np.rint(grey).astype(np.uint8)


def arc_image(radius: float, width: float, half_angle: float, side: int = 120) -> np.ndarray:
    """Draw an arc that opens to the left."""
    row, column = np.mgrid[:side, :side] - (side - 1) / 2
    angle = np.degrees(np.arctan2(row, column))
    inside = (np.abs(np.hypot(row, column) - radius) <= width / 2) & (np.abs(angle) <= half_angle)
    return np.where(inside, 150, 0).astype(np.uint8)


def normalize(images: list[np.ndarray], **changes: Any) -> np.ndarray:
    settings = dataclasses.replace(SETTINGS, **changes)
    names = [f"image {i}" for i in range(len(images))]
    return normalize_cell(images, names=names, settings=settings)[..., 0]


def box(canvas: np.ndarray, level: int = 30) -> tuple[int, int]:
    """Return height and width of the box around everything above a level."""
    rows, columns = ndimage.find_objects((canvas > level).astype(np.uint8))[0]
    return rows.stop - rows.start, columns.stop - columns.start


@pytest.mark.parametrize(("exponent", "short_px"), [(1.0, 12), (0.5, 24), (0.0, 48)])
def test_cell_length_with_exponent(exponent: float, short_px: int) -> None:
    images = [bar_image(96, 12), bar_image(24, 8)]
    canvases = normalize(images, length_exponent=exponent)
    assert canvases.shape == (2, 50, 50)
    assert canvases.dtype == np.uint8
    assert box(canvases[0]) == (48, 6)
    np.testing.assert_allclose(box(canvases[1], 60), (short_px, short_px / 3), atol=1)


def test_zooming_the_whole_cell_changes_next_to_nothing() -> None:
    small = normalize([bar_image(60, 10), bar_image(30, 10)])
    large = normalize([bar_image(120, 20), bar_image(60, 20)])
    assert np.abs(small.astype(int) - large).mean() < 1.0


def test_grey_values_relative_to_the_cell() -> None:
    bright, dull = bar_image(96, 12), bar_image(48, 12) // 2
    kept = normalize([bright, dull])
    scaled = normalize([bright, dull], grey="cell")
    # One factor for the whole cell: the bars keep their ratio, and another exposure changes
    # nothing but rounding.
    factor = scaled[0].max() / kept[0].max()
    np.testing.assert_allclose(scaled, np.minimum(factor * kept, 255), atol=1.5)
    darker = normalize([bright // 2, dull // 2], grey="cell")
    np.testing.assert_allclose(darker, scaled.astype(int), atol=3)
    # Both bars are half 80 and half 200, the short one at half the grey: 140 · (2 + 1/2) / 3.
    assert factor == pytest.approx(80 / (140 * 2.5 / 3), rel=0.03)


def test_absolute_length_ignores_the_cell_and_shrinks_what_is_larger() -> None:
    both = normalize([bar_image(50, 12), bar_image(120, 12)], length="absolute")
    alone = normalize([bar_image(50, 12)], length="absolute")
    np.testing.assert_array_equal(both[0], alone[0])
    assert box(both[0]) == (24, 6)  # 48 canvas pixels are 100 image pixels
    assert box(both[1])[0] == 48


def test_no_length_stretches_the_crop_to_the_canvas() -> None:
    canvas = normalize([bar_image(40, 10)], length="none")[0]
    assert box(canvas) == (50, 50)
    np.testing.assert_allclose(canvas[5:20, 14:36], 80, atol=3)
    np.testing.assert_allclose(canvas[30:45, 14:36], 200, atol=3)


@pytest.mark.parametrize("tilt", [-50, 20, 45])
def test_tilt_is_removed_p_arm_up(tilt: int) -> None:
    turned = normalize([bar_image(80, 12, tilt)])[0]
    upright = normalize([bar_image(80, 12)])[0]
    assert np.abs(turned.astype(int) - upright).mean() < 1.5
    assert turned[12, 25] == pytest.approx(80, abs=3)
    assert turned[37, 25] == pytest.approx(200, abs=3)


def test_tilt_can_be_kept() -> None:
    canvas = normalize([bar_image(60, 10, 45)], tilt="keep")[0]
    height, width = box(canvas)
    assert abs(height - width) <= 1
    assert canvas[25 - 8, 25 + 8] > 60  # the top leans to the right
    assert canvas[25 - 8, 25 - 8] == 0


def test_what_would_leave_the_canvas_is_shrunk_to_fit() -> None:
    # A straight one of 24 px sets the scale to 2; the wide one is 60 px across the canvas.
    lying = bar_image(60, 12, 90)
    canvas = normalize([lying, bar_image(24, 12)], tilt="keep", length_exponent=0.0)
    assert box(canvas[0])[1] <= 48
    wide = normalize([bar_image(16, 40)], tilt="keep", length="absolute", absolute_length_px=20.0)
    assert box(wide[0])[1] == 48
    assert not wide[0][:, [0, -1]].max() > 30


def test_straightening_makes_an_arc_a_bar() -> None:
    bent = normalize([arc_image(35, 10, 80)])[0]
    straight = normalize([arc_image(35, 10, 80)], straightening="medial_axis")[0]
    assert box(bent)[1] > 14
    height, width = box(straight)
    assert height in (47, 48)
    assert width <= 7
    np.testing.assert_allclose(straight[8:42, 24:26], 150, atol=5)


def test_padding_and_debris_change_nothing() -> None:
    plain = bar_image(60, 10, 20)
    padded = np.pad(plain, ((30, 5), (0, 60)))
    padded[5:9, 5:9] = 255
    for straightening in ("none", "medial_axis"):
        np.testing.assert_array_equal(
            normalize([plain], straightening=straightening),
            normalize([padded], straightening=straightening),
        )


def test_light_background_gives_the_same_canvas() -> None:
    image = bar_image(60, 10, 20)
    for background in ("auto", "light"):
        np.testing.assert_array_equal(
            normalize([255 - image], background=background), normalize([image])
        )


def test_grey_values_survive_shrinking_without_aliasing() -> None:
    image = np.zeros((140, 40), np.uint8)
    image[10:130, 10:30] = 100
    image[10:130:2, 10:30] = 140  # lines finer than the canvas can hold
    canvas = normalize([image], image_px=32)[0]
    inner = canvas[6:26, 15:17]
    np.testing.assert_allclose(inner, 120, atol=4)


def test_canvas_is_centred() -> None:
    canvas = normalize([bar_image(60, 11), bar_image(33, 7)])[1].astype(float)
    weight = (canvas > 30) / (canvas > 30).sum()
    assert (weight.sum(axis=1) * np.arange(50)).sum() == pytest.approx(24.5, abs=0.5)
    assert (weight.sum(axis=0) * np.arange(50)).sum() == pytest.approx(24.5, abs=0.5)


def test_errors_name_the_image() -> None:
    blank = np.zeros((20, 20), np.uint8)
    with pytest.raises(ValueError, match=r"^3 7a: `image` must show a chromosome"):
        normalize_cell([bar_image(60, 9), blank], names=["3 1a", "3 7a"], settings=SETTINGS)
    colour = np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(ValueError, match=r"^3 7a: `image` must be u8\[H,W\]"):
        normalize_cell([colour], names=["3 7a"], settings=SETTINGS)
    with pytest.raises(ValueError, match="got 0 and 0; pass the whole cell"):
        normalize_cell([], names=[], settings=SETTINGS)


@given(
    background=st.sampled_from(BACKGROUNDS),
    straightening=st.sampled_from(STRAIGHTENINGS),
    length=st.sampled_from(LENGTHS),
    length_reference=st.sampled_from(REFERENCES),
    length_exponent=st.floats(0, 1),
    absolute_length_px=st.floats(1e-3, 1e6),
    grey=st.sampled_from(GREYS),
    image_px=st.integers(8, 4096),
)
def test_settings_survive_json(**values: Any) -> None:
    settings = NormalizationSettings(tilt="remove", **values)
    text = json.dumps(dataclasses.asdict(settings))
    assert NormalizationSettings(**json.loads(text)) == settings


def test_settings_report_all_problems_at_once() -> None:
    with pytest.raises(ValueError) as caught:
        NormalizationSettings("grey", "keep", "medial_axis", "area", "sum", 1.5, -1.0, "mean", 4)
    lines = str(caught.value).split("\n")
    names = ["background", "length", "length_reference", "grey", "tilt", "length_exponent"]
    names += ["absolute_length_px", "image_px"]
    assert [re.sub(r"^`(\w+)` must be .*, got .*; .*\.$", r"\1", line) for line in lines] == names


@pytest.mark.skipif(not (FOLDER / "bioimlab_qband.zip").exists(), reason="no Q-band archive")
def test_first_real_cell() -> None:
    with zipfile.ZipFile(FOLDER / "bioimlab_qband.zip") as archive:
        paths = [p for p in archive.namelist() if re.search(r"/1/1 \d+[ab]?\.bmp$", p)]
        images = [np.array(Image.open(io.BytesIO(archive.read(p))).convert("L")) for p in paths]
    names = [Path(path).stem for path in paths]
    measured = measure_cell(images, names=names, background="auto")
    lengths = {name: one.length_px for name, one in zip(names, measured, strict=True)}
    assert len(names) == 46
    longest, shortest = np.mean([lengths["1 1a"], lengths["1 1b"]]), lengths["1 21a"]
    assert 3.0 < longest / shortest < 5.5  # 7.82 / 1.97 in the mean over all cells
    canvases = normalize_cell(images, names=names, settings=SETTINGS)
    assert canvases.shape == (46, 50, 50, 1)
    assert canvases.max(axis=(1, 2, 3)).min() > 50


def test_two_canvas_sizes_show_one_picture():
    """The larger canvas, reduced by means of whole pixels, is the smaller one."""
    images, names = [bar_image(60, 9), bar_image(30, 9)], ["long", "short"]
    small = normalize_cell(images, names=names, settings=SETTINGS)
    side = SETTINGS.image_px
    large = normalize_cell(
        images, names=names, settings=dataclasses.replace(SETTINGS, image_px=2 * side)
    )
    reduced = large.reshape(len(images), side, 2, side, 2).astype(float).mean(axis=(2, 4))
    difference = np.abs(reduced - small[..., 0])
    # Samples of the small canvas are means of twice as few points along an edge.
    assert difference.mean() < 1.0
    assert np.quantile(difference, 0.99) < 12
