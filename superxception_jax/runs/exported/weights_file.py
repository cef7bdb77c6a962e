"""The variables of a network in one small file, which can be shared without its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

from superxception_jax.files import damaged, load_arrays, load_json, opened_arrays, replacing
from superxception_jax.runs.included import VARIABLES_FILE, find_weights
from superxception_jax.runs.workdir import CALIBRATION_FILE

# Field of the calibration: whether the network has learned which end of a chromosome is up.
ORIENTED = "oriented"
_CONTENT = "the variables of a network"
_REMEDY = "export the network again with launch/export.py, or restore the file from a copy"
# As written, and of exports whose matrices someone kept in single precision.
_DTYPES = (np.float16, np.float32)


def save_variables(path: Path, variables: Any) -> Path:
    """Write variables, completely or not at all.

    Matrices are stored in half precision, which changes no class in practice and halves the size of
    the file. Vectors (biases, BatchNorm) keep single precision, because their range is wider.

    Args:
        path: File to write, ending in `.npz`; its folder exists.
        variables: Tree of f32 arrays.

    Returns:
        The path.

    Raises:
        ValueError: A value is outside the range of half precision.
    """
    arrays: dict[str, Any] = {}
    for name, leaf in _named(variables).items():
        value = np.asarray(leaf, np.float32)
        with np.errstate(over="ignore"):  # reported below
            kept = value.astype(np.float16) if value.ndim > 1 else value
        if not np.isfinite(kept).all():
            raise ValueError(
                f"`{name}` must hold finite values of at most 65504, got {np.abs(value).max()}; "
                "train the network again."
            )
        arrays[name] = kept
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


def load_variables(path: Path, like: Any) -> Any:
    """Load variables that `save_variables` wrote.

    Args:
        path: File with the variables.
        like: Tree of arrays or abstract arrays with the expected names and shapes.

    Returns:
        The tree of NumPy arrays f32.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, or names or shapes differ, or a value isn't finite.
    """
    # Nothing is unpacked before it is known to be as large as the network.
    kinds = _kinds(path)
    strange = [name for name, (_, dtype) in kinds.items() if dtype not in _DTYPES]
    if strange:
        problem = f"`{strange[0]}` is {kinds[strange[0]][1]} instead of f16 or f32"
        raise damaged(path, problem, content=_CONTENT, remedy=_REMEDY)
    expected = {name: tuple(leaf.shape) for name, leaf in _named(like).items()}
    wrong = sorted(
        name
        for name in kinds.keys() | expected.keys()
        if name not in kinds or kinds[name][0] != expected.get(name)
    )
    if wrong:
        raise ValueError(
            f"`{path}` must hold the network of its config, but {len(wrong)} arrays "
            f"differ, such as `{wrong[0]}`; use the config that belongs to the file."
        )
    stored = load_arrays(path, content=_CONTENT, remedy=_REMEDY)
    arrays = {name: array.astype(np.float32) for name, array in stored.items()}
    infinite = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if infinite:
        problem = f"`{infinite[0]}` holds values that are not finite"
        raise damaged(path, problem, content=_CONTENT, remedy=_REMEDY)
    return jax.tree_util.tree_map_with_path(lambda key, _: arrays[_name(key)], like)


def _kinds(path: Path) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """Return shape and type of the arrays in a file, by name."""
    kinds = {}
    with opened_arrays(path, content=_CONTENT, remedy=_REMEDY) as stored:
        for file in stored.zip.namelist():
            if not file.endswith(".npy"):
                raise ValueError(f"`{file}` is not an array")
            with stored.zip.open(file) as member:
                if np.lib.format.read_magic(member) == (1, 0):
                    shape, _, dtype = np.lib.format.read_array_header_1_0(member)
                else:
                    shape, _, dtype = np.lib.format.read_array_header_2_0(member)
            kinds[file.removesuffix(".npy")] = (shape, dtype)
    return kinds


def knows_orientation(init_from: str) -> bool:
    """Return whether initial weights are of a network that has learned which end is up.

    Args:
        init_from: Name of an included network, a path, or nothing.

    Raises:
        FileNotFoundError: There is no such exported network.

    >>> knows_orientation("gband"), knows_orientation(""), knows_orientation("xception.h5")
    (True, False, False)
    """
    weights = find_weights(init_from)
    if weights.suffix != Path(VARIABLES_FILE).suffix:
        return False
    if not weights.is_file():
        raise FileNotFoundError(
            f"`model.init_from` must be an existing file of weights, got `{weights}`; check the "
            "path, or restore the file."
        )
    return has_learned_orientation(weights.parent)


def has_learned_orientation(folder: Path) -> bool:
    """Return whether a network has learned which end is up, as its calibration says.

    Args:
        folder: Folder of a tested run, or of an exported network.
    """
    calibration = folder / CALIBRATION_FILE
    if not calibration.is_file():
        return True
    values = load_json(calibration, content="the calibration of a network", remedy="restore it")
    return bool(values.get(ORIENTED, True))


def _named(tree: Any) -> dict[str, Any]:
    return {_name(key): leaf for key, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def _name(key: Any) -> str:
    return jax.tree_util.keystr(key, simple=True, separator=".")
