from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from superxception_jax.data.image_file import (
    BIT_DEPTHS,
    decode_image,
    encode_png,
    read_grey,
    scale_to_8_bits,
)

GREY = np.array([[0, 50, 100], [150, 200, 250]], np.uint8)


def content(image: np.ndarray | Image.Image, form: str = "png", **options) -> bytes:
    file = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(file, format=form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["bmp", "png", "tiff"])
def test_grey_files_keep_their_levels(form):
    np.testing.assert_array_equal(read_grey(content(GREY, form)), GREY)


def test_colour_files_become_grey():
    colour = np.repeat(GREY[..., None], 3, axis=2)
    np.testing.assert_array_equal(read_grey(content(colour, "bmp")), GREY)
    red = np.zeros((1, 2, 3), np.uint8)
    red[0, 0, 0] = 255
    np.testing.assert_array_equal(read_grey(content(red)), [[76, 0]])  # 0.299 * 255


def test_colourfulness_is_the_mean_difference_of_the_channels():
    red = np.zeros((1, 2, 3), np.uint8)
    red[0, 0, 0] = 255
    assert decode_image(content(red)).colour_levels == 127.5
    assert decode_image(content(np.repeat(GREY[..., None], 3, axis=2))).colour_levels == 0
    assert decode_image(content(GREY)).colour_levels == 0


def test_palettes_and_two_level_files_become_grey():
    palette = Image.fromarray(GREY).convert("P")
    np.testing.assert_array_equal(read_grey(content(palette)), GREY)
    two_levels = Image.fromarray(GREY).point(lambda level: 255 * (level > 120)).convert("1")
    np.testing.assert_array_equal(read_grey(content(two_levels)), (GREY > 120) * 255)


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_files_of_16_bits_keep_their_levels(form):
    wide = GREY.astype(np.uint16) * 10
    read = read_grey(content(wide, form))
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, wide)


@pytest.mark.parametrize(("body", "expected"), [(220, 255), (40, 0)])
def test_transparent_pixels_continue_the_rim(body, expected):
    pixels = np.zeros((6, 6, 4), np.uint8)
    pixels[..., :3] = 99  # What lies under transparent pixels must not show.
    pixels[1:5, 1:5] = (body, body, body, 255)
    pixels[2:4, 2:4, :3] = 255 - body  # The bands inside must not decide.
    read = read_grey(content(pixels))
    assert read[0, 0] == expected
    assert read[1, 1] == body
    assert read[2, 2] == 255 - body


def test_the_border_of_the_image_is_not_a_rim():
    # Bright pixels at the border, dark ones next to the transparent column: background black.
    grey = np.full((5, 7), 220, np.uint8)
    grey[:, 5] = 30
    alpha = np.full((5, 7), 255, np.uint8)
    alpha[:, 6] = 0
    read = read_grey(content(np.stack([grey, alpha], -1)))
    assert read[:, 6].tolist() == [0] * 5


def test_half_transparent_pixels_are_mixed():
    pixels = np.full((1, 3, 4), 255, np.uint8)
    pixels[0, 0] = (0, 0, 0, 128)
    # 128/255 of black on the white that the opaque rim asks for.
    assert read_grey(content(pixels))[0, 0] == 127


def test_opaque_alpha_changes_nothing():
    alpha = np.full(GREY.shape, 255, np.uint8)
    np.testing.assert_array_equal(read_grey(content(np.stack([GREY, alpha], -1))), GREY)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"no image", "the image can't be read"),
        (content(GREY, "bmp")[:-4], "the image can't be read"),
        (content(np.full((3, 3), 7, np.uint8)), "one grey level throughout"),
        (content(np.zeros((3, 3, 4), np.uint8)), "no pixel is opaque"),
        (content(GREY.astype(np.float32), "tiff"), "pixels are floating-point numbers"),
        (
            content(
                Image.fromarray(GREY), "tiff", save_all=True, append_images=[Image.fromarray(GREY)]
            ),
            "the file holds 2 pages",
        ),
    ],
)
def test_files_that_are_no_images_are_explained(data, message):
    with pytest.raises(ValueError, match=message):
        read_grey(data)


def test_wide_images_are_scaled_together_by_the_depth_of_the_brightest():
    images: list[np.ndarray] = [
        np.array([[0, 100]], np.uint16),
        np.array([[7, 9]], np.uint8),
        np.array([[0, 1023]], np.uint16),
    ]
    scaled = scale_to_8_bits(images)
    assert [one.tolist() for one in scaled] == [[[0, 25]], [[7, 9]], [[0, 255]]]


@pytest.mark.parametrize(("brightest", "result"), [(255, 255), (256, 64), (4096, 64), (65535, 255)])
def test_depths_are_those_of_cameras(brightest, result):
    assert scale_to_8_bits([np.array([[0, brightest]], np.uint16)])[0].max() == result


def test_other_dtypes_are_refused():
    with pytest.raises(TypeError, match="`image` must be u8"):
        scale_to_8_bits([np.zeros((2, 2), np.float32)])


def test_png_keeps_every_grey_level():
    image = np.arange(256, dtype=np.uint8).reshape(8, 32)
    file = encode_png(image)
    assert file.tell() == 0
    np.testing.assert_array_equal(read_grey(file.read()), image)


def test_encode_png_refuses_other_arrays():
    with pytest.raises(TypeError, match="`image` must be u8"):
        encode_png(np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="`image` must be u8"):
        encode_png(np.zeros((2, 2, 1), np.uint8))
    with pytest.raises(ValueError, match="`image` must hold pixels"):
        encode_png(np.zeros((0, 2), np.uint8))


SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=6)
GREY_IMAGES = arrays.arrays(np.uint8, SHAPES)
WIDE_IMAGES = arrays.arrays(np.uint16, SHAPES)


@settings(max_examples=60, deadline=None)
@given(image=GREY_IMAGES, depth=st.sampled_from(BIT_DEPTHS))
def test_the_same_picture_in_any_bit_depth_is_the_same_in_8_bits(image, depth):
    image.flat[0] = 255  # The brightest pixel decides which depth a file has.
    wide = np.rint(image * ((2**depth - 1) / 255)).astype(np.uint16)
    np.testing.assert_array_equal(scale_to_8_bits([wide])[0], image)


@settings(max_examples=60, deadline=None)
@given(images=st.lists(WIDE_IMAGES, min_size=1, max_size=3))
def test_scaling_keeps_the_order_of_all_wide_pixels(images):
    wide = np.concatenate([image.ravel() for image in images])
    scaled = np.concatenate([image.ravel() for image in scale_to_8_bits(images)])
    assert np.all(np.diff(scaled[np.argsort(wide, kind="stable")].astype(int)) >= 0)


@settings(max_examples=60, deadline=None)
@given(wide=st.lists(WIDE_IMAGES, max_size=3), grey=GREY_IMAGES)
def test_images_of_8_bits_never_change(wide, grey):
    scaled = scale_to_8_bits([*wide, grey])
    np.testing.assert_array_equal(scaled[-1], grey)
    assert all(image.dtype == np.uint8 for image in scaled)


@settings(max_examples=60, deadline=None)
@given(image=GREY_IMAGES)
def test_any_picture_survives_a_png_file(image):
    decoded = np.asarray(Image.open(encode_png(image)))
    np.testing.assert_array_equal(decoded, image)
