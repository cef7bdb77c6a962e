"""The variables of a network in one small file, to be handed on without its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

from superxception_jax.files import replacing


def save_variables(path: Path, variables: Any) -> Path:
    """Write variables, completely or not at all.

    Matrices are kept in half precision, which changes no class in practice and halves the
    file; vectors (biases, BatchNorm) stay as they are, as their range is wider.

    Args:
        path: target, ending in `.npz`; its folder exists.
        variables: tree of f32 arrays.

    Returns:
        The path.

    Raises:
        ValueError: a value is outside the range of half precision.

    Source: ours, because a checkpoint holds the optimiser's state as well.
    """
    arrays: dict[str, Any] = {}
    for name, leaf in _named(variables).items():
        value = np.asarray(leaf, np.float32)
        kept = value.astype(np.float16) if value.ndim > 1 else value
        if not np.isfinite(kept).all():
            raise ValueError(
                f"`{name}` must hold finite values below 65504, got {np.abs(value).max()}; "
                "the network is broken."
            )
        arrays[name] = kept
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


def load_variables(path: Path, like: Any) -> Any:
    """Read variables onto a tree of the same shapes.

    Args:
        path: written by `save_variables`.
        like: tree of arrays or shapes with the expected names and shapes.

    Returns:
        The tree with numpy arrays f32.

    Raises:
        ValueError: names or shapes differ.

    Source: ours.
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
            f"differ, such as `{wrong[0]}`; keep both together."
        )
    return jax.tree_util.tree_map_with_path(lambda key, _: arrays[_name(key)], like)


def _named(tree: Any) -> dict[str, Any]:
    return {_name(key): leaf for key, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def _name(key: Any) -> str:
    return jax.tree_util.keystr(key, simple=True, separator=".")
