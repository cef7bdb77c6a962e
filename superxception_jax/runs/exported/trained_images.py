"""The images that a network was trained on, as a file that goes with it: hashes of their pixels.

They are sorted numbers, from which neither a picture nor a name can be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from superxception_jax.files import damaged, replacing

TRAINED_FILE = "trained_on.npy"


def hash_numbers(hashes: Iterable[str]) -> np.ndarray:
    """Return hashes of images as numbers, in their order.

    Args:
        hashes: N hashes of 16 hexadecimal digits, see `hash_image`.

    Returns:
        u64[N].

    >>> hash_numbers(["00000000000000ff"]).tolist()
    [255]
    """
    return np.array([int(one, 16) for one in hashes], np.uint64)


def save_trained(folder: Path, numbers: np.ndarray) -> Path:
    """Write the images that a network was trained on, and return the file.

    Args:
        folder: Run folder, or folder of an exported network.
        numbers: u64[N], their hashes, ascending.
    """
    path = folder / TRAINED_FILE
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.save(file, numbers.astype("<u8"))
    return path


def load_trained(folder: Path) -> np.ndarray | None:
    """Return the hashes u64[N] of the images that a network was trained on, ascending.

    Args:
        folder: Run folder, or folder of an exported network.

    Returns:
        The hashes; None if an earlier version made the folder.

    Raises:
        ValueError: The file is damaged.
    """
    path = folder / TRAINED_FILE
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            numbers = np.load(file, allow_pickle=False)
        if not isinstance(numbers, np.ndarray) or numbers.dtype != "<u8" or numbers.ndim != 1:
            raise ValueError("it holds something else")
    except (OSError, EOFError, ValueError, MemoryError) as error:
        content = "hashes of the images that a network was trained on"
        raise damaged(path, error, content=content, remedy="restore it from a copy") from error
    return numbers


def knows_images(folder: Path, hashes: Sequence[str]) -> np.ndarray:
    """Return which images bool[N] a network was trained on, as far as its folder says.

    Args:
        folder: As for `load_trained`.
        hashes: N hashes, see `hash_image`.

    Raises:
        ValueError: The file is damaged.
    """
    known = load_trained(folder)
    if known is None:
        return np.zeros(len(hashes), bool)
    return np.isin(hash_numbers(hashes), known)
