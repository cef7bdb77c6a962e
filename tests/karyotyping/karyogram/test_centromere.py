from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.karyogram.centromere import (
    centromere_on_axis,
    expected_centromere,
    spread_along_axis,
    trace_axis,
)
from tests.karyotyping.read_cells import drawn


def hourglass(*, waist: int, rows: int = 80, width: int = 14) -> np.ndarray:
    """Return a bar that narrows to half its width around one row."""
    row, column = np.mgrid[: rows + 12, : width + 12]
    narrow = 1 - 0.5 * np.exp(-0.5 * ((row - 6 - waist) / 2.5) ** 2)
    inside = (np.abs(column - (width + 11) / 2) <= narrow * width / 2) & (row >= 6)
    return (200 * (inside & (row < 6 + rows))).astype(np.uint8)


def locate_centromere(image: np.ndarray, label: int) -> float:
    return centromere_on_axis(image, trace_axis(image), label=label)


@pytest.mark.parametrize("shift", [-6, -3, 0, 3, 6])
def test_the_waist_moves_the_centromere_away_from_the_ideogram(shift: int):
    expected = expected_centromere(CLASS_NAMES.index("4")) * 80
    found = locate_centromere(hourglass(waist=round(expected) + shift), CLASS_NAMES.index("4"))
    assert found * 80 == pytest.approx(expected + shift, abs=1.5)


def test_without_a_waist_the_ideogram_decides():
    bar = np.zeros((100, 30), np.uint8)
    bar[8:92, 8:22] = 180
    for label in (0, 4, 12):
        assert locate_centromere(bar, label) == pytest.approx(expected_centromere(label), abs=0.02)


def test_a_waist_far_from_the_ideogram_position_is_not_a_centromere():
    # Such as the stalk of an acrocentric or the neck of a heterochromatic region.
    found = locate_centromere(hourglass(waist=70), CLASS_NAMES.index("4"))
    assert found == pytest.approx(expected_centromere(CLASS_NAMES.index("4")), abs=0.05)


def test_the_spread_does_not_depend_on_the_staining():
    image = hourglass(waist=40)
    banded = (image * np.where(np.arange(len(image)) // 8 % 2, 1.0, 0.5)[:, None]).astype(np.uint8)
    axis = trace_axis(image)
    plain, striped = spread_along_axis(image, axis), spread_along_axis(banded, axis)
    middle = slice(10, -10)
    assert np.abs(plain - striped)[middle].max() < 0.1 * plain.mean()


@pytest.mark.parametrize("style", ["q", "g"])
def test_errors_on_drawn_chromosomes_are_small_and_smaller_than_those_of_the_ideogram(style: str):
    errors, by_ideogram = [], []
    for label in range(24):
        for seed in range(2000, 2003):
            one, truth = drawn(label, style=style, seed=seed)
            errors.append(abs(locate_centromere(one.image, label) - truth) * one.length_px)
            by_ideogram.append(abs(expected_centromere(label) - truth) * one.length_px)
    # Measured over 24 cells of each stain: median 0.4 px, 90th percentile 1.0 px.
    assert np.median(errors) < 0.7
    assert np.percentile(errors, 90) < 1.5
    assert np.percentile(errors, 90) < 0.85 * np.percentile(by_ideogram, 90)


@pytest.mark.parametrize("label", [-1, 24])
def test_unknown_classes_are_refused(label: int):
    with pytest.raises(ValueError, match=r"`label` must be in 0\.\.23"):
        locate_centromere(hourglass(waist=40), label)


def test_an_empty_image_is_refused():
    with pytest.raises(ValueError, match="must show a chromosome"):
        locate_centromere(np.zeros((30, 20), np.uint8), 0)


def test_large_images_are_traced_at_a_reduced_size():
    one, _ = drawn(0, style="g", seed=2)
    large = np.kron(one.image, np.ones((4, 4), np.uint8))
    axis, enlarged = trace_axis(one.image), trace_axis(large)
    assert len(enlarged) < 1.5 * len(axis)
    np.testing.assert_allclose(enlarged[0], 4 * axis[0] + 1.5, atol=6)
    np.testing.assert_allclose(enlarged[-1], 4 * axis[-1] + 1.5, atol=6)
