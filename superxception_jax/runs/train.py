"""The training of a run: initial weights, pretraining of the stack, and the training loop."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from superxception_jax.evaluation.metrics import compute_metrics
from superxception_jax.files import write_text
from superxception_jax.models.inference import Predict
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.restoration import (
    Pairs,
    compile_restoration,
    load_pairs,
    measure_errors,
)
from superxception_jax.runs.setup import Setup, multiply_accumulates
from superxception_jax.runs.start_weights import load_start
from superxception_jax.runs.testing.predicting import predict_split
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST, LATEST
from superxception_jax.training.checkpoint_sharing import AnyCheckpoints, open_checkpoints
from superxception_jax.training.chips import find_chip
from superxception_jax.training.flops import model_flops_per_image, utilization_per_image_rate
from superxception_jax.training.hosts.processes import is_first, tell
from superxception_jax.training.interrupt import agreed, stop_signals
from superxception_jax.training.loop import heed, train
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.progress import Progress
from superxception_jax.training.recorder import (
    PRETRAINING_FOLDER,
    AnyRecorder,
    Recorder,
    SilentRecorder,
)
from superxception_jax.training.restoration_step import init_restoration, make_restoration_step
from superxception_jax.training.settings import LoopSettings
from superxception_jax.training.state import TrainState
from superxception_jax.training.steps import make_train_step, training_targets
from superxception_jax.training.task import Task
from superxception_jax.training.trace import StepTrace

TRACE_FOLDER = "trace"


def train_network(
    setup: Setup, workdir: Path, checkpoints: AnyCheckpoints, *, profile: bool = False
) -> Progress:
    """Train the network of an experiment, from its latest checkpoint if there is one.

    Args:
        setup: Data, devices and network of the experiment.
        workdir: Run folder.
        checkpoints: Checkpoints of the run.
        profile: Whether some steps are traced.

    Returns:
        The progress up to the last step.

    Raises:
        ValueError: The weight file to start from doesn't fit the network.
        Interrupted: A stop was requested; another call resumes the training.
        NonFiniteLossError: The loss or its gradient is infinite or NaN.
    """

    def validate(state: TrainState) -> dict[str, float]:
        part = setup.splits["validation"]
        metrics = compute_metrics(
            predict_split(setup, state.variables, part, bar=None), part.labels
        )
        # The same to the last bit in all processes, which decide by it.
        return tell(lambda: {"loss": metrics.loss, "accuracy": metrics.accuracy})

    experiment, train_part = setup.experiment, setup.trained
    step = make_train_step(setup.model, setup.optimizer, **experiment.step_options)
    task = Task(
        images=train_part.images,
        targets=training_targets(train_part.labels, upright=train_part.upright),
        step=compilation.compile_train_step(step, setup.mesh),
        validate=validate,
        first_state=lambda: _first_state(setup, workdir),
        abstract_state=setup.abstract_state,
        settings=_loop_settings(
            experiment,
            epochs=experiment.epochs,
            kept=experiment.kept,
            patience_epochs=experiment.patience_epochs,
            start_counts=experiment.start_counts,
        ),
        key=setup.key,
        mesh=setup.mesh,
        utilization=_utilization(setup),
    )
    if not (profile and is_first()):
        return _train_or_resume(task, workdir, checkpoints)
    trace = StepTrace(workdir / TRACE_FOLDER)
    try:
        return _train_or_resume(task, workdir, checkpoints, after_step=trace)
    finally:
        print(trace.close(), flush=True)


def _utilization(setup: Setup) -> float:
    """Return the utilisation at one image per second; 0 where the peak is unknown."""
    kind = setup.mesh.devices.flat[0].device_kind
    if find_chip(kind) is None:
        return 0.0
    return utilization_per_image_rate(
        model_flops_per_image(multiply_accumulates(setup)),
        device_kind=kind,
        devices=setup.mesh.size,
        precision=setup.experiment.precision,
    )


def _first_state(setup: Setup, workdir: Path) -> tuple[TrainState, Progress]:
    """Return the state before the first step, from initial values, weights and pretraining.

    The progress up to it holds the time of the pretraining.
    """
    loaded = None
    if setup.experiment.init_from:
        # Before anything is compiled, so that a wrong file is reported at once.
        loaded, report = load_start(setup)
        print(report, flush=True)
        if is_first():
            write_text(workdir / "init_from.txt", report + "\n")
    pretrained: dict[str, Any] = {}
    seconds = 0.0
    if setup.experiment.pretraining_epochs:
        pretrained, seconds = _pretrain(setup, workdir)
    state = setup.fresh_state(setup.key)
    if loaded is not None:
        variables = jax.tree.map(_choose, loaded, state.variables)
        state = dataclasses.replace(state, **compilation.place_replicated(variables, setup.mesh))
    state = dataclasses.replace(state, params={**state.params, **pretrained})
    return state, Progress(training_seconds=seconds)


def _choose(new: np.ndarray | jax.ShapeDtypeStruct, drawn: jax.Array) -> jax.Array:
    # Copied, because a training step reuses the memory of its state.
    return drawn if isinstance(new, jax.ShapeDtypeStruct) else jnp.array(new)


def _pretrain(setup: Setup, workdir: Path) -> tuple[dict[str, Any], float]:
    """Train the stack to restore crops of high resolution; return its parameters and the time."""
    experiment = setup.experiment
    folder = workdir / PRETRAINING_FOLDER
    if is_first():
        folder.mkdir(exist_ok=True)
    pairs = load_pairs(setup, {**setup.splits, "train": setup.repeated})
    count = len(pairs["train"].canvases)
    steps_per_epoch = count // experiment.batch_size
    if steps_per_epoch == 0 or len(pairs["validation"].canvases) == 0:
        raise ValueError(
            "`super_resolution.pretraining_epochs` must be 0 unless there are a full batch of "
            "training images and one validation image longer than the canvas, got "
            f"{count} and {len(pairs['validation'].canvases)}; lower `training.batch_size` or "
            "`normalization.image_px`."
        )
    optimizer = make_optimizer(
        experiment.optimizer,
        frozen=(),
        batch_size=experiment.batch_size,
        epochs=experiment.pretraining_epochs,
        steps_per_epoch=steps_per_epoch,
    )

    def draw_state(key: jax.Array) -> TrainState:
        return init_restoration(setup.model, optimizer, key=key, input_px=experiment.input_px)

    draw = compilation.compile_replicated(draw_state, setup.mesh)
    # Compiled once, and not at each validation.
    restoration = compile_restoration(setup)
    step = make_restoration_step(
        setup.model, optimizer, input_px=experiment.input_px, precision=experiment.precision
    )
    task = Task(
        images=pairs["train"].canvases,
        targets=pairs["train"].targets,
        step=compilation.compile_train_step(step, setup.mesh),
        validate=lambda state: _tell_errors(setup, state, pairs["validation"], restoration),
        first_state=lambda: (draw(setup.key), Progress()),
        abstract_state=compilation.with_replicated_sharding(
            jax.eval_shape(draw_state, setup.key), setup.mesh
        ),
        settings=_loop_settings(
            experiment,
            epochs=experiment.pretraining_epochs,
            kept="lowest_loss",
            patience_epochs=0,
            start_counts=False,
        ),
        key=setup.key,
        mesh=setup.mesh,
        utilization=0.0,
    )
    print(f"pretraining the super-resolution stack on {count:,} images", flush=True)
    with open_checkpoints(folder / "checkpoints") as checkpoints:
        if mended := checkpoints.mend(task.abstract_state, kept=task.settings.kept):
            print(mended, flush=True)
        # Also of a pretraining that is resumed, or that had come to its end before.
        seconds = _train_or_resume(task, folder, checkpoints).training_seconds
        variables = checkpoints.load_variables(BEST, task.abstract_state.variables)
    return variables["params"], seconds


def _tell_errors(
    setup: Setup, state: TrainState, pairs: Pairs, restoration: Predict
) -> dict[str, float]:
    errors = measure_errors(setup, state.variables, pairs, restoration=restoration)
    return tell(lambda: errors)


def _loop_settings(
    experiment: Experiment, *, epochs: int, kept: str, patience_epochs: int, start_counts: bool
) -> LoopSettings:
    return LoopSettings(
        epochs=epochs,
        kept=kept,
        patience_epochs=patience_epochs,
        start_counts=start_counts,
        batch_size=experiment.batch_size,
        seed=experiment.seed,
        checkpoint_every_steps=experiment.checkpoint_every_steps,
        log_every_steps=experiment.log_every_steps,
    )


def _train_or_resume(
    task: Task,
    workdir: Path,
    checkpoints: AnyCheckpoints,
    *,
    after_step: Callable[[int], object] = lambda done: None,
) -> Progress:
    """Train from the latest checkpoint, or from the first state if there is none."""
    resumed_step = checkpoints.step(LATEST)
    if resumed_step is not None:
        state = checkpoints.load(LATEST, task.abstract_state)
        progress = checkpoints.progress(LATEST)
        print(f"resuming from step {resumed_step} of {workdir}", flush=True)
    else:
        state, progress = task.first_state()
    recorder = _open_recorder(task, workdir, resumed_step=resumed_step)
    try:
        with stop_signals() as heard:
            stop_requested = agreed(heard, task.mesh)
            state, progress = train(
                state,
                task,
                checkpoints=checkpoints,
                recorder=recorder,
                progress=progress,
                stop_requested=stop_requested,
                after_step=after_step,
                clock=time.monotonic,
            )
            # What was heard at the last call in the loop, if processes have to agree on it.
            heed(stop_requested(), step=int(state.step))
    finally:
        recorder.close()
    return progress


def _open_recorder(task: Task, workdir: Path, *, resumed_step: int | None) -> AnyRecorder:
    if not is_first():
        return SilentRecorder()
    return Recorder(
        workdir,
        resumed_step=resumed_step,
        total_steps=task.total_steps,
        batch_size=task.settings.batch_size,
    )
