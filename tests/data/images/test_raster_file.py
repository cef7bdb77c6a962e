from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.images.image_file import decode_image
from tests.data.picture_versions import plain_tiff, png, scaled, wide_png

GREY = np.random.default_rng(0).integers(0, 256, (20, 13), np.uint8)
WIDE = scaled(GREY, 65535)


def with_chunk(file: bytes, kind: bytes, body: bytes) -> bytes:
    """Put a chunk after the head of a PNG file."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return file[:33] + chunk + file[33:]


def test_wide_png_files_keep_16_bits_in_grey_and_in_colours():
    colours = np.repeat(WIDE[..., None], 3, axis=-1)
    for stored in (WIDE, colours):
        decoded = decode_image(wide_png(stored))
        assert decoded.grey.dtype == np.uint16
        np.testing.assert_array_equal(decoded.grey, WIDE)
        assert decoded.bits == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_wide_png_files_keep_their_opacity(channels):
    alpha = np.full(GREY.shape, 65535, np.uint16)
    alpha[0] = 257
    file = wide_png(np.stack([WIDE] * channels + [alpha], axis=-1))
    decoded = decode_image(file)
    assert decoded.opacity is not None
    np.testing.assert_allclose(decoded.opacity[0], 1 / 255, rtol=1e-5)
    assert (decoded.opacity[1:] == 1).all()
    np.testing.assert_array_equal(decoded.grey, WIDE)


@pytest.mark.parametrize(("white", "bits"), [(4095, 12), (65535, 16)])
def test_significant_bits_are_those_of_the_file(white, bits):
    # By the standard levels are scaled to 16 bits; some cameras don't scale.
    file = with_chunk(wide_png(scaled(GREY, white)), b"sBIT", b"\x0c")
    assert decode_image(file).bits == bits


def test_one_transparent_level_of_a_wide_png_is_transparent():
    level = int(WIDE[3, 4])
    file = with_chunk(wide_png(WIDE), b"tRNS", struct.pack(">H", level))
    decoded = decode_image(file)
    assert decoded.opacity is not None
    np.testing.assert_array_equal(decoded.opacity == 0, level == WIDE)


def test_transparent_entries_of_a_palette_are_transparent():
    picture = Image.fromarray(GREY).quantize(200)
    indices = np.asarray(picture)
    file = io.BytesIO()
    picture.save(file, "png", transparency=int(indices[2, 2]))
    decoded = decode_image(file.getvalue())
    assert decoded.opacity is not None
    np.testing.assert_array_equal(decoded.opacity == 0, indices == indices[2, 2])


def test_two_level_files_become_black_and_white():
    file = io.BytesIO()
    Image.fromarray(GREY > 120).save(file, "png")
    np.testing.assert_array_equal(decode_image(file.getvalue()).grey, (GREY > 120) * 255)


def oriented(form: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    if form == "wide png":
        body = exif.tobytes()[6:]
        return with_chunk(wide_png(WIDE), b"eXIf", body)
    file = io.BytesIO()
    options = {"quality": 100} if form == "jpeg" else {}
    Image.fromarray(GREY).save(file, form, exif=exif, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["png", "jpeg", "wide png"])
def test_the_orientation_is_followed(form):
    plain, turned = (decode_image(oriented(form, number)).grey for number in (1, 6))
    np.testing.assert_array_equal(turned, np.rot90(plain, -1))


def test_the_preview_of_a_camera_is_ignored():
    file = io.BytesIO()
    main, preview = Image.fromarray(GREY), Image.fromarray(GREY[::2, ::2])
    main.save(file, "mpo", save_all=True, append_images=[preview])
    with Image.open(file) as picture:
        assert picture.format == "MPO"
    assert decode_image(file.getvalue()).grey.shape == GREY.shape


def test_ink_of_a_jpeg_becomes_grey():
    file = io.BytesIO()
    Image.fromarray(np.repeat(GREY[..., None], 3, -1)).convert("CMYK").save(
        file, "jpeg", quality=100
    )
    assert np.abs(decode_image(file.getvalue()).grey.astype(int) - GREY).max() < 10


def test_animations_are_refused():
    file = io.BytesIO()
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY), Image.fromarray(GREY // 2)]
    frames[0].save(file, "png", save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match="the file holds 3 pages"):
        decode_image(file.getvalue())


def test_single_frames_of_web_formats_are_read():
    assert decode_image(png(GREY)).bits == 8
    file = io.BytesIO()
    Image.fromarray(GREY).save(file, "gif")
    np.testing.assert_array_equal(decode_image(file.getvalue()).grey, GREY)


@pytest.mark.parametrize("place", [60, 200, -20, -6])
def test_a_damaged_wide_png_is_refused_without_a_word_of_the_decoder(place, capfd):
    file = bytearray(wide_png(WIDE))
    file[place] ^= 255
    with pytest.raises(ValueError, match="the image can't be read"):
        decode_image(bytes(file))
    assert capfd.readouterr() == ("", "")


def test_a_jpeg_of_countless_scans_is_refused():
    written = io.BytesIO()
    Image.fromarray(GREY).save(written, "jpeg", progressive=True)
    content = written.getvalue()
    last = content[content.rindex(b"\xff\xda") : -2]
    assert decode_image(content[:-2] + last * 50 + content[-2:]).grey.shape == GREY.shape
    many = content[:-2] + last * 300 + content[-2:]
    tags = {256: (13,), 257: (20,), 258: (8,), 259: (7,), 262: (1,), 277: (1,), 278: (20,)}
    for file in (many, plain_tiff([many], tags)):
        with pytest.raises(ValueError, match=r"the image has 3\d\d scans, more than 200"):
            decode_image(file)
