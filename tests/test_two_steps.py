"""Every config trains two steps on the embedded cells, at the size of `smoke`."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

import jax
import numpy as np
import pytest

from superxception_jax.models import build, resnet
from superxception_jax.models.build import build_model
from superxception_jax.models.cnn import DeepCNN
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.split.split_data import draw_split, load_everything
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.state import init_state
from superxception_jax.training.steps import make_train_step
from tests.quick import QUICK

BATCH = 8
FOLDER = Path(__file__).resolve().parent.parent / "configs"
CONFIGS = sorted(
    ".".join(path.relative_to(FOLDER).with_suffix("").parts)
    for path in FOLDER.rglob("*.py")
    if path.stem != "base"
)


@pytest.fixture(autouse=True)
def shorter_resnet(monkeypatch):
    """Compile one block of each kind; other tests trace and compare all sixteen."""
    monkeypatch.setattr(resnet, "STAGES", ((64, 2), (128, 1), (256, 1), (512, 1)))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Draw the cells once for all configs."""
    return str(tmp_path_factory.mktemp("data"))


@functools.cache
def _compiled(options, optimizer_settings, frozen, **step_options):
    """Controls that differ in their data only share what is compiled."""
    name, classifier, stack = options
    model = build_model(
        name,
        classes=24 * (2 if step_options["polarity"] == "read" else 1),
        implementation="plain",
        classifier=dict(classifier),
        super_resolution=dict(stack),
    )
    optimizer = make_optimizer(
        optimizer_settings, frozen=frozen, batch_size=8, epochs=2, steps_per_epoch=3
    )
    step = make_train_step(model, optimizer, **step_options)
    input_px = step_options["input_px"]
    shapes = jax.eval_shape(
        lambda key: init_state(model, optimizer, key=key, input_px=input_px), jax.random.key(0)
    )
    return _draw_state(shapes), jax.jit(step, compiler_options=QUICK)


def _draw_state(shapes):
    """Draw a first state without compiling the initialisation, which takes as long as a step."""
    generator = np.random.default_rng(0)

    def draw(path, leaf):
        name = str(getattr(path[-1], "key", path[-1]))
        if name in ("scale", "var"):
            return np.ones(leaf.shape, leaf.dtype)
        if "kernel" not in name or path[0].name != "params":
            return np.zeros(leaf.shape, leaf.dtype)
        return (0.05 * generator.normal(size=leaf.shape)).astype(leaf.dtype)

    return jax.tree_util.tree_map_with_path(draw, shapes)


def _hashable(model):
    stack = model["super_resolution"]
    return model["name"], tuple(model["classifier"].items()), tuple(stack.items())


@pytest.mark.parametrize("row", CONFIGS)
def test_two_steps(row, data_dir, monkeypatch):
    if row.startswith("ablations."):
        # What these change is the stack or the optimiser, and the rows train the networks.
        monkeypatch.setitem(build.MODELS, "super_xception", (DeepCNN, True))
        monkeypatch.setitem(build.MODELS, "resnet50", (DeepCNN, False))
    config = importlib.import_module(f"configs.{row}").get_config("smoke")
    config.data.data_dir = data_dir
    experiment = build_experiment(config)
    before, step = _compiled(
        _hashable(experiment.model),
        experiment.optimizer,
        experiment.frozen,
        **experiment.step_options,
    )
    everything = load_everything(experiment)
    train = everything.take(draw_split(experiment)(everything).train)
    chosen = np.linspace(0, len(train.labels) - 1, BATCH).astype(int)
    images, labels = train.images[chosen], train.labels[chosen]
    key = jax.random.key(experiment.seed)
    state = before
    losses = []
    for _ in range(2):
        state, metrics = step(state, images, labels, key)
        losses.append(float(metrics["loss"]))
    assert np.isfinite(losses).all()
    assert losses[0] != losses[1]
    for name, tree in before.params.items():
        moved = [
            bool((one != other).any())
            for one, other in zip(
                jax.tree.leaves(tree), jax.tree.leaves(state.params[name]), strict=True
            )
        ]
        assert any(moved) != (name in experiment.frozen)
