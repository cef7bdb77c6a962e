"""The folder of a table: its page, values, predictions and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superxception_jax.evaluation.plots import save_figure
from superxception_jax.files import load_json, write_text
from superxception_jax.runs.lock import locked_briefly
from superxception_jax.tables.figures import plot_cost, plot_curves, plot_table
from superxception_jax.tables.finished_run import TableRun, merge_runs, run_name
from superxception_jax.tables.stored_predictions import (
    load_run_predictions,
    save_run_predictions,
)
from superxception_jax.tables.table import Table, build_table, table_json
from superxception_jax.tables.table_page import (
    ACCURACY_FIGURE,
    COST_FIGURE,
    VALUES_FILE,
    table_markdown,
)

PAGE_FILE = "README.md"
PREDICTIONS_FILE = "predictions.npz"
# Conclusions are written by hand; the page, which is rewritten after each run, includes them.
NOTES_FILE = "notes.md"
_WAIT_SECONDS = 60.0  # for another process that writes the table, which takes seconds
_REMEDY = "restore it from a copy, or choose another `--name`"


@dataclass(frozen=True)
class StoredTable:
    """What a later call needs of a stored table; all empty if there is none.

    Attributes:
        commands: Command lines that made it.
        pairs: Rows to compare.
        vary: Field in which the rows of a network differ; empty for none.
        runs: Its runs.
    """

    commands: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    vary: str = ""
    runs: tuple[TableRun, ...] = ()


def add_runs(
    folder: Path,
    runs: Sequence[TableRun],
    *,
    pairs: Sequence[tuple[str, str]],
    command: str,
    vary: str,
) -> tuple[Path, ...]:
    """Write the stored table with further runs and return its files, the page first.

    Another process that adds runs to the same table at the same time loses none.

    Args:
        folder: Folder of the table; created if missing.
        runs: Runs to add, at least one if none is stored; see `merge_runs`.
        pairs: Rows to compare, beside the stored ones.
        command: Command line that made the runs.
        vary: Field in which the rows of a network differ; empty for none.

    Raises:
        ValueError: The stored table is another one, two runs tested different images, or another
            process has been writing the table all the time.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, which holds the table alone. The names of tables begin with no full stop.
    with locked_briefly(folder.with_name(f".{folder.name}.lock"), seconds=_WAIT_SECONDS):
        stored = load_table(folder)
        check_vary(stored, vary)
        table = build_table(
            merge_runs(stored.runs, runs),
            name=folder.name,
            pairs=tuple(dict.fromkeys([*stored.pairs, *pairs])),
            # A command that is repeated to resume the table is listed once.
            commands=[*(one for one in stored.commands if one != command), command],
            vary=vary,
        )
        return write_table(folder, table)


def check_vary(stored: StoredTable, vary: str) -> None:
    """Raise if the rows of a stored table differ in another field.

    Args:
        stored: The stored table, or an empty one.
        vary: Field in which the rows of a network differ; empty for none.

    Raises:
        ValueError: It is another field.
    """
    if stored.runs and stored.vary != vary:
        raise ValueError(
            f"`--vary` must be the field of the stored table, `{stored.vary}`, got `{vary}`; "
            "choose another `--name`."
        )


def write_table(folder: Path, table: Table) -> tuple[Path, ...]:
    """Write a table and return its files, the page first.

    Args:
        folder: Folder of the table; created if missing. Its `notes.md` becomes part of the page.
        table: The table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    notes = folder / NOTES_FILE
    conclusions = notes.read_text(encoding="utf-8") if notes.is_file() else ""
    # The predictions come first: a table whose writing is interrupted still finds those of its
    # runs.
    predictions = save_run_predictions(
        folder / PREDICTIONS_FILE,
        {run.name: run.predictions for run in table.runs},
        folds={run.name: run.fold for run in table.runs},
    )
    accuracy = plot_curves(table) if table.is_curve else plot_table(table)
    return (
        write_text(folder / PAGE_FILE, table_markdown(table, notes=conclusions)),
        write_text(folder / VALUES_FILE, table_json(table)),
        predictions,
        save_figure(accuracy, folder / ACCURACY_FIGURE),
        save_figure(plot_cost(table), folder / COST_FIGURE),
    )


def load_table(folder: Path) -> StoredTable:
    """Return the table that a folder holds, or an empty one.

    Args:
        folder: Folder of the table.

    Raises:
        ValueError: The folder, or a file of its name, holds something else or a table of an
            earlier version, or its predictions are missing.
    """
    earlier = folder.with_name(f"{folder.name}.json")
    path = folder / VALUES_FILE
    if earlier.exists() or folder.is_file():
        raise _refusal(earlier if earlier.exists() else folder)
    if not path.exists():
        others = [one for one in _content(folder) if one.name != NOTES_FILE]
        if others:
            raise _refusal(others[0])
        return StoredTable()
    try:
        values = load_json(
            path,
            content="the values of a table",
            remedy="restore it from a copy, or choose another `--name`",
        )
        return StoredTable(
            commands=tuple(values["commands"]),
            pairs=tuple((first, second) for first, second in values["pairs"]),
            vary=values["vary"],
            runs=_load_runs(folder, values["runs"]),
        )
    except (KeyError, TypeError) as error:
        raise _refusal(path) from error


def _load_runs(folder: Path, runs: list[Mapping[str, Any]]) -> tuple[TableRun, ...]:
    names = [run_name(one["row"], one["seed"], one["fold"]) for one in runs]
    folds = {name: one["fold"] for name, one in zip(names, runs, strict=True)}
    predictions = load_run_predictions(folder / PREDICTIONS_FILE, folds=folds)
    return tuple(
        TableRun.from_json(one, predictions[name]) for name, one in zip(names, runs, strict=True)
    )


def _content(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _refusal(path: Path) -> ValueError:
    return ValueError(
        f"`--name` must be free or name a table of this version, got `{path}`, which is another "
        "file or of an earlier version; choose another name, and reuse finished runs with --runs."
    )
