"""Prior probabilities of chromosome counts, and their costs in an assignment."""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES, MOST_OF_A_CLASS
from superxception_jax.files import load_json
from superxception_jax.karyotyping.iscn import COMPLETE_CELL

# Sex complements of cells that have more chromosomes than four sets of autosomes.
_TETRAPLOID_SEXES = {"XXXX": 0.4, "XXYY": 0.4, "XXX": 0.05, "XXY": 0.05, "XYY": 0.05, "XXXY": 0.05}
ABNORMAL_COUNTS = ("0", "1", "3", "4")
# Probability that a chromosome of the cell is lost in preparation, so that it is on no image: real
# karyograms lack one chromosome in 12 of 294 cells.
LOST_IN_PREPARATION = 1e-3
TRIPLOID = 69  # chromosomes
_CONSTITUTIONAL_MONOSOMY = 1e-5


@dataclass(frozen=True)
class CountPrior:
    """Prior probabilities of the chromosome counts of a cell.

    Attributes:
        autosomes: f64[22,5], probability of 0 to 4 copies of each autosome; rows sum to 1.
        sexes: Probability of each sex complement, such as "XX", "XY", "X" or "XXY"; they sum
            to 1.

    Raises:
        ValueError: A probability is not positive, a sum is not 1, a sex complement is not
            spelled as X before Y, or the costs of an autosome (`count_costs`) are not convex,
            which the exact assignment needs.
    """

    autosomes: np.ndarray
    sexes: Mapping[str, float]

    def __post_init__(self) -> None:
        table = np.asarray(self.autosomes, np.float64)
        if table.shape != (AUTOSOMES, MOST_OF_A_CLASS + 1):
            raise ValueError(
                f"`autosomes` must be f64[{AUTOSOMES},{MOST_OF_A_CLASS + 1}], got "
                f"{table.shape}; give the probabilities of 0 to {MOST_OF_A_CLASS} copies of each "
                "autosome."
            )
        sexes = np.array(list(self.sexes.values()), np.float64)
        for name, values in (("autosomes", table), ("sexes", sexes)):
            if not (values > 0).all() or not np.allclose(values.sum(axis=-1), 1.0, atol=1e-6):
                raise ValueError(
                    f"`{name}` must be positive and sum to 1, got sums "
                    f"{np.unique(values.sum(axis=-1).round(6)).tolist()}; normalise it."
                )
        for name in self.sexes:
            if name != "X" * name.count("X") + "Y" * name.count("Y"):
                raise ValueError(f"`sexes` must be spelled like XXY, got {name!r}; correct it.")
        worst = np.diff(self.steps, axis=1).min(axis=1)
        if worst.min() < -1e-9:
            raise ValueError(
                "`autosomes` must peak at one count and fall ever more steeply on both sides, got "
                f"{table[worst.argmin()].tolist()} for chromosome {worst.argmin() + 1}; lower the "
                "probabilities of the rarest counts."
            )

    # The assignment asks for these in each cell of a case, for each of dozens of priors.
    @functools.cached_property
    def costs(self) -> np.ndarray:
        """Return f64[22,5], the cost of each count of each autosome, see `count_costs`."""
        return count_costs(np.asarray(self.autosomes, np.float64))

    @functools.cached_property
    def steps(self) -> np.ndarray:
        """Return f64[22,4], the cost that the n-th copy of each autosome adds."""
        return np.diff(self.costs, axis=1)

    @functools.cached_property
    def sex_costs(self) -> Mapping[str, float]:
        """Return the cost of each sex complement, the lowest one first."""
        costs = {}
        for sex, probability in self.sexes.items():
            ways = math.factorial(sex.count("X")) * math.factorial(sex.count("Y"))
            costs[sex] = -math.log(probability * ways)
        return dict(sorted(costs.items(), key=lambda one: one[1]))


def count_costs(autosomes: np.ndarray) -> np.ndarray:
    """Return the cost of each count in an assignment.

    The prior of an assignment is that of its counts divided by the number of assignments with
    these counts, a multinomial coefficient; factors that don't depend on the counts are left out.

    Args:
        autosomes: f64[...,5], probabilities of 0 to 4 copies.

    Returns:
        f64[...,5], -log(p(n) · n!), nats.
    """
    ways = np.array([math.factorial(count) for count in range(MOST_OF_A_CLASS + 1)], np.float64)
    return -np.log(autosomes * ways)


def default_prior() -> CountPrior:
    """Return the prior for cells of unknown origin.

    The frequencies are those of samples sent for karyotyping, not those of births.

    Returns:
        Two copies of each autosome are the rule. Each autosome is missing once in one of 500
        cells, lost in preparation (`LOST_IN_PREPARATION`); trisomy 13, 18 and 21
        occur in one of 500 each, the other trisomies in one of 50,000 each. XX and XY are equally
        likely; X, XXX, XXY and XYY occur in one of 300 each.
    """
    missing, rare = 2 * LOST_IN_PREPARATION, 2e-5
    table = np.empty((AUTOSOMES, MOST_OF_A_CLASS + 1))
    table[:] = (1e-8, missing, 1.0, rare, 1e-11)
    for name in ("13", "18", "21"):
        table[CLASS_NAMES.index(name), 3] = 2e-3
    table[:, 2] = 1.0 - table[:, [0, 1, 3, 4]].sum(axis=1)
    odd = 1.0 / 300.0
    sexes = {"X": odd, "XXX": odd, "XXY": odd, "XYY": odd}
    sexes |= {name: 1e-5 for name in ("", "Y", "XXXX", "XXXY", "XXYY", "YY", "XYYY")}
    sexes |= {name: 1e-6 for name in ("XXXXX", "XXXXY")}
    rest = (1.0 - sum(sexes.values())) / 2.0
    return CountPrior(autosomes=table, sexes={"XX": rest, "XY": rest, **sexes})


