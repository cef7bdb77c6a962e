"""Canvases and curled copies as they are under the version numbers that caches and runs go by.

A run refuses to go on with canvases of another version, and caches are rebuilt. So a change of
pixels must raise `NORMALIZATION_VERSION` or `CURL_VERSION`, after which
`SUPERXCEPTION_WRITE_GOLDEN=1 python -m pytest tests/data/normalization/test_versions.py` stores the
new ones.
"""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from scipy import ndimage

from superxception_jax.data.normalization.curl import CURL_VERSION, curl_chromosome
from superxception_jax.data.normalization.measure import measure_cell
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import NORMALIZATION_VERSION, draw_cell
from tests.paths import REPOSITORY

PATH = REPOSITORY / "tests" / "golden" / "canvases.json"
PAPER = NormalizationSettings("dark", "keep", "none", "cell", "longest", 1.0, 100.0, "keep", 20)
SETTINGS = {
    "paper": PAPER,
    "straightened": NormalizationSettings(
        "auto", "remove", "medial_axis", "cell", "lengths", 0.5, 100.0, "cell", 20
    ),
    "upright": NormalizationSettings(
        "auto", "remove", "none", "absolute", "longest", 1.0, 70.0, "keep", 20
    ),
    "stretched": NormalizationSettings(
        "auto", "remove", "none", "none", "longest", 1.0, 100.0, "cell", 20
    ),
}
# Grey levels by which libraries of other versions and other processors may differ.
ROUNDING = 2


def bent_bar(length: int, width: int, *, bend: float, degrees: float) -> np.ndarray:
    """Draw a banded bar along an arc, smooth as images of a microscope are."""
    side = length + 2 * width
    rows, columns = np.mgrid[:side, :side] - side / 2
    columns = columns + bend * (rows / length) ** 2 * width
    inside = (np.abs(rows) < length / 2) & (np.abs(columns) < width / 2)
    image = np.where(inside, 130.0 + 70.0 * np.sin(rows / 3.0), 0.0)
    image = ndimage.gaussian_filter(ndimage.rotate(image, degrees, order=1), 1.0)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def _canvases() -> dict[str, list[str]]:
    images = [
        bent_bar(70, 12, bend=0.0, degrees=20.0),
        bent_bar(52, 12, bend=6.0, degrees=-35.0),
        bent_bar(24, 11, bend=0.0, degrees=5.0),
    ]
    measured = measure_cell(images, names=["a", "b", "c"], background="dark")
    curled = [curl_chromosome(one, name=f"{place}") for place, one in enumerate(measured)]
    drawn = {
        name: draw_cell(measured, settings=settings) for name, settings in SETTINGS.items()
    } | {"curled": draw_cell(curled, settings=PAPER, scaled_as=measured)}
    return {name: [one.tobytes().hex() for one in canvases] for name, canvases in drawn.items()}


@pytest.fixture(scope="module")
def stored():
    if os.environ.get("SUPERXCEPTION_WRITE_GOLDEN"):
        versions = {"normalization": NORMALIZATION_VERSION, "curl": CURL_VERSION}
        values = {"versions": versions, "canvases": _canvases()}
        PATH.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    return json.loads(PATH.read_text(encoding="utf-8"))


def test_the_stored_canvases_are_those_of_the_version(stored):
    now = {"normalization": NORMALIZATION_VERSION, "curl": CURL_VERSION}
    assert stored["versions"] == now, "store the canvases of the new version; see the docstring"


@pytest.mark.parametrize("name", [*SETTINGS, "curled"])
def test_the_same_version_draws_the_same_canvases(stored, name):
    before, now = (
        [np.frombuffer(bytes.fromhex(one), np.uint8).astype(int) for one in canvases[name]]
        for canvases in (stored["canvases"], _canvases())
    )
    assert np.abs(np.subtract(now, before)).max() <= ROUNDING, (
        "raise the version, see the docstring"
    )
    assert len(now) == 3
    assert min(canvas.max() for canvas in now) > 80
