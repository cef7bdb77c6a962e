"""The progress of a table's runs: a live view in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from superxception_jax.evaluation.statistics import Interval
from superxception_jax.training.recorder import VALIDATION, MetricsEntry, training_speeds

COLOURS = {"training": "cyan", "done": "green", "failed": "red", "stopped": "yellow"}
RECENT_ENTRIES = 20  # number of training lines that the current speed is computed from


@dataclass(frozen=True)
class RunState:
    """The state of a run.

    Attributes:
        name: Name of the run.
        phase: waiting, training, done, failed or stopped.
        epochs: Number of epochs of the whole run.
        finished_epochs: Number of validated epochs.
        validation_accuracy: Latest validation accuracy, 0..1; None before the first validation.
        seconds_left: Remaining training time; None while it is unknown.
        accuracy: Test accuracy, 0..1, of a finished run.
        accuracy_interval: Interval of the test accuracy.
        message: Why the run failed or was stopped.
    """

    name: str
    phase: str = "waiting"
    epochs: int = 0
    finished_epochs: int = 0
    validation_accuracy: float | None = None
    seconds_left: float | None = None
    accuracy: float | None = None
    accuracy_interval: Interval | None = None
    message: str = ""


def training_state(
    name: str, entries: Sequence[MetricsEntry], *, epochs: int, batch_size: int
) -> RunState:
    """Return the state of a training from its metrics.

    Args:
        name: Name of the run.
        entries: Its metrics so far.
        epochs: Number of epochs of the whole run.
        batch_size: Number of images per step.

    Returns:
        The state. The remaining time is that of the training steps at the current speed; it is
        unknown before the first validation, as is the length of an epoch.
    """
    # The validation of a start that counts, at step 0, ends no epoch.
    validations = [entry for entry in entries if entry.kind == VALIDATION and entry.step]
    rates = training_speeds(entries)[-RECENT_ENTRIES:]
    seconds_left = None
    if validations and rates:
        steps = validations[0].step * epochs - entries[-1].step
        seconds_left = steps * batch_size / statistics.median(rates)
    return RunState(
        name,
        phase="training",
        epochs=epochs,
        finished_epochs=len(validations),
        validation_accuracy=validations[-1].metrics["accuracy"] if validations else None,
        seconds_left=seconds_left,
    )


def describe_state(state: RunState) -> list[str]:
    """Return a state as three texts for people, some of which may be empty.

    Args:
        state: State of the run.

    Returns:
        Phase, validation accuracy, and the remaining time or the result.
    """
    phase, last = state.phase, state.message
    if phase == "training":
        phase = f"training epoch {state.finished_epochs + 1} of {state.epochs}"
        if state.finished_epochs >= state.epochs:
            phase = "testing"
        elif state.seconds_left is not None:
            last = f"{_duration(state.seconds_left)} left"
    if state.accuracy is not None and state.accuracy_interval is not None:
        last = f"test {state.accuracy:.2%} ({state.accuracy_interval.describe()})"
    validation = state.validation_accuracy
    return [phase, "" if validation is None else f"validation accuracy {validation:.2%}", last]


@contextlib.contextmanager
def watch(console: Console) -> Iterator[Callable[[Sequence[RunState]], None]]:
    """Show the progress of runs.

    Args:
        console: Where to show it: a terminal that can move its cursor gets a live table, anything
            else a line whenever a run makes progress.

    Yields:
        A function that takes the states of all runs.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        latest: list[RunState] = []

        def update(states: Sequence[RunState]) -> None:
            latest[:] = states
            live.update(_fitting_grid(console, states))

        with Live(console=console, refresh_per_second=4) as live:
            try:
                yield update
            finally:
                # The last frame stays, and may be taller than the window.
                live.update(_grid(latest, shown=latest) if latest else "")
        return
    shown: dict[str, tuple] = {}

    def show(states: Sequence[RunState]) -> None:
        for state in states:
            progress = (state.phase, state.finished_epochs)
            if state.phase != "waiting" and shown.get(state.name) != progress:
                shown[state.name] = progress
                text = ", ".join(part for part in describe_state(state) if part)
                # Not the console's print, which breaks lines at 80 columns.
                print(f"{state.name}: {text}", file=console.file, flush=True)

    yield show


def _fitting_grid(console: Console, states: Sequence[RunState]) -> Table:
    """Return the table of all runs, or where it is taller than the window of those that matter."""
    grid = _grid(states, shown=states)
    if len(console.render_lines(grid)) <= console.height:
        return grid
    # Runs in training are first: what is below the window is cut off.
    shown = [state for state in states if state.phase not in ("done", "waiting")]
    return _grid(states, shown=sorted(shown, key=lambda state: state.phase != "training"))


def _grid(states: Sequence[RunState], *, shown: Sequence[RunState]) -> Table:
    done = sum(state.phase == "done" for state in states)
    table = Table(title=f"{done} of {len(states)} runs done")
    for head in ("run", "state", "validation", "time left or result"):
        table.add_column(head)
    for state in shown:
        colour = COLOURS.get(state.phase, "")
        # Texts, because a message in square brackets would be read as markup.
        table.add_row(*(Text(part, style=colour) for part in (state.name, *describe_state(state))))
    return table


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return "under a minute"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
