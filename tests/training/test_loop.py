from __future__ import annotations

import dataclasses
import itertools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.commands import Interrupted
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST, LATEST, Checkpoints
from superxception_jax.training.loop import NonFiniteLossError, train
from superxception_jax.training.progress import Progress
from superxception_jax.training.recorder import Recorder, load_metrics
from superxception_jax.training.settings import LoopSettings
from superxception_jax.training.task import Task
from tests.training.tiny import BATCH, assert_trees_equal, compile_quickly, make_data, make_training

SETTINGS = LoopSettings(
    epochs=2,
    kept="lowest_loss",
    patience_epochs=0,
    start_counts=False,
    batch_size=BATCH,
    seed=0,
    checkpoint_every_steps=100,
    log_every_steps=2,
)


@pytest.fixture(scope="module")
def compiled():
    _, _, step, _ = make_training()
    return compile_quickly(step, compilation.make_mesh(1))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, compiled):
    """Return the folder of a training that nothing interrupts, and its state."""
    workdir = tmp_path_factory.mktemp("whole")
    return workdir, _run(workdir, compiled)


@pytest.fixture(scope="module")
def patient(tmp_path_factory, compiled):
    """Return the folder of a training that its patience ends, and its state."""
    workdir = tmp_path_factory.mktemp("patient")
    return workdir, _run(workdir, compiled, settings=PATIENT, losses=LOSSES)


def _run(
    workdir,
    compiled,
    *,
    settings=SETTINGS,
    stop_after=None,
    in_validation=False,
    losses=None,
    step=None,
    events=None,
    utilization=0.0,
):
    """Start or resume a training in a folder, as a process would, and return the state."""
    workdir.mkdir(exist_ok=True)
    mesh = compilation.make_mesh(1)
    _, _, _, state = make_training()
    state = compilation.place_replicated(state, mesh)
    progress = Progress()
    series = itertools.chain(losses or [], itertools.repeat(0.5))
    images, labels = make_data()
    validated = []

    def validate(state):
        validated.append(int(state.step))
        return {"loss": next(series), "accuracy": 0.5}

    task = Task(
        images=images,
        targets=labels,
        step=step or compiled,
        validate=validate,
        first_state=lambda: (state, Progress()),
        abstract_state=state,
        settings=settings,
        key=compilation.place_replicated(jax.random.key(0), mesh),
        mesh=mesh,
        utilization=utilization,
    )
    with Checkpoints(workdir / "checkpoints") as checkpoints:
        if (resumed_step := checkpoints.step(LATEST)) is not None:
            state, progress = checkpoints.load(LATEST, state), checkpoints.progress(LATEST)
        done = [int(state.step)]

        def stop_requested():
            # The progress bar moves after each step, before the question.
            asked = validated if in_validation else done
            return "SIGTERM" if stop_after in asked[-1:] else ""

        class CountingRecorder(Recorder):
            def advance(self):
                super().advance()
                done[0] += 1

            def record(self, kind, step, metrics):
                super().record(kind, step, metrics)
                if events is not None:
                    events.append(f"{kind} {step}")

        recorder = CountingRecorder(
            workdir, resumed_step=resumed_step, total_steps=task.total_steps, batch_size=BATCH
        )
        try:
            state, _ = train(
                state,
                task,
                checkpoints=checkpoints,
                recorder=recorder,
                progress=progress,
                stop_requested=stop_requested,
                after_step=lambda done: None,
                clock=itertools.count().__next__,
            )
            return state
        finally:
            recorder.close()


def _steps(workdir, kind):
    return [entry.step for entry in load_metrics(workdir) if entry.kind == kind]


def test_a_training_is_the_same_with_a_stop_in_each_epoch(tmp_path, compiled, whole):
    for stop_after in (1, 5):
        part = tmp_path / f"stop{stop_after}"
        with pytest.raises(Interrupted, match=f"SIGTERM after step {stop_after}"):
            _run(part, compiled, stop_after=stop_after)
        assert_trees_equal(_run(part, compiled), whole[1])
    assert int(whole[1].step) == 6


