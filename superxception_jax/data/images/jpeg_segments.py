"""What a JPEG file says of the work that it makes, before it is decoded."""

from __future__ import annotations

from superxception_jax.data.images.pixels import PictureError

MOST_SCANS = 200  # the usual ten, and far more than the finest division of a picture into scans
_SCAN = 0xDA
_FRAMES = (0xC0, 0xC1, 0xC2, 0xC3)


def check_scans(content: bytes) -> None:
    """Refuse a JPEG file of so many scans that it keeps the decoder busy for hours.

    Each may be a few bytes long and still costs a pass over all pixels.

    Args:
        content: Content of the file, whose coded pixels never hold the mark of a scan.

    Raises:
        PictureError: It has more than `MOST_SCANS`.
    """
    scans = content.count(bytes((0xFF, _SCAN)))
    if scans > MOST_SCANS:
        raise PictureError(f"the image has {scans:,} scans, more than {MOST_SCANS}; save it anew")


def frame_sizes(content: bytes) -> list[tuple[int, int]] | None:
    """Return height and width of each frame before the pixels, as a decoder finds them.

    A comment or a preview before it may hold the bytes of another frame, so the segments are
    followed by their lengths.

    Args:
        content: Content of a JPEG file.

    Returns:
        The sizes, of which a valid file has one; None if the segments don't lead to pixels, or a
        frame is of a kind that isn't read.
    """
    if content[:2] != b"\xff\xd8":
        return None
    sizes: list[tuple[int, int]] = []
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        mark, body = content[place + 1], content[place + 4 : place + 9]
        length = int.from_bytes(content[place + 2 : place + 4], "big")
        if mark == _SCAN:
            return sizes
        if mark in _FRAMES and len(body) == 5:
            sizes.append((int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")))
        elif length < 2 or not (mark == 0xC4 or 0xDB <= mark <= 0xEF or mark == 0xFE):
            return None
        place += 2 + length
    return None
