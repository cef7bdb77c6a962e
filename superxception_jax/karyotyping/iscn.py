"""Draft ISCN formulas: gains and losses of whole chromosomes, without structural changes."""

from __future__ import annotations

from collections.abc import Sequence

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, X, Y

HAPLOID = AUTOSOMES + 1
# With fewer or more chromosomes a set of images is not one complete diploid cell: counts then say
# little about the karyotype, and no formula is drafted.
COMPLETE_CELL = range(42, 51)
TOO_FEW, TOO_MANY = (
    f"fewer than {COMPLETE_CELL[0]} chromosomes",
    f"more than {COMPLETE_CELL[-1]} chromosomes",
)
INCOMPLETE_IMAGES = f"fewer than {COMPLETE_CELL[0]} or more than {COMPLETE_CELL[-1]} images"
# Written in place of the sex chromosomes where there are none.
NO_SEX_CHROMOSOME = "?"


def ploidy(total: int) -> int:
    """Return the number of chromosome sets nearest to a chromosome number.

    Args:
        total: Number of chromosomes, at least 0.

    Returns:
        1 up to 34, 2 up to 57, 3 up to 80, 4 up to 103, and so on.

    Source: ISCN 2020, chapter 11.

    >>> [ploidy(total) for total in (23, 34, 35, 46, 69, 92)]
    [1, 1, 2, 2, 3, 4]
    """
    return max(1, (total + HAPLOID // 2) // HAPLOID)


def number_problem(total: int) -> str:
    """Return why a cell with so many chromosomes has no formula; empty if it may have one.

    >>> number_problem(41), number_problem(46), number_problem(55)
    ('fewer than 42 chromosomes (41)', '', 'more than 50 chromosomes (55)')
    """
    if total in COMPLETE_CELL:
        return ""
    return f"{TOO_FEW if total < COMPLETE_CELL[0] else TOO_MANY} ({total})"


def draft_formula(counts: Sequence[int], *, withheld: str = "") -> str:
    """Return the draft ISCN formula of a complete cell, and none of an incomplete one.

    A formula claims to describe the whole cell. It is withheld where chromosomes may be missing
    among the images or the classes can't be trusted, see `review_flags.withheld_reason`.

    Args:
        counts: i[24], number of chromosomes of each class, in the order of `CLASS_NAMES`.
        withheld: Why there must be no formula; empty if nothing forbids it.

    Returns:
        The formula by `draft_iscn`, or "" if it is withheld or the number of chromosomes isn't in
        `COMPLETE_CELL`.

    Raises:
        ValueError: There aren't 24 counts, or one is negative.

    >>> draft_formula([2] * 20 + [3, 2, 1, 1]), draft_formula([2] * 20 + [0, 0, 0, 0])
    ('47,XY,+21', '')
    """
    _check_counts(counts)
    return draft_iscn(counts) if sum(counts) in COMPLETE_CELL and not withheld else ""


def draft_iscn(counts: Sequence[int]) -> str:
    """Return the ISCN formula of chromosome counts, whether they are a complete cell or not.

    The rules, by ISCN 2020:

    1. The chromosome number comes first, then the sex chromosomes, then the abnormalities,
       separated by commas without spaces (chapter 6).
    2. The sex chromosomes are those found, X before Y, even if their number is abnormal:
       `45,X`, `47,XXY`, as for constitutional changes (chapter 8). The formula of an acquired
       change, such as `45,X,-Y`, requires the constitutional karyotype, which a single cell
       doesn't show.
    3. Autosomes follow in numerical order, gains with `+` and losses with `-`, one entry per
       chromosome: `+21,+21`, `-7,-7` (chapters 6 and 8).
    4. Gains and losses are counted from the ploidy level nearest to the chromosome number, see
       `ploidy` (chapter 11): `69,XXX` has no abnormality.

    ISCN has no symbol for a cell without sex chromosomes, because such a cell isn't viable; `?`
    takes their place, so that they don't seem to be forgotten. Structural changes are never
    written, because counts don't show them.

    Args:
        counts: i[24], number of chromosomes of each class, in the order of `CLASS_NAMES`.

    Returns:
        The formula, for example `47,XY,+21`.

    Raises:
        ValueError: There aren't 24 counts, one is negative, or all are 0.

    Source: ISCN 2020 (McGowan-Jordan, Hastings and Moore, eds., Karger), chapters as above.

    >>> draft_iscn([2] * 20 + [3, 2, 1, 1])
    '47,XY,+21'
    """
    _check_counts(counts)
    total = sum(counts)
    if total == 0:
        raise ValueError(
            f"`counts` must include a chromosome, got {list(counts)}; leave the empty cell out."
        )
    sets = ploidy(total)
    changes = [
        f",{'+' if count > sets else '-'}{name}"
        for name, count in zip(CLASS_NAMES[:AUTOSOMES], counts[:AUTOSOMES], strict=True)
        for _ in range(abs(count - sets))
    ]
    sex = "X" * counts[X] + "Y" * counts[Y]
    return f"{total},{sex or NO_SEX_CHROMOSOME}{''.join(changes)}"


def _check_counts(counts: Sequence[int]) -> None:
    if len(counts) != len(CLASS_NAMES) or min(counts) < 0:
        raise ValueError(
            f"`counts` must be {len(CLASS_NAMES)} numbers of at least 0, got {list(counts)}; "
            "count the chromosomes of each class of the cell."
        )
