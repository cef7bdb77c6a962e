"""What an image shows: its content, bright on dark, and the chromosome in it, found once."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.data.normalization.crop import (
    BACKGROUND_NOISE_LEVEL,
    brighten_chromosome,
    find_chromosome,
)

LARGEST_SIDE_PX = 768  # of the content that is looked at; a chromosome at 100-fold has 300


@dataclass(frozen=True)
class Sight:
    """What an image shows.

    Attributes:
        digest: Hash of shape and pixels.
        content: u8[h,w], bright on dark without empty margins, at most `LARGEST_SIDE_PX` high
            and wide; h and w are 0 for an image that is background throughout.
        factor: Factor by which it was shrunk.
        mask: bool[h,w], pixels of the chromosome; None where there is none.
        shape: Height and width of the image.
        corner_px: Row and column of the image where the content begins.
    """

    digest: bytes
    content: np.ndarray
    factor: int
    mask: np.ndarray | None
    shape: tuple[int, int]
    corner_px: tuple[int, int]

    @property
    def whole_mask(self) -> np.ndarray | None:
        """Return what `find_chromosome` finds in the whole image, bool[H,W].

        None where nothing was found, or only in a shrunk copy.
        """
        if self.mask is None or self.factor > 1:
            return None
        mask = np.zeros(self.shape, bool)
        (top, left), (rows, columns) = self.corner_px, self.mask.shape
        mask[top : top + rows, left : left + columns] = self.mask
        return mask


def see(image: np.ndarray, *, background: str) -> Sight:
    """Return what an image shows.

    Args:
        image: u8[H,W] with a black or white background, of any size.
        background: "dark" or "light", see `brighten_chromosome`.
    """
    height, width = check(image=(image, "u8[H,W]")).values()
    pixels = np.ascontiguousarray(image)
    digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.data).digest()
    mask, corner_px = None, (0, 0)
    if image.size == 0:
        content, factor = image, 1
    else:
        content, factor, corner_px = _bright_content(image, background=background)
        with contextlib.suppress(ValueError):  # There is no chromosome.
            mask = find_chromosome(content)
    return Sight(digest, content, factor, mask, (height, width), corner_px)


def _bright_content(
    image: np.ndarray, *, background: str
) -> tuple[np.ndarray, int, tuple[int, int]]:
    """Return content, factor and corner of a `Sight`, of an image that has pixels."""
    bright = brighten_chromosome(image, background=background)
    rows = np.flatnonzero(bright.max(axis=1) > BACKGROUND_NOISE_LEVEL)
    columns = np.flatnonzero(bright.max(axis=0) > BACKGROUND_NOISE_LEVEL)
    if rows.size == 0:
        return bright[:0, :0], 1, (0, 0)
    corner_px = int(rows[0]), int(columns[0])
    content = bright[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = -(-max(content.shape) // LARGEST_SIDE_PX)
    if factor == 1:
        return content, 1, corner_px
    # A side shorter than the factor becomes one pixel.
    down, right = (min(factor, side) for side in content.shape)
    padded = np.pad(content, ((0, -len(content) % down), (0, -content.shape[1] % right)))
    blocks = padded.reshape(len(padded) // down, down, -1, right)
    shrunk = np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint8)
    return shrunk, factor, corner_px
