"""Planned runs of the smoke preset, and what such a run leaves when it has finished."""

from __future__ import annotations

import json

import numpy as np

from configs import super_xception, xception
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.evaluation.predictions import (
    Predictions,
    predictions_csv,
    save_predictions,
)
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.tables.plan import PlannedRun, make_plan
from superxception_jax.training.progress import Progress
from tests.tables.hand_made import TRUTH, labels, results

NETWORKS = {"xception": xception, "super_xception": super_xception}


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


def run_predictions(predicted, *, assigned=None):
    """Return predictions with the confidence 0.9 for the classes of `TRUTH`, of two cells."""
    probabilities = np.full((4, len(CLASS_NAMES)), 0.1 / 23)
    probabilities[np.arange(4), labels(predicted)] = 0.9
    cells = np.array(["0", "0", "1", "1"])
    return Predictions(
        names=np.array(["0", "1", "2", "3"]),
        cells=cells,
        cases=cells,
        labels=labels(TRUTH).astype(np.int32),
        log_probabilities=np.log(probabilities).astype(np.float32),
        assigned=None if assigned is None else labels(assigned).astype(np.int64),
    )


def finish(run, *, predicted=TRUTH, assigned=None):
    """Write what a finished run leaves."""
    run.workdir.mkdir(parents=True, exist_ok=True)
    made = results(
        name=run.experiment.name,
        preset=run.experiment.preset,
        dataset=run.experiment.dataset,
        protocol=run.experiment.split.protocol,
        seed=run.experiment.seed,
        parameters=77,
        multiply_accumulates=88,
        progress=Progress(30.0, 0.5, 7),
    )
    write_json(run.workdir / "config.json", run.experiment.config)
    save_predictions(run.workdir / "predictions.npz", run_predictions(predicted, assigned=assigned))
    train = [
        {"kind": "train", "step": n, "images_per_second": rate}
        for n, rate in ((1, 2), (2, 50), (3, 60))
    ]
    validations = [{"kind": "validation", "step": n + 1} for n in range(run.experiment.epochs)]
    text = "".join(json.dumps(line) + "\n" for line in (*train, *validations))
    write_text(run.workdir / "metrics.jsonl", text)
    write_json(run.workdir / "results.json", made.to_json())


def finish_earlier(run, *, predicted=TRUTH, assigned=None):
    """Write what a run left that finished with version 0.1: CSV files, and one provenance."""
    finish(run)
    (run.workdir / "predictions.npz").unlink()
    made = run_predictions(predicted)
    write_text(run.workdir / "predictions.csv", predictions_csv(made))
    if assigned is not None:
        lines = [
            f"{name},{found}" for name, found in zip(made.names, assigned.split(), strict=True)
        ]
        write_text(run.workdir / "assignments.csv", "\n".join(["name,assigned", *lines]) + "\n")
    values = json.loads((run.workdir / "results.json").read_text())
    values["environment"] = values.pop("evaluation")
    del values["trainings"]
    del values["finished"]
    write_json(run.workdir / "results.json", values)


def plan(folder, runs, *, name="t", pairs=(), vary="", command="again"):
    return make_plan(
        runs, name=name, results=folder / "results", pairs=pairs, vary=vary, command=command
    )
