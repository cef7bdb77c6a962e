"""Which runs a table needs, checked before the first of them starts."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.files import check_name
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.workdir import check_workdir
from superxception_jax.tables.finished_run import TableRun
from superxception_jax.tables.same_config import row_differences, table_differences
from superxception_jax.tables.table_folder import check_vary, load_table


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
        folder: Folder of the table, with its name.
        runs: Runs in the order in which they are started.
        pairs: Rows to compare.
        vary: Field of the configs in which the rows of a network differ; empty for none.
        command: Command line that makes the table.
    """

    folder: Path
    runs: tuple[PlannedRun, ...]
    pairs: tuple[tuple[str, str], ...]
    vary: str
    command: str


def make_plan(
    runs: Sequence[PlannedRun],
    *,
    name: str,
    results: Path,
    pairs: Sequence[tuple[str, str]],
    vary: str,
    command: str,
) -> TablePlan:
    """Return the plan of a table, checked together with what is stored of it.

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
    check_name(name)
    folder = results / name
    stored = load_table(folder)
    check_vary(stored, vary)
    # A stored run of the same name, seed and fold is checked as well: this call would replace it.
    _check_one_table(runs, stored.runs)
    _check_pairs(
        [*stored.pairs, *pairs],
        rows=dict.fromkeys([run.row for run in stored.runs] + [run.row for run in runs]),
    )
    for run in runs:
        check_workdir(run.workdir, run.experiment, flag="--runs")
    return TablePlan(
        folder=folder, runs=tuple(runs), pairs=tuple(pairs), vary=vary, command=command
    )


def _check_one_table(runs: Sequence[PlannedRun], stored: Sequence[TableRun]) -> None:
    """Refuse runs that test other images than the first, or other networks under one name."""
    planned = {run.key for run in runs}
    # A run that is asked for again tested what its row tests, maybe where the folder was before.
    configs = [(run.row, run.experiment.config, False) for run in runs]
    configs += [(run.row, run.config, run.key in planned) for run in stored]
    first = {row: config for row, config, _ in reversed(configs)}
    for row, config, is_again in configs:
        if not is_again and (differences := table_differences(configs[0][1], config)):
            raise ValueError(
                f"`--configs` must test the same images to be in one table, got `{row}` and "
                f"`{configs[0][0]}` with differences; give one of them another `--name`:\n  "
                + "\n  ".join(differences)
            )
        if differences := row_differences(first[row], config):
            raise ValueError(
                f"`--name` must name a table whose row `{row}` has the same config, got another "
                "one; choose another name, so that none is lost. Differences (here → there):\n  "
                + "\n  ".join(differences)
            )


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
