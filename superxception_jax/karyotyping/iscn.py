"""The draft ISCN formula of a cell: whole chromosomes gained or lost, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES

HAPLOID = AUTOSOMES + 1
# In the place of the sex chromosomes where none was found.
NO_SEX_CHROMOSOME = "?"
_FORM = re.compile(r"(\d+),(X+Y*|Y+|\?)((?:,[+-](?:[1-9]|1\d|2[0-2]))*)", re.ASCII)


def ploidy(total: int) -> int:
    """Return the number of chromosome sets that a number of chromosomes is nearest to.

    Args:
        total: number of chromosomes, at least 0.

    Returns:
        1 up to 34, 2 up to 57, 3 up to 80, 4 up to 103, and so on.

    **Source:** ISCN 2020, chapter 11.

    >>> [ploidy(total) for total in (23, 34, 35, 46, 69, 92)]
    [1, 1, 2, 2, 3, 4]
    """
    return max(1, (total + HAPLOID // 2) // HAPLOID)


def draft_iscn(counts: Sequence[int]) -> str:
    """Write the draft ISCN formula of a cell.

    The rules, by ISCN 2020:

    1. The number of chromosomes comes first, then the sex chromosomes, then the abnormalities;
       commas and no spaces stand between them (chapter 6).
    2. Sex chromosomes are those found, X before Y, also where their number is abnormal: `45,X`,
       `47,XXY`, as for constitutional changes (chapter 8). The formula of an acquired change,
       such as `45,X,-Y`, needs the constitution of the person, which no single cell tells.
    3. Autosomes follow in numerical order, gains with `+`, losses with `-`, one entry for each
       chromosome: `+21,+21`, `-7,-7` (chapters 6 and 8).
    4. Gains and losses count from the ploidy level nearest to the number of chromosomes, see
       `ploidy` (chapter 11): `69,XXX` has no abnormality.

    Where there is no sex chromosome, `?` stands in their place: ours, because ISCN has no sign
    for it, such a cell doesn't live, and the place must not look as if it had been forgotten.
    Structural changes are never written: they can't be seen from counts.

    Args:
        counts: number of chromosomes of each of the 24 classes, in the order of `CLASS_NAMES`.

    Returns:
        The formula, such as `47,XY,+21`.

    Raises:
        ValueError: there aren't 24 counts, one is negative, or all are 0.

    **Source:** ISCN 2020 (McGowan-Jordan, Hastings and Moore, eds., Karger), chapters as above.

    >>> draft_iscn([2] * 20 + [3, 2, 1, 1])
    '47,XY,+21'
    """
    total = sum(counts)
    if len(counts) != len(CLASS_NAMES) or min(counts) < 0 or total == 0:
        raise ValueError(
            f"`counts` must be {len(CLASS_NAMES)} numbers of at least 0 that aren't all 0, got "
            f"{list(counts)}; count the chromosomes of each class of the cell."
        )
    sets = ploidy(total)
    changes = [
        f",{'+' if count > sets else '-'}{name}"
        for name, count in zip(CLASS_NAMES[:AUTOSOMES], counts[:AUTOSOMES], strict=True)
        for _ in range(abs(count - sets))
    ]
    sex = "X" * counts[AUTOSOMES] + "Y" * counts[AUTOSOMES + 1]
    return f"{total},{sex or NO_SEX_CHROMOSOME}{''.join(changes)}"


def parse_iscn(text: str) -> tuple[int, ...]:
    """Read a formula of whole-chromosome changes, the inverse of `draft_iscn`.

    Args:
        text: one cell line exactly as `draft_iscn` writes it, such as `47,XY,+21`.

    Returns:
        The number of chromosomes of each of the 24 classes, in the order of `CLASS_NAMES`.

    Raises:
        ValueError: the text has another form (spaces, structural changes, mosaics), its number
            isn't that of its chromosomes, a chromosome is lost more often than it is there, or
            ISCN writes the same chromosomes in another order.

    **Source:** see `draft_iscn`; ours in that it is strict, because truth with a slip in it is
    worse than none.

    >>> parse_iscn("47,XY,+21")[20:]
    (3, 2, 1, 1)
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(
            f"`iscn` must name whole chromosomes only, such as `47,XY,+21` without spaces, "
            f"got {text!r}; correct it or leave the cell out."
        )
    sets = ploidy(int(match[1]))
    counts = [sets] * AUTOSOMES + [match[2].count("X"), match[2].count("Y")]
    for change in match[3].split(",")[1:]:
        counts[int(change[1:]) - 1] += 1 if change[0] == "+" else -1
    if min(counts) < 0:
        raise ValueError(
            f"`iscn` must lose a chromosome at most as often as its {sets} sets hold it, "
            f"got {text!r}; correct it."
        )
    if sum(counts) != int(match[1]):
        raise ValueError(
            f"`iscn` must begin with its number of chromosomes, {sum(counts)} by the rest of it, "
            f"got {text!r}; correct the number or the rest."
        )
    if (written := draft_iscn(counts)) != text:
        raise ValueError(
            f"`iscn` must be written in the order of ISCN, got {text!r}; write {written!r}."
        )
    return tuple(counts)