def test_a_stop_in_the_last_step_or_in_a_validation_is_heeded(tmp_path, compiled, whole):
    """What follows the training would not hear of it."""
    for stop_after in (3, 6):
        for in_validation in (False, True):
            run = tmp_path / f"{stop_after}{in_validation}"
            with pytest.raises(Interrupted, match=f"after step {stop_after}"):
                _run(run, compiled, stop_after=stop_after, in_validation=in_validation)
            assert_trees_equal(_run(run, compiled), whole[1])


def test_metrics_lines(whole):
    run, _ = whole
    assert _steps(run, "train") == [2, 3, 4, 6]
    assert _steps(run, "validation") == [3, 6]
    entry = load_metrics(run)[0]
    assert set(entry.metrics) == {"loss", "accuracy", "gradient_norm", "images_per_second"}


def test_an_entry_is_fetched_while_the_next_step_runs(tmp_path, compiled):
    events: list[str] = []

    def noted(state, images, labels, key):
        events.append(f"step {len([one for one in events if one.startswith('step')]) + 1}")
        return compiled(state, images, labels, key)

    _run(tmp_path / "run", compiled, step=noted, events=events)
    assert events[:6] == ["step 1", "step 2", "step 3", "train 2", "train 3", "validation 3"]


def test_the_utilisation_stands_beside_the_speed(tmp_path, compiled):
    _run(tmp_path / "run", compiled, utilization=0.25)
    for entry in load_metrics(tmp_path / "run"):
        if entry.kind == "train":
            expected = 0.25 * entry.metrics["images_per_second"]
            assert entry.metrics["model_flop_utilization"] == expected


def test_lines_after_the_restored_step_are_dropped(tmp_path, compiled):
    run = tmp_path / "run"
    settings = dataclasses.replace(SETTINGS, checkpoint_every_steps=2)
    with pytest.raises(Interrupted):
        _run(run, compiled, settings=settings, stop_after=5)
    with (run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"kind": "train", "step": 6, "loss": 9.0, "accuracy": 0.0}) + "\n")
        file.write('{"kind": "train", "st')
    _run(run, compiled, settings=settings)
    entries = load_metrics(run)
    assert all(entry.metrics["loss"] != 9.0 for entry in entries)
    assert [entry.step for entry in entries] == sorted(entry.step for entry in entries)


def test_best_is_the_lowest_validation_loss_and_latest_the_last(tmp_path, compiled):
    _run(tmp_path / "run", compiled, losses=[0.3, 0.4])
    with Checkpoints(tmp_path / "run" / "checkpoints") as checkpoints:
        assert (checkpoints.step(BEST), checkpoints.step(LATEST)) == (3, 6)
        progress = checkpoints.progress(LATEST)
        assert (progress.best_validation_loss, progress.best_step) == (0.3, 3)
    _run(tmp_path / "other", compiled, losses=[0.4, 0.3])
    with Checkpoints(tmp_path / "other" / "checkpoints") as checkpoints:
        assert checkpoints.step(BEST) == 6


# Three steps are an epoch: the best loss comes after the second of eight epochs.
PATIENT = dataclasses.replace(SETTINGS, epochs=8, patience_epochs=2)
LOSSES = (0.5, 0.3, 0.3, 0.4, 0.1)


def test_training_stops_when_the_validation_loss_no_longer_improves(compiled, patient):
    run, state = patient
    # Epochs 3 and 4 bring nothing lower; an equal loss is no improvement.
    assert int(state.step) == 12
    with Checkpoints(run / "checkpoints") as checkpoints:
        assert (checkpoints.step(BEST), checkpoints.step(LATEST)) == (6, 12)
        progress = checkpoints.progress(LATEST)
    assert (progress.stopped_epoch, progress.best_validation_loss) == (4, 0.3)
    # The run is finished: a further call changes nothing.
    assert_trees_equal(_run(run, compiled, settings=PATIENT, losses=[0.0]), state)
    assert _steps(run, "validation") == [3, 6, 9, 12]


def test_up_to_its_stop_a_patient_run_equals_one_without_patience(tmp_path, compiled, patient):
    settings = dataclasses.replace(PATIENT, epochs=4, patience_epochs=0)
    assert_trees_equal(_run(tmp_path / "other", compiled, settings=settings), patient[1])


