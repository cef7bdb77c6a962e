"""The loop of a training run: a short ordered list of what happens after each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from superxception_jax.commands import Interrupted
from superxception_jax.data.batches import training_indices
from superxception_jax.training.checkpoint import BEST, LATEST, Checkpoints
from superxception_jax.training.compile import place_batch
from superxception_jax.training.recorder import Recorder
from superxception_jax.training.state import TrainState


class NonFiniteLossError(FloatingPointError):
    """The loss became infinite or no number."""


@dataclass(frozen=True)
class LoopSettings:
    """The times at which the loop does something.

    Attributes:
        total_steps: steps of the whole run.
        steps_per_epoch: steps between two validations.
        batch_size: images a step.
        seed: of the order of the images.
        checkpoint_every_steps: steps between two savings inside an epoch.
        log_every_steps: steps between two training lines.
    """

    total_steps: int
    steps_per_epoch: int
    batch_size: int
    seed: int
    checkpoint_every_steps: int
    log_every_steps: int


@dataclass
class _Window:
    """Metrics of the steps since the last training line, still on the devices."""

    started_seconds: float
    steps: list[int] = field(default_factory=list)
    metrics: list[dict[str, jax.Array]] = field(default_factory=list)

    def close(self, batch_size: int, *, now_seconds: float) -> dict[str, float]:
        """Fetch the metrics, check them and return their means."""
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
                f"the loss or its gradient must be finite, got none such in step {shown}; "
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
    images: np.ndarray,
    labels: np.ndarray,
    *,
    step: Callable,
    validate: Callable[[TrainState], dict[str, float]],
    key: jax.Array,
    mesh: jax.sharding.Mesh,
    settings: LoopSettings,
    checkpoints: Checkpoints,
    recorder: Recorder,
    progress: dict[str, Any],
    stop_requested: Callable[[], str],
    clock: Callable[[], float],
) -> TrainState:
    """Train from the given state to the last step.

    Args:
        state: fresh, or restored from the latest checkpoint; its memory is reused.
        images: u8[N,S,S,1], the training images.
        labels: i32[N].
        step: the compiled training step.
        validate: state → metrics with `loss`, over the validation images.
        key: root key of the run.
        mesh: devices of the batch.
        settings: the times.
        checkpoints: where latest and best go.
        recorder: where the metrics and the progress bar go.
        progress: restored with the state and kept up to date: `training_seconds`,
            `best_validation_loss` and `best_step`.
        stop_requested: the reason to stop, empty to go on.
        clock: seconds since any fixed moment.

    Returns:
        The state after the last step.

    Raises:
        Interrupted: a stop was requested; the latest checkpoint holds this step.
        NonFiniteLossError: with the steps concerned.
    """
    started_seconds = clock() - progress["training_seconds"]
    window = _Window(clock())
    for number in range(int(state.step), settings.total_steps):
        indices = training_indices(
            len(labels), batch_size=settings.batch_size, seed=settings.seed, step=number
        )
        batch = place_batch(images[indices], mesh), place_batch(labels[indices], mesh)
        state, metrics = step(state, *batch, key)
        done = number + 1
        window.steps.append(done)
        window.metrics.append(metrics)
        if len(window.metrics) > 1:
            # At most one step in flight: the bar tells the truth and a stop is prompt.
            jax.block_until_ready(window.metrics[-2])
        recorder.advance()

        reason = stop_requested()
        ends_epoch = done % settings.steps_per_epoch == 0 or done == settings.total_steps
        saves = reason or ends_epoch or done % settings.checkpoint_every_steps == 0
        if saves or done % settings.log_every_steps == 0:
            # Before every saving, so that no broken state replaces a sound one.
            recorder.record("train", done, window.close(settings.batch_size, now_seconds=clock()))
            window = _Window(clock())
        if saves:
            progress["training_seconds"] = clock() - started_seconds
        if ends_epoch:
            validation = validate(state)
            recorder.record("validation", done, validation)
            if validation["loss"] < progress.get("best_validation_loss", np.inf):
                progress |= {"best_validation_loss": validation["loss"], "best_step": done}
                checkpoints.save(BEST, state, progress=progress)
            window = _Window(clock())
        if saves:
            checkpoints.save(LATEST, state, progress=progress)
        if reason and done < settings.total_steps:
            raise Interrupted(reason, step=done)
    return state
