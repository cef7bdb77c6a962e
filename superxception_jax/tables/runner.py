"""Run what a table needs, one run after the other, and write the table after each."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import json
import shlex
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.evaluation.plots import save_figure
from superxception_jax.files import write_text
from superxception_jax.tables.display import RunState, training_state
from superxception_jax.tables.figures import plot_cost, plot_curves, plot_table
from superxception_jax.tables.finished_run import TableRun, merge_runs
from superxception_jax.tables.plan import PlannedRun, TablePlan
from superxception_jax.tables.table import build_table, table_json
from superxception_jax.tables.table_page import COST_ENDING, table_markdown
from superxception_jax.tables.whole_cells import ASSIGNED
from superxception_jax.training.recorder import load_metrics

POLL_SECONDS = 0.5
PREDICTION_COLUMNS = ("name", "cell", "class", "predicted")
# Conclusions are written by hand, beside the table that is written anew after each run.
NOTES_ENDING = "-notes.md"


@dataclass(frozen=True)
class Outcome:
    """How the runs of a table ended.

    Attributes:
        states: of all runs.
        files: of the table, if there is one.
        stopped_by: name of the signal that stopped it, empty if none did.
    """

    states: tuple[RunState, ...]
    files: tuple[Path, ...]
    stopped_by: str

    @property
    def failed(self) -> list[RunState]:
        """Return the runs that failed."""
        return [state for state in self.states if state.phase == "failed"]


def make_table(plan: TablePlan, *, show: Callable[[Sequence[RunState]], None]) -> Outcome:
    """Run what isn't done yet and write the table after each run.

    Args:
        plan: the checked runs.
        show: called with the states of all runs whenever they may have changed.

    Returns:
        How it ended. A run that fails doesn't stop the others; SIGINT and SIGTERM are passed
        on to the run, which saves, and end the table.

    Raises:
        ValueError: another process still works on a run.
    """
    states = [RunState(run.workdir.name) for run in plan.runs]
    finished: dict[int, TableRun] = {}
    for place, run in enumerate(plan.runs):
        record = load_finished(run, command=repeat_command(run))
        if record is not None:
            finished[place], states[place] = record, _done(run, record)
    files = _write(plan, list(finished.values()))
    show(states)
    with _collected_signals() as received:
        for place, run in enumerate(plan.runs):
            if place in finished or received.names:
                continue

            def tell(state: RunState, place: int = place) -> None:
                states[place] = state
                show(states)

            code = _run_process(run, received=received, tell=tell)
            record = load_finished(run, command=repeat_command(run)) if code == 0 else None
            if record is not None:
                finished[place] = record
                files = _write(plan, list(finished.values()))
                tell(_done(run, record))
            elif received.names:
                tell(RunState(run.workdir.name, phase="stopped"))
            else:
                tell(RunState(run.workdir.name, phase="failed", message=_reason(run, code)))
        return Outcome(tuple(states), files, received.names[0] if received.names else "")


def load_finished(run: PlannedRun, *, command: str) -> TableRun | None:
    """Read a run from its folder.

    Args:
        run: whose folder holds its own config or nothing.
        command: that repeats it.

    Returns:
        What the table keeps of it; None if it isn't finished, or was by a version that didn't
        count operations: its program then only tests again.
    """
    files = [run.workdir / name for name in ("results.json", "predictions.csv")]
    if not all(file.is_file() for file in files):
        return None
    results = json.loads(files[0].read_text(encoding="utf-8"))
    if "multiply_accumulates" not in results:
        return None
    with files[1].open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    predictions = {name: [line[name] for line in lines] for name in PREDICTION_COLUMNS}
    assignments = run.workdir / "assignments.csv"
    if assignments.is_file():
        with assignments.open(encoding="utf-8", newline="") as file:
            predictions[ASSIGNED] = [line[ASSIGNED] for line in csv.DictReader(file)]
    rates = [x["images_per_second"] for x in load_metrics(run.workdir) if x["kind"] == "train"]
    row, seed, fold = run.key
    return TableRun(
        row=row,
        seed=seed,
        fold=fold,
        config_file=run.config_file,
        command=command,
        commit=results["environment"]["commit"],
        parameters=results["parameters"],
        images_per_second=statistics.median(rates),
        training_seconds=results["progress"]["training_seconds"],
        results=results,
        config=run.experiment.config,
        predictions=predictions,
    )


def repeat_command(run: PlannedRun) -> str:
    """Return the command that makes a run, as a user would type it."""
    return shlex.join(["python", *run.arguments])


class _Signals:
    """Signals that came; they are passed on at once, or as soon as there is a process."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._pending: list[int] = []
        self._process: subprocess.Popen | None = None

    def handle(self, number: int, _frame: object) -> None:
        self.names.append(signal.Signals(number).name)
        self._pending.append(number)
        self._pass_on()

    def watch(self, process: subprocess.Popen) -> None:
        self._process = process
        self._pass_on()

    def _pass_on(self) -> None:
        while self._pending and self._process is not None and self._process.poll() is None:
            self._process.send_signal(self._pending.pop(0))


