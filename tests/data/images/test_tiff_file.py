from __future__ import annotations

import io
import struct
import tracemalloc

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from superxception_jax.data.images.grey_levels import GreyRange, find_ranges, robust_maximum
from superxception_jax.data.images.image_file import decode_image
from tests.data.picture_versions import packed_tiff, plain_tiff, scaled, tiff

GREY = np.random.default_rng(0).integers(0, 256, (20, 13), np.uint8)
WIDE = scaled(GREY, 65535)
JPEG = bytes(imagecodecs.jpeg8_encode(GREY))
HEAD = {256: (13,), 257: (20,), 258: (8,), 259: (1,), 262: (1,), 277: (1,), 278: (20,)}


def grey_of(file: bytes) -> np.ndarray:
    return decode_image(file).grey


@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "zstd", "packbits", "lzma"])
@pytest.mark.parametrize("image", [GREY, WIDE])
@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"tile": (16, 16)}])
def test_containers_and_compressions_keep_every_level(compression, image, options):
    file = tiff(image, compression=compression, **options)
    np.testing.assert_array_equal(grey_of(file), image)


def jpeg_of_size(side_px: int) -> bytes:
    place = JPEG.index(b"\xff\xc0")
    return JPEG[: place + 5] + struct.pack(">HH", side_px, side_px) + JPEG[place + 9 :]


def test_jpeg_in_tiff_is_nearly_the_image():
    smooth = np.linspace(0, 255, 64 * 48).reshape(64, 48).astype(np.uint8)
    colours = np.repeat(smooth[..., None], 3, axis=-1)
    for image, options in (
        (smooth, {}),
        (colours, {"photometric": "rgb"}),
        (colours, {"photometric": "rgb", "subsampling": (2, 2)}),
    ):
        decoded = decode_image(tiff(image, compression="jpeg", rowsperstrip=16, **options))
        assert np.abs(decoded.grey.astype(int) - smooth).max() < 8
        assert decoded.colour_levels < 3


def test_a_jpeg_of_another_size_than_its_strip_is_refused():
    with pytest.raises(ValueError, match="a strip has another size than the file states"):
        decode_image(plain_tiff([jpeg_of_size(2000)], {**HEAD, 259: (7,)}))


def test_a_comment_before_the_frame_does_not_state_its_size():
    comment = b"\xff\xfe\x00\x0b\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 20, 13)
    large = jpeg_of_size(2000)
    twice = JPEG[: JPEG.index(b"\xff\xda")] + large[large.index(b"\xff\xc0") :]
    for strip in (large[:2] + comment + large[2:], twice, comment + JPEG[2:]):
        with pytest.raises(ValueError, match="a strip has another size than the file states"):
            decode_image(plain_tiff([strip], {**HEAD, 259: (7,)}))
    file = plain_tiff([JPEG[:2] + comment + JPEG[2:]], {**HEAD, 259: (7,)})
    assert decode_image(file).grey.shape == GREY.shape


