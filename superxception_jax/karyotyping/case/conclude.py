"""From the karyotyped cells of a case to what they say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, MOST_OF_A_CLASS
from superxception_jax.karyotyping.case.case_record import (
    Candidate,
    Case,
    CaseCell,
    CaseSettings,
    Counts,
)
from superxception_jax.karyotyping.case.case_review import (
    cautions_of,
    further_cells,
    review_order,
)
from superxception_jax.karyotyping.case.case_view import CaseView
from superxception_jax.karyotyping.case.cell_lines import (
    candidates_of,
    reference_sex,
    rounded,
)
from superxception_jax.karyotyping.case.hypotheses import (
    make_hypotheses,
    merge_empty_lines,
    weigh_hypotheses,
)
from superxception_jax.karyotyping.case.preparation import (
    counts_by_likelihood,
    evidence_of_cell,
    evidence_of_counts,
)
from superxception_jax.karyotyping.iscn import number_problem
from superxception_jax.karyotyping.karyotype import Karyotype

NO_CELL = "no cell could be analysed"
SAME_IMAGES = "the same images"
TOO_FEW_CELLS = "no cell line has enough cells for a clone"
UNKNOWN_SEX = "no cell shows the constitutional sex chromosomes"


def conclude_case(
    name: str,
    karyotypes: Sequence[Karyotype],
    failed: Mapping[str, str],
    settings: CaseSettings | None = None,
    *,
    copies: Mapping[str, Mapping[str, int]] | None = None,
) -> Case:
    """Return what the cells of a case say together.

    Args:
        name: Name of the case.
        karyotypes: The karyotyped cells of the case.
        failed: Reason by name of each cell of the case that could not be karyotyped.
        settings: How it is concluded; None: a constitutional case.
        copies: By cell, each other cell that is the same one, with the number of images that are
            in both; None: no cell is there twice.

    Returns:
        The conclusion, a draft. Cells that have no formula of their own (foreign stain, images
        set aside or not read, incomplete) and all but the first of the same cells are set aside
        and never count as agreeing.
    """
    settings = settings or CaseSettings()
    own = {one.cell: copies[one.cell] for one in karyotypes if copies and one.cell in copies}
    cells = _set_copies_aside(map(_case_cell, karyotypes), own) + tuple(
        CaseCell(cell, (0,) * len(CLASS_NAMES), aside=reason) for cell, reason in failed.items()
    )
    analysed = [one for one in cells if not one.aside]
    known = {one.cell: one.log_likelihoods for one in karyotypes}
    candidates, evidence = weigh_cells(analysed, [known[one.name] for one in analysed], settings)
    return replace(conclude_cells(name, cells, candidates, evidence, settings), copies=own)


def weigh_cells(
    cells: Sequence[CaseCell],
    log_likelihoods: Sequence[np.ndarray | None],
    settings: CaseSettings,
) -> tuple[tuple[Candidate, ...], np.ndarray]:
    """Return the counts that a cell line may have, and the evidence of each cell for them.

    Args:
        cells: The analysed cells.
        log_likelihoods: For each cell f64[N,24] of its chromosomes; None: its counts are certain.
        settings: How the case is concluded.

    Returns:
        The candidates, and f64[n,K]; zeros for cells with certain counts.
    """
    rates = {"lost": settings.lost, "gained": settings.gained}
    reference = reference_sex([one.counts for one in cells], sex=settings.sex)
    likely = [
        counts_by_likelihood(one, reference, **rates) for one in log_likelihoods if one is not None
    ]
    candidates = tuple(
        one
        for one in candidates_of(cells, settings=settings, also=likely)
        if max(one.counts[:AUTOSOMES]) <= MOST_OF_A_CLASS
    )
    evidence = np.zeros((len(cells), len(candidates)))
    for row, one in enumerate(log_likelihoods):
        if one is not None:
            evidence[row] = [evidence_of_cell(one, own.counts, **rates) for own in candidates]
    return candidates, evidence


def _case_cell(karyotype: Karyotype) -> CaseCell:
    certain = karyotype.log_likelihoods is None
    return CaseCell(
        name=karyotype.cell,
        counts=karyotype.counts,
        aside=karyotype.withheld or number_problem(len(karyotype.chromosomes)),
        margin=float("inf") if certain else karyotype.margin,
        certain=certain,
    )


def _set_copies_aside(
    cells: Iterable[CaseCell], copies: Mapping[str, Mapping[str, int]]
) -> tuple[CaseCell, ...]:
    """Return the cells; of those that are the same one, the first that can count does."""
    found: list[CaseCell] = []
    counted: set[str] = set()
    for cell in cells:
        shared = copies.get(cell.name, {})
        first = next((other for other in shared if other in counted), None)
        if first is not None and not cell.aside:
            cell = replace(cell, aside=f"{SAME_IMAGES} as `{first}` ({shared[first]} of them)")
        if not cell.aside:
            counted.add(cell.name)
        found.append(cell)
    return tuple(found)


def conclude_cells(
    name: str,
    cells: Sequence[CaseCell],
    candidates: Sequence[Candidate],
    evidence: np.ndarray,
    settings: CaseSettings,
) -> Case:
    """Return what cells say together whose evidence is known; `case.mjs` does the same.

    Args:
        name: Name of the case.
        cells: All cells, with distinct names.
        candidates: Counts that a cell line may have.
        evidence: f64[n,K], log evidence of each analysed cell for each candidate; that of cells
            with certain counts is not used but calculated from them.
        settings: How it is concluded.

    Returns:
        The conclusion.

    Raises:
        ValueError: Two cells have the same name.
    """
    twice = sorted(
        one for one, number in Counter(cell.name for cell in cells).items() if number > 1
    )
    if twice:
        raise ValueError(f"cells must have distinct names, got {twice} twice; rename them.")
    analysed = [one for one in cells if not one.aside]
    check(evidence=(evidence, f"f64[{len(analysed)},{len(candidates)}]"))
    if not analysed:
        return _empty(name, cells, candidates, evidence, settings)
    candidates, evidence = _complete(analysed, candidates, evidence, settings)
    hypotheses = make_hypotheses(candidates, evidence, settings=settings)
    weighed = merge_empty_lines(weigh_hypotheses(evidence, hypotheses=hypotheses))
    view = CaseView(analysed, candidates, evidence, weighed, settings)
    best = view.best(left_out=None)
    lacks_cells = view.lacks_cells(best, left_out=None)
    lacks_sex = view.lacks_sex(best, left_out=None)
    withheld = UNKNOWN_SEX if lacks_sex else TOO_FEW_CELLS if lacks_cells else ""
    posterior = float(weighed.posterior[best])
    singles = view.single_changes(best)
    more_cells, more_text = further_cells(
        view.sizes(best, left_out=None),
        view.missing(best, left_out=None),
        singles,
        unexplained=view.unexplained(best),
        cautions=cautions_of(
            [one.aside for one in cells],
            posterior=1.0 if withheld else posterior,
            settings=settings,
        ),
        settings=settings,
    )
    return Case(
        name=name,
        formula="" if withheld else view.formula(best, left_out=None),
        withheld=withheld,
        settings=settings,
        posterior=posterior,
        alternatives=() if lacks_sex else view.alternatives(None if withheld else best),
        cells=tuple(cells),
        lines=view.seen_lines(best),
        class_counts=_class_counts(analysed),
        clones=view.clones(best),
        single_changes=singles,
        sex=view.sex(),
        more_cells=more_cells,
        more_text=more_text,
        review_first=view.review(best, [*analysed, *(one for one in cells if one.aside)]),
        candidates=tuple(candidates),
        evidence=evidence,
    )


def _empty(
    name: str,
    cells: Sequence[CaseCell],
    candidates: Sequence[Candidate],
    evidence: np.ndarray,
    settings: CaseSettings,
) -> Case:
    return Case(
        name=name,
        formula="",
        withheld=NO_CELL,
        settings=settings,
        posterior=0.0,
        alternatives=(),
        cells=tuple(cells),
        lines=(),
        class_counts={},
        clones=(),
        single_changes=(),
        sex={},
        more_cells=cells_of_a_clone(settings),
        more_text=f"No cell counts yet: {NO_CELL}.",
        review_first=review_order(cells, decisive=(), own=(), counted_with=(), drops=()),
        candidates=tuple(candidates),
        evidence=evidence,
    )


def cells_of_a_clone(settings: CaseSettings) -> int:
    """Return the least number of cells with which any change is a clone."""
    return max(settings.cells_of_gain, settings.cells_of_loss)


def _complete(
    cells: Sequence[CaseCell],
    candidates: Sequence[Candidate],
    evidence: np.ndarray,
    settings: CaseSettings,
) -> tuple[tuple[Candidate, ...], np.ndarray]:
    """Add the counts that only corrected cells have, and the evidence of certain counts.

    For counts that were not among the candidates when a cell was classified, its evidence is that
    of the candidate that fits it best, changed as if its own counts were certain.
    """
    rates = {"lost": settings.lost, "gained": settings.gained}

    def shown(cell: CaseCell, counts: Counts) -> float:
        return rounded(evidence_of_counts(cell.counts, counts, **rates))

    known = {one.counts for one in candidates}
    usual = candidates_of(cells, settings=settings)
    added = tuple(one for one in usual if one.counts not in known)
    more = np.zeros((len(cells), len(added)))
    evidence = evidence.copy()
    for row, cell in enumerate(cells):
        if cell.certain:
            evidence[row] = [shown(cell, one.counts) for one in candidates]
        if cell.certain or not candidates:
            more[row] = [shown(cell, one.counts) for one in added]
            continue
        best = int(evidence[row].argmax())
        base = evidence[row, best] - shown(cell, candidates[best].counts)
        more[row] = [base + shown(cell, one.counts) for one in added]
    return (*candidates, *added), np.concatenate([evidence, more], axis=1)


def _class_counts(cells: Sequence[CaseCell]) -> dict[str, dict[int, int]]:
    return {
        name: dict(sorted(Counter(one.counts[label] for one in cells).items()))
        for label, name in enumerate(CLASS_NAMES)
    }
