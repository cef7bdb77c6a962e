from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from superxception_jax.data.images import image_file
from superxception_jax.data.images.image_file import decode_image, encode_png
from superxception_jax.data.images.pixels import LARGEST_PIXELS
from tests.data.picture_versions import packed_tiff, png, scaled, tiff, wide_png

GREY = np.array([[0, 50, 100], [150, 200, 250]], np.uint8)


def content(image: np.ndarray | Image.Image, form: str = "png", **options) -> bytes:
    file = io.BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(file, format=form, **options)
    return file.getvalue()


def grey_of(file: bytes) -> np.ndarray:
    return decode_image(file).grey


@pytest.mark.parametrize("form", ["bmp", "png", "tiff", "gif", "jpeg2000"])
def test_grey_files_keep_their_levels(form):
    np.testing.assert_array_equal(grey_of(content(GREY, form)), GREY)


def test_a_webp_file_without_loss_keeps_its_levels():
    np.testing.assert_array_equal(grey_of(content(GREY, "webp", lossless=True)), GREY)


def test_transparent_pixels_keep_their_opacity_and_are_not_filled():
    alpha = np.array([[0, 128, 255], [255, 255, 255]], np.uint8)
    decoded = decode_image(content(np.stack([GREY, alpha], -1)))
    assert decoded.opacity is not None
    np.testing.assert_allclose(decoded.opacity[0], [0, 128 / 255, 1])
    np.testing.assert_array_equal(decoded.grey[1], GREY[1])


@pytest.mark.parametrize("hidden", [0, 65535])
def test_what_is_fully_transparent_decides_nothing(hidden):
    image = np.random.default_rng(0).integers(900, 3000, (20, 16), np.uint16)
    alpha = np.full(image.shape, 65535, np.uint16)
    alpha[:5] = 0
    blue = np.zeros((*image.shape, 3), np.uint16)
    blue[..., 2] = image
    stored = np.dstack([blue, alpha])
    stored[:5, :, :3] = hidden
    file = tiff(stored, photometric="rgb", extrasamples=["unassalpha"])
    decoded = decode_image(file)
    np.testing.assert_array_equal(decoded.grey[5:], image[5:])
    assert (decoded.colour_levels, decoded.grey.max() < 4096) == (0, True)


def test_opaque_alpha_changes_nothing():
    alpha = np.full(GREY.shape, 255, np.uint8)
    decoded = decode_image(content(np.stack([GREY, alpha], -1)))
    assert decoded.opacity is None
    np.testing.assert_array_equal(decoded.grey, GREY)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"no image", r"the image can't be read \(its format is unknown\)"),
        (b"II*\0", "the image can't be read"),
        (content(GREY, "bmp")[:-4], "the image can't be read"),
        (content(np.full((3, 3), 7, np.uint8)), "the image is blank: all pixels"),
        (content(np.zeros((3, 3, 4), np.uint8)), "no pixel is opaque"),
        (tiff(np.array([[0, np.nan]], np.float32)), "a pixel value is not finite"),
        (tiff(np.array([[0, np.inf]], np.float32)), "a pixel value is not finite"),
        (tiff(np.stack([GREY, GREY])), "the file holds 2 pages; save one image per file"),
        (
            content(
                Image.fromarray(GREY), "gif", save_all=True, append_images=[Image.fromarray(~GREY)]
            ),
            "the file holds 2 pages",
        ),
    ],
)
def test_files_that_are_no_images_are_explained(data, message):
    with pytest.raises(ValueError, match=message):
        decode_image(data)


def with_tag(tag: int, value: int, kind: int) -> bytes:
    """Return a TIFF file one of whose tags holds something else."""
    file = bytearray(packed_tiff(np.full((3, 4), 9, np.uint16), bits=12))
    place = file.index(tag.to_bytes(2, "little") + b"\4\0")
    file[place + 2 : place + 4] = kind.to_bytes(2, "little")
    file[place + 8 : place + 12] = value.to_bytes(4, "little")
    return bytes(file)


@pytest.mark.parametrize(
    "data",
    [
        b"II*\0",
        tiff(GREY, compression="zlib")[:-9] + bytes(9),
        with_tag(257, 0x1B5B6D41, 7),
        with_tag(262, 0x1B5B6D41, 7),
        with_tag(259, 27, 2),
    ],
)
def test_a_damaged_file_is_told_in_words_about_the_file(data):
    with pytest.raises(ValueError) as error:
        decode_image(data)
    text = str(error.value)
    assert text.isprintable()
    assert not re.search(r"unpack|argument|instances|deflate|b'|\(\(|\d", text), text


