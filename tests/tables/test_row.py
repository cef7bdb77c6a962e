"""The summary of a row, computed by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.evaluation.statistics import Interval
from superxception_jax.tables.row import missing_runs, summarize_row
from tests.tables.hand_made import four_runs, hand_made, provenance, varied

ALL_SURE = (1.0, 1.0, 1.0, 1.0)


def test_row_by_hand():
    row = summarize_row(four_runs()[:2])
    assert row.accuracy_by_seed == (0.75, 1.0)
    assert row.accuracy == 0.875
    assert row.accuracy_interval == Interval(None, "cell", 2)
    # Five cells reach 4 of 4 and five 3 of 4 over both seeds; 2 to 8 of ten draws are of one kind.
    more = summarize_row(four_runs(copies=5)[:2]).accuracy_interval
    assert (more.unit, more.count) == ("cell", 10)
    assert more.ends == pytest.approx((0.8, 0.95))
    assert row.accuracy_sd_over_seeds == pytest.approx(0.25 / 2**0.5)
    # Seed 0: 2/3, 2/3 and 1; seed 1: all correct.
    assert row.macro_f1 == pytest.approx((7 / 9 + 1) / 2)
    recall = {name: share for name, share in row.recall.items() if share is not None}
    assert recall == {"1": 0.75, "2": 1.0, "X": 1.0}
    assert (row.images, row.seeds, row.folds) == (4, (0, 1), (0,))
    assert (row.images_per_second, row.training_seconds) == (100.5, 90.0)
    assert (row.parameters, row.multiply_accumulates) == (1234567, 2_500_000)
    assert (row.super_resolution, row.whole_cells, row.varied) == ({}, None, None)
    assert summarize_row(four_runs()[2:]).super_resolution == {"psnr": 30.0, "ssim": 0.9}


def test_folds_are_pooled_and_a_single_seed_has_no_spread():
    runs = [hand_made("xception", "1 2 2 X", fold=0), hand_made("xception", "1 2 1 X", fold=1)]
    row = summarize_row(runs)
    assert (row.images, row.accuracy, row.accuracy_by_seed) == (8, 0.875, (0.875,))
    assert row.accuracy_sd_over_seeds is None
    # Pooled confusion: class 1 3 of 4, class 2 2 of 2 and predicted 3 times, X 2 of 2.
    assert row.macro_f1 == pytest.approx((6 / 7 + 4 / 5 + 1) / 3)


def test_seeds_are_compared_on_the_folds_that_all_have():
    runs = [
        hand_made("xception", "1 2 2 X", seed=0, fold=0),
        hand_made("xception", "1 1 2 X", seed=0, fold=1),
        hand_made("xception", "1 2 1 X", seed=1, fold=0),
    ]
    row = summarize_row(runs)
    # The tests of 8 images: 4 of them twice. Fold 0 alone has both seeds.
    assert (row.runs, row.images, row.accuracy) == (3, 8, (3 + 2 + 4) / 12)
    assert row.accuracy_by_seed == (0.75, 1.0)
    assert row.accuracy_sd_over_seeds == pytest.approx(0.25 / 2**0.5)
    apart = summarize_row(runs[1:])
    assert (apart.accuracy_by_seed, apart.accuracy_sd_over_seeds) == ((), None)
    assert (apart.runs, apart.images, apart.accuracy) == (2, 8, 0.75)
    assert missing_runs(runs[1:]) == [(0, 0), (1, 1)]


def test_calibration_error_is_that_of_the_pooled_folds():
    # Fold 0 is sure of everything and errs once; fold 1 says 0.75 and is correct throughout. The
    # errors are 1/4 each; pooled, with all confidences in one bin, they would cancel.
    runs = [
        hand_made("xception", "1 2 2 X", fold=0, confidences=ALL_SURE, copies=5),
        hand_made("xception", "1 2 1 X", fold=1, confidences=(0.75,) * 4, copies=5),
    ]
    assert summarize_row(runs).expected_calibration_error == pytest.approx(0.25)
    in_one_bin = [
        hand_made("xception", "1 2 2 X", fold=0, confidences=(0.99,) * 4, copies=5),
        hand_made("xception", "1 2 1 X", fold=1, confidences=(0.95,) * 4, copies=5),
    ]
    # 7 of 8 images are correct, at a mean confidence of 0.97; the folds alone have 0.24 and 0.05.
    row = summarize_row(in_one_bin)
    assert row.expected_calibration_error == pytest.approx(0.97 - 0.875)
    # Seeds test the same images and are averaged: 0.24 and 0.05.
    seeds = [
        hand_made("xception", "1 2 2 X", seed=0, confidences=(0.99,) * 4, copies=5),
        hand_made("xception", "1 2 1 X", seed=1, confidences=(0.95,) * 4, copies=5),
    ]
    assert summarize_row(seeds).expected_calibration_error == pytest.approx((0.24 + 0.05) / 2)


def test_few_images_have_no_calibration_error():
    few = hand_made("xception", "1 2 2 X", confidences=ALL_SURE)
    assert summarize_row([few]).expected_calibration_error is None
    unknown = hand_made("xception", "1 2 2 X", expected_calibration_error=None)
    assert summarize_row([unknown]).expected_calibration_error is None


def test_patients_are_the_units_where_a_run_knows_them():
    runs = four_runs(copies=5)[:2]
    known = np.array([f"p{number // 4}" for number in range(20)])
    with_cases = [
        dataclasses.replace(run, predictions=dataclasses.replace(run.predictions, cases=known))
        for run in runs
    ]
    for tested in (with_cases, [with_cases[0], runs[1]]):
        found = summarize_row(tested).accuracy_interval
        assert (found.unit, found.count) == ("case", 5)
    assert summarize_row(runs).accuracy_interval.unit == "cell"


def test_without_all_confidences_the_runs_are_averaged_by_their_images():
    runs = [
        hand_made("xception", "1 2 2 X", fold=0, confidences=ALL_SURE, images=1),
        hand_made("xception", "1 2 1 X", fold=1, images=3, expected_calibration_error=0.3),
    ]
    assert summarize_row(runs).expected_calibration_error == pytest.approx(0.25 * 0.1 + 0.75 * 0.3)


def test_commits_are_those_of_training_and_test():
    runs = [
        hand_made("xception", "1 2 1 X", seed=0, evaluation=provenance("f")),
        hand_made("xception", "1 2 1 X", seed=1, trainings=(provenance("c"), provenance("b"))),
        hand_made("xception", "1 2 1 X", seed=2, trainings=()),
    ]
    assert summarize_row(runs).commits == ("abc", "b", "c", "f")


def test_the_varied_field_is_read_from_the_config():
    row = summarize_row([varied("xception", 0.5, "1 2 1 X")], vary="split.training_share")
    assert (row.row, row.name, row.varied) == ("xception@0.5", "xception", 0.5)
