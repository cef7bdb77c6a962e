"""What is left to do in a case: further cells to count, changes to explain, cells to review."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from superxception_jax.karyotyping.case.case_record import (
    CaseCell,
    CaseSettings,
    Counts,
    SingleChange,
)
from superxception_jax.karyotyping.case.cell_lines import cells_needed, changes_between, rounded
from superxception_jax.karyotyping.iscn import TOO_FEW, TOO_MANY
from superxception_jax.karyotyping.review_flags import UNCERTAIN_MARGIN_NATS, percent
from superxception_jax.wording import quantity

CONFIDENCES = (0.95, 0.99)
WRONG_CLASS = (
    "a loss and a gain in one cell: most likely one misclassified chromosome; compare the two"
)
ENOUGH_CELLS = (
    "All cell lines have enough cells; further cells would only make their proportions more "
    "precise."
)
# From here on a probability is shown as less than 0.1 %, and no alternative is listed.
LEAST_POSTERIOR = 1e-3
# Keeps a number that is whole by calculation from being rounded up, and a probability below 1.
_TINY = 1e-9
# From here on a change is more probably that of a cell line than anything else.
_PROBABLE = 0.5


def cells_to_exclude(share: float, *, confidence: float) -> int:
    """Return how many cells of one line exclude a second one.

    Args:
        share: Share of the second line in the tissue, 0..1.
        confidence: Probability of meeting it, if it is there, 0..1.

    Returns:
        The number of cells.

    Source: Hook 1977, Am J Hum Genet 29: 94-97.

    >>> cells_to_exclude(0.1, confidence=0.95), cells_to_exclude(0.1, confidence=0.99)
    (29, 44)
    """
    return math.ceil(math.log(1 - confidence) / math.log(1 - share) - _TINY)


def excluded_percent(cells: int, *, confidence: float) -> int:
    """Return the smallest share of a second line that cells of one line exclude, in per cent.

    Args:
        cells: Number of cells, at least 1.
        confidence: Probability of meeting the second line, if it is there, 0..1.

    Source: Hook 1977, Am J Hum Genet 29: 94-97.

    >>> excluded_percent(20, confidence=0.95), excluded_percent(20, confidence=0.99)
    (14, 21)
    """
    return math.ceil(100 * (1 - (1 - confidence) ** (1 / cells)) - _TINY)


def explain_single_changes(
    names: Sequence[str],
    shown: Sequence[Counts],
    lines: Sequence[Counts],
    *,
    likely: Sequence[Sequence[tuple[Counts, float]]],
    settings: CaseSettings,
) -> tuple[SingleChange, ...]:
    """Return the changes that are in too few cells to be a clone, and what they mostly are.

    Args:
        names: Names of the analysed cells.
        shown: Counts that each of them shows.
        lines: Counts of the cell line that each of them is counted with.
        likely: For each of them, the cell lines that it may come from, with their probabilities.
        settings: Rules of clones.

    Returns:
        The changes in the order of the cells.
    """
    changes = [changes_between(line, own) for line, own in zip(lines, shown, strict=True)]
    number = Counter(change for some in changes for change in some)
    found = []
    for name, some, line, own in zip(names, changes, lines, likely, strict=True):
        for change in some:
            if number[change] >= cells_needed(change, settings):
                continue
            of_line = sum(share for one, share in own if change in changes_between(line, one))
            # A sum may be 1 by rounding, here or in the page.
            of_line = min(of_line, 1 - _TINY)
            text = _explanation(change, some, number[change], of_line, settings)
            found.append(SingleChange(name, change, text))
    return tuple(found)


def _explanation(
    change: str, others: Sequence[str], number: int, of_line: float, settings: CaseSettings
) -> str:
    """Return what a change is, by the probability that the cell is of a line with it."""
    needed = cells_needed(change, settings)
    missing = quantity(needed - number, "more cell")
    seen = f"in {quantity(number, 'cell')}"
    if rounded(of_line) >= _PROBABLE:
        kind = "gain" if change.startswith("+") else "loss"
        return (
            f"{seen}: too few for a clone ({needed} for a {kind}), but with a probability of "
            f"{percent(of_line)} from a cell line with it; {missing} with it would make a clone"
        )
    if len({one[0] for one in others}) == 2:
        return WRONG_CLASS
    if change.startswith("-"):
        why = "most likely lost in preparation"
        return why if number == 1 else f"{seen}: {why}; {missing} with it would make a clone"
    return (
        f"{seen}: most likely from a neighbouring cell, or misclassified; {missing} with it "
        "would make a clone"
    )


def cautions_of(
    aside: Sequence[str], *, posterior: float, settings: CaseSettings
) -> tuple[str, ...]:
    """Return what is to be known of a formula before all else.

    Args:
        aside: Why each cell that is set aside does not count.
        posterior: Probability of the formula, 0..1.
        settings: Rules of clones. Few chromosomes are a cell line in neoplastic cases only.

    Returns:
        Sentences; none where nothing speaks against the formula.
    """
    found = []
    if posterior < LEAST_POSTERIOR:
        found.append(
            f"The probability of this formula is below {100 * LEAST_POSTERIOR:g} %: cell lines "
            "that are more probable have too few cells for a clone."
        )
    for number, least in ((TOO_FEW, settings.cells_of_loss), (TOO_MANY, settings.cells_of_gain)):
        cells = sum(reason.startswith(number) for reason in aside)
        if cells >= least and (number == TOO_MANY or settings.order == "neoplastic"):
            found.append(
                f"Left out: {quantity(cells, 'cell')} of {number}, which may be a cell line that "
                "the formula lacks."
            )
    return tuple(found)


def further_cells(
    agreeing: Sequence[int],
    missing: Sequence[int],
    singles: Sequence[SingleChange],
    *,
    unexplained: Sequence[str],
    cautions: Sequence[str],
    settings: CaseSettings,
) -> tuple[int, str]:
    """Return how many further cells would settle a case, and the reason.

    Args:
        agreeing: Number of cells of each cell line.
        missing: Number of cells that each of them lacks for a clone; 0 for a normal one.
        singles: Changes in too few cells.
        unexplained: Changes that are a clone by their number of cells, but of no cell line.
        cautions: What comes first. Then no second line is said to be excluded, nor that all have
            enough cells.
        settings: Rules of clones, and the share that is to be excluded.

    Returns:
        The number, and one or more sentences.
    """
    cells = sum(agreeing)
    enough = cells_to_exclude(settings.excluded_share, confidence=CONFIDENCES[0])
    if text := _open_changes(singles, unexplained, enough, settings):
        return enough, " ".join([*cautions, text])
    least = min(filter(None, missing), default=0)
    more = max(enough - cells, least, 0)
    if len(agreeing) == 1:
        text = "" if cautions else _excluded_text(cells, least, enough, settings)
        if cautions and least:
            text = f"A clone needs {quantity(least, 'more cell')}."
    elif least == 0:
        more = 0
        text = "" if cautions else ENOUGH_CELLS
    else:
        which = "No cell line has" if all(missing) else "Not all cell lines have"
        text = (
            f"{which} enough cells for a clone; the closest one needs "
            f"{quantity(least, 'more cell')}."
        )
    return more, " ".join(filter(None, [*cautions, text]))


def _open_changes(
    singles: Sequence[SingleChange],
    unexplained: Sequence[str],
    enough: int,
    settings: CaseSettings,
) -> str:
    """Return which changes more cells would settle; empty if there is none."""
    number = Counter(one.change for one in singles if one.text != WRONG_CLASS)
    near = [change for change in number if cells_needed(change, settings) - number[change] == 1]
    rest = (
        f"{enough} more cells without it would exclude a line of "
        f"{_share_text(settings)} or more with 95 % confidence."
    )
    if unexplained:
        return (
            f"{' and '.join(unexplained)}: enough cells for a clone, but more likely lost in "
            f"preparation or misclassified; {rest}"
        )
    if near:
        return (
            f"{' and '.join(near)}: one cell too few for a clone. 1 more cell with it would make "
            f"one; {rest}"
        )
    return ""


def _excluded_text(cells: int, least: int, enough: int, settings: CaseSettings) -> str:
    """Return what cells of one line exclude, of which a clone needs so many more."""
    excluded = [excluded_percent(cells, confidence=one) for one in CONFIDENCES]
    verb = "excludes" if cells == 1 else "exclude"
    text = (
        f"{quantity(cells, 'cell')} of one line {verb} a second line of {excluded[0]} % or more "
        f"with 95 % confidence, of {excluded[1]} % or more with 99 %"
    )
    if least > 0:
        text += f"; a clone needs {quantity(least, 'more cell')}"
    if enough > cells:
        more = quantity(enough - cells, "more cell")
        text += f"; {more} would exclude {_share_text(settings)}"
    return f"{text}."


def _share_text(settings: CaseSettings) -> str:
    return f"{100 * settings.excluded_share:g} %"


def review_order(
    cells: Sequence[CaseCell],
    *,
    decisive: Sequence[str],
    own: Sequence[str],
    counted_with: Sequence[str],
    drops: Sequence[float],
) -> tuple[tuple[str, str], ...]:
    """Return the cells whose review would change the conclusion most, with the reason.

    Args:
        cells: The analysed cells, then those that are set aside.
        decisive: For each analysed cell, the formula without it if that has other lines.
        own: Formula of the line that fits each analysed cell best.
        counted_with: Formula of the line that each analysed cell is counted with.
        drops: Log evidence that each analysed cell loses by that, nats.

    Returns:
        Name and reason: cells on which the formula depends, cells unlike their line, cells with a
        doubtful assignment, and cells that are set aside.
    """
    found: list[tuple[tuple[float, ...], str, str]] = []
    for place, one in enumerate(cells):
        if one.aside:
            found.append(((3, 0.0), one.name, f"set aside: {one.aside}"))
            continue
        reasons = []
        rank, weight = 3, 0.0
        if one.margin < UNCERTAIN_MARGIN_NATS:
            rank, weight = 2, one.margin
            reasons.append("another assignment of the cell cannot be ruled out")
        if drops[place] > UNCERTAIN_MARGIN_NATS:
            rank, weight = 1, -rounded(drops[place])
            reasons.append(f"fits {own[place]} best, counted with {counted_with[place]}")
        if decisive[place]:
            rank, weight = 0, -rounded(drops[place])
            reasons.append(f"without this cell: {decisive[place]}")
        if reasons:
            found.append(((rank, weight), one.name, "; ".join(reversed(reasons))))
    return tuple((name, reason) for _, name, reason in sorted(found, key=lambda one: one[0]))
