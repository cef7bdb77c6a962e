from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.data.normalization.crop import crop_chromosome
from superxception_jax.studies.damage import CORRUPTIONS, corrupt


def bar() -> np.ndarray:
    image = np.zeros((40, 21), np.uint8)
    image[5:35, 7:14] = 100
    image[5:15, 7:14] = 180
    return image


def damage(kind, level, image=None, *, background="dark", seed=0):
    return corrupt(
        bar() if image is None else image,
        kind=kind,
        level=level,
        background=background,
        generator=np.random.default_rng(seed),
    )


def satellited(seed: int) -> np.ndarray:
    """Return a random chromosome with a pale stalk and satellites, noise, and debris."""
    generator = np.random.default_rng(seed)
    image = np.zeros((60, 31))
    rows, columns = generator.integers(25, 40), generator.integers(6, 10)
    body = image[15 : 15 + rows, 10 : 10 + columns]
    body[:] = generator.uniform(40, 250, body.shape)
    image[9:15, 12] = generator.uniform(9, 20)  # the stalk, above the noise and below the threshold
    image[5:9, 11:14] = generator.uniform(60, 200)
    image[2:4, 26:29] = generator.uniform(60, 200)
    noisy = image + generator.uniform(0, generator.integers(0, 4), image.shape)
    top, left = generator.integers(0, 3, 2) * 5  # the chromosome may touch the border
    return np.clip(noisy, 0, 255).astype(np.uint8)[top:, left:]


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
def test_damage_is_the_same_on_both_backgrounds_and_keeps_them(kind):
    on_dark = damage(kind, 1.0)
    np.testing.assert_array_equal(damage(kind, 1.0), on_dark)
    on_light = damage(kind, 1.0, 255 - bar(), background="light")
    np.testing.assert_array_equal(on_light, 255 - on_dark)


@pytest.mark.parametrize("background", ["dark", "light"])
@pytest.mark.parametrize("kind", CORRUPTIONS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_damage_of_no_strength_gives_the_crop_of_the_undamaged_image(kind, background, seed):
    image = satellited(seed)
    if background == "light":
        image = 255 - image
    nothing = 1.0 if kind == "gain" else 0.0
    damaged = damage(kind, nothing, image, background=background, seed=seed)
    one, other = (crop_chromosome(picture, background=background) for picture in (image, damaged))
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.mask, other.mask)


def test_satellites_of_light_images_survive_in_damaged_ones():
    # Damaged images that are inverted would lose the satellites that undamaged ones keep.
    image = 255 - satellited(1)
    crop = crop_chromosome(damage("noise", 0.0, image, background="light"), background="light")
    inverted = crop_chromosome(255 - image, background="dark")
    assert crop.mask.sum() > inverted.mask.sum()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"`kind` must be one of .*, got 'smear'; choose one"):
        damage("smear", 1.0)
