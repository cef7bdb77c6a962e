"""Compiler options with which tests compile several times faster, to the same values."""

from __future__ import annotations

import jax
import jax.numpy as jnp

_WANTED = {
    "xla_backend_optimization_level": 0,
    # The older emitters compile four times faster; releases without them reject the option.
    "xla_cpu_use_fusion_emitters": False,
}


def _known() -> dict[str, object]:
    known: dict[str, object] = {}
    for name, value in _WANTED.items():
        try:
            jax.jit(jnp.negative, compiler_options={name: value}).lower(0.0).compile()
        except jax.errors.JaxRuntimeError:
            continue
        known[name] = value
    return known


QUICK = _known()
