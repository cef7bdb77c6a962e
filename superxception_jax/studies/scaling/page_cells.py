"""Numbers as they stand in the cells of a page."""

from __future__ import annotations

from superxception_jax.studies.scaling.scaling_results import Row

UNKNOWN = "–"


def gigabytes(size: float) -> str:
    """Return a size in GiB, as the compiler counts memory.

    >>> gigabytes(17_179_869_184)
    '16.00'
    """
    return f"{size / 2**30:.2f}"


def megabytes(size: float) -> str:
    """Return a size in MiB.

    >>> megabytes(1_048_576)
    '1.0'
    """
    return f"{size / 2**20:.1f}"


def milliseconds(seconds: float) -> str:
    """Return a time in milliseconds, with three digits.

    >>> milliseconds(0.01234), milliseconds(0.5), milliseconds(2e-6)
    ('12.3', '500', '0.002')
    """
    value = 1000 * seconds
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3}f}"


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it.

    >>> duration(12.3), duration(600), duration(7200)
    ('12.3 s', '10.0 min', '2.0 h')
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def describe_batch(found: tuple[Row, Row | None]) -> str:
    """Return the largest batch that fits, and whether the next one is known not to.

    Args:
        found: Row of the largest batch that fits, and of the smallest that doesn't.
    """
    largest, refused = found
    images = str(largest.case.images)
    return images if refused is not None else f"at least {images}"
