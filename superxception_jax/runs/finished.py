"""Whether the training of a run has come to its end: its last step, planned or early."""

from __future__ import annotations

from pathlib import Path

from superxception_jax.runs.results import RunResults
from superxception_jax.training.progress import Progress


def has_ended(progress: Progress, *, step: int, total_steps: int) -> bool:
    """Return whether a training has come to its end.

    Args:
        progress: Progress up to the latest checkpoint.
        step: Step of the latest checkpoint.
        total_steps: Number of steps that the config plans.
    """
    return step == total_steps or progress.stopped_epoch > 0


def is_finished(workdir: Path, results: RunResults, *, epochs: int) -> bool:
    """Return whether results are those of a training that had come to its end.

    A stopped run can be evaluated too; a table trains it on, and it isn't exported.

    Args:
        workdir: Run folder.
        results: Results of the run.
        epochs: Number of epochs that the config plans.

    Returns:
        What the results say. Those of earlier versions say nothing: such a run is finished if
        training stopped early or every epoch was validated.
    """
    if results.finished is not None:
        return results.finished
    # Imports TensorBoard, which the use of a network doesn't need.
    from superxception_jax.training.recorder import METRICS_FILE, VALIDATION, load_metrics

    if results.progress.stopped_epoch > 0 or not (workdir / METRICS_FILE).is_file():
        return True
    return sum(entry.kind == VALIDATION for entry in load_metrics(workdir)) >= epochs
