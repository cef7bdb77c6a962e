"""Image files as grey arrays, whatever their format, colours or bit depth: the only door.

Images are neither resized, scaled nor inverted here, and transparency is not filled:
`background.py` and `normalize.py` do that, because it depends on the other images of a cell.
"""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from superxception_jax.arrays import check
from superxception_jax.data.file_names import shown_name
from superxception_jax.data.images.pixels import PictureError, Pixels, to_grey, turn
from superxception_jax.data.images.raster_file import read_raster
from superxception_jax.data.images.tiff_file import STARTS, read_tiff

SUFFIXES = (".bmp", ".png", ".tif", ".tiff", ".jpg", ".jpeg", ".gif", ".webp", ".jp2")
# Mean difference between the channels of a pixel, in grey levels; scans of one dye stay below.
COLOUR_LEVELS = 12.0
# Below this opacity, a pixel shows what lies behind rather than the picture.
OPAQUE = 0.99
LARGEST_FILE_BYTES = 2**30  # far above an uncompressed picture of all pixels that are read
_DECODING = threading.Lock()  # What warnings are shown is a setting of all threads.
_LONGEST_REASON = 200  # characters of a decoder's message


class MemoryShortError(ValueError):
    """The memory didn't hold an image, which says nothing about its file: another time it may."""

    def __init__(self) -> None:
        """Make the error with its reason, as half a sentence for users."""
        super().__init__("the image is too large for this computer's memory")


@dataclass(frozen=True)
class DecodedImage:
    """An image file, decoded once, as a viewer shows it.

    Attributes:
        grey: u8[H,W]; u16[H,W] of files of more than 8 bits; f32[H,W] of signed, wider or
            floating-point pixels, in any range.
        colour_levels: Mean difference between the RGB channels of a pixel, grey levels; 0 for
            grey files and those with one signal.
        opacity: f32[H,W], 0..1; None if all pixels are opaque. What lies under transparent pixels
            means nothing.
        bits: Bit depth that the file states; 0 if it states only that of its container.
    """

    grey: np.ndarray
    colour_levels: float
    opacity: np.ndarray | None = None
    bits: int = 0


def check_file_size(size_bytes: int) -> None:
    """Refuse an image file by its size, before it is read into memory.

    Args:
        size_bytes: Size of the file, unpacked.

    Raises:
        PictureError: It has more than `LARGEST_FILE_BYTES`.
    """
    if size_bytes > LARGEST_FILE_BYTES:
        raise PictureError(f"the file has {size_bytes / 1e9:,.1f} GB; save one chromosome per file")


def load_content(file: Path) -> bytes:
    """Return the content of an image file.

    Args:
        file: Path of the file.

    Raises:
        OSError: It can't be read.
        ValueError: It is too large, see `check_file_size`.
    """
    check_file_size(file.stat().st_size)
    return file.read_bytes()


def digest_content(file: Path) -> str:
    """Return the SHA-256 of the content of an image file; raises what `load_content` raises.

    Args:
        file: Path of the file.
    """
    check_file_size(file.stat().st_size)
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def decode_image(content: bytes) -> DecodedImage:
    """Decode one image file to grey, in the bit depth of the file, and measure its colour.

    Args:
        content: Content of a file of one picture: TIFF, PNG, JPEG, BMP, GIF, WebP or JPEG 2000.

    Returns:
        The grey image: photometric interpretation, palette and orientation are applied; colours
        are luma, or the channel that carries the only signal.

    Raises:
        ValueError: The file is empty or damaged, has several pages, too many pixels, pixels that
            are no numbers, or one grey level throughout; `MemoryShortError` where memory is short.
    """
    if not content:
        raise ValueError("the file is empty (0 bytes)")
    read = read_tiff if content[:4] in STARTS else read_raster
    with _DECODING, warnings.catch_warnings():
        # Decoders warn of odd tags, which is nothing to users, and raise for damaged pixels.
        warnings.simplefilter("ignore")
        try:
            return _decoded(read(content))
        except PictureError:
            raise
        except MemoryError:
            raise MemoryShortError from None
        except Exception as error:  # Decoders raise whatever a damaged file leads them to.
            raise ValueError(f"the image can't be read ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    """Return what to say of a decoder's error: some speak of files, others of the program."""
    text = " ".join(str(error).split())[:_LONGEST_REASON]
    told = isinstance(error, (OSError, NotImplementedError)) and text
    # A message may quote the file, whose bytes can be anything.
    return shown_name(text) if told else "the file is damaged"


def _decoded(pixels: Pixels) -> DecodedImage:
    colours, opacity = pixels.colours, pixels.opacity
    if opacity is not None:
        opacity = np.clip(opacity, 0, 1).astype(np.float32)
        opacity = None if (opacity >= 1).all() else opacity
    if opacity is not None and (opacity >= OPAQUE).any():
        # What nobody sees must decide neither the depth nor whether there are colours.
        colours = np.where((opacity == 0)[..., None], colours[opacity >= OPAQUE][0], colours)
    grey, colour_levels = to_grey(colours, stated_bits=pixels.bits)
    shown = grey if opacity is None else grey[opacity >= OPAQUE]
    if shown.size == 0:
        raise PictureError("the image is empty: no pixel is opaque")
    if shown.min() == shown.max():
        raise PictureError("the image is blank: all pixels have the same grey level")
    if opacity is not None:
        opacity = turn(opacity, pixels.orientation)
    return DecodedImage(turn(grey, pixels.orientation), colour_levels, opacity, pixels.bits)


def hash_image(image: np.ndarray) -> str:
    """Return a short hash of an image's size, depth and pixels.

    Args:
        image: u8[H,W] or u16[H,W], raw image. Canvases are drawn in floating point, and another
            processor may round a pixel of them differently.

    Returns:
        16 hexadecimal digits.
    """
    height, width = check(image=(image, "any[H,W]")).values()
    head = f"{image.dtype} {height} {width} ".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()[:16]


def refuse_colour(image: DecodedImage) -> None:
    """Raise if a file is a colour picture, which is no image of one dye.

    Args:
        image: The decoded file.

    Raises:
        ValueError: It has colours.
    """
    if image.colour_levels > COLOUR_LEVELS:
        raise ValueError("it is a colour picture; use grey images of one chromosome each")


def encode_png(image: np.ndarray) -> io.BytesIO:
    """Return a grey image as a PNG file in memory.

    Args:
        image: u8[H,W], H and W at least 1.

    Returns:
        A file object at its beginning.

    Raises:
        TypeError: The image isn't a u8 array.
        ValueError: The image is not two-dimensional or is empty.
    """
    check(image=(image, "u8[H,W]"))
    if image.size == 0:
        raise ValueError(f"`image` must hold pixels, got shape {image.shape}; leave it out.")
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="png")
    file.seek(0)
    return file
