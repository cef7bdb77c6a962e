"""Run folders belong to one run, one process at a time, and know where their data lie."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from configs.stripnet import get_config
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.exported.portable import with_portable_places
from superxception_jax.runs.provenance import TrainingRecord
from superxception_jax.runs.workdir import (
    SPLIT_FILE,
    check_workdir,
    claimed_workdir,
    keep_places,
    load_config,
    load_training_record,
    make_workdir,
    with_absolute_places,
    with_places,
)
from tests.runs.samples import TRAINING


def own(folder: str = "cells", **fields):
    config = get_config("own")
    config.update_from_flattened_dict({"data.own_folder": folder, **fields})
    return build_experiment(config)


def test_runs_that_start_in_the_same_second_get_folders_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: make_workdir(tmp_path / "runs", "a"), range(8)))
    assert {path.name for path in found} == {"a", *(f"a-{number}" for number in range(2, 9))}


def test_a_folder_is_held_for_one_process(tmp_path):
    workdir = tmp_path / "run"
    with claimed_workdir(workdir, own()):
        with (
            pytest.raises(ValueError, match="must be free, got a run that process"),
            claimed_workdir(workdir, own()),
        ):
            pass
        # To look at it is allowed.
        check_workdir(workdir, own(), flag="--workdir")
    with claimed_workdir(workdir, own()):
        pass


def test_a_refused_folder_is_left_as_it_was(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with (
        pytest.raises(ValueError, match="must be empty or hold a run"),
        claimed_workdir(tmp_path, own()),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_start_that_ended_before_the_config_was_written_is_repeated(tmp_path):
    (tmp_path / "run.lock").write_text("")
    with claimed_workdir(tmp_path, own()):
        assert (tmp_path / "config.json").is_file()


def test_a_relative_folder_is_the_same_from_every_directory(tmp_path, monkeypatch):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with claimed_workdir(tmp_path / "run", own()):
        pass
    monkeypatch.chdir(tmp_path / "there")
    data = load_config(tmp_path / "run").data
    assert data.own_folder == str(tmp_path / "here" / "cells")
    assert data.data_dir == str(tmp_path / "here" / "data")
    assert data.manual_dir == ""  # below `data_dir`
    # Before the split is stored nothing else could tell that it is another folder.
    with pytest.raises(ValueError, match="must hold a run of the same config") as caught:
        check_workdir(tmp_path / "run", own(), flag="--workdir")
    assert f"data.own_folder: {tmp_path}/here/cells → {tmp_path}/there/cells" in str(caught.value)
    # From then on the images decide.
    (tmp_path / "run" / SPLIT_FILE).touch()
    check_workdir(tmp_path / "run", own("/elsewhere/cells"), flag="--workdir")
    with pytest.raises(ValueError, match="seed: 0 → 1"):
        check_workdir(tmp_path / "run", own(seed=1), flag="--workdir")


def test_weights_to_start_from_are_the_same_from_every_directory(tmp_path, monkeypatch):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    experiment = own(**{"model.init_from": "nets/variables.npz"})
    monkeypatch.chdir(tmp_path / "here")
    with claimed_workdir(tmp_path / "run", experiment):
        (tmp_path / "run" / SPLIT_FILE).touch()
    check_workdir(tmp_path / "run", experiment, flag="--workdir")
    config = load_config(tmp_path / "run")
    assert config.model.init_from == str(tmp_path / "here" / "nets" / "variables.npz")
    # Given to others, they have no folder.
    assert with_portable_places(config.to_dict())["model"]["init_from"] == "variables.npz"
    monkeypatch.chdir(tmp_path / "there")
    with pytest.raises(ValueError, match=r"model.init_from: .*/here/nets/.* → .*/there/nets/"):
        check_workdir(tmp_path / "run", experiment, flag="--workdir")
    for name in ("gband", "none", ""):
        values = own(**{"model.init_from": name}).config
        for change in (with_absolute_places, with_portable_places):
            assert change(values)["model"]["init_from"] == name


def test_what_depends_on_the_computer_may_change_and_is_kept(tmp_path):
    with claimed_workdir(tmp_path / "run", own()):
        pass
    before = load_config(tmp_path / "run").to_dict()
    fields: dict[str, Any] = {
        "training.devices": 2,
        "data.memory_share": 0.25,
        "evaluation.batch_size": 64,
    }
    check_workdir(tmp_path / "run", own(**fields), flag="--workdir")
    with pytest.raises(ValueError, match=r"training\.batch_size: .* → 64$"):
        check_workdir(tmp_path / "run", own(**(fields | {"training.batch_size": 64})), flag="--run")
    # The command that resumes the run has no config.
    keep_places(tmp_path / "run", own(**fields))
    kept = load_config(tmp_path / "run")
    assert {name: kept[name.split(".")[0]][name.split(".")[1]] for name in fields} == fields
    keep_places(tmp_path / "run", own())
    assert load_config(tmp_path / "run").to_dict() == before


def test_another_folder_without_labels_is_another_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fields = {"model.init_from": "gband", "model.polarity": "read"}
    workdir, experiment = tmp_path / "run", own(**fields, **{"data.unlabelled_folder": "more"})
    with claimed_workdir(workdir, experiment):
        (workdir / SPLIT_FILE).touch()
    check_workdir(workdir, experiment, flag="--workdir")
    # The folder isn't there, and needn't be: what was read in it is kept.
    check_workdir(workdir, build_experiment(load_config(workdir)), flag="--workdir")
    for other in ("elsewhere", ""):
        changed = own(**fields, **{"data.unlabelled_folder": other})
        with pytest.raises(ValueError, match=r"unlabelled_folder: .*/more → "):
            check_workdir(workdir, changed, flag="--workdir")


def test_places_are_changed_and_hidden_without_touching_the_rest(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    config = own("~/patients/cells").config
    absolute = with_absolute_places(config)
    assert absolute["data"]["own_folder"] == str(tmp_path / "patients" / "cells")
    hidden = with_portable_places(absolute)
    assert str(tmp_path) not in json.dumps(hidden)
    assert hidden["data"]["own_folder"] == "OWN_FOLDER"
    assert hidden["data"]["unlabelled_folder"] == ""
    assert {**hidden, "data": 0} == {**absolute, "data": 0} == {**config, "data": 0}
    moved = with_places(get_config("smoke"), {"data_dir": "", "own_folder": "new"})
    assert (moved.data.data_dir, moved.data.own_folder) == ("data", "new")
    assert moved.is_locked


@pytest.mark.parametrize("change", [{"model": 3}, {"training": []}, {"model": {"a.b": 1}}])
def test_a_config_whose_sections_are_no_sections_is_named(tmp_path, change):
    values = json.loads(get_config("smoke").to_json())
    (tmp_path / "config.json").write_text(json.dumps(values | change))
    with pytest.raises(ValueError, match=r"config.json` must hold the config of a run, got a dam"):
        load_config(tmp_path)


RECORD = TrainingRecord(trainings=(TRAINING,), overrides={"seed": 1}).to_json()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"trainings": []}, "`trainings` is empty"),
        ({"trainings": None}, "a value is missing or of another kind"),
        ({"trainings": [{"commit": "a"}]}, "a value is missing or of another kind"),
        ({"trainings": [RECORD["trainings"][0] | {"commit": None}]}, "`commit` is None"),
        ({"overrides": [1]}, "`overrides` is [1]"),
    ],
)
def test_a_record_of_other_values_is_named(tmp_path, change, reason):
    (tmp_path / "environment.json").write_text(json.dumps(RECORD))
    assert load_training_record(tmp_path).trainings == (TRAINING,)
    (tmp_path / "environment.json").write_text(json.dumps(RECORD | change))
    with pytest.raises(ValueError, match=r"environment\.json` must hold the provenance") as error:
        load_training_record(tmp_path)
    assert reason in str(error.value)


def test_the_record_of_version_0_1_is_loaded(tmp_path):
    """It was a single provenance, beside the overrides."""
    stored = {**TRAINING.to_json(), "overrides": {"seed": 1}}
    (tmp_path / "environment.json").write_text(json.dumps(stored))
    assert load_training_record(tmp_path) == TrainingRecord((TRAINING,), {"seed": 1})
