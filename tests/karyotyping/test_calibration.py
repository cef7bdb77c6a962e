from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax

from superxception_jax.evaluation.metrics import calibration_error
from superxception_jax.karyotyping.calibration import (
    apply_temperature,
    fit_temperature,
    reliability,
)


def draw(temperature, count=4000):
    """Draw labels from a softmax, and the same logits multiplied by a factor."""
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(count, 5)) * 2
    shares = np.exp(log_softmax(logits, axis=1))
    labels = (shares.cumsum(axis=1) < generator.uniform(size=(count, 1))).sum(axis=1)
    return log_softmax(logits * temperature, axis=1).astype(np.float32), labels.astype(np.int32)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_drawn_data_is_found(temperature):
    log_probabilities, labels = draw(temperature)
    assert fit_temperature(log_probabilities, labels) == pytest.approx(temperature, rel=0.1)


@pytest.mark.parametrize(("count", "coldest"), [(1, 0.8), (20, 0.3), (50, 0.2)])
def test_few_images_without_an_error_are_no_proof_of_certainty(count, coldest):
    log_probabilities, _ = draw(1.0, count=count)
    labels = log_probabilities.argmax(axis=1).astype(np.int32)
    # Without a prior, any number of them asks for the coldest of all.
    assert coldest < fit_temperature(log_probabilities, labels) < 1


def test_scaling_lowers_the_calibration_error_and_keeps_the_classes():
    log_probabilities, labels = draw(3.0)
    scaled = apply_temperature(log_probabilities, fit_temperature(log_probabilities, labels))
    errors = [
        calibration_error(np.exp(one.max(axis=1).astype(np.float64)), one.argmax(axis=1) == labels)
        for one in (log_probabilities, scaled)
    ]
    assert errors[1] < 0.3 * errors[0]
    np.testing.assert_array_equal(scaled.argmax(axis=1), log_probabilities.argmax(axis=1))


def test_scaling_equals_scipy():
    log_probabilities, _ = draw(1.0, count=7)
    np.testing.assert_allclose(
        apply_temperature(log_probabilities, 2.5),
        log_softmax(log_probabilities.astype(np.float64) / 2.5, axis=1),
        rtol=1e-5,
        atol=1e-6,
    )


def test_reliability_by_hand():
    confidences = np.array([0.1, 0.2, 0.9, 1.0])
    correct = np.array([False, True, True, True])
    counts, means, accuracies = reliability(confidences, correct, bins=4)
    np.testing.assert_array_equal(counts, [2, 0, 0, 2])
    np.testing.assert_allclose(means[[0, 3]], [0.15, 0.95])
    np.testing.assert_allclose(accuracies[[0, 3]], [0.5, 1.0])
    assert np.isnan(means[1])


TEMPERATURES = st.floats(0.2, 5.0)
LOGITS = arrays(
    np.float64, st.tuples(st.integers(1, 5), st.integers(2, 6)), elements=st.floats(-30, 30)
)


@settings(max_examples=50, deadline=None)
@given(logits=LOGITS, temperature=TEMPERATURES)
def test_a_temperature_and_its_inverse_cancel(logits, temperature):
    log_probabilities = log_softmax(logits, axis=1).astype(np.float32)
    scaled = apply_temperature(log_probabilities, temperature)
    np.testing.assert_allclose(np.exp(scaled.astype(np.float64)).sum(axis=1), 1.0, rtol=1e-5)
    back = apply_temperature(scaled, 1 / temperature)
    np.testing.assert_allclose(back, log_probabilities, rtol=1e-5, atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(logits=LOGITS, temperature=TEMPERATURES)
def test_a_temperature_changes_no_predicted_class(logits, temperature):
    log_probabilities = log_softmax(logits, axis=1).astype(np.float32)
    scaled = apply_temperature(log_probabilities, temperature)
    rows, predicted = np.arange(len(logits)), log_probabilities.argmax(axis=1)
    # Two classes may become equal by rounding, but none may overtake the predicted one.
    np.testing.assert_array_equal(scaled[rows, predicted], scaled.max(axis=1))


def test_errors():
    log_probabilities, labels = draw(1.0, count=3)
    with pytest.raises(ValueError, match="`labels` must not be empty, got no images"):
        fit_temperature(log_probabilities[:0], labels[:0])
    with pytest.raises(ValueError, match="`temperature` must be above 0, got 0"):
        apply_temperature(log_probabilities, 0.0)
