"""A run from data to report: what `launch/main.py` and `launch/evaluate.py` do."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from superxception_jax.evaluation.metrics import compute_metrics
from superxception_jax.evaluation.report import write_json, write_text
from superxception_jax.experiment import Experiment, config_differences, config_from_json
from superxception_jax.provenance import describe_environment
from superxception_jax.reporting import write_report
from superxception_jax.setup import (
    Setup,
    describe,
    first_state,
    load_best,
    parameter_table,
    predict_part,
    set_up,
)
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST, LATEST, Checkpoints
from superxception_jax.training.interrupt import stop_signals
from superxception_jax.training.loop import Interrupted, LoopSettings, train
from superxception_jax.training.recorder import Recorder
from superxception_jax.training.state import TrainState
from superxception_jax.training.steps import make_train_step

CONFIG_FILE = "config.json"
ENVIRONMENT_FILE = "environment.json"


def train_and_test(
    experiment: Experiment, workdir: Path, *, overrides: Mapping[str, Any]
) -> list[Path]:
    """Train an experiment, or go on with it, and test its best checkpoint.

    Args:
        experiment: the checked config.
        workdir: folder of the run; made if absent, gone on with if it holds the same config.
        overrides: of the config, stored with the run.

    Returns:
        The files written for the reader.

    Raises:
        ValueError: `workdir` holds something else.
        Interrupted: a stop was requested; calling again goes on.
        NonFiniteLossError: with the steps concerned.
    """
    claim_workdir(workdir, experiment)
    setup = set_up(experiment)
    environment = describe_environment()
    write_text(workdir / "parameters.txt", parameter_table(setup))
    stored = workdir / ENVIRONMENT_FILE
    if stored.is_file():
        # Going on needs no config on the command line; what the run was started with stays.
        overrides = json.loads(stored.read_text(encoding="utf-8"))["overrides"]
    write_json(stored, {**environment, "overrides": dict(overrides)})
    print(describe(setup, workdir), flush=True)
    checkpoints = Checkpoints(workdir / "checkpoints")
    try:
        progress = _train(setup, workdir, checkpoints)
        variables = load_best(setup, checkpoints)
    except Interrupted as stop:
        stop.add_note(f"Go on with: python launch/main.py --workdir={shlex.quote(str(workdir))}")
        raise
    finally:
        checkpoints.close()
    return write_report(
        setup,
        workdir,
        variables=variables,
        split="test",
        facts={"progress": progress, "environment": environment},
    )


def evaluate_run(experiment: Experiment, workdir: Path, *, split: str) -> list[Path]:
    """Evaluate the best checkpoint of a run once more.

    Args:
        experiment: of the run's own config.
        workdir: folder of the run.
        split: train, validation or test.

    Returns:
        The files written.

    Raises:
        FileNotFoundError: the run has no checkpoint yet.
    """
    setup = set_up(experiment)
    checkpoints = Checkpoints(workdir / "checkpoints")
    try:
        variables = load_best(setup, checkpoints)
        progress = checkpoints.progress(BEST)
    finally:
        checkpoints.close()
    facts = {"progress": progress, "environment": describe_environment()}
    return write_report(setup, workdir, variables=variables, split=split, facts=facts)


def claim_workdir(workdir: Path, experiment: Experiment) -> None:
    """Make the folder of a run, or check that it belongs to the same config.

    Args:
        workdir: folder of the run.
        experiment: whose config is stored or compared.

    Raises:
        ValueError: the folder holds other things, or a run of another config.
    """
    if holds_run(workdir):
        differences = config_differences(_stored_values(workdir), experiment.config)
        if differences:
            raise ValueError(
                f"`--workdir` must hold a run of the same config, got `{workdir}` with another "
                "one; choose another folder. Differences (there → here):\n  "
                + "\n  ".join(differences)
            )
        return
    if workdir.exists() and any(workdir.iterdir()):
        raise ValueError(
            f"`--workdir` must be empty or hold a run, got `{workdir}` with other files; "
            "choose another folder."
        )
    workdir.mkdir(parents=True, exist_ok=True)
    write_json(workdir / CONFIG_FILE, experiment.config)


def holds_run(workdir: Path) -> bool:
    """Tell whether a folder holds a run, finished or not."""
    return (workdir / CONFIG_FILE).is_file()


def load_config(workdir: Path) -> ConfigDict:
    """Read the config that a run was started with.

    Args:
        workdir: folder of the run; see `holds_run`.

    Returns:
        The locked config.
    """
    return config_from_json(_stored_values(workdir))


def _stored_values(workdir: Path) -> dict[str, Any]:
    return json.loads((workdir / CONFIG_FILE).read_text(encoding="utf-8"))


def _train(setup: Setup, workdir: Path, checkpoints: Checkpoints) -> dict[str, Any]:
    experiment, mesh = setup.experiment, setup.mesh
    progress: dict[str, Any] = {"training_seconds": 0.0}
    if checkpoints.step(LATEST) is not None:
        state = checkpoints.load(LATEST, setup.abstract_state)
        progress = checkpoints.progress(LATEST)
        print(f"going on from step {int(state.step)} of {workdir}", flush=True)
    else:
        state = first_state(setup, workdir)
    settings = LoopSettings(
        total_steps=experiment.epochs * setup.steps_per_epoch,
        steps_per_epoch=setup.steps_per_epoch,
        batch_size=experiment.batch_size,
        seed=experiment.seed,
        checkpoint_every_steps=experiment.checkpoint_every_steps,
        log_every_steps=experiment.log_every_steps,
    )
    step = make_train_step(setup.model, setup.optimizer, **experiment.step_options)
    recorder = Recorder(
        workdir,
        first_step=int(state.step),
        total_steps=settings.total_steps,
        batch_size=settings.batch_size,
    )
    try:
        with stop_signals() as stop_requested:
            train(
                state,
                setup.parts["train"].images,
                setup.parts["train"].labels,
                step=compilation.compile_train_step(step, mesh),
                validate=lambda state: _validate(setup, state),
                key=setup.key,
                mesh=mesh,
                settings=settings,
                checkpoints=checkpoints,
                recorder=recorder,
                progress=progress,
                stop_requested=stop_requested,
                clock=time.monotonic,
            )
    finally:
        recorder.close()
    return progress


def _validate(setup: Setup, state: TrainState) -> dict[str, float]:
    part = setup.parts["validation"]
    metrics = compute_metrics(predict_part(setup, state.variables, part, bar=None), part.labels)
    return {"loss": metrics.loss, "accuracy": metrics.accuracy}
