from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.data.normalization.crop import (
    PADDING_PX,
    SMALLEST_AREA_PX,
    brighten_chromosome,
    crop_chromosome,
    find_chromosome,
)


def bar_image(height: int = 40, width: int = 30) -> np.ndarray:
    """Draw a bar of 20 x 6 pixels at (10, 12), two bands."""
    image = np.zeros((height, width), np.uint8)
    image[10:30, 12:18] = 100
    image[15:20, 12:18] = 200
    return image


def test_a_bar_is_found_pixel_for_pixel() -> None:
    mask = find_chromosome(bar_image())
    assert mask.sum() == 120
    assert mask[10:30, 12:18].all()


def test_background_noise_is_not_foreground() -> None:
    noisy = np.maximum(bar_image(), np.random.default_rng(0).integers(1, 4, (40, 30), np.uint8))
    np.testing.assert_array_equal(find_chromosome(noisy), find_chromosome(bar_image()))


def test_halo_below_the_share_of_the_peak_is_not_foreground() -> None:
    image = bar_image()
    image[10:30, 11] = 20  # 12 % of 200 is 24
    image[10:30, 18] = 30
    mask = find_chromosome(image)
    assert not mask[:, 11].any()
    assert mask[10:30, 18].all()


def test_largest_component_wins_and_holes_are_filled() -> None:
    image = bar_image()
    image[22, 14] = 0
    image[2:6, 2:6] = 255
    mask = find_chromosome(image)
    assert mask[22, 14]
    assert mask.sum() == 120


def test_a_bright_speck_of_debris_does_not_move_the_threshold() -> None:
    image = np.zeros((40, 30), np.uint8)
    image[10:30, 12:18] = 30
    image[2:6, 2:6] = 255  # 12 % of 255 is above 30
    assert find_chromosome(image).sum() == 120


def test_crop_ignores_padding_and_debris() -> None:
    plain = crop_chromosome(bar_image(), background="dark")
    padded = np.pad(bar_image(), ((50, 7), (0, 90)))
    padded[80:84, 60:64] = 255
    other = crop_chromosome(padded, background="dark")
    np.testing.assert_array_equal(plain.image, other.image)
    np.testing.assert_array_equal(plain.mask, other.mask)
    assert (plain.top_px, plain.left_px) == (10 - PADDING_PX, 12 - PADDING_PX)
    assert (other.top_px, other.left_px) == (60 - PADDING_PX, 12 - PADDING_PX)


def test_crop_keeps_a_fringe_of_two_pixels() -> None:
    image = np.maximum(bar_image(), 5)
    crop = crop_chromosome(image, background="dark")
    assert crop.image.shape == (20 + 2 * PADDING_PX, 6 + 2 * PADDING_PX)
    middle = crop.image[crop.image.shape[0] // 2]
    assert middle.tolist() == [0, 0, 5, 5] + [100] * 6 + [5, 5, 0, 0]


def test_chromosome_that_touches_the_border_is_kept_whole() -> None:
    touching = bar_image()[10:30, 12:18]
    crop = crop_chromosome(touching, background="dark")
    whole = crop_chromosome(bar_image(), background="dark")
    np.testing.assert_array_equal(crop.image, whole.image)
    assert crop.top_px == -PADDING_PX


def test_light_background_is_inverted() -> None:
    light = 255 - bar_image()
    np.testing.assert_array_equal(
        crop_chromosome(light, background="light").image,
        crop_chromosome(bar_image(), background="dark").image,
    )


def satellite_image(*, stalk: int, side: int = 5) -> np.ndarray:
    """Draw the bar with a bright satellite above it, on a stalk of 3 x 2 pixels."""
    image = bar_image()
    image[7:10, 14:16] = stalk
    image[7 - side : 7, 13 : 13 + side] = 90
    return image


def test_a_satellite_on_a_pale_stalk_belongs_to_a_dark_chromosome_on_white() -> None:
    crop = crop_chromosome(255 - satellite_image(stalk=12), background="light")
    assert crop.mask.sum() == 120 + 6 + 25
    assert crop.top_px == 2 - PADDING_PX


@pytest.mark.parametrize("image", [satellite_image(stalk=8), satellite_image(stalk=12, side=7)])
def test_pieces_without_a_stalk_or_too_large_are_left_out(image: np.ndarray) -> None:
    assert crop_chromosome(255 - image, background="light").mask.sum() == 120


def test_on_a_dark_background_pale_stalks_are_ignored() -> None:
    assert crop_chromosome(satellite_image(stalk=12), background="dark").mask.sum() == 120


def test_debris_on_a_light_grey_background_is_still_left_out() -> None:
    grey = np.minimum(255 - satellite_image(stalk=0), 240)
    plain = np.minimum(255 - bar_image(), 240)
    np.testing.assert_array_equal(
        crop_chromosome(grey, background="light").mask,
        crop_chromosome(plain, background="light").mask,
    )


def test_dark_never_inverts() -> None:
    image = bar_image()
    assert brighten_chromosome(image, background="dark") is image
    assert brighten_chromosome(255 - image, background="dark")[0, 0] == 255


@pytest.mark.parametrize("level", [0, 3])
def test_blank_image_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match="`image` must show a chromosome of at least 20 px, got"):
        crop_chromosome(np.full((30, 20), level, np.uint8), background="dark")


def test_the_smallest_area_is_the_limit() -> None:
    image = np.zeros((30, 30), np.uint8)
    image[5, 5 : 5 + SMALLEST_AREA_PX] = 90
    assert find_chromosome(image).sum() == SMALLEST_AREA_PX
    image[5, 5] = 0
    with pytest.raises(ValueError, match="component of 19 px; remove the image"):
        find_chromosome(image)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`image` must be u8\[H,W\], got shape \(40, 30, 3\)"):
        crop_chromosome(np.repeat(bar_image()[..., None], 3, axis=-1), background="dark")
    with pytest.raises(TypeError, match="got dtype float64"):
        find_chromosome(bar_image().astype(np.float64))
    for background in ("grey", "auto"):  # "auto" is decided for a cell, never for one image
        with pytest.raises(ValueError, match=f"`background` must be one of .*, got '{background}'"):
            crop_chromosome(bar_image(), background=background)
    with pytest.raises(ValueError, match=r"`image` must have pixels, got shape \(0, 5\)"):
        brighten_chromosome(np.zeros((0, 5), np.uint8), background="dark")
