"""Which runs a table needs, checked before the first of them starts."""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superxception_jax.data.splits import FOLDED_PROTOCOLS
from superxception_jax.runs.experiment import Experiment, config_differences
from superxception_jax.runs.workdir import check_workdir
from superxception_jax.tables.finished_run import TableRun, table_runs

# What runs of a row may differ in.
_FREE_FIELDS = ("data.data_dir", "data.manual_dir", "split.fold", "evaluation.batch_size")
FREE_ROW_FIELDS = ("seed", "training.devices", *_FREE_FIELDS)
# What runs of a table may differ in, because it changes neither the test images nor the interval.
FREE_TABLE_FIELDS = (*_FREE_FIELDS, "split.training_share")


@dataclass(frozen=True)
class PlannedRun:
    """A run that a table needs.

    Attributes:
        row: name of the row.
        config_file: config file and preset, as on the command line.
        experiment: the checked config, with seed and fold.
        workdir: folder of the run.
        arguments: of the program that trains it, the program first.
    """

    row: str
    config_file: str
    experiment: Experiment
    workdir: Path
    arguments: tuple[str, ...]

    @property
    def key(self) -> tuple[str, int, int]:
        """Return row, seed and fold, as `TableRun.key`."""
        return self.row, self.experiment.seed, self.experiment.split.fold

    @property
    def log(self) -> Path:
        """Return the file of what the run's program says, beside its folder."""
        return self.workdir.with_name(self.workdir.name + ".log")


@dataclass(frozen=True)
class TablePlan:
    """A table to make.

    Attributes:
        name: of the table and its files.
        folder: of the results.
        runs: in the order in which they are run.
        pairs: of rows to compare.
        vary: field of the configs in which the rows of a network differ, empty for none.
        commands: that made the table, this one last.
        earlier: runs of the stored table.
    """

    name: str
    folder: Path
    runs: tuple[PlannedRun, ...]
    pairs: tuple[tuple[str, str], ...]
    vary: str
    commands: tuple[str, ...]
    earlier: tuple[TableRun, ...]

    def file(self, ending: str) -> Path:
        """Return the path of one of the table's files, such as `.json`."""
        return self.folder / f"{self.name}{ending}"


