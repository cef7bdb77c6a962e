"""The variables of a network in one small file, which can be shared without its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

from superxception_jax.files import replacing


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
        ValueError: Names or shapes differ.
    """
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in stored.files}
    expected = {name: tuple(leaf.shape) for name, leaf in _named(like).items()}
    wrong = sorted(
        name
        for name in arrays.keys() | expected.keys()
        if name not in arrays or arrays[name].shape != expected.get(name)
    )
    if wrong:
        raise ValueError(
            f"`{path}` must hold the network of its config, but {len(wrong)} arrays "
            f"differ, such as `{wrong[0]}`; use the config that belongs to the file."
        )
    return jax.tree_util.tree_map_with_path(lambda key, _: arrays[_name(key)], like)


def _named(tree: Any) -> dict[str, Any]:
    return {_name(key): leaf for key, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def _name(key: Any) -> str:
    return jax.tree_util.keystr(key, simple=True, separator=".")
