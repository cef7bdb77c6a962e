"""The cell lines that a case may consist of, and how probable each is before any cell is seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, MOST_OF_A_CLASS, X, Y
from superxception_jax.karyotyping.case.case_record import (
    Candidate,
    CaseCell,
    CaseSettings,
    Counts,
)
from superxception_jax.karyotyping.case.preparation import MOST_SHOWN

NORMAL_XX: Counts = (2,) * AUTOSOMES + (2, 0)
NORMAL_XY: Counts = (2,) * AUTOSOMES + (1, 1)
NORMAL = (NORMAL_XX, NORMAL_XY)
_USUAL_SEXES = ((1, 0), (3, 0), (2, 1), (1, 2))
# Probability of a sex complement that the prior doesn't list.
_UNLISTED_SEX = 1e-6
# Weight of each change by which one cell line differs from another, among those that occur.
_SEX_CHANGE = 0.1
_USUAL_GAIN, _GAIN = 0.05, 0.01
_USUAL_GAINS = {"constitutional": ("13", "18", "21"), "neoplastic": ()}
_LOSS = {"constitutional": 0.005, "neoplastic": 0.01}


def log_constitution(counts: Sequence[int], *, settings: CaseSettings) -> float:
    """Return the log prior probability that all cells of a patient have certain counts.

    They may be those of the zygote, or of a line that has replaced a normal one in all cells.

    Args:
        counts: i[24], number of chromosomes of each class.
        settings: Prior and order of the case.

    Returns:
        The logarithm, nats.
    """
    normal = normal_counts(settings)
    if tuple(counts) in normal:
        return rounded(_log_prior(counts, settings))
    ways = [_log_prior(one, settings) + log_change(one, counts, settings) for one in normal]
    replaced = math.log(settings.mosaic_probability / 2) + float(np.logaddexp.reduce(ways))
    return rounded(float(np.logaddexp(_log_prior(counts, settings), replaced)))


def rounded(log: float) -> float:
    """Return a logarithm to nine decimals.

    What is equal by symmetry then stays equal, whatever the order of a sum, here and in the page.
    """
    return round(log, 9)


def normal_counts(settings: CaseSettings) -> tuple[Counts, ...]:
    """Return the normal counts that the patient may have: both, or those of the known sex."""
    return NORMAL if not settings.sex else (NORMAL_XX if settings.sex == "XX" else NORMAL_XY,)


def _log_prior(counts: Sequence[int], settings: CaseSettings) -> float:
    rarest = settings.prior.autosomes[:, MOST_OF_A_CLASS].min()
    log = 0.0
    for label, count in enumerate(counts[:AUTOSOMES]):
        shown = count <= MOST_OF_A_CLASS
        log += math.log(settings.prior.autosomes[label, count] if shown else rarest)
    sex = "X" * counts[X] + "Y" * counts[Y]
    return log + math.log(settings.prior.sexes.get(sex, _UNLISTED_SEX))


def log_change(first: Sequence[int], second: Sequence[int], settings: CaseSettings) -> float:
    """Return the log weight of the changes from one cell line to another.

    Args:
        first: i[24], counts of the line that was there before.
        second: i[24], counts of the line that came from it.
        settings: Order of the case.

    Returns:
        The logarithm, nats; 0 for equal counts.
    """
    log = 0.0
    for name, before, after in zip(CLASS_NAMES, first, second, strict=True):
        if name in ("X", "Y"):
            weight = _SEX_CHANGE
        elif after < before:
            weight = _LOSS[settings.order]
        else:
            weight = _USUAL_GAIN if name in _USUAL_GAINS[settings.order] else _GAIN
        log += abs(after - before) * math.log(weight)
    return rounded(log)


def reference_sex(seen: Sequence[Sequence[int]], *, sex: str) -> Counts:
    """Return the normal counts from which the changes of a case are counted.

    Args:
        seen: Counts of the analysed cells.
        sex: "XX" or "XY" if it is known, otherwise empty.

    Returns:
        46,XX or 46,XY: the given one, that of most cells with normal sex chromosomes, or XY where
        any cell shows a Y, or XX.
    """
    if sex:
        return NORMAL_XX if sex == "XX" else NORMAL_XY
    both = [(one[X], one[Y]) for one in seen]
    females, males = both.count((2, 0)), both.count((1, 1))
    if females != males:
        return NORMAL_XX if females > males else NORMAL_XY
    return NORMAL_XY if any(y for _, y in both) else NORMAL_XX


def changes_between(before: Sequence[int], after: Sequence[int]) -> tuple[str, ...]:
    """Return the changes from one set of counts to another, sex chromosomes first.

    Args:
        before: i[24], counts.
        after: i[24], counts.

    Returns:
        Names in the order of ISCN; the second copy of a change is named with the first one.

    >>> changes_between((2,) * 22 + (2, 0), (2,) * 20 + (4, 1, 1, 0))
    ('-X', '+21', '+21,+21', '-22')
    """
    found = []
    for label in (X, Y, *range(AUTOSOMES)):
        sign = "+" if after[label] > before[label] else "-"
        change = f"{sign}{CLASS_NAMES[label]}"
        copies = range(1, abs(after[label] - before[label]) + 1)
        found += [",".join([change] * number) for number in copies]
    return tuple(found)


def line_reference(counts: Sequence[int], reference: Counts) -> Counts:
    """Return the normal counts from which the changes of one line are counted.

    No line gains a first Y, and one of two X and no Y is rather that of another zygote, such as a
    donor's, than one that lost the Y and gained an X.

    Args:
        counts: i[24], counts of the line.
        reference: Normal counts of the case, which decide where the line has one X and no Y.
    """
    if counts[Y]:
        return NORMAL_XY
    return NORMAL_XX if counts[X] > 1 else reference


def changes_of(counts: Sequence[int], reference: Counts) -> tuple[str, ...]:
    """Return the changes of a line, as `changes_between`, from the normal counts that it came from.

    Args:
        counts: i[24], counts of the line.
        reference: Normal counts of the case, see `line_reference`.
    """
    return changes_between(line_reference(counts, reference), counts)


def clonal_changes(
    seen: Sequence[Sequence[int]], reference: Counts, settings: CaseSettings
) -> dict[str, list[int]]:
    """Return the changes that are in enough cells to be a clone, and in which.

    Args:
        seen: Counts of the analysed cells.
        reference: Normal counts of the case.
        settings: Cells of a gain and of a loss that are a clone.

    Returns:
        Places in `seen` by change, in the order of ISCN.

    Source: ISCN 2020, chapter 11: the same gain in two cells, the same loss in three.
    """
    found: dict[str, list[int]] = {}
    for place, counts in enumerate(seen):
        for change in changes_of(counts, reference):
            found.setdefault(change, []).append(place)
    return {
        change: found[change]
        for change in sorted(found, key=_iscn_place)
        if len(found[change]) >= cells_needed(change, settings)
    }


def cells_needed(change: str, settings: CaseSettings) -> int:
    """Return how many cells with a change are a clone.

    Args:
        change: Such as `+21` or `-7`.
        settings: Cells of a gain and of a loss that are a clone.
    """
    return settings.cells_of_gain if change.startswith("+") else settings.cells_of_loss


def cells_of_line(changes: Sequence[str], settings: CaseSettings) -> int:
    """Return how many cells with the same changes are a clone; any gain among them decides.

    Args:
        changes: At least one, such as `+21` and `-7`.
        settings: Cells of a gain and of a loss that are a clone.
    """
    gains = [change for change in changes if change.startswith("+")]
    return cells_needed([*gains, *changes][0], settings)


def _iscn_place(change: str) -> tuple[int, int, str]:
    name = change.split(",")[0][1:]
    place = -1 if name == "X" else 0 if name == "Y" else int(name)
    return place, change.count(","), change[0]


def candidates_of(
    cells: Sequence[CaseCell], *, settings: CaseSettings, also: Sequence[Counts] = ()
) -> tuple[Candidate, ...]:
    """Return the counts that a cell line of the case may have.

    These are the normal ones and the usual sex complements; those of each analysed cell; and the
    same without autosomes lost and without changes that are no clone, because each cell of a line
    may have lost another chromosome.

    Args:
        cells: The analysed cells.
        settings: Prior, order and rules of clones.
        also: Further counts that cells may show.

    Returns:
        The candidates, each once: the usual ones first, then in the order of the cells.
    """
    seen = [tuple(min(count, MOST_SHOWN) for count in one.counts) for one in cells]
    reference = reference_sex(seen, sex=settings.sex)
    clonal = set(clonal_changes(seen, reference, settings))
    found = dict.fromkeys(normal_counts(settings))
    for sexes in _USUAL_SEXES:
        found.setdefault(NORMAL_XX[:AUTOSOMES] + sexes)
    for counts in (*seen, *also):
        found.setdefault(counts)
        found.setdefault(_without_lost_autosomes(counts))
        found.setdefault(_only_clonal(counts, reference, clonal))
    return tuple(Candidate(counts, log_constitution(counts, settings=settings)) for counts in found)


def _without_lost_autosomes(counts: Counts) -> Counts:
    return (*(max(count, 2) for count in counts[:AUTOSOMES]), *counts[AUTOSOMES:])


def _only_clonal(counts: Counts, reference: Counts, clonal: set[str]) -> Counts:
    kept = list(line_reference(counts, reference))
    for change in changes_of(counts, reference):
        if change in clonal:
            label = CLASS_NAMES.index(change.split(",")[0][1:])
            kept[label] += 1 if change.startswith("+") else -1
    return tuple(kept)