def name_rows(experiments: Sequence[Experiment]) -> list[str]:
    """Name the rows of a table: the config's name, with its preset where names repeat.

    Args:
        experiments: one a row.

    Returns:
        A name for each.

    Raises:
        ValueError: two have the same name and preset.
    """
    counts = collections.Counter(one.name for one in experiments)
    names = [
        one.name if counts[one.name] == 1 else f"{one.name}-{one.preset or 'embedded'}"
        for one in experiments
    ]
    repeated = [name for name, count in collections.Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(
            f"`--configs` must differ in name or preset, got `{repeated[0]}` more than once; "
            "name each once, or give one of them another `name` in its config."
        )
    return names


def make_plan(
    runs: Sequence[PlannedRun],
    *,
    name: str,
    folder: Path,
    pairs: Sequence[tuple[str, str]],
    vary: str,
    command: str,
) -> TablePlan:
    """Check the runs of a table and put them beside what is stored of it.

    Args:
        runs: at least one.
        name: of the table.
        folder: of the results; nothing is written.
        pairs: of rows to compare.
        vary: field in which the rows of a network differ, empty for none.
        command: that makes the table.

    Returns:
        The plan.

    Raises:
        ValueError: names, folds, pairs or folders can't be used, or the runs can't stand in one
            table, because they test other images or other networks under one name.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(
            f"`--name` must be letters, digits, `_`, `-` and `.`, got `{name}`; it names files."
        )
    stored = _read_table(folder / f"{name}.json")
    planned = {run.key: run for run in runs}
    earlier = table_runs(stored) if stored else ()
    if stored and stored.get("vary", "") != vary:
        raise ValueError(
            f"`--vary` must be the field of the stored table, `{stored.get('vary', '')}`, got "
            f"`{vary}`; choose another `--name`."
        )
    kept = [run for run in earlier if run.key not in planned]
    _check_folds(runs)
    _check_one_table(runs, kept)
    pairs = tuple(dict.fromkeys([*map(tuple, stored.get("pairs", ())), *pairs]))
    _check_pairs(pairs, rows=dict.fromkeys([one.row for one in kept] + [one.row for one in runs]))
    for run in runs:
        check_workdir(run.workdir, run.experiment, flag="--runs")
    # A command that is given again, to go on, stands once.
    commands = [one for one in stored.get("commands", ()) if one != command]
    return TablePlan(
        name=name,
        folder=folder,
        runs=tuple(runs),
        pairs=pairs,
        vary=vary,
        commands=(*commands, command),
        earlier=earlier,
    )


def _read_table(path: Path) -> dict[str, Any]:
    """Read the stored table; empty if there is none."""
    others = [path.with_suffix(ending) for ending in (".md", ".png")]
    if not path.exists():
        taken = [str(other) for other in others if other.exists()]
        if taken:
            raise ValueError(
                f"`--name` must be free or name a table, got `{path.stem}`, and `{taken[0]}` "
                "is no part of one; choose another name."
            )
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        table_runs(stored)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"`--name` must be free or name a table of this version, got `{path}` with something "
            "else; choose another name."
        ) from error
    return stored


def _check_folds(runs: Sequence[PlannedRun]) -> None:
    for run in runs:
        protocol, fold = run.experiment.split.protocol, run.experiment.split.fold
        if fold and protocol not in FOLDED_PROTOCOLS:
            raise ValueError(
                f"`--folds` must be 0 with the split `{protocol}`, which has no folds, got {fold}; "
                "leave it out, or use --overrides=split.protocol=cells."
            )


def _check_one_table(runs: Sequence[PlannedRun], kept: Sequence[TableRun]) -> None:
    """Refuse runs that test other images than the first, or another network under one name."""
    configs = [(run.row, run.experiment.config) for run in runs]
    configs += [(run.row, run.config) for run in kept]
    first = dict(reversed(configs))
    for row, config in configs:
        differences = config_differences(*(_shared(one) for one in (configs[0][1], config)))
        if differences:
            raise ValueError(
                f"`--configs` must test the same images to stand in one table, got `{row}` beside "
                f"`{configs[0][0]}` with differences; give it another `--name`:\n  "
                + "\n  ".join(differences)
            )
        names = tuple(first[row] | config)
        differences = config_differences(
            *(_select(one, names, without=FREE_ROW_FIELDS) for one in (first[row], config))
        )
        if differences:
            raise ValueError(
                f"`--name` must name a table whose row `{row}` has the same config, got another "
                "one; choose another name. Differences (here → there):\n  "
                + "\n  ".join(differences)
            )


def _shared(config: Mapping[str, Any]) -> dict[str, Any]:
    return _select(config, ("data", "split", "evaluation"), without=FREE_TABLE_FIELDS)


def _select(
    config: Mapping[str, Any], names: Sequence[str], *, without: Sequence[str]
) -> dict[str, Any]:
    """Copy parts of a config without some fields, which are given as `part.field`."""
    selected = {}
    for name in names:
        value = config.get(name, "absent")
        if isinstance(value, Mapping):
            value = {field: x for field, x in value.items() if f"{name}.{field}" not in without}
        if name not in without:
            selected[name] = value
    return selected


def _check_pairs(pairs: Sequence[tuple[str, str]], *, rows: Mapping[str, Any]) -> None:
    for pair in pairs:
        for row in pair:
            if row not in rows:
                raise ValueError(
                    f"`--pairs` must name rows of the table, {', '.join(rows)}, got `{row}`; "
                    "correct it."
                )
        if pair[0] == pair[1]:
            raise ValueError(f"`--pairs` must name two rows, got `{pair[0]}` twice; correct it.")