@pytest.mark.parametrize("depth", [1, 2])
def test_a_tile_that_could_fill_the_memory_is_refused(depth):
    tags = {**HEAD, 259: (50000,), 322: (8192,), 323: (8192 // depth,), 32998: (depth,)}
    tags = {**tags, 32997: (1,), 324: (8,), 325: (8,)}
    with pytest.raises(ValueError, match="a tile has 8,192"):
        decode_image(plain_tiff([b"8 bytes."], tags))


def test_a_preview_of_another_size_than_it_states_is_not_decoded():
    strip = jpeg_of_size(2000)
    first = plain_tiff([GREY.tobytes()], HEAD)
    tags = {256: 6, 257: 10, 258: 8, 259: 7, 262: 1, 273: len(first), 277: 1, 278: 10}
    tags[279] = len(strip)
    directory = struct.pack("<H", len(tags))
    directory += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    place = len(first) - 4  # where the first page says that there is no other
    file = first[:place] + struct.pack("<I", len(first) + len(strip))
    tracemalloc.start()
    with pytest.raises(ValueError, match="the file holds 2 pages"):
        decode_image(file + strip + directory + bytes(4))
    most_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most_bytes < 2_000_000


@pytest.mark.parametrize("image", [GREY, WIDE])
def test_white_is_zero_is_not_a_negative(image):
    negative = np.iinfo(image.dtype).max - image
    np.testing.assert_array_equal(grey_of(tiff(negative, photometric="miniswhite")), image)


@pytest.mark.parametrize("bits", [9, 10, 12, 14])
@pytest.mark.parametrize("photometric", [0, 1])
def test_packed_samples_are_read_and_state_their_depth(bits, photometric):
    image = scaled(GREY, 2**bits - 1)
    stored = 2**bits - 1 - image if photometric == 0 else image
    decoded = decode_image(packed_tiff(stored, bits=bits, t262=(photometric,)))
    np.testing.assert_array_equal(decoded.grey, image)
    assert decoded.bits == bits


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_levels_are_stretched(bits):
    image = np.random.default_rng(1).integers(0, 2**bits, (8, 16)).astype(np.uint8)
    rows = np.unpackbits(image[..., None], axis=-1)[..., -bits:].reshape(8, -1)
    file = plain_tiff(
        [np.packbits(rows, axis=1).tobytes()],
        {**HEAD, 256: (16,), 257: (8,), 258: (bits,), 278: (8,)},
    )
    np.testing.assert_array_equal(grey_of(file), image * (255 // (2**bits - 1)))


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw"])
@pytest.mark.parametrize("inverted", [False, True])
def test_fax_pictures_are_read(compression, inverted):
    picture = Image.fromarray(GREY > 99)
    file = io.BytesIO()
    tags = {262: 0} if inverted else {}
    picture.save(file, "tiff", compression=compression, tiffinfo=tags)
    expected = (GREY > 99) * 255
    with Image.open(file) as shown:
        expected = np.asarray(shown.convert("L"))
    np.testing.assert_array_equal(grey_of(file.getvalue()), expected)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("image", [GREY, WIDE])
def test_colours_of_any_depth_become_grey_of_that_depth(planar, image):
    colours = np.repeat(image[..., None], 3, axis=-1)
    stored = np.moveaxis(colours, -1, 0) if planar == "separate" else colours
    decoded = decode_image(tiff(stored, photometric="rgb", planarconfig=planar))
    np.testing.assert_array_equal(decoded.grey, image)
    assert decoded.colour_levels == 0


def test_palettes_are_looked_up():
    file = io.BytesIO()
    Image.fromarray(GREY).convert("P").save(file, "tiff")
    np.testing.assert_array_equal(grey_of(file.getvalue()), GREY)
    table = np.repeat(np.arange(255, -1, -1, dtype=np.uint16)[None] * 257, 3, axis=0)
    np.testing.assert_array_equal(
        grey_of(tiff(GREY, photometric="palette", colormap=table)), 255 - GREY
    )


def test_ink_is_read():
    file = io.BytesIO()
    Image.fromarray(np.repeat(GREY[..., None], 3, -1)).convert("CMYK").save(file, "tiff")
    np.testing.assert_array_equal(grey_of(file.getvalue()), GREY)


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("image", [GREY, WIDE])
def test_alpha_is_read_straight_and_multiplied(kind, image):
    opacity = np.linspace(0.3, 1, image.size).reshape(image.shape)
    top = np.iinfo(image.dtype).max
    alpha = np.rint(opacity * top).astype(image.dtype)
    colour = np.rint(image * (alpha / top)).astype(image.dtype) if kind[0] == "a" else image
    stored = np.stack([colour, colour, colour, alpha], axis=-1)
    decoded = decode_image(tiff(stored, photometric="rgb", extrasamples=[kind]))
    assert decoded.opacity is not None
    np.testing.assert_allclose(decoded.opacity, alpha / top, atol=1e-6)
    np.testing.assert_allclose(decoded.grey, image.astype(float), atol=2)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (GREY.astype(np.int16) - 100, GREY.astype(np.float32) - 100),
        (GREY.astype(np.float32) / 255, GREY.astype(np.float32) / 255),
        (GREY.astype(np.float64) * 1e4, GREY.astype(np.float32) * 1e4),
        (GREY.astype(np.float16), GREY.astype(np.float32)),
        (GREY.astype(np.uint32), GREY.astype(np.float32)),
        (GREY.astype(np.uint32) << 16, GREY.astype(np.float32) * 65536),
    ],
)
def test_other_numbers_keep_their_values(image, expected):
    read = grey_of(tiff(image))
    assert read.dtype == expected.dtype
    np.testing.assert_allclose(read, expected, rtol=1e-6)


def test_the_white_of_a_negative_is_that_of_the_depth_that_the_file_states():
    image = scaled(GREY, 4095)
    tags = [(281, 3, 1, 4095, True)]
    for kind in (np.uint16, np.uint32):
        stored = (4095 - image).astype(kind)
        decoded = decode_image(tiff(stored, photometric="miniswhite", extratags=tags))
        np.testing.assert_array_equal(decoded.grey, image)
        assert decoded.bits == 12


def test_negatives_of_32_bits_keep_every_level():
    for image in (WIDE.astype(np.uint32), GREY.astype(np.uint32) << 24):
        read = grey_of(tiff(image.max() - image, photometric="miniswhite"))
        np.testing.assert_array_equal(read - read.min(), image)


def test_images_of_32_bits_share_one_grey_range():
    images = [grey_of(tiff(np.minimum(WIDE, top).astype(np.uint32) * 2)) for top in (9000, 65535)]
    ranges, _ = find_ranges(images, stated_bits=[0, 0])
    assert ranges[0] == ranges[1] == GreyRange(0, robust_maximum(images[1]))


@pytest.mark.parametrize("orientation", [3, 6])
def test_the_orientation_tag_is_followed(orientation):
    file = tiff(GREY, extratags=[(274, 3, 1, orientation, True)])
    np.testing.assert_array_equal(grey_of(file), np.rot90(GREY, {3: 2, 6: -1}[orientation]))


def test_one_strip_too_many_is_ignored():
    strips = [GREY[:10].tobytes(), GREY[10:].tobytes(), b"rubbish!"]
    np.testing.assert_array_equal(grey_of(plain_tiff(strips, {**HEAD, 278: (10,)})), GREY)


@pytest.mark.parametrize(
    ("options", "bits"),
    [
        ({}, 0),
        ({"extratags": [(281, 3, 1, 4095, True)]}, 12),
        ({"extratags": [(281, 3, 1, 3210, True)]}, 0),  # the largest level, not the depth
        ({"ome": True, "metadata": {"axes": "YX", "SignificantBits": 12}}, 12),
        # Those of the numbers, as of programs that know no more.
        ({"extratags": [(281, 3, 1, 65535, True)]}, 0),
        ({"ome": True, "metadata": {"axes": "YX", "SignificantBits": 16}}, 0),
    ],
)
def test_the_depth_that_a_file_states_is_told(options, bits):
    assert decode_image(tiff(scaled(GREY, 3210), **options)).bits == bits


def pages(*images: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(images[0], photometric="minisblack", subifds=options.get("subifds", 0))
        for image in images[1:]:
            writer.write(image, photometric="minisblack", subfiletype=options.get("subfiletype", 0))
    return file.getvalue()


SMOOTH = np.outer(np.sin(np.linspace(0, 9, 60)), np.cos(np.linspace(0, 7, 40))) * 120 + 125
LARGE = SMOOTH.astype(np.uint8)


@pytest.mark.parametrize("options", [{"subfiletype": 1}, {"subifds": 1, "subfiletype": 1}, {}])
def test_previews_are_ignored(options):
    np.testing.assert_array_equal(grey_of(pages(LARGE, LARGE[1::3, 1::3], **options)), LARGE)


def test_a_preview_may_come_first():
    np.testing.assert_array_equal(grey_of(pages(LARGE[1::3, 1::3], LARGE)), LARGE)


@pytest.mark.parametrize(
    ("file", "count"),
    [
        (pages(LARGE, 255 - LARGE[::-1, ::-1] // 2), 2),
        (pages(LARGE, LARGE[::2, ::2][:, ::-1]), 2),  # smaller, but another picture
        (tiff(np.stack([LARGE] * 5), imagej=True), 5),  # four of them have no page of their own
        (tiff(np.stack([LARGE] * 4), metadata={"axes": "ZYX"}), 4),
        (tiff(np.stack([LARGE] * 3), ome=True, metadata={"axes": "ZYX"}), 3),
        (tiff(np.stack([LARGE] * 3), volumetric=True, tile=(16, 16, 16)), 3),
    ],
)
def test_stacks_are_refused_with_their_number(file, count):
    with pytest.raises(ValueError, match=f"the file holds {count} pages; save one image per file"):
        decode_image(file)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (tiff(GREY, compression="jpeg2000"), r"its compression \(JPEG2000\) isn't supported"),
        (
            tiff(np.stack([GREY] * 3, -1), photometric="cielab"),
            r"its colours \(CIELAB\) aren't supported",
        ),
        (tiff(GREY.astype(np.complex64)), "its pixels are complex numbers"),
        (tiff(np.stack([GREY] * 2, -1), planarconfig="contig"), "the file holds 2 channels"),
        (plain_tiff([GREY.tobytes()], {**HEAD, 279: (9999,)}), r"\(the file is cut off\)"),
    ],
)
def test_what_cannot_be_shown_is_explained(file, message):
    with pytest.raises(ValueError, match=message):
        decode_image(file)
