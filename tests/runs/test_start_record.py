"""A run knows whether the weights that it started from are still the same."""

from __future__ import annotations

import json

import pytest

from superxception_jax.runs.start_record import (
    START_FILE,
    StartRecord,
    check_start,
    describe_start,
    keep_start,
)


@pytest.fixture
def weights(tmp_path):
    folder = tmp_path / "network"
    folder.mkdir()
    (folder / "variables.npz").write_bytes(b"weights")
    (folder / "calibration.json").write_text(json.dumps({"oriented": False}))
    return folder / "variables.npz"


def test_the_start_is_kept_once_and_compared(tmp_path, weights):
    record = keep_start(str(weights), tmp_path, is_new=True)
    assert record is not None
    assert not record.oriented
    check_start(str(weights), record)
    for file in (weights, weights.with_name("calibration.json")):
        before = file.read_bytes()
        file.write_bytes(before + b" ")
        # What the run started from stays.
        assert keep_start(str(weights), tmp_path, is_new=False) == record
        with pytest.raises(ValueError, match=r"must be the weights that this run started from, go"):
            check_start(str(weights), record)
        file.write_bytes(before)
    weights.with_name("calibration.json").unlink()
    with pytest.raises(ValueError, match="has changed since; restore the files"):
        check_start(str(weights), record)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match="must be an existing file of weights"):
        check_start(str(weights), record)
    # To resume a run that doesn't test its start needs no file.
    assert keep_start(str(weights), tmp_path, is_new=False) == record


def test_a_run_that_has_trained_no_step_starts_from_the_weights_of_now(tmp_path, weights):
    before = keep_start(str(weights), tmp_path, is_new=True)
    weights.write_bytes(weights.read_bytes() + b" ")  # a damaged file, replaced by a sound one
    after = keep_start(str(weights), tmp_path, is_new=True)
    assert after != before
    assert keep_start(str(weights), tmp_path, is_new=False) == after
    check_start(str(weights), after)


def test_a_changed_included_network_says_which_program_to_use():
    with pytest.raises(ValueError, match=r"use the version of the program that started the run"):
        check_start("gband", StartRecord("another", oriented=True))


def test_a_missing_start_leaves_nothing_behind(tmp_path):
    with pytest.raises(FileNotFoundError, match="must be an existing file of weights"):
        keep_start(str(tmp_path / "variables.npz"), tmp_path, is_new=True)
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_an_earlier_version_and_one_of_random_weights_have_no_record(tmp_path, weights):
    assert keep_start(str(weights), tmp_path, is_new=False) is None
    assert keep_start("", tmp_path, is_new=True) is None
    check_start(str(weights), None)
    assert not (tmp_path / START_FILE).exists()


def test_weights_of_keras_are_compared_without_their_neighbours(weights):
    keras = weights.with_name("weights.keras")
    keras.write_bytes(b"weights")
    record = describe_start(str(keras))
    weights.with_name("calibration.json").unlink()
    assert describe_start(str(keras)) == record
    assert record == StartRecord(record.digest, oriented=False)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"digest": 1, "oriented": true}'])
def test_a_damaged_record_is_named(tmp_path, weights, content):
    (tmp_path / START_FILE).write_text(content)
    with pytest.raises(ValueError, match=r"start\.json` must hold the start of a run"):
        keep_start(str(weights), tmp_path, is_new=False)
