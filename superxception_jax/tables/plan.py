"""Which runs a table needs, checked before the first of them starts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superxception_jax.runs.config_values import config_differences, without_fields
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.workdir import check_workdir
from superxception_jax.tables.finished_run import TableRun
from superxception_jax.tables.table_folder import load_table

# What the runs of a row may differ in.
_FREE_FIELDS = ("data.data_dir", "data.manual_dir", "split.fold", "evaluation.batch_size")
FREE_ROW_FIELDS = ("seed", "training.devices", *_FREE_FIELDS)
# What the runs of a table may differ in, because it changes neither the test images nor the
# interval.
FREE_TABLE_FIELDS = (*_FREE_FIELDS, "split.training_share", "split.test_only", "data.repeats")


@dataclass(frozen=True)
class PlannedRun:
    """A run that a table needs.

    Attributes:
        row: Name of the row.
        config_file: Config file and preset, as on the command line.
        experiment: Checked config, with seed and fold.
        workdir: Run folder.
        arguments: Command line of the program that trains it, without the interpreter.
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
    def command(self) -> str:
        """Return the command line that reproduces the run, as a user would type it."""
        return shlex.join(["python", *self.arguments])

    @property
    def log(self) -> Path:
        """Return the file with the output of the run's program, next to the run folder."""
        return self.workdir.with_name(self.workdir.name + ".log")


@dataclass(frozen=True)
class TablePlan:
    """A table to make.

    Attributes:
        name: Name of the table and of its folder.
        folder: Folder of the table.
        runs: Runs in the order in which they are started.
        pairs: Rows to compare.
        vary: Field of the configs in which the rows of a network differ; empty for none.
        commands: Command lines that made the table, this one last.
        earlier: Runs of the stored table.
    """

    name: str
    folder: Path
    runs: tuple[PlannedRun, ...]
    pairs: tuple[tuple[str, str], ...]
    vary: str
    commands: tuple[str, ...]
    earlier: tuple[TableRun, ...]


def make_plan(
    runs: Sequence[PlannedRun],
    *,
    name: str,
    results: Path,
    pairs: Sequence[tuple[str, str]],
    vary: str,
    command: str,
) -> TablePlan:
    """Return the checked plan of a table, together with what is stored of it.

    Args:
        runs: Runs of the table, at least one.
        name: Name of the table.
        results: Folder of all tables; nothing is written.
        pairs: Rows to compare.
        vary: Field in which the rows of a network differ; empty for none.
        command: Command line that makes the table.

    Raises:
        ValueError: Names, pairs or folders are invalid, or the runs don't belong in one
            table, because they test different images or different networks under one name.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(
            f"`--name` must consist of letters, digits, `_`, `-` and `.`, got `{name}`; it names "
            "the table's folder."
        )
    folder = results / name
    stored = load_table(folder)
    if stored.runs and stored.vary != vary:
        raise ValueError(
            f"`--vary` must be the field of the stored table, `{stored.vary}`, got `{vary}`; "
            "choose another `--name`."
        )
    planned = {run.key for run in runs}
    kept = [run for run in stored.runs if run.key not in planned]
    _check_one_table(runs, kept)
    pairs = tuple(dict.fromkeys([*stored.pairs, *pairs]))
    _check_pairs(pairs, rows=dict.fromkeys([run.row for run in kept] + [run.row for run in runs]))
    for run in runs:
        check_workdir(run.workdir, run.experiment, flag="--runs")
    # A command that is repeated to resume the table is listed once.
    commands = [one for one in stored.commands if one != command]
    return TablePlan(
        name=name,
        folder=folder,
        runs=tuple(runs),
        pairs=pairs,
        vary=vary,
        commands=(*commands, command),
        earlier=stored.runs,
    )


def _check_one_table(runs: Sequence[PlannedRun], kept: Sequence[TableRun]) -> None:
    """Refuse runs that test other images than the first, or other networks under one name."""
    configs = [(run.row, run.experiment.config) for run in runs]
    configs += [(run.row, run.config) for run in kept]
    first = dict(reversed(configs))
    for row, config in configs:
        differences = config_differences(*(_shared(one) for one in (configs[0][1], config)))
        if differences:
            raise ValueError(
                f"`--configs` must test the same images to be in one table, got `{row}` and "
                f"`{configs[0][0]}` with differences; give one of them another `--name`:\n  "
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
    """Return sections of a config without some fields, which are given as `section.field`."""
    kept = without_fields(config, without)
    return {name: kept.get(name, "absent") for name in names if name not in without}


def _check_pairs(pairs: Sequence[tuple[str, str]], *, rows: Mapping[str, None]) -> None:
    for pair in pairs:
        for row in pair:
            if row not in rows:
                raise ValueError(
                    f"`--pairs` must name rows of the table, {', '.join(rows)}, got `{row}`; "
                    "correct it."
                )
        if pair[0] == pair[1]:
            raise ValueError(f"`--pairs` must name two rows, got `{pair[0]}` twice; correct it.")
