from __future__ import annotations

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from superxception_jax.training.settings import AugmentationSettings
from superxception_jax.training.state import init_state
from superxception_jax.training.steps import make_train_step, training_targets
from tests.quick import QUICK
from tests.training.tiny import AUGMENTATION, SIDE


def _loss_of_one_image(target, *, smoothing, params=None):
    """Return loss and gradient of a step on one bright image of 48 free outputs."""

    class Free(nn.Module):
        @nn.compact
        def __call__(self, inputs, *, train):
            bias = self.param("bias", lambda key, shape: jax.random.normal(key, shape), (48,))
            return jnp.tile(bias, (len(inputs), 1)) + 0.0 * inputs.sum()

    # Plain descent with rate 1: the update is the gradient.
    optimizer = optax.sgd(1.0)
    state = init_state(Free(), optimizer, key=jax.random.key(0), input_px=SIDE)
    still = AugmentationSettings(**dict.fromkeys(dataclasses.asdict(AUGMENTATION), 0.0))
    step = make_train_step(
        Free(),
        optimizer,
        input_px=SIDE,
        augmentation=still,
        label_smoothing=smoothing,
        polarity="read",
        precision="float32",
        accumulation_steps=1,
    )
    images = np.full((1, SIDE, SIDE, 1), 9, np.uint8)
    targets = jnp.array([target], jnp.int32)
    step = jax.jit(step, compiler_options=QUICK)
    new, metrics = step(state, jnp.asarray(images), targets, jax.random.key(1))
    before, after = (np.asarray(one.params["bias"], np.float64) for one in (state, new))
    return float(metrics["loss"]), before, before - after


def test_an_image_that_may_be_any_way_up_teaches_its_class_and_no_orientation():
    """Against the probabilities, added up in double precision."""
    (label,) = training_targets(np.array([5], np.int32), upright=np.array([False]))
    loss, logits, gradient = _loss_of_one_image(int(label), smoothing=0.1)
    shares = np.exp(logits) / np.exp(logits).sum()
    classes = shares[:24] + shares[24:]
    aims = np.full(24, 0.1 / 24)
    aims[5] += 0.9
    assert loss == pytest.approx(-(aims * np.log(classes)).sum(), rel=1e-5)
    # Both readings of a class are raised in proportion to their probabilities, so that the share
    # of turned images within the class stays what it was.
    expected = (classes - aims) / classes
    np.testing.assert_allclose(gradient, np.tile(expected, 2) * shares, atol=1e-6)


def test_an_upright_image_teaches_its_orientation():
    loss, logits, gradient = _loss_of_one_image(5, smoothing=0.0)
    shares = np.exp(logits) / np.exp(logits).sum()
    # Rotated or not, exactly one of the two readings is raised.
    raised = np.flatnonzero(gradient < 0)
    assert len(raised) == 1
    assert raised[0] % 24 == 5
    assert loss == pytest.approx(-np.log(shares[raised[0]]), rel=1e-5)
