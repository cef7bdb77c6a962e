"""Run what a table needs, and write the table after each run."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.evaluation.predictions import (
    Predictions,
    load_earlier_predictions,
    load_predictions,
)
from superxception_jax.runs.finished import is_finished
from superxception_jax.runs.results import OutdatedResultsError, RunResults, load_results
from superxception_jax.runs.split.split_file import load_split
from superxception_jax.runs.workdir import check_trained_folders
from superxception_jax.tables.display import RunState
from superxception_jax.tables.finished_run import TableRun
from superxception_jax.tables.plan import PlannedRun, TablePlan
from superxception_jax.tables.run_process import (
    SAVED,
    collect_signals,
    describe_failure,
    run_processes,
    share_cores,
)
from superxception_jax.tables.stored_predictions import compact_predictions
from superxception_jax.tables.table_folder import add_runs, load_table
from superxception_jax.training.recorder import load_metrics, training_speeds

_SAVED = "it was stopped and everything is saved"
_ENDED_AT_ONCE = "it ended at once, and resumes from its latest checkpoint"


@dataclass(frozen=True)
class Outcome:
    """How the runs of a table ended.

    Attributes:
        states: States of all runs.
        files: Files of the table; empty if no run is finished.
        stopped_by: Name of the signal that stopped the table; empty if none did.
    """

    states: tuple[RunState, ...]
    files: tuple[Path, ...]
    stopped_by: str

    @property
    def failed(self) -> list[RunState]:
        """Return the runs that failed."""
        return [state for state in self.states if state.phase == "failed"]

    @property
    def stopped(self) -> list[RunState]:
        """Return the runs that a signal stopped before their end."""
        return [state for state in self.states if state.phase == "stopped"]

    @property
    def exit_status(self) -> int:
        """Return the exit status of the program: 0, 1 after failed runs, or 128 + signal."""
        if self.stopped_by:
            return 128 + signal.Signals[self.stopped_by]
        return 1 if self.failed else 0

    def describe_problems(self, command: str) -> str:
        """Return what stopped or failed and how to continue; empty if all runs are finished.

        Args:
            command: Command line that made the table.
        """
        lines = [f"{state.name} failed, {state.message}" for state in self.failed]
        lines += [
            f"{state.name} is not finished; {state.message}"
            for state in self.stopped
            if not self.stopped_by or state.message != _SAVED
        ]
        if self.stopped_by:
            saved = "" if lines else "; everything is saved"
            lines.insert(0, f"\nstopped by {self.stopped_by}{saved}.")
            lines.append(f"Resume with: {command}")
        elif self.failed:
            lines.append(f"Try the failed runs again with: {command}")
        elif self.stopped:
            lines.append(f"Resume with: {command}")
        return "\n".join(lines)


def make_table(
    plan: TablePlan,
    *,
    show: Callable[[Sequence[RunState]], None],
    limit_s: float = 0.0,
    at_once: int = 1,
) -> Outcome:
    """Run what isn't finished yet, write the table after each run, and return how it ended.

    A run that fails doesn't stop the others. SIGINT and SIGTERM are passed on to the current runs,
    which save their state, and end the table.

    Args:
        plan: Checked plan of the table.
        show: Called with the states of all runs whenever they may have changed.
        limit_s: Seconds after which a run is stopped, saved, and the next one starts; 0: no limit.
        at_once: Number of runs at the same time, which share the cores evenly.

    Raises:
        ValueError: Another process still works on a run, there are fewer cores than runs at a
            time, a finished run is of other cells, or the table can't be written, see `add_runs`.
    """
    shares = share_cores(at_once)
    states = [RunState(run.workdir.name) for run in plan.runs]
    finished: dict[int, TableRun] = {}
    for place, run in enumerate(plan.runs):
        record = load_finished(run)
        if record is not None:
            finished[place], states[place] = record, _done(run, record)
    files = _write(plan, list(finished.values()))
    show(states)
    waiting = {place: run for place, run in enumerate(plan.runs) if place not in finished}

    def update(place: int, state: RunState) -> None:
        states[place] = state
        show(states)

    with (
        collect_signals() as received,
        contextlib.closing(
            run_processes(waiting, shares=shares, received=received, update=update, limit_s=limit_s)
        ) as ended,
    ):
        for place, code in ended:
            run = waiting[place]
            record = load_finished(run) if code == 0 else None
            if record is not None:
                finished[place] = record
                files = _write(plan, list(finished.values()))
                update(place, _done(run, record))
            elif code in SAVED or -code in received.numbers:
                # A second Ctrl-C, which the run gets, too, ends it before it has saved.
                saved = code in SAVED and signal.SIGINT not in received.numbers[1:]
                message = _SAVED if saved else _ENDED_AT_ONCE
                update(place, dataclasses.replace(states[place], phase="stopped", message=message))
            else:
                message = describe_failure(run, code)
                update(place, RunState(run.workdir.name, phase="failed", message=message))
        return Outcome(tuple(states), files, received.names[0] if received.names else "")


def load_finished(run: PlannedRun) -> TableRun | None:
    """Return what a table keeps of a run; None if the run isn't finished.

    Args:
        run: Run whose folder holds its own config or nothing.

    Returns:
        The record. Also None for results of a training that had not ended, without a measurement
        that failed, and of a version that stored fewer of them, such as no count of operations:
        the program of such a run resumes or only tests it.

    Raises:
        ValueError: The run was trained with another folder of cells, or the predictions or the
            split are damaged.
    """
    results, predictions = _load_results(run.workdir), _load_predictions(run.workdir)
    if results is None or predictions is None or results.missing:
        return None
    if not is_finished(run.workdir, results, epochs=run.experiment.epochs):
        return None
    check_trained_folders(run.workdir, run.experiment)
    split = load_split(run.workdir)
    row, seed, fold = run.key
    return TableRun(
        row=row,
        seed=seed,
        fold=fold,
        config_file=run.config_file,
        command=run.command,
        images_per_second=statistics.median(training_speeds(load_metrics(run.workdir))),
        results=results,
        config=run.experiment.config,
        predictions=compact_predictions(predictions, images=split.images if split else None),
    )


def _load_results(workdir: Path) -> RunResults | None:
    try:
        results = load_results(workdir)
    except (FileNotFoundError, OutdatedResultsError):
        return None
    return None if results.multiply_accumulates is None else results


def _load_predictions(workdir: Path) -> Predictions | None:
    """Return the predictions of a run; before version 0.2 they were stored as CSV only."""
    path = workdir / "predictions.npz"
    if path.is_file():
        return load_predictions(path)
    return load_earlier_predictions(workdir) if path.with_suffix(".csv").is_file() else None


def _done(run: PlannedRun, record: TableRun) -> RunState:
    return RunState(
        run.workdir.name,
        phase="done",
        accuracy=record.results.accuracy,
        accuracy_interval=record.results.accuracy_interval,
    )


def _write(plan: TablePlan, runs: Sequence[TableRun]) -> tuple[Path, ...]:
    """Add runs to the stored table and return its files; nothing while there are none."""
    if not runs and not load_table(plan.folder).runs:
        return ()
    return add_runs(plan.folder, runs, pairs=plan.pairs, command=plan.command, vary=plan.vary)
