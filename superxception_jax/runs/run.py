"""A run from data to report: what `launch/main.py` and `launch/evaluate.py` do."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superxception_jax.commands import Interrupted
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.provenance import describe_environment
from superxception_jax.runs.report import write_report
from superxception_jax.runs.setup import (
    describe,
    load_best,
    parameter_table,
    set_up,
)
from superxception_jax.runs.train import train_network
from superxception_jax.runs.workdir import ENVIRONMENT_FILE, claim_workdir
from superxception_jax.training.checkpoint import LATEST, Checkpoints


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
        progress = train_network(setup, workdir, checkpoints)
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
        # Of the whole training, not of the time until the best checkpoint.
        progress = checkpoints.progress(LATEST)
    finally:
        checkpoints.close()
    facts = {"progress": progress, "environment": describe_environment()}
    return write_report(setup, workdir, variables=variables, split=split, facts=facts)
