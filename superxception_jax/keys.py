"""Named random streams, so that no draw depends on the order of other draws."""

from __future__ import annotations

import zlib

import jax


def key_for(root: jax.Array, *path: str | int | jax.Array) -> jax.Array:
    """Derive the key of a named stream.

    Args:
        root: the run's typed key, `jax.random.key(seed)`.
        *path: names and counters, for example `"augment", step`; a counter may be traced.

    Returns:
        A typed key that depends on the root and the whole path only.

    Source: ours, because a chain of splits changes every later draw when one is added.

    >>> root = jax.random.key(0)
    >>> bool(key_for(root, "dropout", 3) == key_for(root, "dropout", 3))
    True
    """
    key = root
    for part in path:
        key = jax.random.fold_in(key, zlib.crc32(part.encode()) if isinstance(part, str) else part)
    return key
