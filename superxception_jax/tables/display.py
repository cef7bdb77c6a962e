"""The runs of a table as people watch them: a live table, or plain lines where nobody watches."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

COLOURS = {"training": "cyan", "done": "green", "failed": "red", "stopped": "yellow"}
RECENT_LINES = 20  # training lines that say how fast a run is now


@dataclass(frozen=True)
class RunState:
    """Where a run stands.

    Attributes:
        name: of the run.
        phase: waiting, training, done, failed or stopped.
        epochs: of the whole run.
        finished_epochs: validated ones.
        validation_accuracy: the latest, 0..1; None before the first validation.
        seconds_left: of the training; None while that can't be told.
        accuracy: on the test images, 0..1, of a run that is done.
        accuracy_interval: of that accuracy.
        message: why it failed.
    """

    name: str
    phase: str = "waiting"
    epochs: int = 0
    finished_epochs: int = 0
    validation_accuracy: float | None = None
    seconds_left: float | None = None
    accuracy: float | None = None
    accuracy_interval: tuple[float, float] | None = None
    message: str = ""


def training_state(
    name: str, lines: Sequence[Mapping[str, Any]], *, epochs: int, batch_size: int
) -> RunState:
    """Tell from its metrics where a training stands.

    Args:
        name: of the run.
        lines: of its metrics.jsonl so far.
        epochs: of the whole run.
        batch_size: images a step.

    Returns:
        The state. The time left is that of the training steps at the recent rate; before the
        first validation the length of an epoch isn't known.
    """
    validations = [line for line in lines if line["kind"] == "validation"]
    rates = [line["images_per_second"] for line in lines if line["kind"] == "train"][-RECENT_LINES:]
    seconds_left = None
    if validations and rates:
        steps = validations[0]["step"] * epochs - lines[-1]["step"]
        seconds_left = steps * batch_size / statistics.median(rates)
    return RunState(
        name,
        phase="training",
        epochs=epochs,
        finished_epochs=len(validations),
        validation_accuracy=validations[-1]["accuracy"] if validations else None,
        seconds_left=seconds_left,
    )


def describe_state(state: RunState) -> list[str]:
    """Say where a run stands.

    Args:
        state: of the run.

    Returns:
        Phase, validation accuracy, and time left or result; empty where there is none.
    """
    phase, last = state.phase, state.message
    if phase == "training":
        phase = f"training epoch {state.finished_epochs + 1} of {state.epochs}"
        if state.finished_epochs >= state.epochs:
            phase = "testing"
        elif state.seconds_left is not None:
            last = f"{_duration(state.seconds_left)} left"
    if state.accuracy is not None and state.accuracy_interval is not None:
        low, high = state.accuracy_interval
        last = f"test {state.accuracy:.2%} ({low:.2%} to {high:.2%})"
    validation = state.validation_accuracy
    return [phase, "" if validation is None else f"validation accuracy {validation:.2%}", last]


@contextlib.contextmanager
def watch(console: Console) -> Iterator[Callable[[Sequence[RunState]], None]]:
    """Show runs while they go on.

    Args:
        console: a terminal gets a live table; anything else a line whenever a run gets further.

    Yields:
        A function that takes the states of all runs.
    """
    if console.is_terminal:
        with Live(console=console, refresh_per_second=4) as live:
            yield lambda states: live.update(_grid(states))
        return
    said: dict[str, tuple] = {}

    def say(states: Sequence[RunState]) -> None:
        for state in states:
            news = (state.phase, state.finished_epochs)
            if state.phase != "waiting" and said.get(state.name) != news:
                said[state.name] = news
                told = ", ".join(part for part in describe_state(state) if part)
                # Not the console's print, which breaks lines at 80 columns.
                print(f"{state.name}: {told}", file=console.file, flush=True)

    yield say


def _grid(states: Sequence[RunState]) -> Table:
    done = sum(state.phase == "done" for state in states)
    table = Table(title=f"{done} of {len(states)} runs done")
    for head in ("run", "state", "validation", "time left, result"):
        table.add_column(head)
    for state in states:
        colour = COLOURS.get(state.phase, "")
        # Texts, because a message in square brackets would be read as markup.
        table.add_row(*(Text(part, style=colour) for part in (state.name, *describe_state(state))))
    return table


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return "under a minute"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