def test_an_image_that_memory_does_not_hold_is_told_so(monkeypatch):
    def decode(_):
        raise MemoryError("Unable to allocate 3 GiB for an array with shape (1,)")

    monkeypatch.setattr(image_file, "read_raster", decode)
    with pytest.raises(ValueError, match=r"^the image is too large for this computer's memory$"):
        decode_image(content(GREY))


def bomb(width: int, height: int, form: str) -> bytes:
    """Return a small file that declares a huge picture."""
    if form == "tiff":
        file = bytearray(packed_tiff(np.zeros((2, 2), np.uint16), bits=12))
        for tag, value in ((256, width), (257, height)):
            place = file.index(tag.to_bytes(2, "little") + b"\4\0")
            file[place + 8 : place + 12] = value.to_bytes(4, "little")
        return bytes(file)
    file = bytearray(png(GREY))
    file[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    file[29:33] = zlib.crc32(file[12:29]).to_bytes(4, "big")
    return bytes(file)


@pytest.mark.parametrize("form", ["tiff", "png"])
@pytest.mark.parametrize("side", [6_000, 60_000])
def test_huge_pictures_are_refused_by_their_declared_size(form, side):
    assert side**2 > LARGEST_PIXELS
    size = r"6,000×6,000|60,000×60,000|3,600,000,000"
    with pytest.raises(ValueError, match=f"the image has ({size}) pixels, more than 32 million"):
        decode_image(bomb(side, side, form))


PICTURE = np.random.default_rng(0).integers(0, 255, (24, 17), np.uint8)
FILES = {
    "tiff": tiff(PICTURE, rowsperstrip=8),
    "lzw": tiff(PICTURE, compression="lzw", rowsperstrip=8),
    "deflate": tiff(PICTURE, compression="deflate"),
    "packed": packed_tiff(scaled(PICTURE, 4095), bits=12),
    "png": png(PICTURE),
    "wide png": wide_png(scaled(PICTURE, 65535)),
    "jpeg": content(PICTURE, "jpeg"),
    "bmp": content(PICTURE, "bmp"),
}


@pytest.mark.parametrize("name", FILES)
def test_truncated_files_are_refused_and_nothing_leaks(name, caplog, capfd):
    file = FILES[name]
    with warnings.catch_warnings(), caplog.at_level(logging.INFO):
        warnings.simplefilter("error")
        for length in range(1, len(file) // 2, 7):
            with pytest.raises(ValueError, match=r"the (image (can.t|has|is)|file holds)"):
                decode_image(file[:length])
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(FILES)),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_files_are_read_or_refused_with_a_sentence(name, changes):
    file = bytearray(FILES[name])
    for place, value in changes:
        file[place % len(file)] = value
    reason, grey = "", np.zeros((1, 1))
    try:
        grey = decode_image(bytes(file)).grey
    except ValueError as error:
        reason = str(error)
    assert "\n" not in reason
    assert grey.ndim == 2
    assert np.isfinite(grey).all()


def test_the_libraries_of_tiff_files_are_imported_when_needed():
    code = (
        "import sys; import superxception_jax.data.images.image_file; "
        "print({'tifffile', 'imagecodecs'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_decoding_in_threads_leaves_the_filters_of_warnings_alone():
    before, content = list(warnings.filters), png(np.arange(64, dtype=np.uint8).reshape(8, 8))
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(decode_image, [content] * 400))
    assert warnings.filters == before


def test_png_keeps_every_grey_level():
    image = np.arange(256, dtype=np.uint8).reshape(8, 32)
    file = encode_png(image)
    assert file.tell() == 0
    np.testing.assert_array_equal(grey_of(file.read()), image)


def test_encode_png_refuses_other_arrays():
    with pytest.raises(TypeError, match="`image` must be u8"):
        encode_png(np.zeros((2, 2), np.float32))
    with pytest.raises(ValueError, match="`image` must be u8"):
        encode_png(np.zeros((2, 2, 1), np.uint8))
    with pytest.raises(ValueError, match="`image` must hold pixels"):
        encode_png(np.zeros((0, 2), np.uint8))


@settings(max_examples=60, deadline=None)
@given(
    image=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=6)),
)
def test_any_picture_survives_a_png_file(image):
    np.testing.assert_array_equal(np.asarray(Image.open(encode_png(image))), image)
