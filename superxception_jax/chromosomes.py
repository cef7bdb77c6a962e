"""The 24 classes of human chromosomes: names, groups, sex complements and unusual counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

CLASS_NAMES = (*(str(number) for number in range(1, 23)), "X", "Y")
AUTOSOMES = 22
X, Y = CLASS_NAMES.index("X"), CLASS_NAMES.index("Y")
SEX_CHROMOSOMES = ("X", "Y")
# Most copies of one autosome in a cell.
MOST_OF_A_CLASS = 4
# The most chromosomes of a cell that can be assigned: four of each autosome, and four X and Y.
MOST_CHROMOSOMES = (AUTOSOMES + 1) * MOST_OF_A_CLASS
# Numbers of X and Y.
NORMAL_SEX_COUNTS = ((2, 0), (1, 1))
# The groups A to G in the order of a karyogram; X belongs to C and Y to G.
GROUPS: dict[str, tuple[str, ...]] = {
    "A": ("1", "2", "3"),
    "B": ("4", "5"),
    "C": ("6", "7", "8", "9", "10", "11", "12", "X"),
    "D": ("13", "14", "15"),
    "E": ("16", "17", "18"),
    "F": ("19", "20"),
    "G": ("21", "22", "Y"),
}
# Kinds of abnormal counts in a cell, the most important first.
ANEUPLOIDY_KINDS = ("gain", "sex", "loss", "none")
_LABELS = {name: label for label, name in enumerate(CLASS_NAMES)} | {"23": X, "24": Y}


def class_label(text: str) -> int:
    """Return the label of a class from its name.

    Public archives number X and Y as 23 and 24, whereas laboratories use the letters.

    Args:
        text: "1" to "22", "X" or "23", "Y" or "24"; case and outer spaces don't matter.

    Returns:
        The index in `CLASS_NAMES`, 0..23.

    Raises:
        ValueError: The text is not the name of a class.

    >>> class_label("1"), class_label("23"), class_label("y")
    (0, 22, 23)
    """
    label = _LABELS.get(str(text).strip().upper())
    if label is None:
        raise ValueError(
            f"`class` must be 1 to 22, X (or 23) or Y (or 24), got {str(text)!r}; correct it."
        )
    return label


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that compares numbers in a text as numbers: cell 9 before cell 10.

    Args:
        text: Any name.

    Returns:
        A key for `sorted`; different names have different keys.

    >>> sorted(["10/10 1a", "9/9 10a", "9/9 2a"], key=natural_key)
    ['9/9 2a', '9/9 10a', '10/10 1a']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    # The text itself comes last in each part, so that "01" and "1" differ.
    return tuple((0, int(p), p) if p[0] in "0123456789" else (1, 0, p) for p in parts)


def aneuploidy_kind(classes: Sequence[str]) -> str:
    """Return the kind of aneuploidy of a cell.

    Gains and sex chromosomes come first: a lost autosome is often an artefact of preparation.

    Args:
        classes: Class names of all chromosomes of the cell.

    Returns:
        "gain" for three or more copies of an autosome, else "sex" for sex chromosomes other than
        XX and XY, else "loss" for fewer than two copies of an autosome, else "none".

    >>> aneuploidy_kind([*(str(n) for n in range(1, 23)) , *(str(n) for n in range(1, 22)), "X"])
    'sex'
    """
    counts = Counter(classes)
    autosomes = [counts[name] for name in CLASS_NAMES[:AUTOSOMES]]
    if max(autosomes) > 2:
        return "gain"
    if tuple(counts[name] for name in SEX_CHROMOSOMES) not in NORMAL_SEX_COUNTS:
        return "sex"
    return "loss" if min(autosomes) < 2 else "none"
