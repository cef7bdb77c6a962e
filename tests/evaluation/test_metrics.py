from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.evaluation.metrics import (
    FEWEST_CALIBRATION_IMAGES,
    calibration_error,
    compute_metrics,
)


def _log_probabilities(rows):
    return np.log(np.asarray(rows, np.float32))


def test_hand_computed_values():
    # True classes 0, 0, 1, 2; read as 0, 1, 1, 1.
    rows = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.2, 0.6, 0.2], [0.25, 0.5, 0.25]]
    metrics = compute_metrics(_log_probabilities(rows), np.array([0, 0, 1, 2], np.int32))
    assert metrics.count == 4
    assert metrics.accuracy == 0.5
    assert metrics.loss == pytest.approx(-np.log([0.8, 0.2, 0.6, 0.25]).mean(), rel=1e-6)
    np.testing.assert_array_equal(metrics.confusion, [[1, 1, 0], [0, 1, 0], [0, 1, 0]])
    np.testing.assert_allclose(metrics.recalls, [0.5, 1.0, 0.0])
    # F1 of class 0: 2/(2+1); of 1: 2/(2+2); of 2: 0.
    assert metrics.macro_f1 == pytest.approx((2 / 3 + 0.5 + 0.0) / 3)
    # Four images say nothing of the calibration; of five times as many, each kind is alone in its
    # bin: gaps 0.2, 0.7, 0.4, 0.5.
    assert metrics.expected_calibration_error is None
    more = compute_metrics(_log_probabilities(rows * 5), np.tile([0, 0, 1, 2], 5).astype(np.int32))
    assert more.count == FEWEST_CALIBRATION_IMAGES
    assert more.expected_calibration_error == pytest.approx((0.2 + 0.7 + 0.4 + 0.5) / 4)


def test_absent_class_has_no_recall_and_leaves_the_mean_alone():
    rows = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]
    metrics = compute_metrics(_log_probabilities(rows), np.array([0, 1], np.int32))
    assert np.isnan(metrics.recalls[2])
    assert metrics.macro_f1 == 1.0


def test_calibration_error_weighs_by_images():
    confidences = np.array([0.9, 0.9, 0.9, 0.35])
    correct = np.array([True, True, False, False])
    # Bin of 0.9: |2.7 - 2| = 0.7; bin of 0.35: 0.35; over four images.
    assert calibration_error(confidences, correct) == pytest.approx((0.7 + 0.35) / 4)
    assert calibration_error(np.ones(3), np.ones(3, bool)) == 0.0


def test_errors():
    with pytest.raises(ValueError, match="at least one image, got 0"):
        compute_metrics(np.zeros((0, 3), np.float32), np.zeros(0, np.int32))
    with pytest.raises(ValueError, match="must hold numbers"):
        compute_metrics(np.full((1, 3), np.nan, np.float32), np.zeros(1, np.int32))
    with pytest.raises(ValueError, match="labels"):
        compute_metrics(np.zeros((2, 3), np.float32), np.zeros(1, np.int32))
