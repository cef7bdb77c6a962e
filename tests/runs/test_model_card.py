from __future__ import annotations

from superxception_jax.runs.model_card import write_model_card

CONFIG = {
    "name": "stripnet",
    "seed": 3,
    "data": {"dataset": "gband"},
    "split": {"protocol": "cases", "fold": 1, "folds": 5},
    "model": {"name": "stripnet", "input_px": 50},
    "training": {"epochs": 15},
}
RESULTS = {
    "images": 2665,
    "accuracy": 0.96584,
    "accuracy_interval": [0.9565, 0.9741],
    "expected_calibration_error": 0.0627,
    "parameters": 354336,
    "environment": {"commit": "0123456789ab", "command": "python launch/evaluate.py"},
    "calibration": {"temperature": 0.67, "expected_calibration_error": 0.0059},
}
TRAINING = {"commit": "ba9876543210", "command": "python launch/main.py"}


def test_a_card_of_single_images():
    card = write_model_card(RESULTS, {**CONFIG, "split": {"protocol": "paper"}}, TRAINING)
    assert "| single images right | 96.6 % (95.7 – 97.4 %) |" in card
    assert "| calibration error | 0.063, with the temperature 0.67 0.006 |" in card
    assert "| protocol | `paper`;" in card
    assert "| trained by | `python launch/main.py`, commit `ba9876543210` |" in card
    assert "| tested with | commit `0123456789ab` |" in card
    assert "whole cells" not in card.split("## Limits")[0]
    assert "Not for diagnosis" in card


def test_a_card_of_whole_cells_any_way_up():
    both = {"accuracy": 0.9, "polarity_accuracy": 0.991}
    more = {
        "cells": {
            "accuracy": 0.985,
            "accuracy_interval": [0.976, 0.9925],
            "cells": 58,
            "entirely_right": 0.7586,
            "sex_right": 1.0,
            "counts_right": 0.9828,
        },
        "polarity": {"upright": both, "turned_at_random": {**both, "polarity_accuracy": 0.5}},
    }
    card = write_model_card(RESULTS | more, CONFIG, TRAINING)
    assert "`cases`, fold 1 of 5" in card
    assert "| right after the assignment of whole cells | 98.5 % (97.6 – 99.2 %) |" in card
    assert "| cells entirely right | 75.9 % |" in card
    assert "| way up right, upright | 99.1 % |" in card
    assert "| way up right, turned at random | 50.0 % |" in card
    assert "185 patients" in card
