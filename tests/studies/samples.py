"""Provenance for the tests of studies."""

from __future__ import annotations

from superxception_jax.runs.provenance import Provenance

PROVENANCE = Provenance(
    commit="abc",
    command="python launch/robustness.py",
    python="3.11",
    versions={},
    devices=("cpu:cpu",),
)
