"""A config becomes a checked, frozen `Experiment`, of which all code below takes plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.splits import SplitSettings
from superxception_jax.models.build import classifier_options, has_super_resolution
from superxception_jax.runs.config.checks import find_problems
from superxception_jax.runs.config.data_set_names import listed, read_repeats
from superxception_jax.runs.included import start_of
from superxception_jax.training.settings import AugmentationSettings, OptimizerSettings

# Attributes of a classifier that the config chooses, and their fields in its section `model`.
_CLASSIFIER_FIELDS = {
    "width_multiplier": "width_multiplier",
    "stem_stride": "stem_stride",
    "middle_modules": "middle_modules",
    "middle_flow": "middle_flow",
    "rematerialization": "rematerialization",
    "momentum": "batch_norm_momentum",
    "dropout_rate": "dropout_rate",
}


@dataclass(frozen=True)
class Experiment:
    """Everything that a run needs, checked; functions below take plain values.

    Attributes:
        name: Name of the config, a row of the results table.
        preset: Size of the run, empty for the embedded one.
        seed: Random seed of the run.
        dataset: Keys of `superxception_jax.data.builders.BUILDERS`, joined by commas.
        data_sets: Keyword options of the builder of each data set by its name.
        test_only: Data sets of which only the test images are used.
        repeats: How often an epoch shows the training images of each data set.
        data_dir: Folder of the prepared data sets.
        manual_dir: Folder of the archives that the user provides.
        memory_share: Share of the memory that the images may take, 0..1; above it they are read
            from the disk.
        curled_share: Share of the training images of which a curled copy trains, too, 0..1.
        unlabelled_folder: Folder of cells that a network labels; empty for none.
        unlabelled_reader: Weight file of that network, `init_from` unless it is another.
        unlabelled_polarity: Whether they are upright, or may be any way up (any).
        normalization: How raw crops become canvases.
        split: How images are divided into training, validation and test.
        model: Keyword arguments of `superxception_jax.models.build.build_model`.
        implementation: Forms of the operations: auto, plain or fast.
        precision: Number format of activations and products, float32 or bfloat16.
        polarity: Whether the orientation is given or predicted by the network (read).
        test_views: Whether an image is classified as it is (one) or in both orientations (both).
        turned_share: Expected share of upside-down images, for a network that predicts polarity.
        init_from: Weight file to start from, empty for none.
        start_counts: Whether the initial weights are a result that training must improve.
        pretraining_epochs: Epochs of pretraining the super-resolution stack.
        input_px: Side of the network's input, to which the canvas is enlarged.
        augmentation: Ranges of the random changes in training.
        optimizer: Optimiser and learning-rate schedule.
        frozen: Names at the top of the parameter tree that training leaves unchanged.
        epochs: Passes over the training images.
        kept: Weights that are tested: those with the lowest validation loss (lowest_loss) or the
            last ones (last).
        patience_epochs: Epochs without a lower validation loss after which training stops; 0 for
            never.
        batch_size: Images per step over all devices.
        accumulation_steps: Parts into which a step divides its batch.
        label_smoothing: Share of the target spread over all classes, 0..1.
        device_count: Number of data-parallel devices; 0 means all.
        checkpoint_every_steps: Steps between two checkpoints inside an epoch.
        log_every_steps: Steps between two training entries of the log.
        evaluation_batch_size: Images per step of the evaluation.
        bootstrap_resamples: Number of bootstrap samples of an interval.
        confidence_level: Confidence level of an interval, 0..1.
        config: The whole config as plain JSON values.
    """

    name: str
    preset: str
    seed: int
    dataset: str
    data_sets: Mapping[str, Mapping[str, Any]]
    test_only: tuple[str, ...]
    repeats: Mapping[str, int]
    data_dir: Path
    manual_dir: Path
    memory_share: float
    curled_share: float
    unlabelled_folder: str
    unlabelled_reader: str
    unlabelled_polarity: str
    normalization: NormalizationSettings
    split: SplitSettings
    model: Mapping[str, Any]
    implementation: str
    precision: str
    polarity: str
    test_views: str
    turned_share: float
    init_from: str
    start_counts: bool
    pretraining_epochs: int
    input_px: int
    augmentation: AugmentationSettings
    optimizer: OptimizerSettings
    frozen: tuple[str, ...]
    epochs: int
    kept: str
    patience_epochs: int
    batch_size: int
    accumulation_steps: int
    label_smoothing: float
    device_count: int
    checkpoint_every_steps: int
    log_every_steps: int
    evaluation_batch_size: int
    bootstrap_resamples: int
    confidence_level: float
    config: Mapping[str, Any]

    @property
    def bootstrap_options(self) -> dict[str, Any]:
        """Return the keyword arguments of `superxception_jax.evaluation.statistics`' bootstrap."""
        return {
            "resamples": self.bootstrap_resamples,
            "level": self.confidence_level,
            "seed": self.seed,
        }

    @property
    def unused_fields(self) -> tuple[str, ...]:
        """Return the fields of the config that its network has no use for."""
        chosen = self.model["classifier"]
        fields = [f"model.{f}" for name, f in _CLASSIFIER_FIELDS.items() if name not in chosen]
        return (*fields, *([] if self.model["super_resolution"] else ["super_resolution"]))

    @property
    def step_options(self) -> dict[str, Any]:
        """Return the keyword arguments of `superxception_jax.training.steps.make_train_step`."""
        names = (
            "input_px",
            "augmentation",
            "label_smoothing",
            "polarity",
            "precision",
            "accumulation_steps",
        )
        return {name: getattr(self, name) for name in names}


