"""The conditions of the robustness study and the results under each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from superxception_jax.runs.provenance import Provenance
from superxception_jax.studies.damage import CORRUPTIONS

UNDAMAGED, TURN, MISSING = "none", "turn", "missing"
# Kind and level of each condition.
CONDITIONS: tuple[tuple[str, float], ...] = (
    (UNDAMAGED, 0.0),
    *(("blur", level) for level in (1.0, 2.0, 3.0)),
    *(("noise", level) for level in (3.0, 6.0, 12.0)),
    *(("gain", level) for level in (0.4, 0.7, 1.5)),
    *(("rotation", level) for level in (30.0, 60.0, 90.0)),
    *((TURN, level) for level in (0.5, 1.0)),
    *(("debris", level) for level in (1.0, 3.0)),
    *((MISSING, level) for level in (1.0, 3.0)),
)
# Unit of the level, by kind of damage.
UNITS = {name: unit for name, (unit, _) in CORRUPTIONS.items()} | {
    TURN: "share turned by 180°",
    MISSING: "chromosomes of each cell",
}


def choose_conditions(kinds: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Choose some of `CONDITIONS`.

    Args:
        kinds: Kinds of damage; empty chooses all.

    Returns:
        Kind and level of each condition, the undamaged one first.

    Raises:
        ValueError: A kind is unknown.
    """
    known = tuple(dict.fromkeys(kind for kind, _ in CONDITIONS))
    for kind in kinds:
        if kind not in known:
            raise ValueError(
                f"`--kinds` must be among {', '.join(known)}, got `{kind}`; correct it."
            )
    return tuple(one for one in CONDITIONS if not kinds or one[0] in (UNDAMAGED, *kinds))


@dataclass(frozen=True)
class ConditionResult:
    """What a network gets correct under one condition.

    Attributes:
        kind: Kind of damage, see `CONDITIONS`.
        level: Strength of the damage, in the unit that `UNITS` names.
        cells: Number of cells.
        correct_cells: Cells with every chromosome correct after the assignment.
        images: Number of images.
        correct_single: Images whose most probable class is correct, before the assignment.
        correct_assigned: Images whose assigned class is correct.
        correct_polarity: Images whose polarity (p arm up or down) is correct; None where a
            network doesn't read it.
        unread: Images in which no chromosome is found or that are set aside; they count as wrong.
    """

    kind: str
    level: float
    cells: int = 0
    correct_cells: int = 0
    images: int = 0
    correct_single: int = 0
    correct_assigned: int = 0
    correct_polarity: int | None = 0
    unread: int = 0

    def plus(self, other: ConditionResult) -> ConditionResult:
        """Return the sum of two results of the same condition."""
        counts: dict[str, Any] = {
            field.name: _sum(getattr(self, field.name), getattr(other, field.name))
            for field in dataclasses.fields(self)
            if field.name not in ("kind", "level")
        }
        return dataclasses.replace(self, **counts)

    def to_json(self) -> dict[str, str | float | None]:
        """Return the JSON values of the results file."""
        return {
            "kind": self.kind,
            "level": self.level,
            "cells": self.cells,
            "cells_right": self.correct_cells,
            "images": self.images,
            "alone": self.correct_single,
            "assigned": self.correct_assigned,
            "upright_right": self.correct_polarity,
            "unread": self.unread,
        }


@dataclass(frozen=True)
class RobustnessResults:
    """Everything that the robustness study writes.

    Attributes:
        name: Name of the files in the results folder.
        dataset: Data set of the test cells.
        networks: Number of networks whose results are added up.
        own: Results on the test cells, the undamaged ones first.
        foreign: Results on all cells of another data set, by its name.
        provenance: Commit, command, versions and devices.
    """

    name: str
    dataset: str
    networks: int
    own: tuple[ConditionResult, ...]
    foreign: Mapping[str, ConditionResult]
    provenance: Provenance

    def to_json(self) -> dict[str, Any]:
        """Return the JSON values of the results file."""
        return {
            "name": self.name,
            "command": self.provenance.command,
            "commit": self.provenance.commit,
            "data set": self.dataset,
            "networks": self.networks,
            "own": [one.to_json() for one in self.own],
            "foreign": {name: one.to_json() for name, one in self.foreign.items()},
            "environment": self.provenance.to_json(),
        }


def pool(results: Sequence[ConditionResult]) -> list[ConditionResult]:
    """Add up the results of several networks, condition by condition.

    A cell counts once for each network: once in all for the test cells of different folds.

    Args:
        results: Results of every network on its own test cells.

    Returns:
        One result per condition, in the order in which they first appear.
    """
    pooled: dict[tuple[str, float], ConditionResult] = {}
    for one in results:
        key = (one.kind, one.level)
        pooled[key] = pooled[key].plus(one) if key in pooled else one
    return list(pooled.values())


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second
