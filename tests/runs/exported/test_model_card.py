from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from superxception_jax.data.builders import BUILDERS
from superxception_jax.data.splits import PROTOCOLS
from superxception_jax.evaluation.statistics import Interval
from superxception_jax.runs.exported.model_card import DATA_SETS, SHARED, write_model_card
from superxception_jax.runs.provenance import TrainingRecord
from superxception_jax.runs.results import UNLEARNED, CalibrationMetrics
from superxception_jax.runs.testing.source_metrics import SourceMetrics
from tests.runs.samples import CELLS, POLARITY, TRAINING, sample_results

CONFIG: dict[str, Any] = {
    "name": "stripnet",
    "seed": 3,
    "data": {"dataset": "gband"},
    "split": {"protocol": "cases", "fold": 1, "folds": 5, "test_only": ""},
    "model": {"name": "stripnet", "input_px": 50, "init_from": ""},
    "training": {"epochs": 15},
}
ASSIGNED = (
    "| Accuracy after the assignment of whole cells | 98.5 % "
    "(95 % interval 97.6 – 99.2 %, over 37 cases) |"
)
RECORD = TrainingRecord((TRAINING,), {})


def test_every_data_set_and_protocol_has_its_text():
    # A training that ends without one could not be exported.
    assert set(DATA_SETS) == set(BUILDERS)
    assert set(SHARED) == set(PROTOCOLS)


def test_a_card_of_single_images():
    config = {**CONFIG, "split": {"protocol": "paper", "test_only": ""}}
    card = write_model_card(sample_results(), config, RECORD)
    assert (
        "| Accuracy, single images | 96.6 % (95 % interval 95.7 – 97.4 %, over 37 cases) |" in card
    )
    calibration = (
        "0.063; 0.006 after temperature scaling (temperature 0.67, fitted on validation images)"
    )
    assert f"| Expected calibration error | {calibration} |" in card
    assert "| Split | `paper`;" in card
    assert "other images of the same cells were in training" in card
    assert "| Classes of no test image | Y |" in card
    # A network that assumes the p arm up says so.
    assert "| Orientation | not predicted: every image is taken as upright |" in card
    assert "an image that\n  is upside down" in card
    assert f"| Trained with | `{TRAINING.command}`, commit `ba9876543210` |" in card
    assert "| Tested with | commit `0123456789ab` |" in card
    assert "whole cells" not in card.split("## Limits")[0]
    assert "Not for diagnosis" in card


def test_a_card_says_how_the_training_ended():
    progress = dataclasses.replace(sample_results().progress, best_step=0, stopped_epoch=9)
    card = write_model_card(sample_results(progress=progress), CONFIG, RECORD)
    assert "| Seed, epochs | 3, 15; stopped after epoch 9 |" in card
    start = SourceMetrics(12, 0.5, Interval(None, "cell", 1), None)
    card = write_model_card(sample_results(progress=progress, start=start), CONFIG, RECORD)
    assert "; no epoch was better than the start, which was kept |" in card
    assert "| Seed, epochs | 3, 15 |" in write_model_card(sample_results(), CONFIG, RECORD)


def test_a_card_of_whole_cells_in_any_orientation():
    card = write_model_card(sample_results(cells=CELLS, polarity=POLARITY), CONFIG, RECORD)
    assert "`cases`, fold 1 of 5" in card
    assert ASSIGNED in card
    assert "no patient is in both training and test |" in card
    assert "| Orientation | predicted |" in card
    assert "upside down" not in card
    assert "| Cells fully correct | 75.9 % |" in card
    assert "| Orientation correct, images upright | 99.1 % |" in card
    assert "| Orientation correct, images turned at random | 50.0 % |" in card
    assert "185 patients" in card


def test_a_card_claims_nothing_that_few_images_dont_support():
    results = sample_results(
        images=12,
        accuracy_interval=Interval(None, "cell", 1),
        expected_calibration_error=None,
        calibration=CalibrationMetrics(1.0, 0.5, None, fitted_images=11),
        cells_withheld="cell `a`: too many",
    )
    card = write_model_card(results, CONFIG, RECORD)
    assert "| Accuracy, single images | 96.6 % (no interval: 1 cell) |" in card
    assert "| Expected calibration error | unknown: 12 images are too few" in card
    assert "fitted on nothing: 11 validation images are too few)" in card
    assert "| Assignment of whole cells | not possible: cell `a`: too many |" in card
    parts = write_model_card(
        sample_results(cells=dataclasses.replace(CELLS, parts=3)), CONFIG, RECORD
    )
    assert "| Cells of fewer than 42 or more than 50 images | 3 |" in parts


def test_a_resumed_training_names_every_commit():
    record = TrainingRecord((TRAINING, TRAINING, sample_results().evaluation), {})
    assert "commit `ba9876543210`, `0123456789ab`" in write_model_card(
        sample_results(), CONFIG, record
    )


def test_a_card_lists_each_data_set_and_the_start():
    config = {
        **CONFIG,
        "data": {"dataset": "gband,own"},
        "split": {**CONFIG["split"], "test_only": "own"},
        "model": {**CONFIG["model"], "init_from": "gband"},
    }
    interval = Interval((0.9, 0.95), "case", 12)
    source = SourceMetrics(120, 0.925, interval, dataclasses.replace(CELLS, fully_correct=0.5))
    results = sample_results(cells=CELLS, sources={"own": source}, start=source)
    card = write_model_card(results, config, RECORD)
    assert "laboratory's own folder of labelled images (tested only, no part in training)" in card
    assert "started from the included network `gband`" in card
    row = (
        "| Accuracy on `own`, single images | 92.5 % (95 % interval 90.0 – 95.0 %, over 12 cases) |"
    )
    assert row in card
    assert "| Cells of `own` fully correct | 50.0 % |" in card
    assert "| Accuracy before this training, single images | 92.5 % (" in card


def test_a_card_of_a_network_that_never_learned_which_end_is_up():
    card = write_model_card(sample_results(orientation_from=UNLEARNED), CONFIG, RECORD)
    assert "| Orientation | not learned: no training image is known to be upright |" in card
    assert "does not say which end is up" in card
    assert "takes every image as upright" not in card
    read = write_model_card(sample_results(orientation_from="read"), CONFIG, RECORD)
    assert "| Orientation | predicted, but not measured: no tested image is known to be" in read
    assert "upright, with the p arm up" not in read


@pytest.mark.parametrize(("reader", "named"), [("", "the initial"), ("gband", "another")])
def test_a_card_says_that_cells_without_labels_were_trained_on(reader, named):
    data = {"dataset": "own", "unlabelled_folder": "more", "unlabelled_reader": reader}
    card = write_model_card(sample_results(), {**CONFIG, "data": data}, RECORD)
    assert f"labelled images; cells without labels, with the classes that {named} network" in card


def test_a_card_says_that_curled_copies_were_trained_on():
    data = {"dataset": "own", "curled_share": 0.25}
    card = write_model_card(sample_results(), {**CONFIG, "data": data}, RECORD)
    assert "labelled images; copies of 25 % of the images, curled at random |" in card
