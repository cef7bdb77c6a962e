"""The programs ("sides") under comparison; each returns a callable that runs one step.

A side is made from a `Case` and imports its own framework, so that a process loads only one. All
sides get the same images u8[B,50,50,1], enlarge them bicubically and run the same Super-Xception
in float32; a training step includes the update by Adam with a learning rate of 1e-4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

CANVAS_PX = 50
CLASSES = 24
LEARNING_RATE = 1e-4
MATRIX = 2048  # rows and columns of the reference matrix product


@dataclass(frozen=True)
class Case:
    """The step that is measured.

    Attributes:
        task: "train" or "predict".
        input_px: Side of the network's input in pixels.
        batch: Images per step.
    """

    task: str
    input_px: int
    batch: int

    @property
    def name(self) -> str:
        """Return the name of the case in tables, such as `train 71 px, batch 32`."""
        return f"{self.task} {self.input_px} px, batch {self.batch}"


@dataclass(frozen=True)
class Side:
    """A program that is ready to run.

    Attributes:
        step: Function that runs one step to its end and returns the loss, or the largest
            probability.
        parameters: Number of trainable parameters.
    """

    step: Callable[[], float]
    parameters: int


def make_images(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return a random batch: images u8[B,50,50,1] and labels i32[B]."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (case.batch, CANVAS_PX, CANVAS_PX, 1), np.uint8)
    return images, generator.integers(0, CLASSES, case.batch).astype(np.int32)


def make_ours(case: Case, *, implementation: str) -> Side:
    """Return the compiled step of this project, the one that `launch/main.py` runs.

    Args:
        case: Case to measure.
        implementation: "fast", or "plain" for the plain forms with XLA's default options.
    """
    import jax

    from superxception_jax.models.inference import make_predict
    from superxception_jax.training import compile as compiling
    from superxception_jax.training.state import init_state
    from superxception_jax.training.steps import make_train_step

    if implementation == "plain":
        compiling.CPU_OPTIONS.clear()
    experiment, model, optimizer = build_ours(case, implementation=implementation)
    mesh = compiling.make_mesh(1)
    key = compiling.place_replicated(jax.random.key(0), mesh)
    state = compiling.compile_replicated(
        lambda key: init_state(model, optimizer, key=key, input_px=case.input_px), mesh
    )(key)
    parameters = sum(leaf.size for leaf in jax.tree.leaves(state.params))
    images, labels = (compiling.place_batch(array, mesh) for array in make_images(case))
    if case.task == "predict":
        predict = compiling.compile_predict(
            make_predict(
                model, input_px=case.input_px, test_views="one", precision=experiment.precision
            ),
            mesh,
        )
        variables = state.variables
        return Side(lambda: float(jax.device_get(predict(variables, images)).max()), parameters)
    step = compiling.compile_train_step(
        make_train_step(model, optimizer, **experiment.step_options),
        mesh,
    )

    def train() -> float:
        nonlocal state
        state, metrics = step(state, images, labels, key)
        return float(metrics["loss"])

    return Side(train, parameters)


def build_ours(case: Case, *, implementation: str) -> tuple[Any, Any, Any]:
    """Return experiment, network and optimiser of the preset `paper` at the case's input size."""
    from configs import super_xception
    from superxception_jax.models.build import build_model
    from superxception_jax.runs.experiment import build_experiment
    from superxception_jax.training.optimizers import make_optimizer

    config = super_xception.get_config("paper")
    config.model.input_px = case.input_px
    experiment = build_experiment(config)
    model = build_model(**experiment.model, classes=CLASSES, implementation=implementation)
    optimizer = make_optimizer(
        experiment.optimizer,
        frozen=experiment.frozen,
        batch_size=case.batch,
        epochs=1,
        steps_per_epoch=100,
    )
    return experiment, model, optimizer


