from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage

from superxception_jax.training.augmentation import augment, turn_half
from superxception_jax.training.settings import AugmentationSettings
from tests.quick import QUICK

OFF = AugmentationSettings(
    rotation_degrees=0.0,
    shift_px=0.0,
    stretch=0.0,
    bend_px=0.0,
    gamma=0.0,
    gain=0.0,
    blur=0.0,
    noise=0.0,
    cut_out=0.0,
)
RANGES = {
    "rotation_degrees": 20.0,
    "shift_px": 2.0,
    "stretch": 0.2,
    "bend_px": 4.0,
    "gamma": 0.5,
    "gain": 0.5,
    "blur": 0.8,
    "noise": 0.05,
    "cut_out": 1.0,
}


@functools.cache
def _compiled(settings):
    augmentation = functools.partial(augment, settings=settings)
    return jax.jit(lambda images, key: augmentation(images, key=key), compiler_options=QUICK)


def _augment(images, *, key, settings):
    return _compiled(settings)(images, key)


def _bars(count: int = 3, side: int = 24) -> jax.Array:
    image = np.zeros((side, side), np.float32)
    image[4:20, 9:15] = np.linspace(0.3, 0.9, 16, dtype=np.float32)[:, None]
    image = ndimage.gaussian_filter(image, 1.0)
    return jnp.asarray(np.tile(image[None, :, :, None], (count, 1, 1, 1)))


def test_everything_off_is_the_identity():
    images = _bars()
    np.testing.assert_array_equal(_augment(images, key=jax.random.key(0), settings=OFF), images)


@pytest.mark.parametrize("name", RANGES)
def test_every_range_changes_the_image_and_each_image_differently(name):
    images = _bars()
    settings = dataclasses.replace(OFF, **{name: RANGES[name]})
    changed = np.asarray(_augment(images, key=jax.random.key(1), settings=settings))
    assert np.abs(changed - images).max() > 1e-3
    assert np.abs(changed[0] - changed[1]).max() > 1e-3
    assert changed.min() >= 0.0
    assert changed.max() <= 1.0


@pytest.mark.parametrize("name", [name for name in RANGES if name != "noise"])
def test_background_stays_black(name):
    images = jnp.zeros_like(_bars())
    settings = dataclasses.replace(OFF, **{name: RANGES[name]})
    assert float(jnp.abs(_augment(images, key=jax.random.key(2), settings=settings)).max()) == 0.0


def test_same_key_same_images():
    images = _bars()
    settings = AugmentationSettings(**RANGES)
    one = _augment(images, key=jax.random.key(5), settings=settings)
    two = _augment(images, key=jax.random.key(5), settings=settings)
    other = _augment(images, key=jax.random.key(6), settings=settings)
    np.testing.assert_array_equal(one, two)
    assert float(jnp.abs(one - other).max()) > 1e-3


def test_rotation_keeps_the_mass_and_turns_the_axis():
    images = _bars(count=8, side=40)
    settings = dataclasses.replace(OFF, rotation_degrees=40.0)
    turned = np.asarray(_augment(images, key=jax.random.key(3), settings=settings))[..., 0]
    np.testing.assert_allclose(turned.sum((1, 2)), np.asarray(images).sum((1, 2, 3)), rtol=0.02)
    y, x = np.mgrid[:40, :40] - 19.5
    tilts = []
    for image in turned:
        mass = image.sum()
        yc, xc = (y * image).sum() / mass, (x * image).sum() / mass
        covariance = ((y - yc) * (x - xc) * image).sum()
        spread = (((y - yc) ** 2 - (x - xc) ** 2) * image).sum()
        tilts.append(np.degrees(0.5 * np.arctan2(2 * covariance, spread)))
    assert np.ptp(tilts) > 15
    assert np.abs(tilts).max() < 41


def test_shift_moves_the_centre_within_the_range():
    images = _bars(count=16)
    settings = dataclasses.replace(OFF, shift_px=2.0)
    moved = np.asarray(_augment(images, key=jax.random.key(4), settings=settings))[..., 0]
    before = ndimage.center_of_mass(np.asarray(images)[0, ..., 0])
    offsets = np.array([ndimage.center_of_mass(image) for image in moved]) - before
    # Of a canvas of 50 px.
    limit = 2.0 * images.shape[1] / 50.0
    assert np.abs(offsets).max() < limit + 0.05
    assert np.abs(offsets).max() > limit / 2


def test_gain_scales_the_grey_values():
    images = _bars(count=8) * 0.4
    settings = dataclasses.replace(OFF, gain=0.5)
    ratio = np.asarray(_augment(images, key=jax.random.key(4), settings=settings)).sum(
        (1, 2, 3)
    ) / np.asarray(images).sum((1, 2, 3))
    assert (np.exp(-0.5) - 1e-3 < ratio).all()
    assert (ratio < np.exp(0.5) + 1e-3).all()
    assert ratio.max() > 1.1


def test_wrong_dtype_is_refused():
    with pytest.raises(TypeError, match="images"):
        _augment(jnp.zeros((1, 8, 8, 1), jnp.uint8), key=jax.random.key(0), settings=OFF)


def test_half_of_the_images_are_turned():
    images = jnp.asarray(np.random.default_rng(0).uniform(size=(200, 6, 6, 1)), jnp.float32)
    both, turned = turn_half(images, key=jax.random.key(0))
    assert 70 < int(turned.sum()) < 130
    expected = np.where(np.asarray(turned)[:, None, None, None] == 1, images[:, ::-1, ::-1], images)
    np.testing.assert_array_equal(both, expected)


def test_a_cut_out_is_an_even_band_across_the_chromosome():
    images = _bars(count=40, side=50)
    settings = dataclasses.replace(OFF, cut_out=0.5)
    changed = np.asarray(_augment(images, key=jax.random.key(3), settings=settings))[..., 0]
    before = np.asarray(images)[..., 0]
    rows = [np.flatnonzero(rows) for rows in (changed != before).any(axis=2)]
    touched = [number for number, one in enumerate(rows) if len(one)]
    # Bands that lie beside this short chromosome change nothing.
    assert 3 < len(touched) < 25
    for number in touched:
        first, last = rows[number][0], rows[number][-1]
        assert last - first < 10
        band, mask = changed[number, first : last + 1], before[number, first : last + 1] > 0.02
        assert np.ptp(band[mask]) == 0.0
        np.testing.assert_array_equal(band[~mask], before[number, first : last + 1][~mask])