@contextlib.contextmanager
def _collected_signals() -> Iterator[_Signals]:
    received = _Signals()
    numbers = (signal.SIGINT, signal.SIGTERM)
    earlier = {number: signal.signal(number, received.handle) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _run_process(run: PlannedRun, *, received: _Signals, tell: Callable[[RunState], None]) -> int:
    """Run the program of a run to its end and return its exit status."""
    run.log.parent.mkdir(parents=True, exist_ok=True)
    with run.log.open("a", encoding="utf-8") as log:
        try:
            # The process inherits the lock with its output: it lasts as long as the process,
            # even when this one is killed.
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(
                f"`{run.workdir}` must be free, got a process that still works on it; wait for "
                "its end, or end it, and call again."
            ) from error
        log.write(f"$ {repeat_command(run)}\n")
        log.flush()
        process = subprocess.Popen(
            [sys.executable, *run.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to all processes of a group: the run would get it twice, and the second
            # signal ends it at once.
            process_group=0,
        )
    try:
        return _wait(process, run, received=received, tell=tell)
    except BaseException:
        # Nobody would be left to pass a signal on.
        process.terminate()
        process.wait()
        raise


def _wait(
    process: subprocess.Popen,
    run: PlannedRun,
    *,
    received: _Signals,
    tell: Callable[[RunState], None],
) -> int:
    """Tell how a run gets on until its process ends, and return the exit status."""
    experiment = run.experiment
    received.watch(process)
    while True:
        tell(
            training_state(
                run.workdir.name,
                load_metrics(run.workdir),
                epochs=experiment.epochs,
                batch_size=experiment.batch_size,
            )
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=POLL_SECONDS)


def _done(run: PlannedRun, record: TableRun) -> RunState:
    low, high = record.results["accuracy_interval"]
    return RunState(
        run.workdir.name,
        phase="done",
        accuracy=record.results["accuracy"],
        accuracy_interval=(low, high),
    )


def _reason(run: PlannedRun, code: int) -> str:
    """Return the last line of a log; progress bars end their lines with a carriage return."""
    lines = run.log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n").split("\n")
    last = [line.strip() for line in lines if line.strip()][-1]
    how = f"exit status {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"
    return f"{how}: {last} (see {run.log})"


def _write(plan: TablePlan, runs: Sequence[TableRun]) -> tuple[Path, ...]:
    """Write JSON, Markdown and figure of all runs so far; nothing while there are none."""
    merged = merge_runs(plan.earlier, runs)
    if not merged:
        return ()
    table = build_table(
        merged, name=plan.name, pairs=plan.pairs, commands=plan.commands, vary=plan.vary
    )
    plan.folder.mkdir(parents=True, exist_ok=True)
    notes = plan.file(NOTES_ENDING)
    written = notes.read_text(encoding="utf-8") if notes.is_file() else ""
    return (
        write_text(plan.file(".json"), table_json(table)),
        write_text(plan.file(".md"), table_markdown(table, notes=written)),
        save_figure(plot_curves(table) if plan.vary else plot_table(table), plan.file(".png")),
        save_figure(plot_cost(table), plan.file(COST_ENDING)),
    )
