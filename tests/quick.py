"""Compiler options with which tests compile in a fraction of the time; the values are the same."""

from __future__ import annotations

import jax
import jax.numpy as jnp

_WANTED = {
    "xla_backend_optimization_level": 0,
    # The older emitters compile four times faster; later releases know no other and refuse it.
    "xla_cpu_use_fusion_emitters": False,
}


def _known() -> dict[str, object]:
    known = {}
    for name, value in _WANTED.items():
        try:
            jax.jit(jnp.negative, compiler_options={name: value}).lower(0.0).compile()
        except jax.errors.JaxRuntimeError:
            continue
        known[name] = value
    return known


QUICK = _known()