def test_the_last_weights_are_kept_whatever_their_loss(tmp_path, compiled):
    settings = dataclasses.replace(SETTINGS, kept="last")
    _run(tmp_path, compiled, settings=settings, losses=(0.3, 0.4))
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        assert checkpoints.step(BEST) == 6
        assert checkpoints.progress(BEST).best_validation_loss == 0.4


@pytest.mark.parametrize("stop_after", [6, 10])
def test_an_interruption_does_not_change_the_stop(tmp_path, compiled, patient, stop_after):
    with pytest.raises(Interrupted):
        _run(tmp_path, compiled, settings=PATIENT, losses=LOSSES, stop_after=stop_after)
    # As each epoch has its loss, the rest of them belongs to the epochs that are left.
    rest = LOSSES[stop_after // 3 :]
    state = _run(tmp_path, compiled, settings=PATIENT, losses=rest)
    assert_trees_equal(state, patient[1])
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        assert checkpoints.progress(LATEST).stopped_epoch == 4


def test_best_survives_a_restart(tmp_path, compiled):
    with pytest.raises(Interrupted):
        _run(tmp_path, compiled, losses=[0.3], stop_after=4)
    _run(tmp_path, compiled, losses=[0.35])
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        assert (checkpoints.step(BEST), checkpoints.step(LATEST)) == (3, 6)


def test_non_finite_loss_names_the_steps_and_keeps_the_checkpoint(tmp_path, compiled):
    def breaking(state, images, labels, key):
        state, metrics = compiled(state, images, labels, key)
        bad = jnp.where(state.step >= 5, jnp.nan, metrics["loss"])
        return state, {**metrics, "loss": bad}

    with pytest.raises(NonFiniteLossError, match=r"step 5, 6; lower `optimizer.learning_rate`"):
        _run(tmp_path / "run", compiled, step=breaking)
    with Checkpoints(tmp_path / "run" / "checkpoints") as checkpoints:
        assert checkpoints.step(LATEST) == 3


def test_seed_changes_the_result(tmp_path, compiled, whole):
    other = _run(tmp_path / "other", compiled, settings=dataclasses.replace(SETTINGS, seed=1))
    differences = jax.tree.map(
        lambda a, b: float(np.abs(a - b).max()), jax.device_get(whole[1].params), other.params
    )
    assert max(jax.tree.leaves(differences)) > 0


@pytest.mark.parametrize(("losses", "best"), [([0.4, 0.6, 0.5], 0), ([0.4, 0.6, 0.3], None)])
def test_a_start_that_counts_stays_the_best_unless_an_epoch_is_better(
    tmp_path, compiled, losses, best
):
    settings = dataclasses.replace(SETTINGS, start_counts=True)
    _run(tmp_path / "run", compiled, settings=settings, losses=losses)
    with Checkpoints(tmp_path / "run" / "checkpoints") as checkpoints:
        progress = checkpoints.progress(LATEST)
        assert checkpoints.step(BEST) == progress.best_step
        assert progress.best_validation_loss == min(losses)
        assert progress.best_step == (checkpoints.step(LATEST) if best is None else best)
        assert Progress.from_json(progress.to_json()) == progress


@pytest.mark.parametrize("stop", [{"stop_after": 1}, {"step": len}])  # the first step fails
def test_a_start_that_counts_survives_an_interruption(tmp_path, compiled, stop):
    """Resumed, the start is neither validated again nor forgotten."""
    settings = dataclasses.replace(SETTINGS, start_counts=True)
    with pytest.raises((Interrupted, TypeError)):
        _run(tmp_path / "run", compiled, settings=settings, losses=[0.1], **stop)
    _run(tmp_path / "run", compiled, settings=settings, losses=[0.5, 0.6])
    with Checkpoints(tmp_path / "run" / "checkpoints") as checkpoints:
        assert checkpoints.step(BEST) == 0 == checkpoints.progress(LATEST).best_step
        assert checkpoints.progress(LATEST).best_validation_loss == 0.1
