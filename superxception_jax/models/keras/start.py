"""Initialisation of a network from a Keras weight file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from superxception_jax.models.build import MODELS, has_super_resolution
from superxception_jax.models.keras.convert import (
    CONVERSIONS,
    HEAD,
    MIDDLE_MODULES,
    Arrays,
    Layers,
    MissingLayerError,
)
from superxception_jax.models.xception_blocks import FIRST_MIDDLE_BLOCK

# Suffix of the files that hold an exported network of this project.
EXPORTED = ".npz"
_KERAS_NAMES = {"xception": "Xception", "resnet50": "ResNet50"}
# A layer that only this network contains.
_MARKS = {"xception": "block14_sepconv2", "resnet50": "conv5_block3_3_conv"}


def find_init_from_problems(
    name: str, *, width_multiplier: float, middle_modules: int
) -> list[str]:
    """Return the reasons why a network can't start from any Keras file.

    Args:
        name: Key of `MODELS`.
        width_multiplier: Width multiplier of the network.
        middle_modules: Number of blocks in Xception's middle flow; ignored for other networks.

    Returns:
        One sentence for each problem.
    """
    classifier = name.removeprefix("super_")
    if classifier not in CONVERSIONS:
        fitting = [model for model in MODELS if model.removeprefix("super_") in CONVERSIONS]
        return [
            f"`model.name` must be one of {', '.join(fitting)} with `model.init_from`, got "
            f"{name!r}; choose one of them or leave `model.init_from` empty."
        ]
    problems = []
    if width_multiplier != 1:
        problems.append(
            "`model.width_multiplier` must be 1 with `model.init_from`, as in Keras, got "
            f"{width_multiplier}; set it to 1."
        )
    if classifier == "xception" and middle_modules != MIDDLE_MODULES:
        problems.append(
            f"`model.middle_modules` must be {MIDDLE_MODULES} with `model.init_from`, as in "
            f"Keras, got {middle_modules}; set it to {MIDDLE_MODULES}."
        )
    return problems


def start_from_keras(
    variables: Mapping[str, Any], *, name: str, path: Path
) -> tuple[dict[str, Any], str]:
    """Return the variables of a network with those of a Keras file in place of the initial ones.

    Args:
        variables: `params` and `batch_stats` of the network for one grey channel, or their shapes.
            Those that the file lacks are kept: the super-resolution stack, and the head unless its
            shape fits.
        name: Key of `MODELS`; the file must hold the weights of its classifier.
        path: A file as described at `read_keras_file`.

    Returns:
        The variables, with NumPy arrays for those from the file, and a report of a few lines.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file can't be decoded, holds another network, or shapes differ.
    """
    classifier = name.removeprefix("super_")
    # Only a file of Keras needs h5py, which an installation for karyotyping lacks.
    from superxception_jax.models.keras.file import read_keras_file

    layers = read_keras_file(path)
    try:
        converted = CONVERSIONS[classifier](layers)
    except MissingLayerError as error:
        raise ValueError(_other_network(classifier, layers, path, error)) from error
    except ValueError as error:
        raise ValueError(
            f"`model.init_from` must hold {_keras(classifier)}, got `{path}`: {error}; choose "
            "another file."
        ) from error
    network = flatten_dict(variables)
    arrays = _in_network(converted.arrays, network, has_stack=has_super_resolution(name))
    # Only the head may differ: the file may have been trained on other classes.
    other_head = [
        key for key in arrays if "head" in key and arrays[key].shape != network[key].shape
    ]
    if other_head:
        arrays = {key: array for key, array in arrays.items() if "head" not in key}
    used = converted.used - ({HEAD} if other_head else set())
    _check_shapes(arrays, network, path)
    report = _report(
        network, arrays, path=path, name=name, unused=[x for x in layers if x not in used]
    )
    return unflatten_dict({**network, **arrays}), report


def _keras(classifier: str) -> str:
    return f"the weights of `keras.applications.{_KERAS_NAMES[classifier]}`"


def _other_network(classifier: str, layers: Layers, path: Path, error: MissingLayerError) -> str:
    advice = (
        "choose another file, or save the inner model separately if the network is nested in "
        "another model."
    )
    for other, mark in _MARKS.items():
        if other != classifier and mark in layers:
            advice = f"it looks like {_KERAS_NAMES[other]}: set `model.name` to {other!r}."
    return (
        f"`model.init_from` must hold {_keras(classifier)}, got `{path}`, another network "
        f"({error}); {advice}"
    )


def _in_network(
    arrays: Arrays, network: Mapping[tuple[str, ...], Any], *, has_stack: bool
) -> Arrays:
    """Return the arrays under the paths of the network, for its form and with its stack."""
    if any("blocks" in path for path in network):
        arrays = _stack_middle_flow(arrays)
    if not has_stack:
        return arrays
    return {(path[0], "classifier", *path[1:]): array for path, array in arrays.items()}


def _stack_middle_flow(arrays: Arrays) -> Arrays:
    """Stack the blocks of the middle flow along a leading axis, as in the scan."""
    first = f"block{FIRST_MIDDLE_BLOCK}"
    stacked: Arrays = {}
    for path, array in arrays.items():
        if "middle_flow" not in path:
            stacked[path] = array
        elif first in path:
            at = path.index(first)
            before, after = path[:at], path[at + 1 :]
            blocks = (f"block{FIRST_MIDDLE_BLOCK + index}" for index in range(MIDDLE_MODULES))
            stacked[(*before, "blocks", "block", *after)] = np.stack(
                [arrays[(*before, block, *after)] for block in blocks]
            )
    return stacked


def _check_shapes(arrays: Arrays, network: Mapping[tuple[str, ...], Any], path: Path) -> None:
    for key, array in arrays.items():
        expected = network[key].shape if key in network else "absent"
        if expected != array.shape:
            raise ValueError(
                f"`model.init_from` must fit the network, got `{path}` with shape {array.shape} "
                f"for `{'/'.join(key)}`, expected {expected}; set `model.width_multiplier` "
                f"to 1 and `model.middle_modules` to {MIDDLE_MODULES}, or choose another file."
            )


def _report(
    network: Mapping[tuple[str, ...], Any],
    arrays: Arrays,
    *,
    path: Path,
    name: str,
    unused: list[str],
) -> str:
    kept = ["/".join(key) for key in network if key not in arrays]
    return "\n".join(
        (
            f"started from {path}: {len(arrays)} of {len(network)} arrays of {name} loaded",
            f"  arrays with initial values: {', '.join(kept) or 'none'}",
            f"  unused layers of the file: {', '.join(unused) or 'none'}",
        )
    )