def constitutional_prior(whole: CountPrior) -> CountPrior:
    """Return the prior of a patient's chromosome counts, without what is lost in preparation.

    Args:
        whole: Prior of whole cells, which lack a chromosome now and then.

    Returns:
        The same prior, with one copy of an autosome as rare as in patients, in whom it is not
        viable, unless `whole` says that it is more frequent than a loss in preparation.
    """
    table = whole.autosomes.copy()
    single = np.maximum(table[:, 1] - 2 * LOST_IN_PREPARATION, _CONSTITUTIONAL_MONOSOMY)
    table[:, 1] = single
    table[:, 0] = np.minimum(table[:, 0], single**2 / 4)  # Keeps the costs convex.
    table[:, 2] = 1.0 - table[:, [0, 1, 3, 4]].sum(axis=1)
    return CountPrior(autosomes=table, sexes=whole.sexes)


def incomplete_prior() -> CountPrior:
    """Return the prior for incomplete cells, in which any chromosome may be missing.

    Ten images are a part of a cell, not a cell with dozens of losses.

    Returns:
        All assignments with up to two copies of an autosome are equally likely; more copies are
        as rare as in complete cells.
    """
    table = np.empty((AUTOSOMES, MOST_OF_A_CLASS + 1))
    # Falls as 1/n!, which makes every assignment of up to two copies equally likely.
    table[:] = np.array((1.0, 1.0, 0.5, 1e-5, 1e-11)) / (2.5 + 1e-5 + 1e-11)
    sexes = {"": 0.22, "X": 0.22, "Y": 0.22, "XX": 0.11, "XY": 0.23 - 4e-5}
    # No more: a fourth X would have to be as rare as a fourth copy of an autosome.
    sexes |= {name: 1e-5 for name in ("XXX", "XXY", "XYY", "YY")}
    return CountPrior(autosomes=table, sexes=sexes)


def prior_of_cell(total: int, *, whole: CountPrior) -> CountPrior:
    """Return the prior that applies to a cell: that of whole cells says nothing about a part.

    Args:
        total: Number of chromosomes read of the cell.
        whole: Prior of whole cells.

    Returns:
        `whole` if the number is in `COMPLETE_CELL`, `incomplete_prior` up to three sets, and beyond
        them one for which all assignments are equally likely; that of more than four sets of
        autosomes has the sex chromosomes of a tetraploid cell.
    """
    if total in COMPLETE_CELL:
        return whole
    if total <= TRIPLOID:
        return incomplete_prior()
    ways = np.array([1 / math.factorial(count) for count in range(MOST_OF_A_CLASS + 1)])
    sexes = {"X" * x + "Y" * y: ways[x] * ways[y] for x in range(5) for y in range(3)}
    total_ways = sum(sexes.values())
    flat = {name: float(one / total_ways) for name, one in sexes.items()}
    return CountPrior(
        autosomes=np.tile(ways / ways.sum(), (AUTOSOMES, 1)),
        sexes=_TETRAPLOID_SEXES if total > AUTOSOMES * MOST_OF_A_CLASS else flat,
    )


def load_prior(path: str | Path) -> CountPrior:
    """Load a prior for cells of a known origin, such as the samples of one indication.

    Args:
        path: JSON file such as `{"autosomes": {"21": {"3": 0.02}}, "sexes": {"X": 0.01}}`:
            probabilities of abnormal copy numbers and sex complements. Those that are not listed
            are as in `default_prior`; two copies, and XX and XY in equal parts, take the rest.

    Returns:
        The prior.

    Raises:
        ValueError: The file is not such JSON.
        OSError: The file can't be read.
    """
    changes = load_json(
        Path(path).expanduser(),
        content="the prior as a JSON object",
        remedy="correct the file",
    )
    table, sexes = default_prior().autosomes.copy(), dict(default_prior().sexes)
    _check_names(changes, ("autosomes", "sexes"), where=str(path))
    autosomes, complements = changes.get("autosomes", {}), changes.get("sexes", {})
    _check_names(autosomes, CLASS_NAMES[:AUTOSOMES], where=f"{path}: autosomes")
    _check_names(complements, set(sexes) - {"XX", "XY"}, where=f"{path}: sexes")
    for name, counts in autosomes.items():
        _check_names(counts, ABNORMAL_COUNTS, where=f"{path}: {name}")
        row = table[CLASS_NAMES.index(name)]
        for count, probability in counts.items():
            row[int(count)] = _probability(probability, where=f"{path}: {name}, {count} copies")
        row[2] = 1.0 - row[[int(count) for count in ABNORMAL_COUNTS]].sum()
    for name, probability in complements.items():
        sexes[name] = _probability(probability, where=f"{path}: {name}")
    rest = 1.0 - sum(value for name, value in sexes.items() if name not in ("XX", "XY"))
    try:
        return CountPrior(autosomes=table, sexes=sexes | {"XX": rest / 2, "XY": rest / 2})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _check_names(values: Any, allowed: Collection[str], *, where: str) -> None:
    names = ", ".join(repr(name) for name in sorted(allowed, key=lambda name: (len(name), name)))
    if not isinstance(values, dict):
        raise ValueError(
            f"{where}: must be an object with the names {names}, got {values!r}; correct it."
        )
    for name in values:
        if name not in allowed:
            raise ValueError(f"{where}: must use the names {names}, got {name!r}; correct it.")


def _probability(value: Any, *, where: str) -> float:
    if not isinstance(value, int | float) or not 0 < value < 1:
        raise ValueError(
            f"{where}: must be a probability between 0 and 1, got {value!r}; correct it."
        )
    return float(value)
