"""TIFF files as pixels, read by tifffile, the library of microscopy."""

from __future__ import annotations

import contextlib
import io
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from superxception_jax.data.images.jpeg_segments import check_scans, frame_sizes
from superxception_jax.data.images.pixels import (
    LARGEST_PIXELS,
    PictureError,
    Pixels,
    check_size,
    divide_alpha,
    from_ink,
)
from superxception_jax.data.images.tiff_levels import unscaled_levels, unsigned_levels

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _INK, _YCBCR = 0, 1, 2, 3, 5, 6
_JPEG = 7
_JPEG_BLOCK_PX = 16  # the last strip may be written whole
# None, fax, LZW, JPEG, Deflate, PackBits, LZMA and ZSTD: those whose output has a known size.
_COMPRESSIONS = (1, 2, 3, 4, 5, _JPEG, 8, 32946, 32773, 34925, 50000)
_ORIENTATION, _MAX_SAMPLE_VALUE, _S_MAX_SAMPLE_VALUE, _INK_SET, _MULTIPLE_PLANES = (
    274,
    281,
    341,
    332,
    33629,
)
_ASSOCIATED, _STRAIGHT = 1, 2
_SMALL_COPY = 0.9  # correlation with the picture
_SMALL_COPY_PX = 4


def read_tiff(content: bytes) -> Pixels:
    """Return the pixels of the only picture of a TIFF file, as a viewer shows them.

    Args:
        content: Content of a TIFF or BigTIFF file.

    Returns:
        The pixels. Previews are ignored: pages marked as reduced, and small copies of the picture.

    Raises:
        PictureError: There are several pictures, too many pixels, or kinds of pixels that can't be
            shown.
        Exception: Whatever a damaged file leads the decoder to.
    """
    import tifffile

    with _quiet(), tifffile.TiffFile(io.BytesIO(content)) as file:
        page = _only_picture(file, content)
        samples = _samples(page, content)
        orientation = int(page.tags.valueof(_ORIENTATION, 1))
        bits = _stated_bits(file, page, samples)
        colours, extra = _colours(page, samples, bits)
    opacity = None
    if extra is not None:
        kind, alpha = extra
        opacity = alpha.astype(np.float32) / _full(alpha)
        if kind == _ASSOCIATED:
            colours = divide_alpha(colours, opacity)
    return Pixels(colours, opacity, bits, orientation)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's log of odd tags from users; damage is an error all the same."""
    logger = logging.getLogger("tifffile")

    def nothing(_: logging.LogRecord) -> bool:
        return False

    logger.addFilter(nothing)
    try:
        yield
    finally:
        logger.removeFilter(nothing)


