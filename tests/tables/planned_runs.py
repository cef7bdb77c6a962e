"""Planned runs of the smoke preset, and what such a run leaves when it has finished."""

from __future__ import annotations

import json

from configs import super_xception, xception
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.tables.plan import PlannedRun, make_plan

NETWORKS = {"xception": xception, "super_xception": super_xception}
CLASSES = ["1", "2", "1", "X"]


def planned(folder, row="xception", *, seed=0, fold=0, preset="smoke", **fields):
    config = NETWORKS[row].get_config(preset)
    config.update_from_flattened_dict({"seed": seed, "split.fold": fold, **fields})
    return PlannedRun(
        row=row,
        config_file=f"configs/{row}.py:{preset}",
        experiment=build_experiment(config),
        workdir=folder / "runs" / f"{row}-seed{seed}-fold{fold}",
        arguments=("launch/main.py", f"--config=configs/{row}.py:{preset}"),
    )


def finish(run, *, predicted=CLASSES):
    """Write what a finished run leaves."""
    run.workdir.mkdir(parents=True, exist_ok=True)
    results = {
        "name": run.experiment.name,
        "preset": run.experiment.preset,
        "dataset": run.experiment.dataset,
        "protocol": run.experiment.split.protocol,
        "images": 4,
        "accuracy": 0.75,
        "accuracy_interval": [0.5, 1.0],
        "expected_calibration_error": 0.1,
        "parameters": 77,
        "multiply_accumulates": 88,
        "progress": {"training_seconds": 30.0},
        "environment": {"commit": "abc"},
    }
    write_json(run.workdir / "config.json", run.experiment.config)
    lines = [
        f"{i},{i // 2},{c},{p},0.9" for i, (c, p) in enumerate(zip(CLASSES, predicted, strict=True))
    ]
    header = "name,cell,class,predicted,confidence"
    write_text(run.workdir / "predictions.csv", "\n".join([header, *lines]) + "\n")
    train = [
        {"kind": "train", "step": n, "images_per_second": rate}
        for n, rate in ((1, 2), (2, 50), (3, 60))
    ]
    text = "".join(json.dumps(line) + "\n" for line in train)
    write_text(run.workdir / "metrics.jsonl", text)
    write_json(run.workdir / "results.json", results)


def plan(folder, runs, *, name="t", pairs=(), vary="", command="again"):
    return make_plan(
        runs, name=name, folder=folder / "results", pairs=pairs, vary=vary, command=command
    )