def build_experiment(config: ConfigDict) -> Experiment:
    """Return the experiment of a config, after checking the config.

    Args:
        config: Config made by a file of `configs/`, with overrides.

    Raises:
        ValueError: Values are out of range; one message names all of them.
    """
    problems = find_problems(config)
    if problems:
        raise ValueError("the config has problems:\n  " + "\n  ".join(problems))
    data, split, model, training = config.data, config.split, config.model, config.training
    augmentation = AugmentationSettings(**config.augmentation.to_dict())
    names = listed(data.dataset)
    split_values = {name: value for name, value in split.to_dict().items() if name != "test_only"}
    return Experiment(
        name=config.name,
        preset=config.preset,
        seed=config.seed,
        dataset=data.dataset,
        data_sets={name: _dataset_options(config, name) for name in names},
        test_only=listed(split.test_only),
        repeats=dict(zip(names, read_repeats(data.repeats, len(names)), strict=True)),
        data_dir=Path(data.data_dir).expanduser().absolute(),
        manual_dir=Path(data.manual_dir or Path(data.data_dir) / "manual").expanduser().absolute(),
        memory_share=data.memory_share,
        curled_share=data.curled_share,
        unlabelled_folder=data.unlabelled_folder,
        unlabelled_reader=data.unlabelled_reader or start_of(model.init_from),
        unlabelled_polarity=data.unlabelled_polarity,
        normalization=NormalizationSettings(**config.normalization.to_dict()),
        split=SplitSettings(**{**split_values, "sizes": tuple(split.sizes)}),
        model=_model_options(config),
        implementation=model.implementation,
        precision=model.precision,
        polarity=model.polarity,
        test_views=model.test_views,
        turned_share=config.evaluation.turned_share,
        init_from=start_of(model.init_from),
        start_counts=model.start == "kept_unless_improved",
        pretraining_epochs=config.super_resolution.pretraining_epochs,
        input_px=_input_px(config),
        augmentation=augmentation,
        optimizer=OptimizerSettings(**config.optimizer.to_dict()),
        frozen=_frozen(config),
        epochs=training.epochs,
        kept=training.kept,
        patience_epochs=training.patience_epochs,
        batch_size=training.batch_size,
        accumulation_steps=training.accumulation_steps,
        label_smoothing=training.label_smoothing,
        device_count=training.devices,
        checkpoint_every_steps=training.checkpoint_every_steps,
        log_every_steps=training.log_every_steps,
        evaluation_batch_size=config.evaluation.batch_size,
        bootstrap_resamples=config.evaluation.bootstrap_resamples,
        confidence_level=config.evaluation.confidence_level,
        config=json.loads(config.to_json()),
    )


def _dataset_options(config: ConfigDict, name: str) -> dict[str, Any]:
    data = config.data
    options: dict[str, dict[str, Any]] = {
        "bioimage": {},
        "gband": {},
        "tseng": {},
        "ideogram": {
            "cells": data.ideogram_cells,
            "seed": data.ideogram_seed,
            "style": data.ideogram_style,
            "aneuploid_share": data.ideogram_aneuploid_share,
        },
        "own": {
            "folder": data.own_folder,
            "twins": data.own_twins,
            "polarity": data.own_polarity,
            "background": config.normalization.background,
        },
    }
    return options[name]


def _model_options(config: ConfigDict) -> dict[str, Any]:
    model, stack = config.model, config.super_resolution
    options = {name: model[field] for name, field in _CLASSIFIER_FIELDS.items()}
    stack_options = {
        "features": tuple(stack.features),
        "final_activation": stack.final_activation,
        "skip": stack.skip,
        "initialization": stack.initialization,
        "initial_sigma": stack.initial_sigma,
        "enlarged_px": _enlarged_px(config),
    }
    required = classifier_options(model.name, required=True)
    unknown = [name for name in required if name not in options]
    if unknown:
        raise ValueError(
            f"`{model.name}` must have attributes of {', '.join(options)} beside `classes` and "
            f"`implementation`, got {', '.join(unknown)}; rename them, or give them a default."
        )
    return {
        "name": model.name,
        "classifier": {
            name: options[name] for name in classifier_options(model.name) if name in options
        },
        "super_resolution": stack_options if has_super_resolution(model.name) else {},
    }


def _input_px(config: ConfigDict) -> int:
    """Return the side of the network's input.

    A stack that works on the canvas enlarges it by itself.
    """
    stack_first = config.super_resolution.place == "before_enlarging"
    if has_super_resolution(config.model.name) and stack_first:
        return config.normalization.image_px
    return _enlarged_px(config)


def _enlarged_px(config: ConfigDict) -> int:
    """Return the side of the classifier's input."""
    return config.model.input_px or config.normalization.image_px


def _frozen(config: ConfigDict) -> tuple[str, ...]:
    frozen = config.super_resolution.parameters == "frozen"
    return ("super_resolution",) if frozen and has_super_resolution(config.model.name) else ()
