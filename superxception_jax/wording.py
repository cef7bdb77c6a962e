"""How messages count and list things."""

from __future__ import annotations

from collections.abc import Sequence


def quantity(count: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun in the right form.

    Args:
        count: The number.
        singular: Noun for the number 1.
        plural: Noun for all other numbers; empty: the singular with an s.

    Returns:
        A text such as `3 copies`.

    >>> quantity(1, "image"), quantity(1200, "image"), quantity(3, "copy", "copies")
    ('1 image', '1,200 images', '3 copies')
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def first_of(names: Sequence[str], *, most: int) -> str:
    """Return the first of several names, and how many more there are.

    Args:
        names: At least one name.
        most: How many are listed at the most.

    Returns:
        A text such as `0001, 0007 and 12 more`.

    >>> first_of(["a", "b"], most=2), first_of(["a", "b", "c"], most=2)
    ('a, b', 'a, b and 1 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def listed_below(head: str, lines: Sequence[str], *, most: int) -> str:
    r"""Return a line with the first of several lines below it, and how many more there are.

    Args:
        head: The first line.
        lines: What is listed, a line each.
        most: How many are listed at the most.

    Returns:
        Lines, indented but for the first.

    >>> listed_below("Wrong:", ["a", "b", "c"], most=2)
    'Wrong:\n  a\n  b\n  ... and 1 more'
    """
    more = len(lines) - most
    rest = [f"... and {more:,} more"] if more > 0 else []
    return "\n  ".join([head, *lines[:most], *rest])
