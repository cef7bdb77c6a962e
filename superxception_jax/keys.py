"""Named random streams, whose draws don't depend on the order of other draws."""

from __future__ import annotations

import zlib

import jax


def key_for(root: jax.Array, *path: str | int | jax.Array) -> jax.Array:
    """Return the key of a named random stream.

    In a chain of `jax.random.split`, by contrast, one more split changes every later draw.

    Args:
        root: Typed key of the run, `jax.random.key(seed)`.
        *path: Names and counters, for example `"augment", step`; a counter may be traced.

    Returns:
        A typed key that depends on the root and the whole path only.

    >>> root = jax.random.key(0)
    >>> bool(key_for(root, "dropout", 3) == key_for(root, "dropout", 3))
    True
    """
    key = root
    for part in path:
        key = jax.random.fold_in(key, zlib.crc32(part.encode()) if isinstance(part, str) else part)
    return key
