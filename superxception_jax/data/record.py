"""The record of a single chromosome that every data set of this package writes and loads."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from superxception_jax.wording import listed_below, quantity

MOST_PROBLEMS = 10  # A longer list hides its own head in a terminal.


@dataclasses.dataclass(frozen=True)
class ChromosomeRecord:
    """One chromosome: its raw grey image, its class and where it comes from.

    Attributes:
        image: u8[H,W], raw image.
        label: Index in `CLASS_NAMES`.
        cell: Name of the cell, unique in the data set.
        case: Name of the patient or sample; the cell's name where none is known.
        name: Name of the image, unique in the data set.
        upright: Whether the p arm is known to point up; False: any way up.
    """

    image: np.ndarray
    label: int
    cell: str
    case: str
    name: str
    upright: bool = True


def raise_problems(problems: Sequence[str], *, source: str) -> None:
    """Raise one error that lists the problems of a data set, if there are any.

    Args:
        problems: One line each, beginning with the file or cell.
        source: Path of the files.

    Raises:
        ValueError: There are problems; the first `MOST_PROBLEMS` are listed.
    """
    if not problems:
        return
    head = (
        f"`{source}` must be a sound data set, got {quantity(len(problems), 'problem')}; "
        "correct the files and run again:"
    )
    raise ValueError(listed_below(head, problems, most=MOST_PROBLEMS))
