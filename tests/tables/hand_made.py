"""Runs of a table whose numbers can be computed by hand: four images of two cells."""

from __future__ import annotations

from typing import Any

from superxception_jax.tables.finished_run import TableRun

EVALUATION = {"confidence_level": 0.95, "bootstrap_resamples": 500, "batch_size": 64}


def hand_made(row: str, read: str, *, seed: int = 0, fold: int = 0, **more: Any) -> TableRun:
    """Make a run that reads the images of the classes 1, 2, 1, X as `read`, such as `1 2 2 X`."""
    results = {
        "name": row,
        "preset": "paper",
        "dataset": "bioimage",
        "protocol": "paper",
        "images": 4,
        "multiply_accumulates": 2_500_000,
        "accuracy": 0.0,
        "accuracy_interval": [0.0, 0.0],
        "expected_calibration_error": 0.1 * (seed + 1),
    }
    return TableRun(
        row=row,
        seed=seed,
        fold=fold,
        config_file=f"configs/{row}.py:paper",
        command=f"python launch/main.py --config=configs/{row}.py:paper --config.seed={seed}",
        commit="abc",
        parameters=1234567,
        images_per_second=100.0 + seed,
        training_seconds=60.0 * (seed + 1),
        results=results | more,
        config={"seed": seed, "split": {"fold": fold}, "evaluation": EVALUATION},
        predictions={
            "name": [f"{fold}{letter}" for letter in "abcd"],
            "cell": [f"{fold}-1", f"{fold}-1", f"{fold}-2", f"{fold}-2"],
            "class": ["1", "2", "1", "X"],
            "predicted": read.split(),
        },
    )


def four_runs() -> list[TableRun]:
    """Make two rows of two seeds; each reads one image wrong with one of its seeds."""
    quality = {"super_resolution": {"psnr": 30.0, "ssim": 0.9, "method": "bicubic"}}
    return [
        hand_made("xception", "1 2 2 X", seed=0),
        hand_made("xception", "1 2 1 X", seed=1),
        hand_made("super_xception", "1 2 1 X", seed=0, **quality),
        hand_made("super_xception", "1 1 1 X", seed=1, **quality),
    ]
