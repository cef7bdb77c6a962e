"""PNG files of indexed pictures, of equal bytes for equal pictures."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from superxception_jax.arrays import check

# Measured on the page of a whole cell: runs alone, which the differences of rows are full of, take
# as long as level 1 and a tenth less space; level 6 takes four times as long for another tenth.
COMPRESSION_LEVEL, STRATEGY = 1, zlib.Z_RLE
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INDEXED, _BITS = 3, 8
_UP = 2
_INCHES_PER_METRE = 1 / 0.0254


def png_bytes(pixels: np.ndarray, *, palette: np.ndarray, dots_per_inch: float) -> bytes:
    """Return an indexed picture as the content of a PNG file.

    Every row is stored as its difference from the row above. Where neighbouring colours of the
    palette have neighbouring indices, that is smaller than what the encoders of images choose
    for indexed pictures, in half of the time.

    Args:
        pixels: u8[H,W], index of each pixel's colour.
        palette: u8[P,3], red, green and blue; P at most 256.
        dots_per_inch: Resolution that the file states.

    Source: PNG specification, third edition (W3C 2025).
    """
    check(pixels=(pixels, "u8[H,W]"), palette=(palette, "u8[P,3]"))
    height, width = pixels.shape
    rows = np.empty((height, width + 1), np.uint8)
    rows[:, 0] = _UP
    rows[0, 1:] = pixels[0]
    np.subtract(pixels[1:], pixels[:-1], out=rows[1:, 1:])
    packer = zlib.compressobj(COMPRESSION_LEVEL, strategy=STRATEGY)
    content = packer.compress(rows.data) + packer.flush()
    dots_per_metre = round(dots_per_inch * _INCHES_PER_METRE)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, _BITS, _INDEXED, 0, 0, 0)),
        (b"pHYs", struct.pack(">IIB", dots_per_metre, dots_per_metre, 1)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", content),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
