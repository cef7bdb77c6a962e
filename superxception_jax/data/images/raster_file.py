"""PNG, JPEG, BMP, GIF, WebP and JPEG 2000 files as pixels."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, UnidentifiedImageError

from superxception_jax.data.images.jpeg_segments import check_scans
from superxception_jax.data.images.pixels import LARGEST_PIXELS, PictureError, Pixels, check_size

FORMATS = ("BMP", "PNG", "JPEG", "GIF", "WEBP", "JPEG2000")
PNG_START = b"\x89PNG\r\n\x1a\n"
_ORIENTATION = 274


def read_raster(content: bytes) -> Pixels:
    """Return the pixels of a file of one of `FORMATS`.

    Args:
        content: Content of the file.

    Returns:
        The pixels. The second picture of an MPO file, a preview, is ignored.

    Raises:
        PictureError: The format is unknown, or there are too many pixels or several pictures.
        Exception: Whatever a damaged file leads the decoder to.
    """
    with _open(content) as image:
        check_size(*image.size)
        pictures = getattr(image, "n_frames", 1)
        if pictures > 1 and image.format != "MPO":
            raise PictureError(f"the file holds {pictures} pages; save one image per file")
        if image.format in ("JPEG", "MPO"):
            check_scans(content)
        image.seek(0)
        wide = content[:8] == PNG_START and content[24] == 16
        if not wide:
            image.load()
        pixels = _wide_png(content) if wide else _from_pillow(image)
        # Of a PNG file known only after loading, where it follows the pixels.
        orientation = _png_orientation(content) if wide else image.getexif().get(_ORIENTATION, 1)
    return Pixels(pixels.colours, pixels.opacity, pixels.bits, orientation)


def _open(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise PictureError("the image can't be read (its format is unknown)") from None
    except Image.DecompressionBombError as error:
        count = re.search(r"\((\d+) pixels\)", str(error))
        size = f"{int(count[1]):,}" if count else "too many"
        raise PictureError(
            f"the image has {size} pixels, more than {LARGEST_PIXELS // 10**6} million; save one "
            "chromosome per file"
        ) from None


def _from_pillow(image: Image.Image) -> Pixels:
    if image.mode.startswith("I"):  # JPEG 2000 of more than 8 bits
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            raise PictureError(f"grey levels must be 0 to 65535, got {wide.min()} to {wide.max()}")
        return Pixels(wide.astype(np.uint16)[..., None])
    if image.has_transparency_data:
        pixels = np.asarray(image.convert("RGBA"))
        return Pixels(pixels[..., :3], pixels[..., 3].astype(np.float32) / 255, 8)
    if image.mode in ("1", "L"):
        return Pixels(np.asarray(image.convert("L"))[..., None], bits=8)
    return Pixels(np.asarray(image.convert("RGB")), bits=8)


def _wide_png(content: bytes) -> Pixels:
    # Imported here, because most files need neither. Pillow cuts colours to 8 bits.
    from imagecodecs import png_decode

    chunks = dict(_png_chunks(content))
    bits = max(chunks.get(b"sBIT", b"\0"), default=0)
    samples = png_decode(content)
    if samples.dtype != np.uint16:
        raise PictureError(f"pixels must have 16 bits, got {samples.dtype}")
    samples = samples if samples.ndim == 3 else samples[..., None]
    colours, opacity = samples, None
    if samples.shape[-1] in (2, 4):
        colours = samples[..., :-1]
        opacity = samples[..., -1].astype(np.float32) / 65535
    elif b"tRNS" in chunks:
        clear = np.frombuffer(chunks[b"tRNS"], ">u2")
        opacity = (samples != clear).any(axis=-1).astype(np.float32)
    # By the standard, levels are scaled to 16 bits whatever `sBIT` says; some cameras don't.
    if bits and not (9 <= bits <= 16 and int(colours.max()) < 2**bits):
        bits = 16
    return Pixels(colours, opacity, bits)


def _png_orientation(content: bytes) -> int:
    for kind, body in _png_chunks(content):
        if kind == b"eXIf":
            exif = Image.Exif()
            exif.load(b"Exif\0\0" + body)
            return exif.get(_ORIENTATION, 1)
    return 1


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and body of each chunk; the decoder reads damaged ones as far as it can."""
    place = len(PNG_START)
    while place + 12 <= len(content):
        end = place + 8 + int.from_bytes(content[place : place + 4], "big")
        kind, body = content[place + 4 : place + 8], content[place + 8 : end]
        if zlib.crc32(kind + body) != int.from_bytes(content[end : end + 4], "big"):
            raise PictureError("the image can't be read (the file is damaged or cut off)")
        yield kind, body
        if kind == b"IEND":
            return
        place = end + 4
    raise PictureError("the image can't be read (the file is cut off)")
