from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from scipy.signal import correlate2d

from superxception_jax.models.enlarging import enlarge
from superxception_jax.models.super_resolution import SuperResolution, SuperResolvedClassifier
from tests.quick import QUICK

PAPER: dict[str, Any] = {
    "features": (64, 32),
    "final_activation": "none",
    "skip": "input",
    "initialization": "gaussian",
    "initial_sigma": 0.001,
    "implementation": "fast",
}
SMALL: dict[str, Any] = {**PAPER, "features": (3, 2), "initial_sigma": 0.2}


def draw_images(batch=2, size=9):
    return jnp.asarray(np.random.default_rng(0).uniform(size=(batch, size, size, 1)), jnp.float32)


def init_params(options):
    model = SuperResolution(**options)
    init = jax.jit(lambda key: model.init(key, draw_images()), compiler_options=QUICK)
    return model, jax.device_get(init(jax.random.key(0)))["params"]


def convolve_by_hand(image, params):
    """Convolve [H,W,C] with zero padding by scipy, one channel at a time."""
    kernel, bias = np.asarray(params["kernel"]), np.asarray(params["bias"])
    outputs = [
        bias[out]
        + sum(
            correlate2d(image[..., channel], kernel[..., channel, out], mode="same")
            for channel in range(image.shape[-1])
        )
        for out in range(kernel.shape[-1])
    ]
    return np.stack(outputs, -1)


@pytest.mark.parametrize("final_activation", ["none", "relu"])
@pytest.mark.parametrize("skip", ["input", "none"])
def test_stack_equals_scipy(final_activation, skip):
    model, params = init_params({**SMALL, "final_activation": final_activation, "skip": skip})
    images = draw_images()
    # Biases start at zero; others show that they are used, and a negative last one
    # that the final ReLU cuts.
    params = jax.tree.map(lambda leaf: leaf - 0.1 if leaf.ndim == 1 else leaf, params)
    enhanced = model.apply({"params": params}, images)
    image = np.asarray(images[1])
    x = np.maximum(convolve_by_hand(image, params["conv1"]), 0)
    x = np.maximum(convolve_by_hand(x, params["conv2"]), 0)
    x = convolve_by_hand(x, params["conv3"])
    x = np.maximum(x, 0) if final_activation == "relu" else x
    expected = image + x if skip == "input" else x
    np.testing.assert_allclose(enhanced[1], expected, atol=1e-5)


def test_paper_stack_starts_as_the_identity():
    model, params = init_params(PAPER)
    images = draw_images()
    shapes = [params[f"conv{index}"]["kernel"].shape for index in (1, 2, 3)]
    assert shapes == [(9, 9, 1, 64), (5, 5, 64, 32), (5, 5, 32, 1)]
    assert params["conv2"]["kernel"].std() == pytest.approx(0.001, rel=0.02)
    assert all(not params[f"conv{index}"]["bias"].any() for index in (1, 2, 3))
    np.testing.assert_allclose(model.apply({"params": params}, images), images, atol=1e-4)


def test_glorot_start_is_larger():
    deviations = [
        init_params({**PAPER, "initialization": name})[1]["conv1"]["kernel"].std()
        for name in ("gaussian", "glorot")
    ]
    assert deviations[1] > 5 * deviations[0]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("final_activation", "gelu", "`final_activation` must be one of .* got 'gelu'"),
        ("skip", "output", "`skip` must be one of .* got 'output'"),
        ("initialization", "zeros", "`initialization` must be one of .* got 'zeros'"),
        ("features", (64,), r"`features` must be two positive numbers, got \(64,\)"),
    ],
)
def test_wrong_attributes_are_named(option, value, message):
    model = SuperResolution(**{**SMALL, option: value})
    with pytest.raises(ValueError, match=message):
        model.init(jax.random.key(0), draw_images())


class RowSums(nn.Module):
    """Stand in for a network: its logits are the sums of the rows, doubled in training."""

    def __call__(self, images, *, train):
        return images[..., 0].sum(2) * (2.0 if train else 1.0)


def test_classifier_sees_the_enhanced_images():
    model = SuperResolvedClassifier(SuperResolution(**SMALL), RowSums(), enlarged_px=9)
    images = draw_images()
    variables = model.init(jax.random.key(0), images, train=False)
    assert set(variables["params"]) == {"super_resolution"}
    enhanced = np.asarray(model.apply(variables, images, method="enhance"))
    assert np.abs(enhanced - np.asarray(images)).max() > 0.01
    sums = enhanced[..., 0].sum(2)
    for train, factor in ((False, 1), (True, 2)):
        outputs = np.asarray(model.apply(variables, images, train=train))
        np.testing.assert_allclose(outputs, factor * sums, rtol=1e-5)


def test_smaller_images_are_enlarged_behind_the_stack():
    model = SuperResolvedClassifier(SuperResolution(**SMALL), RowSums(), enlarged_px=21)
    images = draw_images()
    variables = model.init(jax.random.key(0), images, train=False)
    stack = {"params": variables["params"]["super_resolution"]}
    before = jnp.asarray(SuperResolution(**SMALL).apply(stack, images))
    enhanced = np.asarray(model.apply(variables, images, method="enhance"))
    assert enhanced.shape == (2, 21, 21, 1)
    np.testing.assert_allclose(enhanced, enlarge(before, size_px=21), atol=1e-6)
    # In the other order the result is another one.
    after = np.asarray(SuperResolution(**SMALL).apply(stack, enlarge(images, size_px=21)))
    assert np.abs(enhanced - after).max() > 0.01
    features = np.asarray(model.apply(variables, images, train=False))
    np.testing.assert_allclose(features, enhanced[..., 0].sum(2), rtol=1e-5)


def test_images_larger_than_what_the_classifier_sees_are_refused():
    model = SuperResolvedClassifier(SuperResolution(**SMALL), RowSums(), enlarged_px=8)
    with pytest.raises(ValueError, match=r"`size_px` must be at least the images' side 9, got 8"):
        model.init(jax.random.key(0), draw_images(), train=False)
