"""The steps of every row lower for every platform, the predictions of ablations for the CPU.

Every product of a float32 prediction is one of float32 numbers, whatever a platform's default.

All are traced from shapes alone. Blocks that repeat a shape are traced once: at full depth, another
test traces every network.
"""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax import export

from superxception_jax.models import resnet
from superxception_jax.models.build import build_model
from superxception_jax.models.inference import make_predict
from superxception_jax.models.ops.dispatch import resolve_implementation
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.state import init_state
from superxception_jax.training.steps import make_train_step
from tests.models.products import exact_products_of, products_of

BATCH = 8
FOLDER = Path(__file__).resolve().parent.parent / "configs"
# Accelerators take the same plain forms, so one tracing serves the three.
PLATFORMS = {"cpu": ("cpu",), "gpu": ("cuda", "rocm", "tpu")}
# The rows at their largest; smaller ones run in other tests. The stack lowers before Xception, and
# the other networks behind it lower by themselves.
BEHIND_THE_STACK = ("super_alexnet", "super_resnet50")
ROWS = [
    (path.stem, "paper", platform)
    for path in sorted(FOLDER.glob("*.py"))
    if path.stem not in ("base", *BEHIND_THE_STACK)
    for platform in PLATFORMS
]
# Their predictions trace the forms of their operations; other tests compare the gradients of the
# forms, and train each ablation.
ABLATIONS = [
    (f"ablations.{path.stem}", "bioimage", "cpu")
    for path in sorted((FOLDER / "ablations").glob("*.py"))
]


class Program:
    """An experiment that equals another if both trace the same forms of the operations.

    No form depends on the initial values, the optimiser or the augmentation, with which another
    test trains each config.
    """

    def __init__(self, row, preset):
        config = importlib.import_module(f"configs.{row}").get_config(preset)
        config.model.middle_modules = 1
        self.experiment = one = build_experiment(config)
        stack = one.model["super_resolution"].items()
        forms = dict(stack) | {"initialization": "", "initial_sigma": 0.0} if stack else {}
        self.key = repr(
            (
                {**one.model, "super_resolution": forms},
                (one.input_px, one.normalization.image_px),
                (one.polarity, one.precision, one.test_views),
            )
        )

    def __eq__(self, other):
        return self.key == other.key

    def __hash__(self):
        return hash(self.key)


@pytest.fixture(autouse=True)
def shorter_resnet(monkeypatch):
    """Trace one block of each kind, as of the middle flow of Xception."""
    monkeypatch.setattr(resnet, "STAGES", ((64, 2), (128, 1), (256, 1), (512, 1)))


def _shaped(experiment, platform):
    implementation = resolve_implementation(experiment.implementation, platform=platform)
    model = build_model(
        **experiment.model, classes=_outputs(experiment), implementation=implementation
    )
    optimizer = make_optimizer(
        experiment.optimizer,
        frozen=experiment.frozen,
        batch_size=experiment.batch_size,
        epochs=2,
        steps_per_epoch=3,
    )
    state = jax.eval_shape(
        lambda key: init_state(model, optimizer, key=key, input_px=experiment.input_px),
        jax.random.key(0),
    )
    side = experiment.normalization.image_px
    images = jax.ShapeDtypeStruct((BATCH, side, side, 1), jnp.uint8)
    return model, optimizer, state, images


def _outputs(experiment):
    return 24 * (2 if experiment.polarity == "read" else 1)


@functools.cache
def lower_training_step(program, platform):
    experiment = program.experiment
    model, optimizer, state, images = _shaped(experiment, platform)
    step = make_train_step(model, optimizer, **experiment.step_options)
    labels = jax.ShapeDtypeStruct((BATCH,), jnp.int32)
    key = jax.eval_shape(lambda: jax.random.key(0))
    exported = export.export(jax.jit(step), platforms=PLATFORMS[platform])(
        state, images, labels, key
    )
    sizes = [leaf.shape for leaf in jax.tree.leaves(state)]
    return exported.platforms, sizes, [leaf.shape for leaf in exported.out_avals[: len(sizes)]]


@functools.cache
def lower_prediction(program, platform):
    experiment = program.experiment
    model, _, state, images = _shaped(experiment, platform)
    predict = make_predict(
        model,
        input_px=experiment.input_px,
        test_views=experiment.test_views,
        precision=experiment.precision,
    )
    exported = export.export(jax.jit(predict), platforms=PLATFORMS[platform])(
        state.variables, images
    )
    return [leaf.shape for leaf in exported.out_avals], exported.mlir_module()


@pytest.mark.parametrize(("row", "preset", "platform"), ROWS)
def test_training_step_lowers(row, preset, platform):
    platforms, before, after = lower_training_step(Program(row, preset), platform)
    assert platforms == PLATFORMS[platform]
    assert before == after


@pytest.mark.parametrize(("row", "preset", "platform"), ROWS + ABLATIONS)
def test_prediction_lowers(row, preset, platform):
    program = Program(row, preset)
    expected = [(BATCH, _outputs(program.experiment))]
    shapes, text = lower_prediction(program, platform)
    assert shapes == expected
    assert program.experiment.precision == "float32"
    assert len(products_of(text)) > 2
    assert exact_products_of(text) == products_of(text)
