"""A run from data to report, as `launch/main.py` and `launch/evaluate.py` start it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superxception_jax.commands import Interrupted
from superxception_jax.files import check_writable, write_json, write_text
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.provenance import Provenance, TrainingRecord, describe_provenance
from superxception_jax.runs.report import RunHistory, write_report
from superxception_jax.runs.setup import (
    Setup,
    describe,
    load_best,
    parameter_table,
    set_up,
)
from superxception_jax.runs.train import train_network
from superxception_jax.runs.workdir import ENVIRONMENT_FILE, claim_workdir, load_training_record
from superxception_jax.training.checkpoint import LATEST, Checkpoints


def train_and_test(
    experiment: Experiment, workdir: Path, *, overrides: Mapping[str, Any]
) -> list[Path]:
    """Train an experiment, or resume its training, and test its best checkpoint.

    Args:
        experiment: Checked experiment.
        workdir: Run folder; made if absent, resumed if it holds the same config.
        overrides: Config fields given on the command line, stored with the run.

    Returns:
        The files of the report.

    Raises:
        ValueError: `workdir` holds something else.
        Interrupted: The run was asked to stop; the same call resumes it.
        NonFiniteLossError: The loss became infinite or not a number.
    """
    check_writable(workdir, name="--workdir")
    claim_workdir(workdir, experiment)
    setup = set_up(experiment)
    provenance = describe_provenance()
    write_text(workdir / "parameters.txt", parameter_table(setup))
    print(describe(setup, workdir), flush=True)
    try:
        with Checkpoints(workdir / "checkpoints") as checkpoints:
            if mended := checkpoints.mend(setup.abstract_state):
                print(mended, flush=True)
            record = _record_training(
                workdir,
                provenance,
                overrides=overrides,
                finished=_is_finished(setup, checkpoints),
            )
            progress = train_network(setup, workdir, checkpoints)
            variables = load_best(setup, checkpoints)
    except Interrupted as stop:
        stop.add_note(f"Resume with: python launch/main.py --workdir={shlex.quote(str(workdir))}")
        raise
    history = RunHistory(progress, record.trainings, provenance)
    return write_report(setup, workdir, variables=variables, split="test", history=history)


def evaluate_run(experiment: Experiment, workdir: Path, *, split: str) -> list[Path]:
    """Evaluate the best checkpoint of a run again.

    Args:
        experiment: Experiment of the run's own config.
        workdir: Run folder.
        split: Split to evaluate: train, validation or test.

    Returns:
        The files of the report.

    Raises:
        FileNotFoundError: The run has no checkpoint yet.
    """
    setup = set_up(experiment)
    with Checkpoints(workdir / "checkpoints") as checkpoints:
        variables = load_best(setup, checkpoints)
        # That of the whole training, not of the time up to the best checkpoint.
        progress = checkpoints.progress(LATEST)
    record = load_training_record(workdir)
    history = RunHistory(progress, record.trainings, describe_provenance())
    return write_report(setup, workdir, variables=variables, split=split, history=history)


def _is_finished(setup: Setup, checkpoints: Checkpoints) -> bool:
    """Return whether the training of a run has come to its end, planned or early."""
    step = checkpoints.step(LATEST)
    if step is None:
        return False
    total_steps = setup.experiment.epochs * setup.steps_per_epoch
    return step == total_steps or checkpoints.progress(LATEST).stopped_epoch > 0


def _record_training(
    workdir: Path, provenance: Provenance, *, overrides: Mapping[str, Any], finished: bool
) -> TrainingRecord:
    """Add this process to the provenance of a run that still trains; return all of it.

    The overrides stay those that the run was started with, as resuming needs none.
    """
    if not (workdir / ENVIRONMENT_FILE).is_file():
        record = TrainingRecord((provenance,), overrides)
    else:
        record = load_training_record(workdir)
        if not finished:
            record = TrainingRecord((*record.trainings, provenance), record.overrides)
    write_json(workdir / ENVIRONMENT_FILE, record.to_json())
    return record
