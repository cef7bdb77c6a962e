"""A run keeps its split: trained images are never tested, whatever happens to the data set."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from superxception_jax.commands import Interrupted
from superxception_jax.runs import run
from superxception_jax.runs.exported.trained_images import (
    TRAINED_FILE,
    hash_numbers,
    load_trained,
    save_trained,
)
from superxception_jax.runs.included import INCLUDED
from superxception_jax.runs.lock import locked_run
from superxception_jax.runs.split import split_data
from superxception_jax.runs.split.split_file import SPLIT_FILE, load_split
from superxception_jax.runs.workdir import load_config
from tests.runs.counted_steps import SOME, add_cell, make_experiment, train


@pytest.fixture
def experiment(tmp_path, laboratory):
    return make_experiment(tmp_path, laboratory)


def test_cells_added_after_the_training_are_never_tested_in_silence(
    tmp_path, laboratory, experiment, steps, capsys
):
    workdir = tmp_path / "run"
    train(experiment, workdir)
    (trained,), (tested,) = steps.trained, steps.tested
    stored = load_split(workdir)
    assert stored is not None
    assert [name for name, one in stored.images.items() if one.part == "train"] == trained
    assert [name for name, one in stored.images.items() if one.part == "test"] == tested
    assert len(stored.images) == 5 * SOME
    known = [one.pixels for one in stored.images.values() if one.part in ("train", "validation")]
    assert np.asarray(load_trained(workdir)).tolist() == sorted(hash_numbers(known).tolist())
    for number in range(5, 11):
        add_cell(laboratory, number)
    steps.step = 3
    # What drawing again would do.
    drawn = run.set_up(experiment).splits["test"].names.tolist()
    assert set(drawn) & set(trained)
    for again in (
        lambda **options: train(experiment, workdir, **options),
        lambda **options: run.evaluate_run(experiment, workdir, split="test", **options),
    ):
        with pytest.raises(ValueError, match="got a data set that has changed") as caught:
            again()
        for text in ("added: 36 images: cell5/scan0 1,", "and 26 more", "--use_stored_split"):
            assert text in str(caught.value)
        capsys.readouterr()
        again(use_stored_split=True)
        assert "what was added is left out" in capsys.readouterr().out
        assert steps.tested[-1] == tested
    assert steps.trained[-1] == trained
    # The file is that of the start.
    assert load_split(workdir) == stored


def test_a_start_that_changes_before_the_first_checkpoint_is_checked_again(
    tmp_path, laboratory, steps
):
    shutil.copytree(INCLUDED["gband"], tmp_path / "network")
    weights = str(tmp_path / "network" / "variables.npz")
    experiment = make_experiment(tmp_path, laboratory, **{"model.init_from": weights})
    train(experiment, tmp_path / "run")
    stored = load_split(tmp_path / "run")
    assert stored is not None
    # Exported again to the same path, from a network that knows a test image.
    tested = stored.images[steps.tested[0][0]].pixels
    save_trained(tmp_path / "network", hash_numbers([tested]))
    with pytest.raises(ValueError, match="must be unknown to"):
        train(experiment, tmp_path / "run")
    # What has begun to train has read its start.
    (tmp_path / "run" / "checkpoints" / "latest" / "3").mkdir(parents=True)
    steps.step = 3
    train(experiment, tmp_path / "run")
    assert steps.tested[1] == steps.tested[0]


def test_the_command_that_resumes_a_run_keeps_its_split_if_the_call_did(
    tmp_path, laboratory, experiment, steps, capsys
):
    workdir = tmp_path / "run"
    steps.stop = True
    for number, flag in ((0, ""), (5, " --use_stored_split")):
        if flag:
            add_cell(laboratory, number)
        with pytest.raises(Interrupted) as caught:
            train(experiment, workdir, use_stored_split=bool(flag))
        expected = f"Resume with: python launch/main.py --workdir={workdir}{flag}"
        assert caught.value.__notes__ == [expected]
        steps.step = 3
        run.evaluate_run(experiment, workdir, split="test", use_stored_split=bool(flag))
        assert capsys.readouterr().out.splitlines()[-1].endswith(expected)
    assert steps.kept_split == [False, True]


def test_images_that_changed_or_are_gone_are_named(tmp_path, laboratory, experiment, steps):
    workdir = tmp_path / "run"
    train(experiment, workdir)
    steps.step = 3
    gone, changed = (laboratory / f"{name}.png" for name in steps.trained[0][:2])
    content, image = gone.read_bytes(), np.array(Image.open(changed))
    gone.unlink()
    Image.fromarray(image // 2).save(changed)
    for use_stored_split in (False, True):
        with pytest.raises(ValueError, match="restore the images as they were") as caught:
            train(experiment, workdir, use_stored_split=use_stored_split)
        assert f"gone: 1 image: {steps.trained[0][0]}\n" in str(caught.value)
        assert f"changed: 1 image: {steps.trained[0][1]} (pixels)" in str(caught.value)
    gone.write_bytes(content)
    Image.fromarray(image).save(changed)
    train(experiment, workdir)
    assert steps.trained[0] == steps.trained[1]


def test_a_run_moves_with_its_data(tmp_path, laboratory, experiment, steps):
    train(experiment, tmp_path / "run")
    steps.step = 3
    (tmp_path / "elsewhere").mkdir()
    shutil.copytree(laboratory, tmp_path / "elsewhere" / "cells")
    shutil.move(tmp_path / "run", tmp_path / "elsewhere" / "run")
    moved = make_experiment(tmp_path / "elsewhere", tmp_path / "elsewhere" / "cells")
    train(moved, tmp_path / "elsewhere" / "run")
    assert steps.trained[0] == steps.trained[1]
    # The images were compared: from now on the new folder is that of the run.
    kept = load_config(tmp_path / "elsewhere" / "run")
    assert kept.data.own_folder == str(tmp_path / "elsewhere" / "cells")
    assert kept.data.data_dir == moved.config["data"]["data_dir"]


@pytest.mark.parametrize(("step", "finished"), [(3, False), (None, False), (8, True)])
def test_a_run_of_an_earlier_version_says_what_cannot_be_compared(
    tmp_path, experiment, steps, capsys, step, finished
):
    workdir = tmp_path / "run"
    train(experiment, workdir)
    known = np.asarray(load_trained(workdir)).tolist()
    (workdir / SPLIT_FILE).unlink()
    (workdir / TRAINED_FILE).unlink()
    # 18 training images (3 cells), 4 per step: 4 steps in each of 2 epochs.
    steps.step = step
    capsys.readouterr()
    if step is not None:
        run.evaluate_run(experiment, workdir, split="test")
        out = capsys.readouterr().out
        assert "of a version that didn't store its split" in out
        assert ("this training has not ended: step 3 of 8" in out) != finished
        assert steps.finished[-1] == finished
        assert not (workdir / SPLIT_FILE).exists()
    train(experiment, workdir)
    out = capsys.readouterr().out
    assert ("didn't store its split" in out) == (step is not None)
    assert ("from now on it is stored" in out) == (step == 3)
    # Nobody knows which images a finished training has seen.
    assert (workdir / SPLIT_FILE).exists() != finished
    found = load_trained(workdir)
    assert (None if found is None else found.tolist()) == (None if finished else known)


def test_a_run_in_use_is_neither_trained_nor_evaluated(tmp_path, experiment, steps):
    workdir = tmp_path / "run"
    train(experiment, workdir)
    steps.step = 3
    with locked_run(workdir):
        with pytest.raises(ValueError, match="must be free, got a run that process"):
            train(experiment, workdir)
        with pytest.raises(ValueError, match="must be free, got a run that process"):
            run.evaluate_run(experiment, workdir, split="test")
    assert len(steps.tested) == 1


def test_a_cell_that_cannot_be_assigned_is_refused_before_training(
    tmp_path, experiment, steps, monkeypatch
):
    """A folder per patient holds the chromosomes of several cells."""
    monkeypatch.setattr(split_data, "MOST_CHROMOSOMES", SOME - 1)
    with pytest.raises(ValueError, match=r"at most 5 images, got 6 of cell `cell\d`; give every"):
        train(experiment, tmp_path / "run")
    assert steps.trained == []


def test_what_trained_a_run_is_never_overwritten(tmp_path, experiment, steps):
    workdir = tmp_path / "run"
    train(experiment, workdir)
    steps.step = 3
    train(experiment, workdir)
    kept = json.loads((workdir / "environment.json").read_text())
    assert len(kept["trainings"]) == 2
    # Neither a finished run that is started again nor an evaluation adds to it.
    steps.step = 8
    train(experiment, workdir)
    run.evaluate_run(experiment, workdir, split="test")
    assert json.loads((workdir / "environment.json").read_text()) == kept


def test_results_of_an_earlier_training_do_not_vouch_for_a_new_one(tmp_path, experiment, steps):
    """As after the checkpoints were deleted, because the best one was damaged."""
    workdir = tmp_path / "run"
    train(experiment, workdir)
    results = workdir / "results.json"
    results.write_text("of the first training")
    steps.step = 8
    train(experiment, workdir)
    assert results.exists()
    steps.step, steps.stop = None, True
    with pytest.raises(Interrupted):
        train(experiment, workdir)
    assert not results.exists()
