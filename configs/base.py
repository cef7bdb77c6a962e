"""Every default of the project, each with a comment that documents the field.

The defaults are the protocol of the paper. The config of a network changes the fields in which it
differs, and a preset changes the data set and the size of the run. Only
`superxception_jax/runs/experiment.py` interprets a config.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from ml_collections import ConfigDict

PRESETS = {
    "": "embedded synthetic cells, trained in minutes on two CPU cores",
    "smoke": "embedded synthetic cells, all stages in seconds",
    "bioimage": "Padova Q-band images, at a size for CPUs",
    "table": "Padova Q-band images, networks at full width with an input size for CPUs",
    "gband": "G-band karyograms, at a size for CPUs",
    "paper": "Padova Q-band images with the protocol of the paper, for an accelerator",
    "own": "a laboratory's own folder of chromosome images, at a size for CPUs",
}


def get_base() -> ConfigDict:
    """Return the base config: the protocol of the paper with every default of the project.

    Where the paper doesn't state a value, the comment of the field says so.

    Source: Swati, Sharma and Vig, "Automatic Classification of Low-Resolution Chromosomal Images".
    """
    config = ConfigDict()
    config.name = "base"  # row of the results table
    config.preset = ""  # a preset, set by the argument of the config
    config.seed = 0  # random seed of initialisation, data order, augmentation and dropout

    config.data = data = ConfigDict()
    data.dataset = "bioimage"  # bioimage | gband | tseng | ideogram | own; or several: gband,own
    # How often an epoch shows the training images of each data set: 2,1; empty: once.
    data.repeats = ""
    data.data_dir = "data"  # folder of the prepared data sets, relative to the current directory
    data.manual_dir = ""  # folder of manually downloaded archives; empty: <data_dir>/manual
    data.ideogram_cells = 60  # number of synthetic cells
    data.ideogram_seed = 0  # random seed of the synthetic cells
    data.ideogram_style = "q"  # q: bright bands on black | g: dark bands on white
    data.ideogram_aneuploid_share = 0.0  # share of synthetic cells with an aneuploidy, 0..1
    data.own_folder = ""  # dataset "own": folder with one subfolder per cell
    # Share of this machine's memory that the images may take; above it they are read from the disk.
    data.memory_share = 0.5
    # dataset "own": equal images in several cells, of which training would see what is tested.
    data.own_twins = "refuse"  # refuse | allow: trained and tested, and said
    # dataset "own": images whose orientation the column `turned` of labels.csv doesn't state have
    # the p arm up, or may be any way up, with `model.polarity` "read" only.
    data.own_polarity = "upright"  # upright | any
    # Share of the training images of which a copy with curled, touching arms trains, too, with
    # `model.polarity` "read" only.
    data.curled_share = 0.0
    # Folder of cells without labels: the classes that a network assigns to them train beside the
    # labels; empty: none.
    data.unlabelled_folder = ""
    # That network: an included one or an exported `variables.npz`; empty: that of
    # `model.init_from`. With another one, the trained network may start at random, and be larger.
    data.unlabelled_reader = ""
    # Whether their p arms are up, as in cells cut out of karyograms, or they may be any way up.
    data.unlabelled_polarity = "any"  # upright | any

    config.normalization = normalization = ConfigDict()
    normalization.background = "auto"  # auto | dark (Q-band) | light (G-band)
    normalization.tilt = "remove"  # remove: turn the chromosome upright | keep
    normalization.straightening = "none"  # none | medial_axis; not stated in the paper
    # Length on the canvas. cell: relative to the longest chromosome of the cell | absolute: at the
    # same scale for all cells | none: every chromosome is stretched to fill the canvas.
    normalization.length = "cell"  # cell | absolute | none
    # length "cell". longest: relative to the longest chromosome that is there | lengths: to
    # chromosome 1, as the lengths of all chromosomes of the cell tell it, also without it.
    normalization.length_reference = "longest"  # longest | lengths
    normalization.length_exponent = 1.0  # length "cell": canvas length ∝ relative length ** this
    normalization.absolute_length_px = 100.0  # length "absolute": length that fills the canvas
    normalization.grey = "keep"  # keep | cell: scale every cell to the same mean grey level
    normalization.image_px = 50  # side of the canvas; 50×50 in the paper

    config.split = split = ConfigDict()
    # paper: images at random | cells, cases: cross-validation over whole cells or over patients |
    # poletti: 70 cells for training and validation, 49 for testing.
    split.protocol = "paper"  # paper | cells | poletti | cases
    split.seed = 0  # random seed of the split
    split.sizes = (4176, 360, 720)  # protocol "paper": training, validation and test images
    split.fold = 0  # protocols "cells" and "cases": test fold, from 0
    split.folds = 5  # protocols "cells" and "cases": number of folds
    split.validation_share = 0.1  # share of the training cells or cases used for validation
    # Data sets of which only the test images are used, with commas: the test of a network on a
    # laboratory that it never saw. Empty or none: of no data set.
    split.test_only = ""
    split.training_share = 1.0  # share of the training set that is used, for learning curves

    config.model = model = ConfigDict()
    model.name = "super_xception"  # a key of superxception_jax.models.build.MODELS
    # Initial weights: an included network (gband | qband), a file from Keras (.h5 or .keras, for
    # Xception and ResNet-50), or the variables.npz that launch/export.py wrote for a run with the
    # same network; empty or none: random.
    model.init_from = ""
    # replaced: by what `training.kept` keeps | kept_unless_improved: `init_from` is validated and
    # tested as well, and stays the result if no epoch has a lower validation loss.
    model.start = "replaced"
    model.input_px = 227  # side of the input after bicubic enlarging; 0: the canvas as it is
    model.width_multiplier = 1.0  # channels of the classifier relative to the original
    model.stem_stride = 1  # StripNet: 2 takes a canvas twice as large at little more cost
    model.middle_modules = 8  # Xception: number of modules in the middle flow
    model.middle_flow = "unrolled"  # Xception; unrolled: faster steps | scan: compiles faster
    model.batch_norm_momentum = 0.99  # default of Keras; short runs need 0.9
    model.dropout_rate = 0.0  # before the last layer; AlexNet: before each hidden layer
    # given: images have the p arm up | read: images may be upside down, and the network has two
    # outputs per class, upright and turned by 180°.
    model.polarity = "given"  # given | read
    # one: the image | both: mean of the predictions for the image and for the image turned by
    # 180°, with polarity "read" only.
    model.test_views = "one"  # one | both
    model.implementation = "auto"  # forms of the operations: auto | plain | fast
    # Number format of activations and products; parameters, statistics and losses stay float32. On
    # GPUs and TPUs, products of a float32 training have the device's default, TF32 or bfloat16.
    model.precision = "float32"  # float32 | bfloat16
    # Xception: activations computed again in the backward pass instead of kept, which saves memory:
    # those within the blocks of the middle flow | within all blocks.
    model.rematerialization = "none"  # none | middle_flow | blocks

    config.super_resolution = super_resolution = ConfigDict()
    super_resolution.features = (64, 32)  # channels of the first two layers
    super_resolution.final_activation = "none"  # none | relu; the paper's text is ambiguous
    super_resolution.skip = "input"  # input: the input is added to the output | none
    super_resolution.initialization = "gaussian"  # gaussian: near the identity | glorot
    super_resolution.initial_sigma = 0.001  # standard deviation for "gaussian" (Cai et al. 2017)
    super_resolution.place = "after_enlarging"  # after_enlarging | before_enlarging: on the canvas
    super_resolution.parameters = "trained"  # trained | frozen at their initial values
    super_resolution.pretraining_epochs = 0  # epochs of restoring high-resolution crops; 0: none

    # Each image gets its own draw, uniform within ± the value; the paper states no augmentation.
    config.augmentation = augmentation = ConfigDict()
    augmentation.rotation_degrees = 0.0  # rotation in degrees
    augmentation.shift_px = 0.0  # shift in both directions, in pixels of a 50 px canvas
    augmentation.stretch = 0.0  # logarithm of the scale in each direction
    augmentation.bend_px = 0.0  # sideways displacement of the axis' ends, in px of a 50 px canvas
    augmentation.gamma = 0.0  # logarithm of the exponent of the grey levels
    augmentation.gain = 0.0  # logarithm of the factor of the grey levels
    augmentation.blur = 0.0  # weight of a 3×3 binomial blur; a negative draw sharpens
    augmentation.noise = 0.0  # fixed standard deviation of Gaussian noise, grey levels in [0, 1]
    augmentation.cut_out = 0.0  # share of the images with a band overpainted by an even grey

    config.optimizer = optimizer = ConfigDict()
    optimizer.name = "adam"  # adam | adamw | nesterov: SGD with Nesterov momentum
    optimizer.learning_rate = 1e-4  # peak learning rate
    # Learning rate for a batch of another size than `reference_batch_size`. none: as given |
    # linear: times the ratio of the sizes | square_root: times the square root of that ratio.
    optimizer.batch_scaling = "none"
    optimizer.reference_batch_size = 32  # batch size for which the learning rate is meant
    optimizer.schedule = "constant"  # constant | cosine: to zero at the last step | inverse_time
    optimizer.warmup_epochs = 0.0  # epochs in which the rate rises in equal steps, but not from 0
    optimizer.momentum = 0.0  # "nesterov" only
    optimizer.rate_decay = 0.0  # schedule "inverse_time" only: rate / (1 + rate_decay · step)
    optimizer.weight_decay = 0.0  # "adamw" only; biases and BatchNorm scales excluded
    optimizer.gradient_clip_norm = 0.0  # maximum global norm of the gradient; 0: no clipping

    config.training = training = ConfigDict()
    training.epochs = 80  # passes over the training images
    # Weights that are tested and exported: those with the lowest validation loss (lowest_loss), or
    # the last ones (last), which suit a rate that ends at zero.
    training.kept = "lowest_loss"
    training.patience_epochs = 0  # stop after so many epochs without a lower loss; 0: never
    training.batch_size = 32  # images per step over all devices; not stated in the paper
    # Parts into which a step divides its batch to save memory; BatchNorm sees each part by itself.
    # Pretraining of the super-resolution stack doesn't divide its batch.
    training.accumulation_steps = 1
    training.label_smoothing = 0.0  # label smoothing, 0..1
    training.devices = 0  # number of data-parallel devices; 0: all
    training.checkpoint_every_steps = 500  # interval of checkpoints; each epoch ends with one too
    training.log_every_steps = 20  # interval of the training entries in metrics.jsonl

    config.evaluation = evaluation = ConfigDict()
    evaluation.batch_size = 64  # images per step; affects results by rounding at most
    evaluation.turned_share = 0.01  # polarity "read": expected share of upside-down images
    evaluation.bootstrap_resamples = 2000  # resamples of cases or cells for the intervals
    evaluation.confidence_level = 0.95  # level of the confidence intervals
    return config


def apply_preset(
    config: ConfigDict,
    preset: str,
    *,
    cpu_changes: Mapping[str, Any],
    table_epochs: int,
    own_presets: Collection[str] = (),
) -> ConfigDict:
    """Apply a preset to a config and lock it.

    Args:
        config: Config of a network at the size of the paper; changed in place.
        preset: A key of `PRESETS`.
        cpu_changes: Values by path, such as `optimizer.learning_rate`, that this network needs in
            every preset for CPUs.
        table_epochs: Number of epochs with the preset `table`.
        own_presets: Further presets of this network, which errors name.

    Returns:
        The same config.

    Raises:
        ValueError: The preset is unknown.
    """
    if preset not in PRESETS:
        known = (*PRESETS, *own_presets)
        near = difflib.get_close_matches(preset, known, n=1)
        hint = f"did you mean `:{near[0]}`?" if near else "choose one of them."
        names = ", ".join(f"`:{name}`" if name else "none" for name in known)
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
    """Change a config to a smaller input, and to training with augmentation and a schedule.

    Args:
        config: Config to change in place.
    """
    # Small chromosomes get more pixels, and straightening removes the bends.
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
    """Turn on the augmentation of the training images.

    Args:
        config: Config to change in place.
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
    """Reduce a config further, to minutes of training on the synthetic cells."""
    # AlexNet, whose convolutions aren't padded, needs an input of at least 67 px.
    smallest_px = 71 if config.model.name.endswith("alexnet") else 64
    config.model.input_px = min(config.model.input_px, smallest_px)
    config.model.width_multiplier = 0.25
    config.training.epochs = 10
