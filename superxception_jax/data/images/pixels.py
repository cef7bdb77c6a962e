"""The pixels of a decoded file on their way to grey: colours, transparency, orientation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superxception_jax.data.images.grey_levels import find_ranges

LARGEST_PIXELS = 32_000_000  # a picture of a whole metaphase has 1 to 12 million
# A channel below this share of the range of the strongest one carries noise, not a signal.
SIGNAL_SHARE = 0.08
# Weights of red, green and blue in luma (ITU-R 601), of 65536.
_LUMA = (19595, 38470, 7471)


class PictureError(ValueError):
    """What is wrong with a file, in words for its user; decoders' own errors are explained."""


@dataclass(frozen=True)
class Pixels:
    """The pixels of a file as a viewer shows them, before they become grey.

    Attributes:
        colours: u8, u16 or f32[H,W,1] grey or [H,W,3] red, green and blue; larger is brighter.
        opacity: f32[H,W], 0..1; None if the file has no transparency.
        bits: Bit depth that the file states; 0 if it states only that of its container.
        orientation: Orientation of Exif and TIFF, 1..8: how a viewer turns the pixels.
    """

    colours: np.ndarray
    opacity: np.ndarray | None = None
    bits: int = 0
    orientation: int = 1


def check_size(width_px: int, height_px: int) -> None:
    """Refuse a picture by its declared size, before it is decoded.

    Args:
        width_px: Declared width.
        height_px: Declared height.

    Raises:
        PictureError: It has no pixels, or more than `LARGEST_PIXELS`.
    """
    if width_px < 1 or height_px < 1:
        raise PictureError("the image is empty: it has no pixels")
    if width_px * height_px > LARGEST_PIXELS:
        raise PictureError(
            f"the image has {width_px:,}×{height_px:,} pixels, more than "
            f"{LARGEST_PIXELS // 10**6} million; save one chromosome per file"
        )


def to_grey(colours: np.ndarray, *, stated_bits: int = 0) -> tuple[np.ndarray, float]:
    """Return the grey image and how colourful the picture is.

    Where only one of the channels carries a signal, as in pseudo-coloured fluorescence, it is the
    image; luma would lose up to nine tenths of it.

    Args:
        colours: u8, u16 or f32[H,W,1 or 3].
        stated_bits: Bit depth that the file states; 0 if it states only that of its container.

    Returns:
        [H,W] of the same dtype; and the mean difference between the channels of a pixel, in grey
        levels of 8 bits, 0 for one signal.
    """
    if colours.shape[-1] == 1:
        return colours[..., 0], 0.0
    channels = colours.reshape(-1, 3)
    low, high = np.percentile(channels, (0.5, 99.5), axis=0)
    ranges = high - low
    strongest = int(ranges.argmax())
    others = np.delete(ranges, strongest)
    if ranges[strongest] > 0 and others.max() <= SIGNAL_SHARE * ranges[strongest]:
        return colours[..., strongest], 0.0
    if colours.dtype == np.float32:
        grey = (colours @ (np.array(_LUMA, np.float32) / 65536)).astype(np.float32)
        largest = max(float(np.abs(channels).max()), 1e-30)
    else:
        wide = colours.astype(np.uint32 if colours.dtype == np.uint8 else np.uint64)
        weighted = wide @ np.array(_LUMA, wide.dtype)
        grey = np.right_shift(np.add(weighted, 0x8000), 16).astype(colours.dtype)
        # A camera of 12 bits fills a sixteenth of the 16 bits of a file.
        ranges_of_file, _ = find_ranges([colours.max(axis=-1)], stated_bits=[stated_bits])
        largest = ranges_of_file[0].white
    spread = np.minimum(colours.max(axis=-1) - colours.min(axis=-1), largest)
    return grey, float(spread.mean(dtype=np.float64)) * 255 / largest


def turn(array: np.ndarray, orientation: int) -> np.ndarray:
    """Return pixels turned as Exif and TIFF ask for.

    Args:
        array: [H,W,...].
        orientation: 1..8; any other value is ignored, as viewers do.

    Returns:
        [H,W,...] or [W,H,...].

    Source: TIFF 6.0, tag Orientation.

    >>> turn(np.array([[1, 2]]), 6).tolist()
    [[1], [2]]
    """
    if orientation in (5, 6, 7, 8):
        array = np.swapaxes(array, 0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def divide_alpha(colours: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """Return straight colours from colours that were multiplied by the opacity.

    Args:
        colours: u8, u16 or f32[H,W,C].
        opacity: f32[H,W], 0..1.

    Returns:
        The colours in the same dtype; those of fully transparent pixels are kept.
    """
    weight = np.where(opacity > 0, opacity, 1)[..., None]
    straight = colours / weight
    if colours.dtype == np.float32:
        return straight.astype(np.float32)
    return np.rint(np.minimum(straight, np.iinfo(colours.dtype).max)).astype(colours.dtype)


def from_ink(colours: np.ndarray) -> np.ndarray:
    """Return red, green and blue of cyan, magenta, yellow and black ink.

    Args:
        colours: u8 or u16[H,W,4].

    Returns:
        u8 or u16[H,W,3].
    """
    full = float(np.iinfo(colours.dtype).max)
    paper = full - colours[..., 3:].astype(np.float64)
    return np.rint((full - colours[..., :3]) * paper / full).astype(colours.dtype)
