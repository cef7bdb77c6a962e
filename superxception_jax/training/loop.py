"""The training loop: what happens after each step, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import jax
import numpy as np

from superxception_jax.commands import Interrupted
from superxception_jax.data.batches import training_indices
from superxception_jax.training.checkpoint import BEST, LATEST, Checkpoints
from superxception_jax.training.compile import place_batch
from superxception_jax.training.progress import Progress
from superxception_jax.training.recorder import Recorder
from superxception_jax.training.state import TrainState
from superxception_jax.training.task import Task


class NonFiniteLossError(FloatingPointError):
    """The loss or its gradient became infinite or NaN."""


@dataclass
class _Window:
    """Metrics of the steps since the last line of training metrics, still on the devices."""

    started_seconds: float
    steps: list[int] = field(default_factory=list)
    metrics: list[dict[str, jax.Array]] = field(default_factory=list)

    def close(self, batch_size: int, *, now_seconds: float) -> dict[str, float]:
        """Return the means of the metrics, after a check that all are finite."""
        values = {
            name: np.array([float(one[name]) for one in self.metrics]) for name in self.metrics[0]
        }
        bad = [
            step
            for step, *numbers in zip(self.steps, *values.values(), strict=True)
            if not np.all(np.isfinite(numbers))
        ]
        if bad:
            shown = ", ".join(str(step) for step in bad[:10])
            raise NonFiniteLossError(
                f"the loss and its gradient must be finite, got infinity or NaN in step {shown}; "
                "lower `optimizer.learning_rate` or set `optimizer.gradient_clip_norm`. "
                "The checkpoints of earlier steps are kept."
            )
        seconds = max(now_seconds - self.started_seconds, 1e-9)
        return {
            "loss": float(values["loss"].mean()),
            "accuracy": float(values["correct"].mean() / batch_size),
            "gradient_norm": float(values["gradient_norm"].mean()),
            "images_per_second": len(self.steps) * batch_size / seconds,
        }


def train(
    state: TrainState,
    task: Task,
    *,
    checkpoints: Checkpoints,
    recorder: Recorder,
    progress: Progress,
    stop_requested: Callable[[], str],
    clock: Callable[[], float],
) -> tuple[TrainState, Progress]:
    """Train from the given state to the last step, or until the validation loss stops improving.

    Args:
        state: First state, or the one of the latest checkpoint; its memory is reused.
        task: What to learn.
        checkpoints: Where the latest and the best state are saved.
        recorder: Where the metrics and the progress bar go.
        progress: Progress up to the given state.
        stop_requested: Function that returns the reason to stop, empty to continue.
        clock: Function that returns the seconds since any fixed moment.

    Returns:
        The state after the last step, and the progress up to it.

    Raises:
        Interrupted: A stop was requested; the latest checkpoint holds this step.
        NonFiniteLossError: The loss or its gradient is infinite or NaN.
    """
    settings = task.settings
    started_seconds = clock() - progress.training_seconds
    window = _Window(clock())
    last = int(state.step) if progress.stopped_epoch else task.total_steps
    for number in range(int(state.step), last):
        indices = training_indices(
            len(task.images), batch_size=settings.batch_size, seed=settings.seed, step=number
        )
        images = place_batch(task.images[indices], task.mesh)
        targets = place_batch(task.targets[indices], task.mesh)
        state, metrics = task.step(state, images, targets, task.key)
        done = number + 1
        window.steps.append(done)
        window.metrics.append(metrics)
        if len(window.metrics) > 1:
            # At most one step in flight, so that the bar is accurate and a stop is prompt.
            jax.block_until_ready(window.metrics[-2])
        recorder.advance()

        reason = stop_requested()
        ends_epoch = done % task.steps_per_epoch == 0 or done == task.total_steps
        saves = reason or ends_epoch or done % settings.checkpoint_every_steps == 0
        if saves or done % settings.log_every_steps == 0:
            # The check for finite metrics comes before every checkpoint, so that a broken state
            # never replaces a sound one.
            recorder.record("train", done, window.close(settings.batch_size, now_seconds=clock()))
            window = _Window(clock())
        if saves:
            progress = replace(progress, training_seconds=clock() - started_seconds)
        if ends_epoch:
            validation = task.validate(state)
            recorder.record("validation", done, validation)
            progress = _judge(validation["loss"], task, progress, done=done)
            reason = reason or stop_requested()
            if progress.best_step == done:
                checkpoints.save(BEST, state, progress=progress)
            window = _Window(clock())
        if saves:
            checkpoints.save(LATEST, state, progress=progress)
        _heed(reason, step=done)
        if progress.stopped_epoch:
            break
    # One that came during the last saving: what follows the training would not hear of it.
    _heed(stop_requested(), step=int(state.step))
    return state, progress


def _heed(reason: str, *, step: int) -> None:
    """Stop after a step for a reason, if there is one."""
    if reason:
        raise Interrupted(reason, step=step)


def _judge(loss: float, task: Task, progress: Progress, *, done: int) -> Progress:
    """Return the progress after a validation: a new best, or the stop of a patient training."""
    if loss < progress.best_validation_loss:
        return replace(progress, best_validation_loss=loss, best_step=done)
    patience_steps = task.settings.patience_epochs * task.steps_per_epoch
    if 0 < patience_steps <= done - progress.best_step and done < task.total_steps:
        return replace(progress, stopped_epoch=done // task.steps_per_epoch)
    return progress
