"""The training loop: what happens after each step, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import jax
import numpy as np

from superxception_jax.commands import Interrupted
from superxception_jax.training.checkpoint import BEST, LATEST
from superxception_jax.training.checkpoint_sharing import AnyCheckpoints
from superxception_jax.training.feed import training_batches
from superxception_jax.training.progress import Progress
from superxception_jax.training.recorder import AnyRecorder
from superxception_jax.training.state import TrainState
from superxception_jax.training.task import Task


class NonFiniteLossError(FloatingPointError):
    """The loss or its gradient became infinite or NaN."""


class _Log:
    """Metrics of the steps since the last entry, still on the devices.

    An entry is fetched and written while the step after it runs, so that the devices don't wait.
    """

    def __init__(self, task: Task, recorder: AnyRecorder, clock: Callable[[], float]) -> None:
        self._task, self._recorder, self._clock = task, recorder, clock
        self._steps: list[int] = []
        self._metrics: list[dict[str, jax.Array]] = []
        self._started_seconds = clock()
        self._is_due = False

    def add(self, step: int, metrics: dict[str, jax.Array]) -> None:
        """Keep the metrics of a step that has just been started."""
        if self._metrics:
            # At most one step in flight, so that the bar is accurate and a stop is prompt.
            jax.block_until_ready(self._metrics[-1])
        if self._is_due:
            self.write()
        self._steps.append(step)
        self._metrics.append(metrics)

    def end_entry(self) -> None:
        """Have the entry written once its last step is done."""
        self._is_due = True

    def write(self) -> None:
        """Write the entry of all steps so far, after a check that their metrics are finite."""
        metrics = self._means()
        self._recorder.record("train", self._steps[-1], metrics)
        self._steps, self._metrics = [], []
        self._is_due = False
        self.restart()

    def restart(self) -> None:
        """Start the clock of the next entry."""
        self._started_seconds = self._clock()

    def _means(self) -> dict[str, float]:
        fetched = jax.device_get(self._metrics)
        seconds = max(self._clock() - self._started_seconds, 1e-9)
        values = {name: np.array([one[name] for one in fetched]) for name in fetched[0]}
        bad = [
            step
            for step, *numbers in zip(self._steps, *values.values(), strict=True)
            if not np.all(np.isfinite(numbers))
        ]
        if bad:
            shown = ", ".join(str(step) for step in bad[:10])
            raise NonFiniteLossError(
                f"the loss and its gradient must be finite, got infinity or NaN in step {shown}; "
                "lower `optimizer.learning_rate` or set `optimizer.gradient_clip_norm`. "
                "The checkpoints of earlier steps are kept."
            )
        batch_size = self._task.settings.batch_size
        speed = len(self._steps) * batch_size / seconds
        means = {
            "loss": float(values["loss"].mean()),
            "accuracy": float(values["correct"].mean() / batch_size),
            "gradient_norm": float(values["gradient_norm"].mean()),
            "images_per_second": speed,
        }
        if self._task.utilization:
            means["model_flop_utilization"] = speed * self._task.utilization
        return means


def train(
    state: TrainState,
    task: Task,
    *,
    checkpoints: AnyCheckpoints,
    recorder: AnyRecorder,
    progress: Progress,
    stop_requested: Callable[[], str],
    after_step: Callable[[int], object],
    clock: Callable[[], float],
) -> tuple[TrainState, Progress]:
    """Train from the given state to the last step, or until the validation loss stops improving.

    Where the start counts, the first state is validated as every epoch is, and stays the best if
    none is better.

    Args:
        state: First state, or the one of the latest checkpoint; its memory is reused.
        task: What to learn.
        checkpoints: Where the latest and the best state are saved.
        recorder: Where the metrics and the progress bar go.
        progress: Progress up to the given state.
        stop_requested: Function that returns the reason to stop, empty to continue.
        after_step: Called with the number of finished steps after each.
        clock: Function that returns the seconds since any fixed moment.

    Returns:
        The state after the last step, and the progress up to it.

    Raises:
        Interrupted: A stop was requested; the latest checkpoint holds this step.
        NonFiniteLossError: The loss or its gradient is infinite or NaN.
    """
    settings = task.settings
    started_seconds = clock() - progress.training_seconds
    log = _Log(task, recorder, clock)
    first = int(state.step)
    # A start that is resumed has been validated already.
    if settings.start_counts and first == 0 and progress.is_unjudged:
        validation = task.validate(state)
        recorder.record("validation", 0, validation)
        progress = replace(progress, best_validation_loss=validation["loss"], best_step=0)
        for kind in (BEST, LATEST):
            checkpoints.save(kind, state, progress=progress)
    last = first if progress.stopped_epoch else task.total_steps
    for number, batch in enumerate(training_batches(task, first=first, last=last), first):
        # Marks the step in a trace.
        with jax.profiler.StepTraceAnnotation("train", step_num=number):
            state, metrics = task.step(state, *batch, task.key)
        done = number + 1
        log.add(done, metrics)
        recorder.advance()
        after_step(done)

        reason = stop_requested()
        ends_epoch = done % task.steps_per_epoch == 0 or done == task.total_steps
        saves = reason or ends_epoch or done % settings.checkpoint_every_steps == 0
        if saves:
            # The check for finite metrics comes before every checkpoint, so that a broken state
            # never replaces a sound one.
            log.write()
            progress = replace(progress, training_seconds=clock() - started_seconds)
        elif done % settings.log_every_steps == 0:
            log.end_entry()
        if ends_epoch:
            validation = task.validate(state)
            recorder.record("validation", done, validation)
            progress = _judge(validation["loss"], task, progress, done=done)
            reason = reason or stop_requested()
            if progress.best_step == done:
                checkpoints.save(BEST, state, progress=progress)
        if saves:
            checkpoints.save(LATEST, state, progress=progress)
            log.restart()
        heed(reason, step=done)
        if progress.stopped_epoch:
            break
    # One that came during the last saving: what follows the training would not hear of it.
    heed(stop_requested(), step=int(state.step))
    return state, progress


def heed(reason: str, *, step: int) -> None:
    """Stop after a step for a reason, if there is one."""
    if reason:
        raise Interrupted(reason, step=step)


def _judge(loss: float, task: Task, progress: Progress, *, done: int) -> Progress:
    """Return the progress after a validation: a new best, or the stop of a patient training."""
    if task.settings.kept == "last" or loss < progress.best_validation_loss:
        return replace(progress, best_validation_loss=loss, best_step=done)
    patience_steps = task.settings.patience_epochs * task.steps_per_epoch
    if 0 < patience_steps <= done - progress.best_step and done < task.total_steps:
        return replace(progress, stopped_epoch=done // task.steps_per_epoch)
    return progress
