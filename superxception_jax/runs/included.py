"""The trained networks that come with the project."""

from __future__ import annotations

from pathlib import Path

VARIABLES_FILE = "variables.npz"
_WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
# Folder of each network by its name; each holds a model card.
INCLUDED = {name: _WEIGHTS / name for name in ("qband", "gband")}


def start_of(init_from: str) -> str:
    """Return `model.init_from`, empty for random weights.

    Args:
        init_from: The field; empty or `none`: random weights.

    >>> start_of("none"), start_of("gband")
    ('', 'gband')
    """
    return "" if init_from == "none" else init_from


def absolute_weights(init_from: str) -> str:
    """Return `model.init_from` as it is meant from any directory: a path becomes absolute.

    Args:
        init_from: Name of an included network, a path, `none` or nothing.

    >>> absolute_weights("gband"), absolute_weights("none"), absolute_weights("/a/b.npz")
    ('gband', 'none', '/a/b.npz')
    """
    if not start_of(init_from) or init_from in INCLUDED:
        return init_from
    return str(find_weights(init_from).absolute())


def find_weights(init_from: str) -> Path:
    """Return the file of initial weights.

    Args:
        init_from: Name of an included network, or a path.

    >>> find_weights("gband").name
    'variables.npz'
    """
    if init_from in INCLUDED:
        return INCLUDED[init_from] / VARIABLES_FILE
    return Path(init_from).expanduser()
