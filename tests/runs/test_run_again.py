"""A run that is evaluated or called again uses what it has, and no more."""

from __future__ import annotations

import pytest

from superxception_jax.runs import run
from superxception_jax.runs.split import kept_split, split_file
from superxception_jax.runs.workdir import load_training_record
from tests.runs.counted_steps import make_experiment, train


def test_a_run_is_evaluated_on_fewer_devices_than_it_was_trained_on(tmp_path, laboratory, steps):
    fields = {"training.devices": 4, "training.batch_size": 6}
    with pytest.raises(ValueError, match=r"`training\.batch_size` must be a multiple of the 4"):
        run.set_up(make_experiment(tmp_path, laboratory, **fields))
    train(make_experiment(tmp_path, laboratory), tmp_path / "run")
    steps.step = 3
    for devices in (4, 9):
        fields["training.devices"] = devices
        experiment = make_experiment(tmp_path, laboratory, **fields)
        run.evaluate_run(experiment, tmp_path / "run", split="test")
    assert len(steps.tested) == 3


def test_the_provenance_names_the_devices_that_were_used(tmp_path, laboratory, steps):
    for devices in (2, 1):  # of four
        experiment = make_experiment(tmp_path, laboratory, **{"training.devices": devices})
        train(experiment, tmp_path / "run")
        record = load_training_record(tmp_path / "run")
        assert record.trainings[-1].devices == ("cpu:cpu",) * devices
        steps.step = 3
        run.evaluate_run(experiment, tmp_path / "run", split="test")
        assert steps.provenances[-1].devices == ("cpu:cpu",) * devices


def test_a_finished_run_that_is_called_again_loads_nothing_to_train_with(
    tmp_path, laboratory, steps, capsys
):
    experiment = make_experiment(tmp_path, laboratory)
    for steps.step, trainings in ((None, 1), (7, 2), (8, 2)):  # of 8
        train(experiment, tmp_path / "run")
        assert len(steps.trained) == trainings
    assert steps.tested[0] == steps.tested[2]
    assert f"resuming from step 8 of {tmp_path / 'run'}, its last one" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("share", "step", "refused"), [(0.5, 3, True), (0.5, 12, False), (0, 3, False)]
)
def test_a_training_does_not_go_on_with_other_curled_copies(
    tmp_path, laboratory, steps, monkeypatch, share, step, refused
):
    fields = {"data.curled_share": share, "training.epochs": 2, "model.polarity": "read"}
    experiment = make_experiment(tmp_path, laboratory, **fields)
    train(experiment, tmp_path / "run")
    other = (*kept_split.DRAWING[:-1], 99)
    monkeypatch.setattr(kept_split, "DRAWING", other)
    monkeypatch.setattr(split_file, "DRAWING", other)
    steps.step = step
    run.evaluate_run(experiment, tmp_path / "run", split="test")
    if refused:
        with pytest.raises(ValueError, match="must be of a version that curls the same copies"):
            train(experiment, tmp_path / "run")
    else:
        train(experiment, tmp_path / "run")
