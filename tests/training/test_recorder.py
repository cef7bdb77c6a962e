from __future__ import annotations

import os

import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from superxception_jax.training.recorder import MetricsEntry, Recorder, load_metrics


def _record(workdir, steps, *, resumed_step=None):
    recorder = Recorder(workdir, resumed_step=resumed_step, total_steps=9, batch_size=4)
    for step in steps:
        recorder.advance()
        recorder.record("train", step, {"loss": step / 10, "accuracy": 0.5})
    recorder.record("validation", steps[-1], {"loss": 1.5, "accuracy": 0.25})
    recorder.close()


def test_an_entry_survives_its_line():
    entry = MetricsEntry("train", 3, {"loss": 0.1 + 0.2, "accuracy": 0.5})
    assert entry.to_line() == (
        '{"kind": "train", "step": 3, "loss": 0.30000000000000004, "accuracy": 0.5}'
    )
    assert MetricsEntry.from_line(entry.to_line()) == entry


def test_every_entry_goes_to_the_file_the_bar_and_tensorboard(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # room for the whole bar
    _record(tmp_path, [1, 2])
    assert list(load_metrics(tmp_path)) == [
        MetricsEntry("train", 1, {"loss": 0.1, "accuracy": 0.5}),
        MetricsEntry("train", 2, {"loss": 0.2, "accuracy": 0.5}),
        MetricsEntry("validation", 2, {"loss": 1.5, "accuracy": 0.25}),
    ]
    assert list((tmp_path / "tensorboard").iterdir())
    assert "validation loss=1.500" in capsys.readouterr().err


def test_a_resumed_run_drops_the_lines_after_its_first_step(tmp_path):
    _record(tmp_path, [1, 2, 3])
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "train", "st')
    assert len(load_metrics(tmp_path)) == 4  # an incomplete last line is ignored
    _record(tmp_path, [2, 3], resumed_step=1)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [MetricsEntry.from_line(line).step for line in lines] == [1, 2, 3, 3]


@pytest.mark.parametrize(("resumed_step", "kept"), [(None, []), (0, [0])])
def test_the_line_of_a_start_stays_only_with_its_checkpoint(tmp_path, resumed_step, kept):
    """Killed before its first checkpoint, a run validates its start again."""
    _record(tmp_path, [0])
    recorder = Recorder(tmp_path, resumed_step=resumed_step, total_steps=9, batch_size=4)
    recorder.close()
    found = [entry.step for entry in load_metrics(tmp_path) if entry.kind == "validation"]
    assert found == kept


def test_no_file_means_no_metrics(tmp_path):
    assert not load_metrics(tmp_path)


@pytest.mark.parametrize("torn", [b"{", b'{"kind": "train"', b"\x00\x00\x00", b"\xff"])
def test_what_a_kill_or_a_loss_of_power_leaves_at_the_end_is_dropped(torn, tmp_path):
    _record(tmp_path, [1, 2])
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(torn)
    _record(tmp_path, [3], resumed_step=2)
    assert [entry.step for entry in load_metrics(tmp_path)] == [1, 2, 2, 3, 3]
    assert (tmp_path / "metrics.jsonl").read_bytes().count(b"\n") == 5


@pytest.mark.parametrize("line", ["{", "[1]", '"text"', '{"step": 1}', "\x00"])
def test_a_damaged_line_between_others_is_named(line, tmp_path):
    _record(tmp_path, [1])
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    (tmp_path / "metrics.jsonl").write_text("\n".join([lines[0], line, lines[1]]) + "\n")
    with pytest.raises(ValueError, match=r"metrics.jsonl` must hold.*\(line 2: .*; delete that"):
        load_metrics(tmp_path)


def test_a_full_disk_ends_the_training_and_names_the_file(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    recorder = Recorder(tmp_path, resumed_step=None, total_steps=9, batch_size=4)
    recorder._file.close()
    recorder._file = open("/dev/full", "a")  # noqa: SIM115 - the recorder closes it
    with pytest.raises(OSError, match=r"No space left on device: '.*metrics.jsonl'"):
        recorder.record("train", 1, {"loss": 1.0, "accuracy": 0.5})
    recorder.close()


@pytest.mark.parametrize(("resumed_step", "dropped_step"), [(None, 0), (0, 1), (2, 3)])
def test_tensorboard_forgets_what_is_recorded_again(tmp_path, resumed_step, dropped_step):
    _record(tmp_path, [1, 2, 3])
    assert _starts(tmp_path) == []
    (events,) = (tmp_path / "tensorboard").iterdir()
    events.rename(events.with_name("events.out.tfevents.0"))  # of an earlier second
    _record(tmp_path, [3], resumed_step=resumed_step)
    assert _starts(tmp_path) == [dropped_step]


def _starts(workdir):
    """Return the steps from which TensorBoard drops what it has read before."""
    found = []
    for path in sorted((workdir / "tensorboard").iterdir()):
        content = path.read_bytes()
        while content:
            # Each record has a length, its checksum, an event, and its checksum.
            end = 12 + int.from_bytes(content[:8], "little")
            event = Event.FromString(content[12:end])
            if event.session_log.status == SessionLog.START:
                found.append(event.step)
            content = content[end + 4 :]
    return found


def test_events_are_written_at_once_and_not_by_a_thread(tmp_path):
    # A thread that ends at a full disk lets the training wait for ever.
    recorder = Recorder(tmp_path, resumed_step=3, total_steps=99, batch_size=4)
    (events,) = (tmp_path / "tensorboard").iterdir()
    before = events.stat().st_size
    for step in range(4, 30):
        recorder.record("train", step, {"loss": 1.0, "accuracy": 0.5})
        assert events.stat().st_size > before
        before = events.stat().st_size
    recorder.close()
