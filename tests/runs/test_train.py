"""A run starts from a weight file once, and reports it."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import jax
import keras
import numpy as np
import pytest

from configs.stripnet import get_config as get_stripnet
from configs.super_alexnet import get_config as get_super_alexnet
from configs.super_xception import get_config
from superxception_jax.runs import run, train
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.exported.weights_file import save_variables
from superxception_jax.runs.setup import set_up
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST, LATEST, Checkpoints
from superxception_jax.training.progress import Progress
from tests.quick import QUICK


class StoppedError(Exception):
    """Training would begin here."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder whose prepared data the tests share."""
    return tmp_path_factory.mktemp("train")


@pytest.fixture
def first_states(monkeypatch):
    """Collect the states that training would begin with, and stop there."""
    states = []

    def compile_quickly(function, mesh):
        everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        return jax.jit(function, out_shardings=everywhere, compiler_options=QUICK)

    monkeypatch.setattr(compilation, "compile_replicated", compile_quickly)

    def stop(state, *arguments, **options):
        states.append(state)
        raise StoppedError

    monkeypatch.setattr(train, "train", stop)
    return states


def experiment(folder, weights):
    config = get_config("smoke")
    config.model.width_multiplier = 1.0
    config.model.middle_modules = 8
    config.model.middle_flow = "scan"
    config.training.devices = 2
    config.training.batch_size = 2
    config.evaluation.batch_size = 2
    config.model.init_from = str(weights)
    config.data.data_dir = str(folder / "data")
    return build_experiment(config)


def test_a_run_starts_from_the_file(folder, first_states, monkeypatch, capsys):
    generator = np.random.default_rng(0)
    with monkeypatch.context() as patch:
        # NumPy draws in an instant what takes Keras most of this test's time.
        patch.setattr(
            keras.initializers.VarianceScaling,
            "__call__",
            lambda self, shape, dtype: generator.standard_normal(shape, dtype),
        )
        network = keras.applications.Xception(weights=None, include_top=False)
    network.save(folder / "xception.h5")
    chosen = experiment(folder, folder / "xception.h5")
    workdir = folder / "run"
    with pytest.raises(StoppedError):
        run.train_and_test(chosen, workdir, overrides={})
    (state,) = first_states
    params = state.params["classifier"]["backbone"]
    for name, kernel in (
        ("block1_conv1", network.get_layer("block1_conv1").get_weights()[0].sum(2, keepdims=True)),
        ("block1_conv2", network.get_layer("block1_conv2").get_weights()[0]),
    ):
        np.testing.assert_allclose(params[name]["kernel"], kernel, atol=1e-6)
    leaves = jax.tree.leaves(state.variables)
    assert all(isinstance(leaf, jax.Array) for leaf in leaves)
    assert len({leaf.sharding for leaf in jax.tree.leaves(state)}) == 1
    report = (workdir / "init_from.txt").read_text()
    assert report in capsys.readouterr().out
    # Without the head (2) and the stack (6).
    assert f"{len(leaves) - 8} of {len(leaves)} arrays of super_xception loaded" in report

    # To resume needs no file.
    (folder / "xception.h5").unlink()
    later = SimpleNamespace(step=3)
    monkeypatch.setattr(run, "has_checkpoint", lambda workdir: True)
    monkeypatch.setattr(Checkpoints, "step", lambda self, kind: 3)
    monkeypatch.setattr(Checkpoints, "load", lambda self, kind, like: later)
    monkeypatch.setattr(Checkpoints, "progress", lambda self, kind: Progress())
    with pytest.raises(StoppedError):
        run.train_and_test(chosen, workdir, overrides={})
    assert first_states[1] is later


def test_a_run_starts_from_an_exported_network(folder, first_states, capsys):
    config = get_stripnet("smoke")
    config.training.devices = 2
    config.data.data_dir = str(folder / "data")
    drawn = set_up(build_experiment(config)).abstract_state.variables
    generator = np.random.default_rng(0)
    variables = jax.tree.map(lambda leaf: generator.uniform(size=leaf.shape), drawn)
    config.model.init_from = str(save_variables(folder / "variables.npz", variables))
    with pytest.raises(StoppedError):
        run.train_and_test(build_experiment(config), folder / "exported", overrides={})
    (state,) = first_states
    for one, other in zip(
        jax.tree.leaves(state.variables), jax.tree.leaves(variables), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-3)
    assert f"all {len(jax.tree.leaves(variables))} arrays loaded" in capsys.readouterr().out
    config.model.init_from = str(folder / "absent.npz")
    with pytest.raises(FileNotFoundError, match=r"must be an existing file of weights, got .*npz"):
        run.train_and_test(build_experiment(config), folder / "another", overrides={})
    # So that the corrected command can have the folder.
    assert not (folder / "another" / "config.json").exists()
    config.model.init_from = str(folder / "variables.npz")
    config.model.width_multiplier = 0.5
    with pytest.raises(ValueError, match="must hold the network of its config, but"):
        run.train_and_test(build_experiment(config), folder / "wider", overrides={})


def test_the_time_of_the_pretraining_counts_once(folder, first_states, monkeypatch):
    config = get_super_alexnet("smoke")
    config.data.data_dir = str(folder / "data")
    config.training.devices, config.training.batch_size = 1, 16
    config.super_resolution.pretraining_epochs = 2
    begun = []

    def take(state, task, *, checkpoints, progress, **_):
        """Pretrain for five seconds in one step, and stop before the training."""
        begun.append(progress.training_seconds)
        if task.abstract_state.params.keys() != {"super_resolution"}:
            raise StoppedError
        if not state.step:
            state = dataclasses.replace(state, step=state.step + 1)
            progress = dataclasses.replace(progress, training_seconds=5.0)
            for kind in (BEST, LATEST):
                checkpoints.save(kind, state, progress=progress)
        return state, progress

    monkeypatch.setattr(train, "train", take)
    for _ in range(2):
        with pytest.raises(StoppedError):
            run.train_and_test(build_experiment(config), folder / "pretrained", overrides={})
    assert begun == [0.0, 5.0, 5.0, 5.0]
