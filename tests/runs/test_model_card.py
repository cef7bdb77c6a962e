from __future__ import annotations

from superxception_jax.runs.model_card import write_model_card
from superxception_jax.runs.provenance import TrainingRecord
from tests.runs.samples import CELLS, POLARITY, TRAINING, sample_results

CONFIG = {
    "name": "stripnet",
    "seed": 3,
    "data": {"dataset": "gband"},
    "split": {"protocol": "cases", "fold": 1, "folds": 5},
    "model": {"name": "stripnet", "input_px": 50},
    "training": {"epochs": 15},
}
RECORD = TrainingRecord((TRAINING,), {})


def test_a_card_of_single_images():
    config = {**CONFIG, "split": {"protocol": "paper"}}
    card = write_model_card(sample_results(), config, RECORD)
    assert "| Accuracy, single images | 96.6 % (95.7 – 97.4 %) |" in card
    calibration = "0.063; 0.006 after temperature scaling (temperature 0.67)"
    assert f"| Expected calibration error | {calibration} |" in card
    assert "| Split | `paper`;" in card
    assert f"| Trained with | `{TRAINING.command}`, commit `ba9876543210` |" in card
    assert "| Tested with | commit `0123456789ab` |" in card
    assert "whole cells" not in card.split("## Limits")[0]
    assert "Not for diagnosis" in card


def test_a_card_of_whole_cells_in_any_orientation():
    card = write_model_card(sample_results(cells=CELLS, polarity=POLARITY), CONFIG, RECORD)
    assert "`cases`, fold 1 of 5" in card
    assert "| Accuracy after the assignment of whole cells | 98.5 % (97.6 – 99.2 %) |" in card
    assert "| Cells fully correct | 75.9 % |" in card
    assert "| Orientation correct, images upright | 99.1 % |" in card
    assert "| Orientation correct, images turned at random | 50.0 % |" in card
    assert "185 patients" in card


def test_a_resumed_training_names_every_commit():
    record = TrainingRecord((TRAINING, TRAINING, sample_results().evaluation), {})
    assert "commit `ba9876543210`, `0123456789ab`" in write_model_card(
        sample_results(), CONFIG, record
    )