def count_operations(case: Case) -> float:
    """Return the floating-point operations of one step, as XLA counts them for the plain forms.

    Raises:
        RuntimeError: This release of JAX doesn't count operations.
    """
    import jax
    import jax.numpy as jnp

    from superxception_jax.models.inference import make_predict
    from superxception_jax.training.state import init_state
    from superxception_jax.training.steps import make_train_step

    experiment, model, optimizer = build_ours(case, implementation="plain")
    key = jax.eval_shape(lambda: jax.random.key(0))
    state = jax.eval_shape(
        lambda key: init_state(model, optimizer, key=key, input_px=case.input_px), key
    )
    images = jax.ShapeDtypeStruct((case.batch, CANVAS_PX, CANVAS_PX, 1), jnp.uint8)
    if case.task == "predict":
        predict = make_predict(
            model, input_px=case.input_px, test_views="one", precision=experiment.precision
        )
        lowered = jax.jit(predict).lower(state.variables, images)
    else:
        step = make_train_step(model, optimizer, **experiment.step_options)
        labels = jax.ShapeDtypeStruct((case.batch,), jnp.int32)
        lowered = jax.jit(step).lower(state, images, labels, key)
    analysis = lowered.cost_analysis()
    if analysis is None:
        raise RuntimeError(
            "`cost_analysis` must count the operations of a step, got None; use another release "
            "of JAX."
        )
    return float(analysis["flops"])


def make_matrix_product(case: Case) -> Side:
    """Return a product of two square matrices of `MATRIX` rows: the best rate of the machine."""
    import jax
    import jax.numpy as jnp

    from superxception_jax.training.compile import compiler_options

    del case
    matrix = jnp.ones((MATRIX, MATRIX))
    product = jax.jit(jnp.matmul, compiler_options=compiler_options("cpu"))
    return Side(lambda: float(product(matrix, matrix)[0, 0]), 0)


def make_torch(case: Case, *, compiled: bool) -> Side:
    """Return the step in PyTorch, with channels_last tensors and fused Adam.

    Args:
        case: Case to measure.
        compiled: Whether the network is compiled by `torch.compile`.
    """
    import torch
    from torch.nn import functional

    from benchmarks.torch_network import SuperXception

    torch.manual_seed(0)
    network: Any = SuperXception(classes=CLASSES)
    network = network.to(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in network.parameters())
    images, labels = (torch.from_numpy(array) for array in make_images(case))
    labels = labels.long()
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)

    def enlarge() -> torch.Tensor:
        x = images.permute(0, 3, 1, 2).float() / 255.0
        x = functional.interpolate(
            x, size=(case.input_px,) * 2, mode="bicubic", align_corners=False
        )
        return x.contiguous(memory_format=torch.channels_last)

    if compiled:
        network = torch.compile(network)
    if case.task == "predict":
        network.eval()

        def predict() -> float:
            with torch.inference_mode():
                return functional.softmax(network(enlarge()), dim=1).max().item()

        return Side(predict, parameters)

    network.train()

    def train() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(network(enlarge()), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return Side(train, parameters)


def make_keras(case: Case) -> Side:
    """Return the step in Keras on JAX: three layers in front of `keras.applications.Xception`."""
    import os

    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    images, labels = make_images(case)
    inputs = keras.Input((CANVAS_PX, CANVAS_PX, 1))
    enlarged = layers.Resizing(case.input_px, case.input_px, interpolation="bicubic")(
        layers.Rescaling(1 / 255)(inputs)
    )
    x = layers.Conv2D(64, 9, padding="same", activation="relu")(enlarged)
    x = layers.Conv2D(32, 5, padding="same", activation="relu")(x)
    x = layers.Add()([enlarged, layers.Conv2D(1, 5, padding="same")(x)])
    xception = keras.applications.Xception(
        include_top=False,
        weights=None,
        pooling="avg",
        input_shape=(case.input_px, case.input_px, 1),
    )
    features = layers.Dropout(0.5)(xception(layers.Rescaling(2.0, offset=-1.0)(x)))
    model = keras.Model(inputs, layers.Dense(CLASSES)(features))
    parameters = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    if case.task == "predict":
        return Side(lambda: float(np.max(model.predict_on_batch(images))), parameters)
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return Side(lambda: float(np.asarray(model.train_on_batch(images, labels))), parameters)


SIDES: dict[str, Callable[[Case], Side]] = {
    "ours": lambda case: make_ours(case, implementation="fast"),
    "torch": lambda case: make_torch(case, compiled=False),
    "torch.compile": lambda case: make_torch(case, compiled=True),
    "keras": make_keras,
    "plain": lambda case: make_ours(case, implementation="plain"),
    "matrix product": make_matrix_product,
}
