from __future__ import annotations

import io
from unittest import mock

from rich.console import Console
from rich.live import Live

from superxception_jax.evaluation.statistics import Interval
from superxception_jax.tables.display import RunState, describe_state, training_state, watch
from superxception_jax.training.recorder import MetricsEntry


def train(step):
    return MetricsEntry("train", step, {"images_per_second": 50.0})


def validation(step, accuracy):
    return MetricsEntry("validation", step, {"accuracy": accuracy})


DONE = RunState(
    "b", phase="done", accuracy=0.9, accuracy_interval=Interval((0.85, 0.95), "cell", 24)
)


def _state(entries):
    return training_state("a", entries, epochs=3, batch_size=10)


def test_the_state_of_a_training_follows_from_its_metrics():
    assert describe_state(_state([])) == ["training epoch 1 of 3", "", ""]
    assert _state([train(40)]).seconds_left is None
    entries = [train(100), validation(100, 0.5), train(150)]
    state = _state(entries)
    # 150 of 300 steps of 10 images are left, at 50 images a second.
    assert state.seconds_left == 30.0
    assert describe_state(state) == [
        "training epoch 2 of 3",
        "validation accuracy 50.00%",
        "under a minute left",
    ]
    entries += [validation(step, 0.6) for step in (200, 300)]
    assert describe_state(_state(entries)) == ["testing", "validation accuracy 60.00%", ""]


def test_the_validation_of_a_start_that_counts_ends_no_epoch():
    assert describe_state(_state([validation(0, 0.4)])) == ["training epoch 1 of 3", "", ""]
    entries = [validation(0, 0.4), train(100), validation(100, 0.5), train(150)]
    assert _state(entries) == _state(entries[1:])
    entries += [validation(200, 0.6)]
    assert describe_state(_state(entries))[0] == "training epoch 3 of 3"


def test_an_end_is_described_with_its_result_or_reason():
    assert describe_state(DONE) == ["done", "", "test 90.00% (85.00% to 95.00% over 24 cells)"]
    few = RunState("b", phase="done", accuracy=0.9, accuracy_interval=Interval(None, "cell", 1))
    assert describe_state(few) == ["done", "", "test 90.00% (no interval: 1 cell)"]
    failed = RunState("a", phase="failed", message="exit status 2: error")
    assert describe_state(failed) == ["failed", "", "exit status 2: error"]
    slow = RunState("a", phase="training", epochs=9, seconds_left=9000.0)
    assert describe_state(slow)[2] == "2.5 h left"


def test_without_a_terminal_progress_is_printed_line_by_line():
    file = io.StringIO()
    waiting, training = RunState("b"), RunState("a", phase="training", epochs=2)
    with watch(Console(file=file)) as show:
        for seconds in (None, 90.0, 60.0):
            show([RunState("a", phase="training", epochs=2, seconds_left=seconds), waiting])
        show([training, DONE])
    assert file.getvalue().splitlines() == [
        "a: training epoch 1 of 2",
        "b: done, test 90.00% (85.00% to 95.00% over 24 cells)",
    ]


def test_a_terminal_that_can_not_move_its_cursor_gets_lines_too():
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, _environ={"TERM": "dumb"})
    with watch(console) as show:
        show([DONE])
        assert file.getvalue() == "b: done, test 90.00% (85.00% to 95.00% over 24 cells)\n"


def test_a_window_lower_than_the_table_shows_the_runs_in_training():
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=True, width=100, height=24, color_system=None, _environ={}
    )
    phases = ["done"] * 30 + ["failed"] * 20 + ["training"] + ["waiting"] * 9
    states = [RunState(f"run{number}", phase=phase) for number, phase in enumerate(phases)]
    with mock.patch.object(Live, "update", autospec=True) as update, watch(console) as show:
        show(states)
        frame = render(console, update.call_args.args[1])
    assert "30 of 60 runs done" in frame
    assert "run50" in frame.splitlines()[4]
    assert not any(f"run{number} " in frame for number in (*range(30), *range(51, 60)))
    # The last frame may be taller: the window scrolls.
    assert all(f"run{number} " in render(console, update.call_args.args[1]) for number in range(60))


def render(console, grid):
    with console.capture() as capture:
        console.print(grid)
    return capture.get()


def test_a_terminal_gets_a_table():
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=100)
    with watch(console) as show:
        show([RunState("a", phase="failed", message="[x] is no markup"), DONE])
    text = file.getvalue()
    for part in ("1 of 2 runs done", "[x] is no markup", "85.00% to 95.00%"):
        assert part in text
