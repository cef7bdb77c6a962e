"""Similarity of enlarged images to the high-resolution images that they were made from."""

from __future__ import annotations

import numpy as np
import skimage  # loads `skimage.metrics` on first use, which takes most of a second

from superxception_jax.arrays import check

EQUAL_DB = 100.0  # far above what 8-bit grey values can show


def restoration_quality(
    restored: np.ndarray, bicubic: np.ndarray, truth: np.ndarray
) -> dict[str, float | int]:
    """Return how similar restored and bicubically enlarged images are to the true ones.

    A stack trained for classification may change grey values freely. `psnr_fitted` is therefore
    the ratio after the best linear fit a·x + b of each image's grey values to the true ones,
    which leaves the detail unchanged.

    Args:
        restored: f32[N,P,P,1], output of the super-resolution stack, clipped to [0, 1] here.
        bicubic: f32[N,P,P,1], input of the stack.
        truth: f32[N,P,P,1] in [0, 1], true crops.

    Returns:
        Means over the images: `psnr`, `psnr_fitted` in dB and `ssim` of the restored images, the
        same with the suffix `_bicubic`, and the number of `images`.

    Raises:
        ValueError: There is no image, or the shapes differ.

    Source: PSNR and SSIM of scikit-image for grey values in [0, 1]. Of SSIM (Wang et al. 2004) it
        is the variant with an even window of 7×7 px instead of their Gaussian.
    """
    count = check(
        restored=(restored, "f32[N,P,P,1]"),
        bicubic=(bicubic, "f32[N,P,P,1]"),
        truth=(truth, "f32[N,P,P,1]"),
    )["N"]
    if count == 0:
        raise ValueError("`truth` must hold images, got none; leave the comparison out.")
    quality: dict[str, float | int] = {"images": count}
    for suffix, images in (("", restored), ("_bicubic", bicubic)):
        pairs = [
            (np.clip(image[..., 0], 0.0, 1.0).astype(np.float64), true[..., 0].astype(np.float64))
            for image, true in zip(images, truth, strict=True)
        ]
        fitted = [(_fit(image, true), true) for image, true in pairs]
        quality |= {
            f"psnr{suffix}": _mean_psnr(pairs),
            f"psnr_fitted{suffix}": _mean_psnr(fitted),
            f"ssim{suffix}": float(
                np.mean(
                    [
                        skimage.metrics.structural_similarity(true, one, data_range=1.0)
                        for one, true in pairs
                    ]
                )
            ),
        }
    return quality


def _mean_psnr(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    with np.errstate(divide="ignore"):
        ratios = [
            skimage.metrics.peak_signal_noise_ratio(true, one, data_range=1.0)
            for one, true in pairs
        ]
    # Identical images would make the mean infinite.
    return float(np.mean(np.minimum(ratios, EQUAL_DB)))


def _fit(image: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return a·image + b with the least mean squared difference from the true image."""
    variance = image.var()
    slope = ((image - image.mean()) * (true - true.mean())).mean() / variance if variance else 0.0
    return slope * (image - image.mean()) + true.mean()
