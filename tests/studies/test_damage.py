from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.studies.damage import CORRUPTIONS, corrupt


def bar() -> np.ndarray:
    image = np.zeros((40, 21), np.uint8)
    image[5:35, 7:14] = 100
    image[5:15, 7:14] = 180
    return image


def damage(kind, level, image=None, seed=0):
    generator = np.random.default_rng(seed)
    return corrupt(bar() if image is None else image, kind=kind, level=level, generator=generator)


def test_blur_spreads_and_keeps_the_sum():
    blurred = damage("blur", 2.0)
    assert blurred.max() < 180
    assert blurred.sum(dtype=float) == pytest.approx(bar().sum(dtype=float), rel=0.01)
    assert (blurred > 0).sum() > (bar() > 0).sum()


def test_noise_has_its_standard_deviation():
    flat = np.full((100, 100), 60, np.uint8)
    noisy = damage("noise", 6.0, flat).astype(float)
    assert noisy.std() == pytest.approx(6.0, rel=0.05)
    assert noisy.mean() == pytest.approx(60.0, abs=0.3)


def test_gain_is_a_factor_and_saturates():
    assert damage("gain", 0.5).max() == 90
    assert damage("gain", 2.0).max() == 255


def test_rotation_does_not_cut_the_chromosome_off():
    rotated = damage("rotation", 90.0)
    assert rotated.shape != bar().shape
    assert rotated.sum(dtype=float) == pytest.approx(bar().sum(dtype=float), rel=0.05)


def test_debris_only_brightens():
    dirty = damage("debris", 3.0)
    inside = dirty[6:-6, 6:-6]
    assert (inside >= bar()).all()
    assert dirty.sum() > bar().sum()
    np.testing.assert_array_equal(damage("debris", 0.0)[6:-6, 6:-6], bar())


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_light_background_is_inverted_and_equal_seeds_give_equal_images(kind):
    light = 255 - bar()
    one, other = (damage(kind, 1.0, image) for image in (light, bar()))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(damage(kind, 1.0), other)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"`kind` must be one of .*, got 'smear'; choose one"):
        damage("smear", 1.0)
