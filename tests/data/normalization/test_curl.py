"""Curled chromosomes: their bands are kept, and their outline no longer tells the axis."""

from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.data.normalization import curl
from superxception_jax.data.normalization.curl import curl_chromosome, draw_axis
from superxception_jax.data.normalization.measure import MeasuredChromosome, measure_chromosome
from superxception_jax.data.normalization.straighten import axis_length_px, straighten

LENGTH, WIDTH = 90, 14


def banded(length: int = LENGTH, width: int = WIDTH) -> MeasuredChromosome:
    """Return a bar with bands of random grey, 6 px wide."""
    generator = np.random.default_rng(1)
    bands = np.repeat(generator.integers(70, 220, length // 6), 6)
    image = np.zeros((length + 12, width + 12), np.uint8)
    image[6:-6, 6:-6] = bands[:, None]
    return measure_chromosome(image, background="dark")


def test_a_name_curls_the_same_way_and_another_one_another_way():
    first, second = (curl_chromosome(banded(), name="a") for _ in range(2))
    np.testing.assert_array_equal(first.crop.image, second.crop.image)
    other = curl_chromosome(banded(), name="b").crop.image
    assert first.crop.image.shape != other.shape or (first.crop.image != other).any()


@pytest.mark.parametrize("ratio", [1.5, 2.5, 4.0, 8.0])
def test_an_axis_is_as_long_as_it_should_be_and_bends(ratio):
    random = np.random.default_rng(0)
    for _ in range(50):
        axis = draw_axis(ratio * WIDTH, width_px=WIDTH, random=random)
        assert axis_length_px(axis) == pytest.approx(ratio * WIDTH, abs=0.6)
        steps = np.diff(axis, axis=0)
        turned = np.ptp(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))
        # The end of a curl may lie beyond the end of a short chromosome.
        assert np.degrees(turned) > 25


def test_along_a_straight_axis_the_bands_stay_as_they_are(monkeypatch):
    chromosome = banded()

    def straight(length_px, **_):
        along = np.arange(0, length_px, 0.4)
        return np.stack([along, np.zeros_like(along)], axis=-1)

    monkeypatch.setattr(curl, "draw_axis", straight)
    curled = curl_chromosome(chromosome, name="a")
    # The blur of a scan makes the outline of a sharp bar wider by a pixel or so.
    assert curled.length_px == pytest.approx(chromosome.length_px, abs=3)
    before, after = (
        straighten(one.crop.image, one.axis, half_width_px=4).mean(axis=1)
        for one in (chromosome, curled)
    )
    # Row by row, wherever the wider outline begins.
    likeness = [
        np.corrcoef(before[4:-4], one[start : start + len(before) - 8])[0, 1]
        for one in (after, after[::-1])
        for start in range(3, 8)
    ]
    assert max(likeness) > 0.95


def test_curling_moves_grey_and_makes_none():
    """But for arms on top of each other, a curled chromosome is as large and as bright."""
    chromosome = banded()
    brightness = chromosome.crop.image.sum(dtype=np.int64)
    shares = [
        curl_chromosome(chromosome, name=str(number)).crop.image.sum(dtype=np.int64) / brightness
        for number in range(40)
    ]
    assert max(shares) < 1.12
    assert np.median(shares) == pytest.approx(1.0, abs=0.1)
    assert min(shares) > 0.4


def test_the_outline_of_many_no_longer_tells_the_axis():
    """What curled copies are for: the length along the traced axis is far from the true one."""
    lengths = np.array(
        [curl_chromosome(banded(), name=str(number)).length_px for number in range(60)]
    )
    wrong = np.abs(lengths / LENGTH - 1) > 0.15
    assert 0.3 < wrong.mean() < 0.95


def test_a_chromosome_too_small_to_curl_stays():
    image = np.zeros((20, 20), np.uint8)
    image[8:12, 8:13] = 9
    tiny = measure_chromosome(image, background="dark")
    for name in "abcd":
        assert curl_chromosome(tiny, name=name) is tiny
