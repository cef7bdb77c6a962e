"""What the cells of a case say, in words: formulas, clones, alternatives, cells to review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.chromosomes import X, Y
from superxception_jax.karyotyping.case.case_formula import case_formula, line_formula, sex_of
from superxception_jax.karyotyping.case.case_record import (
    Candidate,
    CaseCell,
    CaseSettings,
    Counts,
    SingleChange,
)
from superxception_jax.karyotyping.case.case_review import (
    LEAST_POSTERIOR,
    explain_single_changes,
    review_order,
)
from superxception_jax.karyotyping.case.cell_lines import (
    NORMAL,
    cells_of_line,
    changes_of,
    clonal_changes,
    line_reference,
    reference_sex,
)
from superxception_jax.karyotyping.case.hypotheses import Weighed
from superxception_jax.karyotyping.iscn import draft_iscn
from superxception_jax.karyotyping.review_flags import UNCERTAIN_MARGIN_NATS

MOST_ALTERNATIVES = 5
NO_FORMULA = "no formula"
_LEAST_SEX = 1e-4


@dataclass(frozen=True)
class CaseView:
    """The weighed hypotheses of a case, and what they are in words.

    Hypotheses are given by their place in `weighed.hypotheses`, and the analysed cells by that in
    `cells`; `left_out` is the cell that does not count, None if all do.

    Attributes:
        cells: The analysed cells, at least one.
        candidates: Counts that a cell line may have.
        evidence: f64[n,K], log evidence of each cell for each candidate.
        weighed: The probabilities of all hypotheses.
        settings: How the case is concluded.
    """

    cells: Sequence[CaseCell]
    candidates: Sequence[Candidate]
    evidence: np.ndarray
    weighed: Weighed
    settings: CaseSettings

    def reference(self, place: int) -> Counts:
        """Return the normal counts from which the changes of a hypothesis are counted.

        What cells were called by themselves, and show no more as cells of their line, may have
        another sex.
        """
        seen = [*self.lines_of(place), *self.shown(place)]
        return reference_sex(seen, sex=self.settings.sex)

    def lacks_sex(self, place: int, *, left_out: int | None) -> bool:
        """Return whether sex chromosomes were lost from an unknown normal complement."""
        if self.settings.order == "constitutional" or self.settings.sex:
            return False
        shown = (one for cell, one in enumerate(self.shown(place)) if cell != left_out)
        return not any(one[X] > 1 or one[Y] for one in shown)

    def sizes(self, place: int, *, left_out: int | None) -> list[int]:
        """Return the number of cells of each line of a hypothesis."""
        hypothesis, line_of = self.weighed.hypotheses[place], self.weighed.line_of[place]
        kept = line_of if left_out is None else np.delete(line_of, left_out)
        return np.bincount(kept, minlength=len(hypothesis.lines)).tolist()

    def lines_of(self, place: int) -> list[Counts]:
        """Return the counts of the line of a hypothesis that each cell is counted with."""
        hypothesis = self.weighed.hypotheses[place]
        return [
            self.candidates[hypothesis.lines[line]].counts for line in self.weighed.line_of[place]
        ]

    def best(self, *, left_out: int | None) -> int:
        """Return the most probable hypothesis of which every line has enough cells.

        Where the most probable one shows no clone at all, it is that one, without a formula.
        """
        weighed = self.weighed
        logs = weighed.log_posterior if left_out is None else weighed.log_without[left_out]
        order = _most_first(logs)
        if self.lacks_cells(order[0], left_out=left_out):
            return order[0]
        return next(
            place
            for place in order
            if self._may_be_alone(place) or not any(self.missing(place, left_out=left_out))
        )

    def lacks_cells(self, place: int, *, left_out: int | None) -> bool:
        """Return whether a hypothesis has no clone, and few normal cells.

        The patient's own karyotype needs no clone. But where most cells show something else, a
        normal formula would count them as what they are not. In constitutional cases that is a
        gain, because what is lost in preparation says nothing about the patient.
        """
        if self.settings.order == "constitutional":
            own = {self.candidates[line].counts for line in self.weighed.hypotheses[place].lines}
            shown = [one for cell, one in enumerate(self.shown(place)) if cell != left_out]
            gains = sum(any(np.greater(one, line)) for one in shown for line in own)
            return len(own) == 1 and own <= set(NORMAL) and 2 * gains > len(shown)
        lines = [one for cell, one in enumerate(self.lines_of(place)) if cell != left_out]
        few = 2 * sum(one in NORMAL for one in lines) < len(lines)
        return few and not clonal_changes(lines, self.reference(place), self.settings)

    def _may_be_alone(self, place: int) -> bool:
        lines = self.weighed.hypotheses[place].lines
        return self.settings.order == "constitutional" and len(lines) == 1

    def missing(self, place: int, *, left_out: int | None) -> list[int]:
        """Return how many cells each line of a hypothesis lacks for a clone."""
        hypothesis = self.weighed.hypotheses[place]
        counts = [self.candidates[line].counts for line in hypothesis.lines]
        reference = self.reference(place)
        changes = [changes_of(one, reference) for one in counts]
        zygotes = [line_reference(one, reference) for one in counts]
        # A single cell of the other sex is rather one of another patient than a chimera.
        is_chimera = self.settings.order == "constitutional" and len(set(zygotes)) > 1
        normal = self.settings.cells_of_gain if is_chimera else 1
        needed = []
        for at, parent in enumerate(hypothesis.parents):
            one, own = counts[at], changes[at]
            # What a line has of its own decides, or all that it has if its parent has more, or
            # came from another zygote.
            inherited = changes[parent] if zygotes[at] == zygotes[parent] else ()
            new = [change for change in own if change not in inherited] or own
            needed.append(normal if one in NORMAL else cells_of_line(new, self.settings))
        sizes = self.sizes(place, left_out=left_out)
        return [max(0, least - size) for least, size in zip(needed, sizes, strict=True)]

    def formula(self, place: int, *, left_out: int | None) -> str:
        """Return the draft formula of a hypothesis, with the number of cells of each line."""
        counts = [self.candidates[line].counts for line in self.weighed.hypotheses[place].lines]
        lines = list(zip(counts, self.sizes(place, left_out=left_out), strict=True))
        return case_formula(lines, reference=self.reference(place), settings=self.settings)

    def alternatives(self, best: int | None) -> tuple[tuple[str, float], ...]:
        """Return formula and posterior of the most probable hypotheses other than the best."""
        posterior = self.weighed.posterior
        order = [one for one in _most_first(self.weighed.log_posterior) if one != best]
        return tuple(
            (self.formula(one, left_out=None), float(posterior[one]))
            for one in order[:MOST_ALTERNATIVES]
            if posterior[one] >= LEAST_POSTERIOR
        )

    def likely_lines(self) -> list[list[tuple[Counts, float]]]:
        """Return for each cell the lines that it may come from, with their probabilities."""
        shares: np.ndarray = np.zeros(self.evidence.shape)
        cells = np.arange(len(self.cells))
        for place in np.flatnonzero(self.weighed.posterior):
            lines = np.array(self.weighed.hypotheses[place].lines)
            shares[cells, lines[self.weighed.line_of[place]]] += self.weighed.posterior[place]
        return [
            [
                (one.counts, share)
                for one, share in zip(self.candidates, row, strict=True)
                if share > 0
            ]
            for row in shares.tolist()
        ]

    def iscn(self, counts: Counts, *, best: int) -> str:
        """Return the draft formula of one line, without the number of cells.

        Where the sex is unknown, the sex chromosomes are those found.
        """
        if self.lacks_sex(best, left_out=None):
            return draft_iscn(counts)
        return line_formula(counts, reference=self.reference(best), settings=self.settings)

    def seen_lines(self, best: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the formula of each distinct cell, and the names of such cells, most first."""
        found: dict[Counts, list[str]] = {}
        for one in self.cells:
            found.setdefault(one.counts, []).append(one.name)
        ordered = sorted(found.items(), key=lambda one: -len(one[1]))
        return tuple((self.iscn(counts, best=best), tuple(names)) for counts, names in ordered)

    def shown(self, place: int) -> list[Counts]:
        """Return what each cell shows, given a hypothesis.

        A cell that fits its line nearly as well as any other counts shows that line, whatever it
        was called by itself; others show their own counts, and so do certain ones.
        """
        drops = self._drops(place)
        return [
            one.counts if one.certain or drop > UNCERTAIN_MARGIN_NATS else line
            for one, drop, line in zip(self.cells, drops, self.lines_of(place), strict=True)
        ]

    def _drops(self, place: int) -> list[float]:
        chosen = self.weighed.hypotheses[place].lines
        used = [chosen[line] for line in self.weighed.line_of[place]]
        rows = np.arange(len(self.cells))
        return (self.evidence.max(axis=1) - self.evidence[rows, used]).tolist()

    def clones(self, best: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the clonal changes, of several copies the largest number that the cells share.

        Where the sex is unknown, so are the changes of the sex chromosomes.
        """
        found = clonal_changes(self.shown(best), self.reference(best), self.settings)
        unknown = self._unknown_classes(best)
        twice = {one: f"{one},{one.split(',')[0]}" for one in found}
        return tuple(
            (change, tuple(self.cells[place].name for place in places))
            for change, places in found.items()
            if found.get(twice[change]) != places and not change.endswith(unknown)
        )

    def single_changes(self, best: int) -> tuple[SingleChange, ...]:
        """Return the changes in too few cells for a clone, but for unknown ones, see `clones`."""
        found = explain_single_changes(
            [one.name for one in self.cells],
            self.shown(best),
            self.lines_of(best),
            likely=self.likely_lines(),
            settings=self.settings,
        )
        unknown = self._unknown_classes(best)
        return tuple(one for one in found if not one.change.endswith(unknown))

    def _unknown_classes(self, best: int) -> tuple[str, ...]:
        return ("X", "Y") if self.lacks_sex(best, left_out=None) else ()

    def unexplained(self, best: int) -> list[str]:
        """Return the clonal changes that no cell line of a hypothesis has."""
        lines = [self.candidates[line].counts for line in self.weighed.hypotheses[best].lines]
        before = self.reference(best)
        known = {one for line in lines for one in changes_of(line, before)}
        return [change for change, _ in self.clones(best) if change not in known]

    def sex(self) -> dict[str, float]:
        """Return the probability of each sex complement, or set of them in a mosaic."""
        found: Counter[str] = Counter()
        for one, posterior in zip(self.weighed.hypotheses, self.weighed.posterior, strict=True):
            sexes = {sex_of(self.candidates[line].counts) for line in one.lines}
            found["/".join(sorted(sexes))] += posterior
        kept = {name: float(share) for name, share in found.items() if share >= _LEAST_SEX}
        return dict(sorted(kept.items(), key=lambda one: (-round(one[1], 9), one[0])))

    def review(self, best: int, cells: Sequence[CaseCell]) -> tuple[tuple[str, str], ...]:
        """Return the cells to review first, given the best hypothesis.

        Args:
            best: The hypothesis of the formula.
            cells: The analysed cells, then those that are set aside.
        """
        counted_with = self.lines_of(best)
        return review_order(
            cells,
            decisive=self._decisive(best),
            own=[
                self.iscn(self.candidates[one].counts, best=best)
                for one in self.evidence.argmax(axis=1)
            ],
            counted_with=[self.iscn(counts, best=best) for counts in counted_with],
            drops=self._drops(best),
        )

    def _decisive(self, best: int) -> list[str]:
        """Return the formula without each cell where that has other lines, otherwise ""."""
        decisive = [""] * len(self.cells)
        lines = set(self.weighed.hypotheses[best].lines)
        lacks = self._lacks_formula(best, left_out=None)
        for place in range(len(self.cells) if len(self.cells) > 1 else 0):
            other = self.best(left_out=place)
            if self._lacks_formula(other, left_out=place):
                decisive[place] = "" if lacks else NO_FORMULA
            elif lacks or set(self.weighed.hypotheses[other].lines) != lines:
                decisive[place] = self.formula(other, left_out=place)
        return decisive

    def _lacks_formula(self, place: int, *, left_out: int | None) -> bool:
        return any(lacks(place, left_out=left_out) for lacks in (self.lacks_cells, self.lacks_sex))


def _most_first(logs: np.ndarray) -> list[int]:
    """Return the places from the most probable one on; what is equal keeps its order."""
    return np.argsort(-logs.round(9), kind="stable").tolist()