def _only_picture(file: TiffFile, content: bytes) -> TiffPage:
    """Return the page that is the picture; the others may only be previews of it."""
    pages: list[Any] = [file.pages.get(index, validate=False) for index in range(len(file.pages))]
    if not pages:
        raise PictureError("the file holds no picture")
    pictures = [page for page in pages if not page.subfiletype & 0b101]
    if not pictures:
        # Camera files keep the picture below a preview.
        inner = [one for page in pages if page.pages is not None for one in page.pages]
        pictures = [page for page in inner if not page.subfiletype & 0b101] or pages[:1]
    pictures.sort(key=lambda page: -page.imagewidth * page.imagelength)
    page, others = pictures[0], pictures[1:]
    for one in pictures:
        check_size(one.imagewidth, one.imagelength)
    count = len(pictures)
    if others and count <= 4 and all(_is_small_copy(one, page, content) for one in others):
        count = 1
    if file.is_imagej or file.is_shaped or file.is_stk:
        # These write a whole stack behind one page.
        count = max(count, sum(one.size for one in file.series) // max(page.size, 1))
    count = max(count, page.imagedepth)
    if count > 1:
        raise PictureError(f"the file holds {count} pages; save one image per file")
    return page


def _is_small_copy(page: TiffPage, picture: TiffPage, content: bytes) -> bool:
    """Return whether a page shows what the picture shows, in at most three quarters of its size."""
    size, whole = (page.imagelength, page.imagewidth), (picture.imagelength, picture.imagewidth)
    if min(size) < _SMALL_COPY_PX or any(4 * a > 3 * b for a, b in zip(size, whole, strict=True)):
        return False
    try:
        small, large = (
            _samples(one, content).mean(axis=-1, dtype=np.float64) for one in (page, picture)
        )
    except Exception:  # A page that can't be decoded is no copy.
        return False
    rows, columns = (np.arange(b) * a // b for a, b in zip(size, whole, strict=True))
    sums = np.zeros(size)
    np.add.at(sums, (rows[:, None], columns[None, :]), large)
    means = sums / (np.bincount(rows)[:, None] * np.bincount(columns)[None, :])
    if means.std() == 0 or small.std() == 0:
        return False
    return abs(float(np.corrcoef(means.ravel(), small.ravel())[0, 1])) > _SMALL_COPY


def _samples(page: TiffPage, content: bytes) -> np.ndarray:
    """Decode a page: [H,W,C], as stored."""
    if page.compression not in _COMPRESSIONS:
        name = _tag_name(page.compression)
        raise PictureError(f"its compression ({name}) isn't supported; save it uncompressed")
    _check_extent(page)
    needed = int(np.prod(page.chunked)) if page.chunked else 1
    places = list(zip(page.dataoffsets, page.databytecounts, strict=False))[:needed]
    if len(places) < needed or any(
        count == 0 or offset == 0 or offset + count > len(content) for offset, count in places
    ):
        raise PictureError("the image can't be read (the file is cut off)")
    if page.compression == _JPEG:
        for offset, count in places:
            _check_jpeg(content[offset : offset + count], page)
    # Some writers list more strips than the picture has; only those that it needs are read.
    page.dataoffsets, page.databytecounts = zip(*places, strict=True)
    array = page.asarray(maxworkers=1)
    axes = page.axes
    if axes == "SYX":
        array = np.moveaxis(array, 0, -1)
    elif axes == "YX":
        array = array[..., None]
    elif axes != "YXS":
        raise PictureError(f"the file holds pages in the order {axes}; save one image per file")
    return array


def _check_extent(page: TiffPage) -> None:
    """Refuse a page by what it states of its size, before it is decoded."""
    check_size(page.imagewidth, page.imagelength)
    if page.imagedepth > 1:
        raise PictureError(f"the file holds {page.imagedepth} pages; save one image per file")
    # A tile is decoded whole, however little of it lies in the picture.
    if page.is_tiled and page.tilewidth * page.tilelength * page.tiledepth > LARGEST_PIXELS:
        raise PictureError(
            "the image can't be read (a tile has "
            f"{page.tilewidth:,}×{page.tilelength:,}×{page.tiledepth:,} pixels)"
        )
    if page.samplesperpixel > 5:
        raise PictureError(
            f"the file holds {page.samplesperpixel} channels; save one image per file"
        )


def _check_jpeg(segment: bytes, page: TiffPage) -> None:
    """Refuse a segment of another size than its strip or tile: it could fill the memory."""
    check_scans(segment)
    columns = page.tilewidth if page.is_tiled else page.imagewidth
    rows = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    # The strip of a slide scanner (NDPI) is decoded whole, and not by the segments of the page.
    sizes = None if page.jpegheader else frame_sizes(segment)
    if sizes and all(
        width == columns and 0 < height <= rows + _JPEG_BLOCK_PX for height, width in sizes
    ):
        return
    raise PictureError("the image can't be read (a strip has another size than the file states)")


def _stated_bits(file: TiffFile, page: TiffPage, samples: np.ndarray) -> int:
    """Return the bit depth that the file states, beyond that of whole bytes.

    Programs write 16 where they know only the size of a number, and not what the camera measured.
    """
    depth = page.bitspersample if isinstance(page.bitspersample, int) else 8
    if samples.dtype.kind != "u" and samples.dtype.kind != "b":
        return 0
    if depth <= 8:
        return 8
    if depth < 16:
        return depth
    largest = int(samples.max())
    if file.is_ome:
        match = re.search(r'SignificantBits="(\d+)"', file.ome_metadata or "")
        if match and 8 <= int(match[1]) < 16 and largest < 2 ** int(match[1]):
            return int(match[1])
    for tag in (_MAX_SAMPLE_VALUE, _S_MAX_SAMPLE_VALUE):
        value = page.tags.valueof(tag, 0)
        limit = max(value) if isinstance(value, tuple) else value
        # Others write the largest level of this image there, which says nothing of the depth.
        stated = int(limit).bit_length() if np.isfinite(limit) else 0
        if 9 <= stated < 16 and limit == 2**stated - 1 and largest <= limit:
            return stated
    return 0


def _colours(
    page: TiffPage, samples: np.ndarray, bits: int
) -> tuple[np.ndarray, tuple[int, np.ndarray] | None]:
    """Return what a viewer shows: u8, u16 or f32[H,W,1 or 3], and kind and samples of alpha."""
    photometric = page.photometric
    counts = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _INK: 4, _YCBCR: 3}
    if photometric not in counts:
        name = _tag_name(photometric)
        raise PictureError(f"its colours ({name}) aren't supported; save it in grey or RGB")
    count = counts[photometric]
    kinds = tuple(int(kind) for kind in page.extrasamples)
    if samples.shape[-1] < count or (count == 1 and samples.shape[-1] > 1 and not any(kinds)):
        raise PictureError(
            f"the file holds {samples.shape[-1]} channels instead of {count}; save one "
            "image per file"
        )
    extra = None
    for index, kind in enumerate(kinds[: samples.shape[-1] - count]):
        if kind in (_ASSOCIATED, _STRAIGHT):
            extra = (kind, samples[..., count + index])
            break
    colours = samples[..., :count]
    if photometric == _PALETTE:
        return _look_up(page, colours[..., 0]), extra
    depth = page.bitspersample if isinstance(page.bitspersample, int) else 8
    depth = bits if bits > 8 else depth
    inverted = photometric == _WHITE_IS_ZERO
    if colours.dtype.kind in "ub" and depth <= 16:
        colours = unsigned_levels(colours, depth=depth, inverted=inverted)
    else:
        colours = unscaled_levels(colours, inverted=inverted)
    if photometric == _INK:
        if colours.dtype == np.float32 or int(page.tags.valueof(_INK_SET, 1)) != 1:
            raise PictureError("its inks aren't supported; save it in grey or RGB")
        colours = from_ink(colours)
    elif photometric == _YCBCR and page.compression != _JPEG:
        # Its first channel is luma; the other two are not needed for grey.
        colours = colours[..., :1]
    return colours, extra


def _look_up(page: TiffPage, indices: np.ndarray) -> np.ndarray:
    table = np.asarray(page.colormap)
    if table.ndim != 2 or table.shape[0] != 3 or int(indices.max()) >= table.shape[1]:
        raise PictureError("the image can't be read (its palette lacks a colour)")
    # Levels of 16 bits by the standard; some writers give 8.
    levels = table if table.max() < 256 else table >> 8
    return levels.astype(np.uint8).T[indices]


def _tag_name(value: object) -> str:
    """Return the name of a tag's value for a message; a damaged tag may hold anything."""
    if not isinstance(value, int):
        return "unknown"
    return str(getattr(value, "name", value))


def _full(samples: np.ndarray) -> float:
    if samples.dtype.kind == "f":
        return 1.0
    if samples.dtype.kind == "b":
        return 1.0
    return float(np.iinfo(samples.dtype).max)
