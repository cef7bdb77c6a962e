"""Data, devices and network of an experiment, shared by training and evaluation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flax.linen as nn
import jax
import numpy as np
import optax
from clu import parameter_overview

from superxception_jax.data.joined import join_chromosomes
from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import PARTS, Split
from superxception_jax.evaluation.metrics import class_shares
from superxception_jax.models.inference import Predict, make_predict
from superxception_jax.models.multiply_accumulates import count_multiply_accumulates
from superxception_jax.runs.device_mesh import choose_mesh
from superxception_jax.runs.experiment import Experiment
from superxception_jax.runs.exported.weights_file import knows_orientation
from superxception_jax.runs.network import make_network
from superxception_jax.runs.pseudo_labels_file import without_known
from superxception_jax.runs.split.split_data import (
    check_splits,
    choose_to_curl,
    draw_split,
    find_builders,
    load_curled,
    load_everything,
    repeat_images,
    shown_labels,
)
from superxception_jax.runs.split.split_file import StoredSplit, describe_split
from superxception_jax.runs.start_record import StartRecord
from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST
from superxception_jax.training.checkpoint_sharing import AnyCheckpoints
from superxception_jax.training.hosts.processes import process_count
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.state import TrainState, init_state

if TYPE_CHECKING:
    from superxception_jax.data.record_builder import RecordBuilder


@dataclass(frozen=True)
class Setup:
    """What training and evaluation share.

    Attributes:
        experiment: Checked experiment.
        builders: Builder of each data set by its name.
        splits: Images by split: train, validation, test; each image once, see `repeated`.
        to_curl: Names of the training images of which a curled copy trains, too, by data set.
        pseudo_labelled: Images that train beside `train`, with the classes that another
            network assigned; None for none.
        start: What the run keeps of the weights that it starts from; None for nothing.
        split: The split by name, with all images of the data set.
        mesh: Devices.
        model: Network.
        optimizer: Optimiser of its parameters.
        predict: Compiled function (variables, images u8[B,S,S,1]) → log-probabilities f32[B,24],
            or f32[B,48] of upright and turned classes.
        key: Root key, on every device.
        oriented: Whether a network that predicts orientation can have learned it: from images
            that are known to be upright, or from the weights that it starts from.
        steps_per_epoch: Steps per epoch.
        abstract_state: Shapes and shardings of the training state.
        fresh_state: Compiled function from the root key to the state before the first step.
    """

    experiment: Experiment
    builders: Mapping[str, RecordBuilder]
    splits: Mapping[str, Chromosomes]
    to_curl: Mapping[str, Sequence[str]]
    pseudo_labelled: Chromosomes | None
    start: StartRecord | None
    split: StoredSplit
    mesh: jax.sharding.Mesh
    model: nn.Module
    optimizer: optax.GradientTransformation
    predict: Predict
    key: jax.Array
    oriented: bool
    steps_per_epoch: int
    abstract_state: TrainState
    fresh_state: Callable[[jax.Array], TrainState]

    @property
    def repeated(self) -> Chromosomes:
        """Return the training images, each as often as an epoch shows it."""
        return repeat_images(self.splits["train"], self.experiment.repeats)

    @property
    def class_shares(self) -> np.ndarray:
        """Return the share f64[24] of each class among `trained`, of which no image is loaded."""
        parts = [shown_labels(self.splits["train"], self.experiment.repeats, self.to_curl)]
        parts += [] if self.pseudo_labelled is None else [self.pseudo_labelled.labels]
        return class_shares(np.concatenate(parts))

    @property
    def trained(self) -> Chromosomes:
        """Return all images that an epoch shows; the curled copies are loaded here."""
        # Not before, because they take minutes to make, and testing needs none of them.
        parts = [self.repeated, *load_curled(self.experiment, self.builders, self.to_curl)]
        if self.pseudo_labelled is not None and len(self.pseudo_labelled.labels):
            parts.append(self.pseudo_labelled)
        return join_chromosomes(parts)


def set_up(
    experiment: Experiment,
    *,
    trains: bool = True,
    tested: str = "test",
    choose_split: Callable[[Chromosomes], Split] | None = None,
    pseudo_labelled: Chromosomes | None = None,
    start: StartRecord | None = None,
) -> Setup:
    """Return the data, devices and network of an experiment; only prepared data are written.

    Args:
        experiment: Checked experiment.
        trains: Whether it will be trained, see `choose_mesh`.
        tested: Split that will be tested.
        choose_split: Returns the split of all images; None to draw it.
        pseudo_labelled: Pseudo-labelled images to train on, but for some, see `without_known`.
        start: What the run keeps of the weights that it starts from; None to look at them.

    Raises:
        ValueError: A size doesn't fit the data or the devices, or a cell can't be tested.
        FileNotFoundError: An archive is missing, or weights are that say whether it is oriented.
    """
    mesh = choose_mesh(experiment, trains=trains)
    builders = find_builders(experiment)
    everything = load_everything(experiment, builders)
    split = (choose_split or draw_split(experiment))(everything)
    stored = describe_split(everything, split)
    splits = {name: everything.take(getattr(split, name)) for name in PARTS}
    to_curl = choose_to_curl(splits["train"], experiment.curled_share)
    check_splits(splits, experiment, tested=tested)
    beside = [] if pseudo_labelled is None else [without_known(pseudo_labelled, stored, experiment)]
    shown = len(shown_labels(splits["train"], experiment.repeats, to_curl))
    shown += sum(len(part.labels) for part in beside)
    steps_per_epoch = _count_steps(shown, experiment.batch_size)
    optimizer = make_optimizer(
        experiment.optimizer,
        frozen=experiment.frozen,
        batch_size=experiment.batch_size,
        epochs=experiment.epochs,
        steps_per_epoch=steps_per_epoch,
    )
    model = make_network(experiment, mesh)

    def draw_state(key: jax.Array) -> TrainState:
        return init_state(model, optimizer, key=key, input_px=experiment.input_px)

    key = compilation.place_replicated(jax.random.key(experiment.seed), mesh)
    return Setup(
        experiment=experiment,
        builders=builders,
        splits=splits,
        to_curl=to_curl,
        pseudo_labelled=beside[0] if beside else None,
        start=start,
        split=stored,
        mesh=mesh,
        model=model,
        optimizer=optimizer,
        predict=_compile_predict(experiment, model, mesh),
        key=key,
        oriented=_is_oriented(experiment, [splits["train"], *beside], start),
        steps_per_epoch=steps_per_epoch,
        abstract_state=compilation.with_replicated_sharding(jax.eval_shape(draw_state, key), mesh),
        fresh_state=compilation.compile_replicated(draw_state, mesh),
    )


def _compile_predict(experiment: Experiment, model: nn.Module, mesh: jax.sharding.Mesh) -> Predict:
    predict = make_predict(
        model,
        input_px=experiment.input_px,
        test_views=experiment.test_views,
        precision=experiment.precision,
    )
    return compilation.compile_predict(predict, mesh)


def _is_oriented(
    experiment: Experiment, trained: Sequence[Chromosomes], start: StartRecord | None
) -> bool:
    """Return whether a network can have learned orientations from its images or from its start."""
    if any(part.upright.any() for part in trained):
        return True
    return knows_orientation(experiment.init_from) if start is None else start.oriented


def _count_steps(images: int, batch_size: int) -> int:
    if images < batch_size:
        raise ValueError(
            f"`training.batch_size` must be at most the {images} training images, got "
            f"{batch_size}; choose a smaller one."
        )
    return images // batch_size


def multiply_accumulates(setup: Setup) -> int:
    """Return the multiply-accumulates of the network for one view of an image.

    Args:
        setup: Setup of the run.

    Returns:
        The count for the plain forms, whichever are used.
    """
    plain = dataclasses.replace(setup.experiment, implementation="plain")
    model = make_network(plain, setup.mesh)
    return count_multiply_accumulates(
        lambda variables, images: model.apply(variables, images, train=False),
        setup.abstract_state.variables,
        jax.ShapeDtypeStruct((1, plain.input_px, plain.input_px, 1), jax.numpy.float32),
    )


def describe(setup: Setup, workdir: Path) -> str:
    """Return a human-readable summary of the run.

    Args:
        setup: Setup of the run.
        workdir: Run folder.
    """
    experiment = setup.experiment
    parameters = parameter_overview.count_parameters(setup.abstract_state.params)
    sizes = ", ".join(f"{len(part.labels):,} {name}" for name, part in setup.splits.items())
    if setup.to_curl:
        sizes += f", {sum(map(len, setup.to_curl.values())):,} curled"
    if setup.pseudo_labelled is not None:
        sizes += f", {len(setup.pseudo_labelled.labels):,} pseudo-labelled"
    side = setup.splits["train"].images.shape[1]
    normalization, kind = experiment.normalization, setup.mesh.devices.flat[0].device_kind
    preset = f"preset :{experiment.preset}" if experiment.preset else "embedded preset"
    unused = ", ".join(experiment.unused_fields)
    return "\n".join(
        (
            f"config    {experiment.name}, {preset}, seed {experiment.seed}",
            f"data      {experiment.dataset}, split {experiment.split.protocol}: {sizes}"
            f" images of {side}×{side} px",
            f"crops     tilt {normalization.tilt}, straightening {normalization.straightening}, "
            f"length {normalization.length}, exponent {normalization.length_exponent}, "
            f"grey {normalization.grey}",
            f"network   {experiment.model['name']}, {parameters:,} parameters, input "
            f"{experiment.input_px}×{experiment.input_px} px",
            *([f"          which has no use for {unused}"] if unused else []),
            f"training  {experiment.epochs} epochs of {setup.steps_per_epoch} steps, "
            f"{experiment.batch_size} images per step on {setup.mesh.size} × {kind}"
            + (f" in {process_count()} processes" if process_count() > 1 else ""),
            f"run       {workdir}",
        )
    )


def parameter_table(setup: Setup) -> str:
    """Return a table of name, shape and size of every parameter, with the total below.

    Args:
        setup: Setup of the run.
    """
    params = setup.abstract_state.params
    return parameter_overview.get_parameter_overview(params, include_stats=False) + "\n"


def load_best(setup: Setup, checkpoints: AnyCheckpoints) -> dict[str, Any]:
    """Return the variables of the best checkpoint, on the devices of the setup.

    Args:
        setup: Setup of the run's own config.
        checkpoints: Checkpoints of the run.

    Returns:
        `params` and `batch_stats`.

    Raises:
        FileNotFoundError: There is no best checkpoint.
    """
    return checkpoints.load_variables(BEST, setup.abstract_state.variables)
