"""Which cell lines the cells of a case come from: every hypothesis with its probability."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.karyotyping.case.case_record import Candidate, CaseSettings
from superxception_jax.karyotyping.case.cell_lines import NORMAL, log_change

# Steps of the grid of shares by the number of cell lines.
SHARE_STEPS = {1: 1, 2: 39, 3: 23, 4: 15}
# Cell lines of three or more are sought among so many that fit the most cells.
MOST_FREQUENT = 8
_LEAST_LOG = -700.0
# Numbers of 8 bytes: hypotheses × cells × shares. All pairs of a large case are gigabytes.
_MOST_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Hypothesis:
    """Cell lines that a case may consist of.

    Attributes:
        lines: Places among the candidates; the first line is the one that the others come from.
        parents: For each line, the place in `lines` of the one from which it differs least; the
            first has itself.
        log_prior: Log prior probability, nats, up to a constant.
    """

    lines: tuple[int, ...]
    parents: tuple[int, ...]
    log_prior: float


@dataclass(frozen=True)
class Weighed:
    """What the cells say of all hypotheses.

    Attributes:
        hypotheses: The hypotheses, in the order of the arrays.
        log_posterior: f64[H], log probability of each, nats: those of large cases may be far below
            the smallest number. Minus infinity: it is added to another one.
        log_without: f64[n,H], log probability of each if one cell is left out.
        line_of: For each hypothesis i[n], to which of its lines each cell belongs.
    """

    hypotheses: tuple[Hypothesis, ...]
    log_posterior: np.ndarray
    log_without: np.ndarray
    line_of: tuple[np.ndarray, ...]

    @functools.cached_property
    def posterior(self) -> np.ndarray:
        """Return f64[H], the probability of each hypothesis."""
        return np.asarray(np.exp(self.log_posterior))


def share_grid(lines: int) -> np.ndarray:
    """Return the shares over which a mosaic is integrated: a lattice of equal weights.

    Args:
        lines: Number of cell lines, 1 to 4.

    Returns:
        f64[P,lines]; rows are positive and sum to 1.
    """
    steps = SHARE_STEPS[lines]
    if lines == 1:
        return np.ones((1, 1))
    whole = itertools.product(range(steps + 1), repeat=lines - 1)
    parts = np.array([(*one, steps - sum(one)) for one in whole if sum(one) <= steps])
    return (parts + 0.5) / (steps + lines / 2)


def make_hypotheses(
    candidates: Sequence[Candidate], evidence: np.ndarray, *, settings: CaseSettings
) -> tuple[Hypothesis, ...]:
    """Return all hypotheses: each candidate, all pairs, and more lines of the frequent ones.

    Args:
        candidates: Counts that a cell line may have.
        evidence: f64[n,K], log evidence of each cell for each candidate.
        settings: Prior probability of a further cell line.

    Returns:
        The hypotheses: single lines first, then pairs, three and four lines.
    """
    fits = Counter(evidence.argmax(axis=1).tolist())
    frequent = [
        place
        for place, one in enumerate(candidates)
        if fits[place] >= (1 if one.counts in NORMAL else min(2, settings.cells_of_gain))
    ]
    frequent = sorted(sorted(frequent, key=lambda place: -fits[place])[:MOST_FREQUENT])
    chosen = itertools.chain(
        itertools.combinations(range(len(candidates)), 1),
        itertools.combinations(range(len(candidates)), 2),
        itertools.combinations(frequent, 3),
        itertools.combinations(frequent, 4),
    )
    changes = np.array(
        [[log_change(a.counts, b.counts, settings) for b in candidates] for a in candidates]
    )
    return tuple(_hypothesis(lines, candidates, changes, settings) for lines in chosen)


def _hypothesis(
    lines: Sequence[int],
    candidates: Sequence[Candidate],
    changes: np.ndarray,
    settings: CaseSettings,
) -> Hypothesis:
    """Return the hypothesis, its lines from the most usual one on, each by the fewest changes."""
    rest = list(lines)
    root = max(rest, key=lambda place: candidates[place].log_prior)
    rest.remove(root)
    ordered, parents = [root], [0]
    log = candidates[root].log_prior
    mosaic = settings.mosaic_probability
    while rest:
        child, parent = max(
            itertools.product(rest, range(len(ordered))),
            key=lambda pair: changes[ordered[pair[1]], pair[0]],
        )
        log += math.log(mosaic) + changes[ordered[parent], child]
        rest.remove(child)
        ordered.append(child)
        parents.append(parent)
    if len(ordered) == 1:
        log += math.log1p(-mosaic)
    return Hypothesis(tuple(ordered), tuple(parents), float(log))


def weigh_hypotheses(evidence: np.ndarray, *, hypotheses: Sequence[Hypothesis]) -> Weighed:
    """Return the posterior of all hypotheses from all cells together.

    Args:
        evidence: f64[n,K], log evidence of each cell for each candidate.
        hypotheses: At least one, those of equal numbers of lines together.

    Returns:
        The posterior, also without each single cell, and the line of each cell.
    """
    check(evidence=(evidence, "f64[n,K]"))
    most = evidence.max(axis=1, keepdims=True)
    fit = np.exp(np.maximum(evidence - most, _LEAST_LOG))
    logs, without, line_of = [], [], []
    for group in _groups(hypotheses, cells=len(evidence)):
        grid = share_grid(len(group[0].lines))
        lines = np.array([one.lines for one in group])
        priors = np.array([one.log_prior for one in group])
        mixed = np.log(fit[:, lines] @ grid.T)
        total = mixed.sum(axis=0)
        logs.append(priors + _log_mean(total))
        without.append(priors + _log_mean(total - mixed))
        weights = np.exp(total - total.max(axis=-1, keepdims=True))
        shares = weights @ grid / weights.sum(axis=-1, keepdims=True)
        line_of += list((np.log(shares) + evidence[:, lines]).round(9).argmax(axis=-1).T)
    return Weighed(
        hypotheses=tuple(hypotheses),
        log_posterior=_normalized(np.concatenate(logs)),
        log_without=_normalized(np.concatenate(without, axis=1)),
        line_of=tuple(line_of),
    )


def _groups(hypotheses: Sequence[Hypothesis], *, cells: int) -> Iterator[tuple[Hypothesis, ...]]:
    """Yield hypotheses of equal numbers of lines, as many as fit into the memory together."""
    for number, some in itertools.groupby(hypotheses, key=lambda one: len(one.lines)):
        group = tuple(some)
        step = max(1, _MOST_AT_ONCE // (cells * len(share_grid(number))))
        yield from (group[first : first + step] for first in range(0, len(group), step))


def merge_empty_lines(weighed: Weighed) -> Weighed:
    """Return what the cells say if a line of which there is no cell is left out.

    Args:
        weighed: The hypotheses; every part of the lines of one is a hypothesis, too.

    Returns:
        The same hypotheses. The posterior of one that has a line without cells is added to that
        of the lines that have cells, since no formula can tell them apart, and is 0 itself.
    """
    place_of = {frozenset(one.lines): place for place, one in enumerate(weighed.hypotheses)}
    with_cells = np.arange(len(weighed.hypotheses))
    # Cell → hypotheses of which a line has no cell but this one, and what is left without it.
    alone: dict[int, list[tuple[int, int]]] = {}
    for place, (one, line_of) in enumerate(zip(weighed.hypotheses, weighed.line_of, strict=True)):
        sizes = np.bincount(line_of, minlength=len(one.lines))
        kept = frozenset(itertools.compress(one.lines, sizes))
        with_cells[place] = place_of[kept]
        for line in np.flatnonzero(sizes == 1):
            rest = place_of.get(kept - {one.lines[line]}, place)
            alone.setdefault(int(line_of.tolist().index(line)), []).append((place, rest))
    without = np.empty_like(weighed.log_without)
    for cell, logs in enumerate(weighed.log_without):
        others = with_cells.copy()
        for place, rest in alone.get(cell, ()):
            others[place] = rest
        without[cell] = _gathered(logs, others)
    log_posterior = _gathered(weighed.log_posterior, with_cells)
    return dataclasses.replace(weighed, log_posterior=log_posterior, log_without=without)


def _gathered(logs: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the log posterior where each hypothesis is added to another one, or stays."""
    for _ in range(2):  # What is left of four lines may itself have a line without cells.
        places = places[places]
    found = np.full(len(logs), -np.inf)
    np.logaddexp.at(found, places, logs)
    return found


def _log_mean(logs: np.ndarray) -> np.ndarray:
    most = logs.max(axis=-1, keepdims=True)
    return np.asarray(most[..., 0] + np.log(np.exp(logs - most).mean(axis=-1)))


def _normalized(logs: np.ndarray) -> np.ndarray:
    return np.asarray(logs - np.logaddexp.reduce(logs, axis=-1, keepdims=True))
