from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.training.optimizers import make_optimizer, make_schedule
from superxception_jax.training.settings import OptimizerSettings

PLAIN = OptimizerSettings(
    name="adam",
    learning_rate=0.01,
    batch_scaling="none",
    reference_batch_size=32,
    schedule="constant",
    warmup_epochs=0.0,
    weight_decay=0.0,
    gradient_clip_norm=0.0,
    momentum=0.0,
    rate_decay=0.0,
)


def _update(settings, params, gradients, frozen=()):
    optimizer = make_optimizer(settings, frozen=frozen, batch_size=32, epochs=2, steps_per_epoch=5)
    updates, _ = optimizer.update(gradients, optimizer.init(params), params)
    return updates


def test_adam_first_step_is_the_learning_rate_against_the_sign():
    params = {"kernel": jnp.array([1.0, 2.0])}
    updates = _update(PLAIN, params, {"kernel": jnp.array([0.5, -3.0])})
    np.testing.assert_allclose(updates["kernel"], [-0.01, 0.01], rtol=1e-4)


def test_weight_decay_touches_kernels_only_also_stacked_ones():
    settings = dataclasses.replace(PLAIN, name="adamw", weight_decay=0.1)
    params = {
        "depthwise_kernel": jnp.full((2, 3, 3, 1, 4), 2.0),
        "scale": jnp.full((2, 4), 2.0),
        "bias": jnp.full((4,), 2.0),
    }
    updates = _update(settings, params, jax.tree.map(jnp.zeros_like, params))
    np.testing.assert_allclose(updates["depthwise_kernel"], -0.01 * 0.1 * 2.0, rtol=1e-5)
    assert float(jnp.abs(updates["scale"]).max()) == 0.0
    assert float(jnp.abs(updates["bias"]).max()) == 0.0


def test_clipping_limits_the_global_norm():
    # With a clipped gradient far below Adam's epsilon the update shrinks with it.
    settings = dataclasses.replace(PLAIN, gradient_clip_norm=1e-9)
    params = {"kernel": jnp.array([1.0])}
    clipped = _update(settings, params, {"kernel": jnp.array([4.0])})
    free = _update(PLAIN, params, {"kernel": jnp.array([4.0])})
    assert abs(float(clipped["kernel"][0])) < 0.2 * abs(float(free["kernel"][0]))


def test_nesterov_equals_the_recursion_by_hand():
    settings = dataclasses.replace(PLAIN, name="nesterov", learning_rate=0.1, momentum=0.5)
    optimizer = make_optimizer(settings, frozen=(), batch_size=32, epochs=2, steps_per_epoch=5)
    params = {"kernel": jnp.array([1.0])}
    state, moved, velocity = optimizer.init(params), 0.0, 0.0
    for gradient in (2.0, -1.0, 0.5):
        updates, state = optimizer.update({"kernel": jnp.array([gradient])}, state, params)
        moved += float(updates["kernel"][0])
        velocity = 0.5 * velocity + gradient
        expected = -0.1 * (gradient + 0.5 * velocity)
        np.testing.assert_allclose(updates["kernel"], [expected], rtol=1e-5)
    assert moved != 0.0


def test_inverse_time_is_the_decay_of_keras():
    settings = dataclasses.replace(PLAIN, schedule="inverse_time", rate_decay=0.9)
    schedule = make_schedule(settings, batch_size=32, epochs=2, steps_per_epoch=5)
    values = [float(schedule(step)) for step in (0, 1, 10)]
    np.testing.assert_allclose(values, [0.01, 0.01 / 1.9, 0.01 / 10.0], rtol=1e-6)


def test_what_is_frozen_stays_even_with_decay():
    settings = dataclasses.replace(PLAIN, name="adamw", weight_decay=0.1)
    params = {
        "super_resolution": {"conv1": {"kernel": jnp.array([1.0])}},
        "classifier": {"super_resolution": {"kernel": jnp.array([1.0])}},
    }
    updates = _update(settings, params, jax.tree.map(jnp.ones_like, params), ("super_resolution",))
    assert float(updates["super_resolution"]["conv1"]["kernel"][0]) == 0.0
    assert float(updates["classifier"]["super_resolution"]["kernel"][0]) < 0.0


def test_constant_schedule_with_warmup():
    settings = dataclasses.replace(PLAIN, warmup_epochs=0.8)
    schedule = make_schedule(settings, batch_size=32, epochs=3, steps_per_epoch=5)
    values = [float(schedule(step)) for step in (0, 2, 4, 14)]
    np.testing.assert_allclose(values, [0.0025, 0.00625, 0.01, 0.01], rtol=1e-5)


def test_cosine_schedule_ends_at_zero():
    settings = dataclasses.replace(PLAIN, schedule="cosine")
    schedule = make_schedule(settings, batch_size=32, epochs=2, steps_per_epoch=5)
    values = [float(schedule(step)) for step in (0, 5, 10)]
    np.testing.assert_allclose(values, [0.01, 0.005, 0.0], atol=1e-8)


@pytest.mark.parametrize(
    ("scaling", "batch_size", "expected"),
    [
        ("none", 128, 0.01),
        ("linear", 128, 0.04),
        ("linear", 16, 0.005),
        ("linear", 32, 0.01),
        ("square_root", 128, 0.02),
        ("square_root", 8, 0.005),
    ],
)
def test_the_rate_follows_the_batch_size(scaling, batch_size, expected):
    settings = dataclasses.replace(PLAIN, batch_scaling=scaling, warmup_epochs=0.4)
    schedule = make_schedule(settings, batch_size=batch_size, epochs=2, steps_per_epoch=5)
    # The peak is scaled, and with it the rise.
    values = [float(schedule(step)) for step in (0, 1, 9)]
    np.testing.assert_allclose(values, [expected / 2, expected * 3 / 4, expected], rtol=1e-6)


def test_warmup_longer_than_the_run_is_cut():
    settings = dataclasses.replace(PLAIN, schedule="cosine", warmup_epochs=50.0)
    schedule = make_schedule(settings, batch_size=32, epochs=2, steps_per_epoch=5)
    assert float(schedule(0)) == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": "lion"}, "`optimizer` must be one of"),
        ({"schedule": "step"}, "`schedule` must be one of"),
        ({"batch_scaling": "root"}, "`batch_scaling` must be one of .* got 'root'"),
    ],
)
def test_errors(change, text):
    with pytest.raises(ValueError, match=text):
        make_optimizer(
            dataclasses.replace(PLAIN, **change),
            frozen=(),
            batch_size=32,
            epochs=1,
            steps_per_epoch=1,
        )
