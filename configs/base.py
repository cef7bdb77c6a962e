"""Every default of the project, one comment each: the protocol of the paper.

A row of the table changes the fields in which it differs; a preset changes the size.
`superxception_jax/runs/experiment.py` is the only reader.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

PRESETS = {
    "": "embedded synthetic cells at a size that two CPU cores finish in minutes",
    "smoke": "the same program in seconds",
    "bioimage": "the real Padova Q-band set at CPU size",
    "table": "the real Padova Q-band set, networks at full width, an input that a CPU can train",
    "gband": "the real G-band karyograms at CPU size",
    "paper": "the real Padova Q-band set by the paper's protocol, for an accelerator",
    "own": "a laboratory's own folder of chromosome images at CPU size",
}


def get_base() -> ConfigDict:
    """Return the paper's protocol with every default of the project.

    Source: Swati, Sharma and Vig, "Automatic Classification of Low-Resolution
    Chromosomal Images"; what it leaves open is ours and says so beside the field.
    """
    config = ConfigDict()
    config.name = "base"  # row of the results table
    config.preset = ""  # one of PRESETS, set by the config's argument
    config.seed = 0  # root of initialisation, data order, augmentation and dropout

    config.data = data = ConfigDict()
    data.dataset = "bioimage"  # bioimage | gband | ideogram | own
    data.data_dir = "data"  # prepared data sets lie here (relative: to the current directory)
    data.manual_dir = ""  # archives that the user places; empty: <data_dir>/manual
    data.ideogram_cells = 60  # synthetic cells to draw
    data.ideogram_seed = 0  # seed of the drawn cells
    data.ideogram_style = "q"  # q: bright bands on black | g: dark bands on white
    data.ideogram_aneuploid_share = 0.0  # share of synthetic cells with an aneuploidy, 0..1
    data.own_folder = ""  # a laboratory's folder, one folder a cell

    config.normalization = normalization = ConfigDict()
    normalization.background = "auto"  # auto | dark | light
    normalization.tilt = "remove"  # remove | keep
    normalization.straightening = "none"  # none | medial_axis; not stated for the paper's input
    normalization.length = "cell"  # cell: relative to the cell | absolute | none: stretched crop
    normalization.length_exponent = 1.0  # length "cell": canvas length ∝ relative length ** this
    normalization.absolute_length_px = 100.0  # length "absolute": this length fills the canvas
    normalization.grey = "keep"  # keep | cell: one mean grey in all cells
    normalization.image_px = 50  # the paper's 50×50 canvas

    config.split = split = ConfigDict()
    split.protocol = "paper"  # paper | cells | poletti | cases
    split.seed = 0  # seed of the draw
    split.sizes = (4176, 360, 720)  # protocol "paper": images to train, validate, test
    split.fold = 0  # protocols "cells" and "cases": the fold that tests
    split.folds = 5  # protocols "cells" and "cases": number of folds
    split.validation_share = 0.1  # share of the training groups that validates
    split.training_share = 1.0  # share of what may train that does: for learning curves

    config.model = model = ConfigDict()
    model.name = "super_xception"  # a key of superxception_jax.models.build.MODELS
    # Start from this file: of Keras (.h5, .keras: Xception, ResNet-50), or variables.npz that
    # launch/export.py wrote of a run with the same network.
    model.init_from = ""
    model.input_px = 227  # the canvas is enlarged to this, bicubically; 0: as it is
    model.width_multiplier = 1.0  # channels of the classifier relative to the original
    model.stem_stride = 1  # StripNet: 2 reads a canvas twice as large at little more cost
    model.middle_modules = 8  # Xception: equal modules in the middle flow
    model.middle_flow = "unrolled"  # Xception; unrolled: faster steps | scan: compiles faster
    model.batch_norm_momentum = 0.99  # Keras' default; short runs need 0.9
    model.dropout_rate = 0.0  # before the classifier
    model.polarity = "given"  # given: the p arm is up | read: by twice the outputs, any way up
    model.test_views = "one"  # one | both: mean with the reading turned by 180°; polarity "read"
    model.implementation = "auto"  # auto | plain | fast forms of the operations

    config.super_resolution = super_resolution = ConfigDict()
    super_resolution.features = (64, 32)  # channels of the first two layers
    super_resolution.final_activation = "none"  # none | relu (the paper's text can be read so)
    super_resolution.skip = "input"  # input: residual added to the input | none
    super_resolution.initialization = "gaussian"  # gaussian: starts as the identity | glorot
    super_resolution.initial_sigma = 0.001  # of the Gaussian (Cai et al. 2017)
    super_resolution.place = "after_enlarging"  # after_enlarging | before_enlarging: on the canvas
    super_resolution.parameters = "trained"  # trained | frozen: as at the start
    super_resolution.pretraining_epochs = 0  # on crops of high resolution; 0: none

    config.augmentation = augmentation = ConfigDict()  # not stated in the paper: off
    augmentation.rotation_degrees = 0.0  # uniform within ±
    augmentation.shift_px = 0.0  # px of a 50 px canvas, uniform within ±, both directions
    augmentation.stretch = 0.0  # log scale of each direction, uniform within ±
    augmentation.bend_px = 0.0  # sideways excursion of the axis' ends, uniform within ±
    augmentation.gamma = 0.0  # log exponent of the grey values, uniform within ±
    augmentation.gain = 0.0  # log factor of the grey values, uniform within ±
    augmentation.blur = 0.0  # weight of a 3×3 binomial blur, uniform within ± (negative sharpens)
    augmentation.noise = 0.0  # standard deviation of Gaussian noise, grey values in [0, 1]

    config.optimizer = optimizer = ConfigDict()
    optimizer.name = "adam"  # adam | adamw | nesterov: SGD with Nesterov's momentum
    optimizer.learning_rate = 1e-4  # peak rate
    optimizer.schedule = "constant"  # constant | cosine: to zero at the last step | inverse_time
    optimizer.warmup_epochs = 0.0  # linear from zero
    optimizer.momentum = 0.0  # nesterov only
    optimizer.rate_decay = 0.0  # schedule inverse_time only: rate / (1 + rate_decay · step)
    optimizer.weight_decay = 0.0  # adamw only; not on biases and BatchNorm scales
    optimizer.gradient_clip_norm = 0.0  # global norm; 0: off

    config.training = training = ConfigDict()
    training.epochs = 80  # passes over the training images
    training.batch_size = 32  # images a step, over all devices; not stated in the paper
    training.label_smoothing = 0.0  # 0..1
    training.devices = 0  # data-parallel devices; 0: all
    training.checkpoint_every_steps = 500  # besides the one at the end of each epoch
    training.log_every_steps = 20  # interval of the training lines in metrics.jsonl

    config.evaluation = evaluation = ConfigDict()
    evaluation.batch_size = 64  # images a step; the result doesn't depend on it
    evaluation.turned_share = 0.01  # polarity read: share of the images that is upside down
    evaluation.bootstrap_resamples = 2000  # of cells, for the confidence interval
    evaluation.confidence_level = 0.95  # of that interval
    return config


def apply_preset(
    config: ConfigDict, preset: str, *, cpu_changes: Mapping[str, Any], table_epochs: int
) -> ConfigDict:
    """Change a config to one of the sizes in `PRESETS`.

    Args:
        config: a row of the table at the paper's size.
        preset: a key of `PRESETS`.
        cpu_changes: fields, such as `optimizer.learning_rate`, in which the row differs from
            the others at every CPU size.
        table_epochs: length of the run with the preset `table`.

    Returns:
        The same config, changed and locked.

    Raises:
        ValueError: `preset` is unknown.
    """
    if preset not in PRESETS:
        near = difflib.get_close_matches(preset, PRESETS, n=1)
        hint = f"did you mean `:{near[0]}`?" if near else "choose one of them."
        names = ", ".join(f"`:{name}`" if name else "none" for name in PRESETS)
        raise ValueError(f"preset `:{preset}` must be one of {names}; {hint}")
    config.preset = preset
    if preset == "paper":
        return config.lock()
    set_cpu_size(config)
    if preset != "table":
        config.model.width_multiplier = 0.5
        config.model.middle_modules = 2
        config.super_resolution.features = (16, 8)
    config.update_from_flattened_dict(cpu_changes)
    if preset == "table":
        config.training.epochs = table_epochs
    if preset in ("", "smoke"):
        config.data.dataset = "ideogram"
        config.split.protocol = "cells"
        _set_embedded_size(config)
    if preset == "smoke":
        config.data.ideogram_cells = 5
        config.model.width_multiplier = 0.125
        config.model.middle_modules = 1
        config.super_resolution.features = (4, 4)
        config.training.epochs = 2
        config.training.log_every_steps = 1
        config.evaluation.bootstrap_resamples = 100
    if preset == "gband":
        config.data.dataset = "gband"
        config.split.protocol = "cases"
    if preset == "own":
        config.data.dataset = "own"
        config.split.protocol = "cells"
    return config.lock()


def set_cpu_size(config: ConfigDict) -> None:
    """Reduce the input and train with augmentation and a schedule.

    Args:
        config: to be changed.
    """
    # Small chromosomes keep pixels on the canvas, and bends are left to the straightening.
    config.normalization.length_exponent = 0.5
    config.normalization.straightening = "medial_axis"
    config.model.input_px = 71
    config.model.batch_norm_momentum = 0.9
    config.model.dropout_rate = 0.2
    set_augmentation(config)
    config.training.epochs = 30
    config.optimizer.name = "adamw"
    config.optimizer.learning_rate = 1e-3
    config.optimizer.schedule = "cosine"
    config.optimizer.warmup_epochs = 1.0
    config.optimizer.weight_decay = 1e-2
    config.optimizer.momentum = 0.0
    config.optimizer.rate_decay = 0.0
    config.training.label_smoothing = 0.1


def set_augmentation(config: ConfigDict) -> None:
    """Switch the random changes of the training images on.

    Args:
        config: to be changed.
    """
    config.augmentation.rotation_degrees = 10.0
    config.augmentation.shift_px = 2.0
    config.augmentation.stretch = 0.1
    config.augmentation.bend_px = 2.0
    config.augmentation.gamma = 0.2
    config.augmentation.gain = 0.2
    config.augmentation.blur = 0.5
    config.augmentation.noise = 0.01


def _set_embedded_size(config: ConfigDict) -> None:
    """Reduce further, to minutes on the synthetic cells."""
    # The least input of AlexNet, whose windows aren't padded, is 67 px.
    smallest_px = 71 if config.model.name.endswith("alexnet") else 64
    config.model.input_px = min(config.model.input_px, smallest_px)
    config.model.width_multiplier = 0.25
    config.training.epochs = 10
