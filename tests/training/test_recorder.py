from __future__ import annotations

from superxception_jax.training.recorder import MetricsEntry, Recorder, load_metrics


def _record(workdir, steps, *, first_step=0):
    recorder = Recorder(workdir, first_step=first_step, total_steps=9, batch_size=4)
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
    _record(tmp_path, [2, 3], first_step=1)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [MetricsEntry.from_line(line).step for line in lines] == [1, 2, 3, 3]


def test_no_file_means_no_metrics(tmp_path):
    assert not load_metrics(tmp_path)
