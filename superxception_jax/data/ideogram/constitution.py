"""The karyotypes of synthetic cells."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import CLASS_NAMES, class_label

FEMALE_SHARE = 0.62
SEX_ANEUPLOIDIES = ("45,X", "47,XXY", "47,XXX", "47,XYY")
TRISOMIES = ("21", "18", "13")
_TEXT = re.compile(r"^(\d+),([XY]+)((?:,\+(?:[1-9]|1\d|2[0-2]))*)$")


@dataclass(frozen=True)
class Karyotype:
    """The chromosomes of a cell.

    Attributes:
        text: ISCN formula, such as "47,XX,+21".
        counts: Number of copies of each of the 24 classes.
    """

    text: str
    counts: tuple[int, ...]

    @property
    def labels(self) -> tuple[int, ...]:
        """Return the label of every chromosome, in class order."""
        return tuple(label for label, count in enumerate(self.counts) for _ in range(count))


def parse_karyotype(text: str) -> Karyotype:
    """Return the karyotype that an ISCN text of whole-chromosome gains describes.

    Args:
        text: Number of chromosomes, sex chromosomes and gained autosomes, such as "47,XX,+21".

    Returns:
        The karyotype.

    Raises:
        ValueError: The text has another form, or its number isn't that of its chromosomes.

    Source: ISCN, whole-chromosome gains.

    >>> parse_karyotype("47,XY,+21").counts[20:]
    (3, 2, 1, 1)
    """
    match = _TEXT.match(text)
    if match is None:
        raise ValueError(f"`karyotype` must look like `47,XX,+21`, got {text!r}; correct it.")
    counts = [2] * 22 + [0, 0]
    for name, copies in Counter(match[2]).items():
        counts[class_label(name)] = copies
    for name in match[3].split(",+")[1:]:
        counts[class_label(name)] += 1
    if sum(counts) != int(match[1]):
        raise ValueError(
            f"`karyotype` must begin with its number of chromosomes, {sum(counts)}, "
            f"got {text!r}; correct it."
        )
    return Karyotype(text=text, counts=tuple(counts))


def draw_karyotype(generator: np.random.Generator, *, aneuploid_share: float) -> Karyotype:
    """Draw a karyotype: 46,XX or 46,XY, or one of seven aneuploid ones.

    62 % of the cells are female, as in a public set of 119 cells. The seven kinds of aneuploidy
    are equally likely, so that every test set contains all of them.

    Args:
        generator: Random generator; it is advanced.
        aneuploid_share: Probability of an aneuploidy, 0..1.

    Returns:
        The karyotype.

    Raises:
        ValueError: The share is no probability.
    """
    if not 0.0 <= aneuploid_share <= 1.0:
        raise ValueError(
            f"`aneuploid_share` must be in 0..1, got {aneuploid_share}; give a probability."
        )
    # Always three draws, so that the images of a cell don't depend on the kind of its karyotype.
    sex = "XX" if generator.random() < FEMALE_SHARE else "XY"
    is_aneuploid = generator.random() < aneuploid_share
    kind = int(generator.integers(len(TRISOMIES) + len(SEX_ANEUPLOIDIES)))
    if not is_aneuploid:
        return parse_karyotype(f"46,{sex}")
    if kind < len(TRISOMIES):
        return parse_karyotype(f"47,{sex},+{TRISOMIES[kind]}")
    return parse_karyotype(SEX_ANEUPLOIDIES[kind - len(TRISOMIES)])


def chromosome_names(karyotype: Karyotype) -> tuple[str, ...]:
    """Return a name for every chromosome of a cell: its class and a letter for the copy.

    Args:
        karyotype: Chromosomes of the cell.

    Returns:
        Names such as "1a", "1b", …, "21c", "Xa", in class order, as in public data sets.
    """
    return tuple(
        f"{name}{chr(ord('a') + copy)}"
        for name, count in zip(CLASS_NAMES, karyotype.counts, strict=True)
        for copy in range(count)
    )
