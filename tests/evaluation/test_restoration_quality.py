from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.evaluation.restoration_quality import restoration_quality


def draw(seed):
    return np.random.default_rng(seed).uniform(size=(3, 16, 16, 1)).astype(np.float32)


def test_psnr_by_hand():
    truth = np.full((2, 16, 16, 1), 0.5, np.float32)
    quality = restoration_quality(truth + 0.1, truth - 0.01, truth)
    # 10·log10(1 / mean of squares)
    assert quality["psnr"] == pytest.approx(20.0, abs=1e-4)
    assert quality["psnr_bicubic"] == pytest.approx(40.0, abs=1e-3)
    assert quality["images"] == 2


def test_the_truth_itself_is_alike_and_noise_is_not():
    truth = draw(0)
    noisy = np.clip(truth + 0.3 * draw(1), 0, 1)
    quality = restoration_quality(noisy, truth + 1e-4, truth)
    assert quality["ssim_bicubic"] > 0.999
    assert quality["ssim"] < 0.95
    assert quality["psnr_bicubic"] > quality["psnr"]


def test_a_change_of_contrast_alone_costs_nothing_after_the_fit():
    truth = draw(0)
    flat = (0.2 + 0.5 * truth).astype(np.float32)
    noise = (0.05 * (draw(1) - 0.5)).astype(np.float32)
    quality = restoration_quality(flat + noise, truth + noise, truth)
    assert quality["psnr"] < 20
    # Twice the noise, as the contrast is half.
    assert quality["psnr_fitted"] == pytest.approx(quality["psnr_fitted_bicubic"] - 6.0, abs=0.3)


def test_values_outside_the_range_are_clipped():
    truth = np.ones((1, 16, 16, 1), np.float32)
    truth[:, :8] = 0.0
    quality = restoration_quality(3.0 * truth - 1.0, truth + 1e-3, truth)
    assert quality["ssim"] == pytest.approx(1.0)


def test_no_image_is_refused():
    nothing = np.zeros((0, 16, 16, 1), np.float32)
    with pytest.raises(ValueError, match="`truth` must hold images, got none"):
        restoration_quality(nothing, nothing, nothing)
