from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from superxception_jax.data.ideogram.chromosome_image import PLACES_PER_PX, Optics, draw_chromosome
from superxception_jax.data.ideogram.profile import Profile
from superxception_jax.data.ideogram.styles import STYLES

OPTICS = Optics(
    px_per_unit=0.005, width_px=10.0, groove=1.0, blur_px=1.5, brightness=200.0, background=0.0
)
STRAIGHT = dataclasses.replace(
    STYLES["q"], tilt_degrees=0.0, bend=0.0, texture=0.0, noise=0.0, debris_share=0.0
)


def draw(*, length_px: int = 60, seed: int = 0, style=STRAIGHT, optics=OPTICS, stain=0.5):
    places = int(length_px * PLACES_PER_PX)
    profile = Profile(stain=np.full(places, stain), width=np.ones(places), centromere=0.4)
    return draw_chromosome(np.random.default_rng(seed), profile, optics=optics, style=style)


def test_length_and_width_are_as_requested():
    image = draw().astype(float)
    rows = image.sum(axis=1)
    assert np.sum(rows > rows.max() / 2) == pytest.approx(60, abs=4)
    columns = image[image.shape[0] * 3 // 5 : image.shape[0] * 4 // 5].sum(axis=0)
    assert np.sum(columns > columns.max() / 2) == pytest.approx(10, abs=2)


def test_centromere_is_constricted_where_the_profile_says():
    rows = np.sum(draw().astype(float) > 40, axis=1)
    inside = np.flatnonzero(rows)
    arms = rows[inside[0] + 6 : inside[-1] - 6]
    narrowest = (np.argmin(arms) + 6) / inside.size
    assert narrowest == pytest.approx(0.4, abs=0.08)
    assert arms.min() < 0.85 * np.median(arms)


def test_groove_separates_the_chromatids():
    def depth(groove: float) -> float:
        image = draw(optics=dataclasses.replace(OPTICS, groove=groove, blur_px=1.0)).astype(float)
        height = image.shape[0]
        across = image[height * 3 // 5 : height * 4 // 5].mean(axis=0)
        middle = round(np.average(np.arange(across.size), weights=across))
        return 1.0 - across[middle] / across.max()

    assert depth(1.3) > depth(1.1) > 0.02
    assert depth(0.8) < 0.02


def test_brightness_scales_and_blur_spreads():
    bright = draw().astype(float)
    half = draw(optics=dataclasses.replace(OPTICS, brightness=100.0)).astype(float)
    np.testing.assert_allclose(half, bright / 2, atol=1.0)
    sharp, soft = (
        draw(optics=dataclasses.replace(OPTICS, blur_px=blur)).astype(float) for blur in (1.0, 2.5)
    )
    assert np.abs(np.diff(sharp, axis=1)).max() > 1.5 * np.abs(np.diff(soft, axis=1)).max()


def test_dark_on_light_is_the_inverse_of_bright_on_dark():
    noisy = dataclasses.replace(STRAIGHT, noise=1.0, texture=0.1)
    inverted = dataclasses.replace(noisy, polarity="dark_on_light")
    np.testing.assert_array_equal(draw(style=inverted), 255 - draw(style=noisy))


def test_debris_is_separate_and_smaller():
    dirty = dataclasses.replace(STRAIGHT, debris_share=1.0)
    for seed in range(8):
        labels, count = ndimage.label(draw(style=dirty, seed=seed) > 0)
        sizes = np.sort(np.bincount(labels.ravel())[1:])
        assert count >= 2
        assert sizes[-2] < 0.2 * sizes[-1]
    assert ndimage.label(draw() > 0)[1] == 1


def test_background_is_empty_or_faint():
    assert draw(style=dataclasses.replace(STRAIGHT, noise=1.0))[0].max() == 0
    faint = draw(
        style=dataclasses.replace(STRAIGHT, noise=1.0),
        optics=dataclasses.replace(OPTICS, background=2.0),
    )[0]
    assert faint.mean() == pytest.approx(2.0, abs=0.8)
    assert faint.max() < 8


def test_very_short_chromosomes_can_be_drawn():
    image = draw(length_px=4)
    assert image.max() > 30
    assert min(image.shape) > 8
