from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from superxception_jax.studies.scaling import topology
from superxception_jax.training.chips import find_chip_by_name
from tests.paths import REPOSITORY

# A sum over two chips needs an exchange.
PROGRAM = """
import jax, jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec
from superxception_jax.studies.scaling.collectives import find_collectives
from superxception_jax.studies.scaling.topology import make_slice
from superxception_jax.training.chips import find_chip, find_chip_by_name
for name, chips in (("v5e", 2), ("v5p", 4), ("v6e", 16)):
    mesh = make_slice(find_chip_by_name(name), chips)
    assert mesh.size == chips
    assert find_chip(mesh.devices.flat[0].device_kind).name == name
    split, whole = (NamedSharding(mesh, PartitionSpec(*axes)) for axes in (["data"], []))
    total = jax.jit(lambda x: x.sum(0), in_shardings=split, out_shardings=whole)
    compiled = total.lower(jax.ShapeDtypeStruct((16, 256), jnp.float32)).compile()
    (found,) = find_collectives(compiled.as_text())
    assert (found.kind, found.count, found.bytes) == ("all-reduce", 1, 1024), found
"""


@pytest.mark.skipif(importlib.util.find_spec("libtpu") is None, reason="needs libtpu")
def test_slices_are_made_and_compiled_for():
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        env={**os.environ, **topology.ENVIRONMENT, "PYTHONPATH": str(REPOSITORY)},
        check=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "chips", "shape"),
    [
        ("v5e", 1, (1, 1)),
        ("v5e", 8, (2, 4)),
        ("v5e", 256, (16, 16)),
        ("v5p", 2, (2, 1, 1)),
        ("v5p", 4, (2, 2, 1)),
        ("v5p", 256, (4, 8, 8)),
    ],
)
def test_slices_are_compact(name, chips, shape):
    assert topology.slice_shape(find_chip_by_name(name), chips) == shape


def test_a_missing_compiler_is_one_sentence(monkeypatch):
    monkeypatch.setattr(topology.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"install it by `pip install -r requirements.txt"):
        topology.check_compiler()
