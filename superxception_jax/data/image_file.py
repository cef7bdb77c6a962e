"""Image files as grey arrays, whatever their format, colour mode or bit depth.

Images are neither resized nor inverted here; `normalize.py` does that.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError
from scipy import ndimage

from superxception_jax.arrays import check

BIT_DEPTHS = (8, 10, 12, 14, 16)
SUFFIXES = (".bmp", ".png", ".tif", ".tiff", ".jpg", ".jpeg")
_OPAQUE = 255


@dataclass(frozen=True)
class DecodedImage:
    """An image file, decoded once.

    Attributes:
        grey: u8[H,W], or u16[H,W] for files of more than 8 bits (see `scale_to_8_bits`).
        colour_levels: Mean difference between the RGB channels of a pixel, grey levels; 0 for
            grey files.
        opacity: f32[H,W], 0..1; None if all pixels are opaque.
        bits: Bit depth that the file states; 0 if it states none.
    """

    grey: np.ndarray
    colour_levels: float
    opacity: np.ndarray | None = None
    bits: int = 0


def read_grey(content: bytes) -> np.ndarray:
    """Decode one image file to grey, in the bit depth of the file.

    Args:
        content: Bytes of a BMP, PNG, TIFF or JPEG file of one page.

    Returns:
        u8[H,W], or u16[H,W]; see `decode_image`.

    Raises:
        ValueError: The file is no usable picture; see `decode_image`.
    """
    return decode_image(content).grey


def decode_image(content: bytes) -> DecodedImage:
    """Decode one image file to grey, in the bit depth of the file, and measure its colour.

    Colours become luma. Transparent pixels are background: they become white where the opaque
    pixels next to them are bright (a G-band cut-out), else black (Q-band).

    Args:
        content: Content of a BMP, PNG, TIFF or JPEG file of one page.

    Returns:
        The grey image and how colourful the file is.

    Raises:
        ValueError: The file is empty or damaged, has several pages or one grey level
            throughout, or its pixels are floating-point numbers.
    """
    if not content:
        raise ValueError("the file is empty (0 bytes)")
    try:
        with Image.open(io.BytesIO(content)) as image:
            pages = getattr(image, "n_frames", 1)
            image.load()
            grey, colour_levels = _to_grey(image), _colour_levels(image)
    except UnidentifiedImageError:
        raise ValueError("the image can't be read (its format is unknown)") from None
    except ValueError:
        raise
    except Exception as error:  # Decoders raise whatever a damaged file leads them to.
        raise ValueError(f"the image can't be read ({error})") from error
    if pages > 1:
        raise ValueError(f"the file holds {pages} pages; save one image per file")
    if grey.size == 0 or grey.min() == grey.max():
        raise ValueError("the image is empty: one grey level throughout")
    return DecodedImage(grey, colour_levels)


def _colour_levels(image: Image.Image) -> float:
    if image.mode not in ("RGB", "RGBA", "P"):
        return 0.0
    colours = np.asarray(image.convert("RGB"))
    return float((colours.max(axis=-1) - colours.min(axis=-1)).mean())


def _to_grey(image: Image.Image) -> np.ndarray:
    if image.mode == "I" or image.mode.startswith("I;16"):
        wide = np.asarray(image)
        if wide.min() < 0 or wide.max() > 65535:
            raise ValueError(f"grey levels must be 0 to 65535, got {wide.min()} to {wide.max()}")
        return wide.astype(np.uint16)
    if image.mode == "F":
        raise ValueError("pixels are floating-point numbers; save it with 8 or 16 bits")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        pixels = np.asarray(image.convert("RGBA").convert("LA"))
        return _flatten(pixels[..., 0], pixels[..., 1])
    return np.asarray(image.convert("L"))


def _flatten(grey: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    opaque = alpha == _OPAQUE
    if opaque.all():
        return grey
    if not opaque.any():
        raise ValueError("the image is empty: no pixel is opaque")
    # Only the rim decides: the bands of a chromosome may have any brightness.
    rim = opaque & ~ndimage.binary_erosion(opaque, border_value=1)
    background = 255.0 if np.median(grey[rim]) >= 128 else 0.0
    weight = alpha.astype(np.float64) / _OPAQUE
    return np.rint(weight * grey + (1 - weight) * background).astype(np.uint8)


def scale_to_8_bits(images: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return images of mixed bit depth in 8 bits; 16-bit images share one factor.

    Cameras of 10, 12 or 14 bits write 16-bit files, which would be nearly black if divided by
    257. The bit depth is the smallest of `BIT_DEPTHS` that holds the brightest pixel of all
    16-bit images, so that their brightness stays comparable.

    Args:
        images: Grey images, each u8[H,W] or u16[H,W].

    Returns:
        One u8[H,W] per image, in the order given.

    Raises:
        TypeError: An image is neither u8 nor u16.

    >>> scale_to_8_bits([np.array([[0, 4095]], np.uint16)])
    [array([[  0, 255]], dtype=uint8)]
    """
    wide = [image for image in images if image.dtype == np.uint16]
    if wide:
        brightest = max(int(image.max()) for image in wide)
        depth = next(depth for depth in BIT_DEPTHS if brightest < 2**depth)
    result = []
    for image in images:
        if image.dtype == np.uint16:
            check(image=(image, "any[H,W]"))
            image = np.rint(image * (255.0 / (2**depth - 1))).astype(np.uint8)
        check(image=(image, "u8[H,W]"))
        result.append(image)
    return result


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


# Mean difference between the channels of a pixel, in grey levels; scans of one dye stay below.
COLOUR_LEVELS = 12.0
