"""Draft ISCN formulas of several cell lines, with the number of cells of each."""

from __future__ import annotations

from collections.abc import Sequence

from superxception_jax.chromosomes import X, Y
from superxception_jax.karyotyping.case.case_record import CaseSettings, Counts
from superxception_jax.karyotyping.case.cell_lines import (
    NORMAL,
    changes_of,
    line_reference,
)
from superxception_jax.karyotyping.iscn import NO_SEX_CHROMOSOME, draft_iscn

Line = tuple[Counts, int]


def line_formula(counts: Sequence[int], *, reference: Counts, settings: CaseSettings) -> str:
    """Return the draft ISCN formula of one cell line, without the number of cells.

    Args:
        counts: i[24], number of chromosomes of each class, near-diploid.
        reference: Normal counts of the case, see `line_reference`.
        settings: Order of the case.

    Returns:
        In constitutional order the formula by `draft_iscn`, such as `45,X`; in neoplastic order
        sex chromosomes are gained and lost as others are, such as `45,X,-Y`; a line of the other
        sex, such as a donor's, is counted from its own.

    Source: ISCN 2020, chapters 8 and 11.
    """
    if settings.order == "constitutional":
        return draft_iscn(counts)
    own = line_reference(counts, reference)
    kept = [min(counts[label], own[label]) for label in (X, Y)]
    sex = "X" * kept[0] + "Y" * kept[1]
    changes = [change.split(",")[0] for change in changes_of(counts, reference)]
    return ",".join([str(sum(counts)), sex or NO_SEX_CHROMOSOME, *changes])


def case_formula(lines: Sequence[Line], *, reference: Counts, settings: CaseSettings) -> str:
    """Return the draft ISCN formula of all cell lines of a case.

    Args:
        lines: Counts and number of cells of each cell line, at least one.
        reference: Normal counts of the case, see `line_reference`.
        settings: Order of the case.

    Returns:
        A formula such as `mos 47,XXY[12]/46,XY[8]`. The normal line is the last one. Before it
        stand, in constitutional order, the largest line first, after `mos`; in neoplastic order
        each stem line before the lines that came from it, by the number of changes, and of several
        stem lines the one with most cells. `chi` says that the lines need two zygotes. That one of
        them is a donor's, which is then the last one, after `//`, is more than counts show.

    Source: ISCN 2020, chapters 4 and 11.
    """
    ordered = (_by_size if settings.order == "constitutional" else _by_evolution)(lines, reference)
    text = "/".join(
        f"{line_formula(counts, reference=reference, settings=settings)}[{cells}]"
        for counts, cells in ordered
    )
    if _need_two_zygotes([counts for counts, _ in lines], reference, settings):
        return f"chi {text}"
    return text if len(lines) == 1 or settings.order == "neoplastic" else f"mos {text}"


def _need_two_zygotes(lines: Sequence[Counts], reference: Counts, settings: CaseSettings) -> bool:
    """Return whether acquired changes are counted from two zygotes, or none can have had all lines.

    The zygote of a constitutional case may have been 47,XXY.
    """
    if settings.order == "neoplastic":
        return len({line_reference(one, reference) for one in lines}) > 1
    if any(one[X] > 1 and one[Y] for one in lines):
        return False
    return any(one[Y] for one in lines) and any(one[X] > 1 and not one[Y] for one in lines)


def _size_key(line: Line) -> tuple[bool, int, tuple[int, ...]]:
    counts, cells = line
    return counts in NORMAL, -cells, tuple(-count for count in counts)


def _by_size(lines: Sequence[Line], reference: Counts) -> list[Line]:
    return sorted(lines, key=_size_key)


def _by_evolution(lines: Sequence[Line], reference: Counts) -> list[Line]:
    """Return related lines together, the larger family first, by the number of changes."""
    families: list[list[Line]] = []
    # What two zygotes have in common relates no lines.
    changes = {
        counts: {(line_reference(counts, reference), one) for one in changes_of(counts, reference)}
        for counts, _ in lines
    }
    for line in sorted(lines, key=_size_key):
        if line[0] in NORMAL:
            continue
        related = [
            family
            for family in families
            if any(changes[line[0]] & changes[counts] for counts, _ in family)
        ]
        families = [family for family in families if family not in related]
        families.append([line, *(one for family in related for one in family)])
    families.sort(key=lambda family: (-sum(cells for _, cells in family), min(family)[0]))
    for family in families:
        family.sort(key=lambda line: (len(changes[line[0]]), _size_key(line)))
    normal = [line for line in sorted(lines, key=_size_key) if line[0] in NORMAL]
    return [line for family in families for line in family] + normal


def sex_of(counts: Sequence[int]) -> str:
    """Return the sex complement of counts, such as `XXY`; `?` if there is none."""
    return "X" * counts[X] + "Y" * counts[Y] or NO_SEX_CHROMOSOME
