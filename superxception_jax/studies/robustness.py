"""How a trained network reads damaged, incomplete and foreign cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.chromosomes import natural_key
from superxception_jax.data.builders import load_records, make_builder
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.splits import make_split
from superxception_jax.karyotyping.cell import Classifier, karyotype_cell
from superxception_jax.runs.experiment import Experiment
from superxception_jax.studies.damage import CORRUPTIONS, corrupt

UNDAMAGED, TURN, MISSING = "none", "turn", "missing"
# What is tried: kind and level.
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
# What the level of a condition is.
UNITS = {name: unit for name, (unit, _) in CORRUPTIONS.items()} | {
    TURN: "share turned by 180°",
    MISSING: "chromosomes of each cell",
}
# Upside-down images are expected only where they are made.
USUAL_TURNED_SHARE, UNKNOWN_TURNED_SHARE = 0.01, 0.5
COUNTS = ("cells", "cells_right", "images", "alone", "assigned", "upright_right", "unread")


def choose_conditions(kinds: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Choose some of `CONDITIONS`.

    Args:
        kinds: of damage; empty chooses all.

    Returns:
        Kind and level of each, the undamaged one first.

    Raises:
        ValueError: a kind is unknown.
    """
    known = tuple(dict.fromkeys(kind for kind, _ in CONDITIONS))
    for kind in kinds:
        if kind not in known:
            raise ValueError(f"`--kinds` must be of {', '.join(known)}, got `{kind}`; correct it.")
    return tuple(one for one in CONDITIONS if not kinds or one[0] in (UNDAMAGED, *kinds))


@dataclass(frozen=True)
class RawCell:
    """The raw images of a cell that a network has not seen.

    Attributes:
        name: of the cell.
        images: u8[H,W] each.
        labels: i64[N], true classes.
    """

    name: str
    images: tuple[np.ndarray, ...]
    labels: np.ndarray


def load_test_cells(experiment: Experiment) -> list[RawCell]:
    """Load the raw images of the test cells of a run.

    Args:
        experiment: of the run, with a split in which no cell is divided.

    Returns:
        The cells in natural order.

    Raises:
        ValueError: the split divides cells.
    """
    if experiment.split.protocol == "paper":
        raise ValueError(
            "`--runs` must be runs whose split keeps cells whole, got the split `paper`; train "
            "with --config.split.protocol=cells."
        )
    records = _read(experiment, experiment.dataset, experiment.dataset_options)
    split = make_split(
        labels=np.array([one.label for one in records], np.int32),
        cells=np.array([one.cell for one in records]),
        cases=np.array([one.case for one in records]),
        settings=experiment.split,
    )
    return _group([records[index] for index in split.test])


def load_foreign_cells(experiments: Sequence[Experiment], dataset: str) -> list[RawCell]:
    """Load the raw images of all cells of another data set.

    Args:
        experiments: of the runs; the folders of data of the first are used.
        dataset: "bioimage" or "gband", another one than the experiments'.

    Returns:
        The cells in natural order.

    Raises:
        ValueError: it is the set that a network learned from.
    """
    if dataset in {one.dataset for one in experiments}:
        raise ValueError(
            f"`--foreign` must be another data set than that of the runs, got {dataset!r}."
        )
    return _group(_read(experiments[0], dataset, {}))


def evaluate_condition(
    cells: Sequence[RawCell],
    *,
    reader: Classifier,
    kind: str,
    level: float,
    seed: int,
    advance: Callable[[int], object],
) -> dict[str, Any]:
    """Read all cells under one condition.

    Args:
        cells: to be read.
        reader: the network.
        kind: `UNDAMAGED`, `TURN`, `MISSING` or a key of `CORRUPTIONS`.
        level: how much; for `TURN` the share of the images that is turned by 180°, for `MISSING`
            the number of chromosomes that are left out of each cell.
        seed: of what is random.
        advance: called with the number of cells done.

    Returns:
        JSON values: `cells`, `images`, right ones by the network `alone` and after `assigned`,
        `upright_right` (polarity), `cells_right` and `unread` images, which count as wrong.
    """
    share = UNKNOWN_TURNED_SHARE if kind == TURN else USUAL_TURNED_SHARE
    sums = dict.fromkeys(COUNTS, 0)
    for number, cell in enumerate(cells):
        generator = np.random.default_rng([seed, number])
        kept = np.arange(len(cell.images))
        if kind == MISSING:
            lost = generator.choice(len(kept), size=int(level), replace=False)
            kept = np.delete(kept, lost)
        images, turned = _damage(cell, kept, kind=kind, level=level, generator=generator)
        found = karyotype_cell(
            images,
            names=[str(index) for index in kept],
            cell=cell.name,
            reader=reader,
            turned_share=share,
        )
        by_name = {one.name: one for one in found.chromosomes}
        sums["images"] += len(kept)
        sums["unread"] += len(found.unread)
        mistakes = len(found.unread)
        for index, upside_down in zip(kept, turned, strict=True):
            one = by_name.get(str(index))
            if one is None:
                continue
            sums["alone"] += int(one.probabilities.argmax()) == cell.labels[index]
            sums["assigned"] += one.label == cell.labels[index]
            sums["upright_right"] += one.turned == upside_down
            mistakes += one.label != cell.labels[index]
        sums["cells"] += 1
        sums["cells_right"] += mistakes == 0
        advance(1)
    counts = {name: int(value) for name, value in sums.items()}
    return {"kind": kind, "level": level, **counts}


def pool(readings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add up what several networks read of their own test cells, condition by condition.

    Args:
        readings: see `evaluate_condition`.

    Returns:
        One a condition, in the order of the first ones.

    Source: ours, because each cell is tested once over all folds.
    """
    pooled: dict[tuple[str, float], dict[str, Any]] = {}
    for one in readings:
        key = (one["kind"], one["level"])
        found = pooled.setdefault(
            key, {"kind": key[0], "level": key[1], **dict.fromkeys(COUNTS, 0)}
        )
        for name in COUNTS:
            found[name] += one[name]
    return list(pooled.values())


def _damage(
    cell: RawCell,
    kept: np.ndarray,
    *,
    kind: str,
    level: float,
    generator: np.random.Generator,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the damaged images, and bool[N], whether each is upside down now."""
    images = [cell.images[index] for index in kept]
    turned = np.zeros(len(kept), bool)
    if kind == TURN:
        turned = generator.random(len(kept)) < level
        images = [
            image[::-1, ::-1] if upside_down else image
            for image, upside_down in zip(images, turned, strict=True)
        ]
    elif kind in CORRUPTIONS:
        images = [corrupt(image, kind=kind, level=level, generator=generator) for image in images]
    return images, turned


def _read(
    experiment: Experiment, dataset: str, options: Mapping[str, Any]
) -> list[ChromosomeRecord]:
    builder = make_builder(
        dataset,
        dataset_options=options,
        data_dir=experiment.data_dir,
        manual_dir=experiment.manual_dir,
    )
    return load_records(builder, progress=True)


def _group(records: Sequence[ChromosomeRecord]) -> list[RawCell]:
    by_cell: dict[str, list[ChromosomeRecord]] = {}
    for record in records:
        by_cell.setdefault(record.cell, []).append(record)
    return [
        RawCell(
            name=name,
            images=tuple(one.image for one in by_cell[name]),
            labels=np.array([one.label for one in by_cell[name]]),
        )
        for name in sorted(by_cell, key=natural_key)
    ]
