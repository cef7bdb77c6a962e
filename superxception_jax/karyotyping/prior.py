"""How many chromosomes of a class a cell has: prior odds, as costs of an assignment."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.chromosomes import AUTOSOMES, CLASS_NAMES

MOST_OF_A_CLASS = 4
UNUSUAL_COUNTS = ("0", "1", "3", "4")


@dataclass(frozen=True)
class CountPrior:
    """Prior probabilities of the numbers of chromosomes in a cell.

    Attributes:
        autosomes: f64[22,5], of 0 to 4 chromosomes of each autosome; rows sum to 1.
        sexes: of a sex complement such as "XX", "XY", "X" or "XXY"; sums to 1.

    Raises:
        ValueError: a probability is not positive, a sum is not 1, a complement is spelled
            otherwise, or three copies of an autosome are likelier than the exact solution
            allows (see `count_costs`).

    Source: ours; tables by the frequency of aneuploidies among samples that laboratories get.
    """

    autosomes: np.ndarray
    sexes: Mapping[str, float]

    def __post_init__(self) -> None:
        table = np.asarray(self.autosomes, np.float64)
        if table.shape != (AUTOSOMES, MOST_OF_A_CLASS + 1):
            raise ValueError(
                f"`autosomes` must be f64[{AUTOSOMES},{MOST_OF_A_CLASS + 1}], got "
                f"{table.shape}; give 0 to {MOST_OF_A_CLASS} copies of each autosome."
            )
        sexes = np.array(list(self.sexes.values()), np.float64)
        for name, values in (("autosomes", table), ("sexes", sexes)):
            if not (values > 0).all() or not np.allclose(values.sum(axis=-1), 1.0, atol=1e-6):
                raise ValueError(
                    f"`{name}` must be positive and sum to 1, got sums "
                    f"{np.unique(values.sum(axis=-1).round(6)).tolist()}; scale them."
                )
        for name in self.sexes:
            if name != "X" * name.count("X") + "Y" * name.count("Y"):
                raise ValueError(f"`sexes` must be spelled like XXY, got {name!r}; correct it.")
        increments = np.diff(count_costs(table), axis=1)
        worst = np.diff(increments, axis=1).min(axis=1)
        if worst.min() < -1e-9:
            raise ValueError(
                "`autosomes` must have its peak at one count and fall to both sides at growing "
                f"rates, got {table[worst.argmin()].tolist()} for chromosome "
                f"{worst.argmin() + 1}; lower the rarest counts."
            )


def count_costs(autosomes: np.ndarray) -> np.ndarray:
    """Turn probabilities of counts into costs of an assignment.

    Args:
        autosomes: f64[...,5], probabilities of 0 to 4 copies.

    Returns:
        f64[...,5], -log(p(n) · n!), nats: n chromosomes can share n places in n! ways, so each
        single assignment has that part of the prior less.

    Source: ours: the prior of an assignment is that of its counts divided by the multinomial
        coefficient of the ways to reach them; what doesn't depend on the counts is left out.
    """
    ways = np.array([math.factorial(count) for count in range(MOST_OF_A_CLASS + 1)], np.float64)
    return -np.log(autosomes * ways)


def default_prior() -> CountPrior:
    """Return the prior for cells of unknown origin.

    Returns:
        Two copies of all autosomes are the rule. One is missing in one of 500 (as real
        karyograms lack one chromosome in 12 of 294 cells), 13, 18 and 21 are threefold in one
        of 500, the others in one of 50,000. Both sexes are as likely; X, XXX, XXY and XYY are
        one of 300 each.

    Source: ours; frequencies of samples that are sent for karyotyping, not of births.
    """
    missing, rare = 2e-3, 2e-5
    table = np.empty((AUTOSOMES, MOST_OF_A_CLASS + 1))
    table[:] = (1e-8, missing, 1.0, rare, 1e-11)
    for name in ("13", "18", "21"):
        table[CLASS_NAMES.index(name), 3] = 2e-3
    table[:, 2] = 1.0 - table[:, [0, 1, 3, 4]].sum(axis=1)
    odd = 1.0 / 300.0
    sexes = {"X": odd, "XXX": odd, "XXY": odd, "XYY": odd}
    sexes |= {name: 1e-5 for name in ("", "Y", "XXXX", "XXXY", "XXYY", "YY", "XYYY")}
    rest = (1.0 - sum(sexes.values())) / 2.0
    return CountPrior(autosomes=table, sexes={"XX": rest, "XY": rest, **sexes})


def incomplete_prior() -> CountPrior:
    """Return the prior for a part of a cell, in which any chromosome may be missing.

    Returns:
        None, one and two copies are about as likely; more are as rare as in whole cells.

    Source: ours, because a folder with ten images is no monosomy of everything.
    """
    table = np.empty((AUTOSOMES, MOST_OF_A_CLASS + 1))
    # Falls as 1/n!, which makes every assignment of up to two copies equally likely.
    table[:] = np.array((1.0, 1.0, 0.5, 1e-5, 1e-11)) / (2.5 + 1e-5 + 1e-11)
    sexes = {"": 0.22, "X": 0.22, "Y": 0.22, "XX": 0.11, "XY": 0.23 - 4e-5}
    sexes |= {name: 1e-5 for name in ("XXX", "XXY", "XYY", "YY")}
    return CountPrior(autosomes=table, sexes=sexes)


def load_prior(path: str | Path) -> CountPrior:
    """Read how likely unusual counts are, for cells of a known origin.

    Args:
        path: JSON such as `{"autosomes": {"21": {"3": 0.02}}, "sexes": {"X": 0.01}}`:
            probabilities of numbers of copies other than two, and of sex complements other than
            XX and XY. What it doesn't name is as in `default_prior`; the usual counts take what
            is left.

    Returns:
        The prior.

    Raises:
        ValueError: the file is no such JSON; the message says what is wrong.
        OSError: it can't be read.

    Source: ours, because a laboratory knows what it is asked for.
    """
    try:
        changes = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"`{path}` must be JSON, got {error}; correct the file.") from error
    table, sexes = default_prior().autosomes.copy(), dict(default_prior().sexes)
    _check_names(changes, ("autosomes", "sexes"), where=str(path))
    autosomes, complements = changes.get("autosomes", {}), changes.get("sexes", {})
    _check_names(autosomes, CLASS_NAMES[:AUTOSOMES], where=f"{path}: autosomes")
    _check_names(complements, set(sexes) - {"XX", "XY"}, where=f"{path}: sexes")
    for name, counts in autosomes.items():
        _check_names(counts, UNUSUAL_COUNTS, where=f"{path}: {name}")
        row = table[CLASS_NAMES.index(name)]
        for count, probability in counts.items():
            row[int(count)] = _probability(probability, where=f"{path}: {name}, {count} copies")
        row[2] = 1.0 - row[[int(count) for count in UNUSUAL_COUNTS]].sum()
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
        raise ValueError(f"{where}: must be an object with names of {names}, got {values!r}.")
    for name in values:
        if name not in allowed:
            raise ValueError(f"{where}: must have names of {names}, got {name!r}; correct it.")


def _probability(value: Any, *, where: str) -> float:
    if not isinstance(value, int | float) or not 0 < value < 1:
        raise ValueError(f"{where}: must be a probability between 0 and 1, got {value!r}.")
    return float(value)
