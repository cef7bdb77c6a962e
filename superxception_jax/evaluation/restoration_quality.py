"""How near an image is to the one of high resolution that it was made from."""

from __future__ import annotations

import numpy as np
import skimage  # loads `skimage.metrics` when it is used, which takes most of a second

from superxception_jax.arrays import check

EQUAL_DB = 100.0  # far above what 8-bit grey values can show


def restoration_quality(
    restored: np.ndarray, bicubic: np.ndarray, truth: np.ndarray
) -> dict[str, float | int]:
    """Compare restored and bicubically enlarged images with the true ones.

    A classifier is free to change the grey values on the way: `psnr_fitted` is the ratio after
    the best line a·x + b through each image's grey values, which leaves the detail alone.

    Args:
        restored: f32[N,P,P,1], output of the super-resolution stack, clipped to [0, 1] here.
        bicubic: f32[N,P,P,1], what went into it.
        truth: f32[N,P,P,1] in [0, 1].

    Returns:
        Means over the images: `psnr`, `psnr_fitted` in dB and `ssim` of the restored ones, the
        same with `_bicubic` behind, and the number of `images`.

    Raises:
        ValueError: there is no image, or shapes differ.

    Source: PSNR and SSIM of scikit-image (Wang et al. 2004) for grey values in [0, 1].
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
    # Equal images would make the mean infinite.
    return float(np.mean(np.minimum(ratios, EQUAL_DB)))


def _fit(image: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return a·image + b, nearest to the true image in the mean of squares."""
    variance = image.var()
    slope = ((image - image.mean()) * (true - true.mean())).mean() / variance if variance else 0.0
    return slope * (image - image.mean()) + true.mean()
