"""Hand-made cases and results of the scaling study."""

from __future__ import annotations

import dataclasses

from superxception_jax.runs.provenance import Provenance
from superxception_jax.studies.scaling.case import (
    COMPILED,
    PENDING,
    TOO_LARGE,
    Case,
    Collective,
    Compiled,
)
from superxception_jax.studies.scaling.scaling_plan import ScalingRequest, switches_of
from superxception_jax.studies.scaling.scaling_results import ScalingResults
from superxception_jax.studies.scaling.scaling_run import run_cases

REQUEST = ScalingRequest(
    slices={"v5e": (1, 4, 256), "v5p": (1,)},
    scalings=("weak", "strong"),
    precisions=("float32", "bfloat16"),
    images_per_chip=32,
    images_per_step=256,
    switches=switches_of("super_xception"),
)
GRADIENTS = (Collective("all-reduce", 100, 80_000_000),)
PROVENANCE = Provenance(
    commit="0123456789ab",
    command="python launch/scaling.py",
    python="3.11.0",
    versions={"jax": "0.10.2"},
    devices=("cpu:cpu",),
)
GIB = 2**30


def case_of(chip="v5e", chips=1, images=32, precision="float32", blocks="none", steps=1):
    return Case(chip, chips, images, precision, blocks, steps)


def compiled_of(case):
    """Return a result that grows with the images of a chip, and is too large above 100 of them."""
    images = case.images_per_chip
    if images > 100:
        message = "does not fit: needs 20.0 of 15.75 GiB"
        return Compiled(TOO_LARGE, message=message, needed_bytes=20 * GIB)
    return Compiled(
        COMPILED,
        flops=45e9 * images,
        counted_flops=44e9 * images,
        bytes_accessed=1.4e9 * images,
        argument_bytes=GIB // 4,
        output_bytes=GIB // 4,
        alias_bytes=GIB // 4,
        temporary_bytes=images * GIB // 8,
        needed_bytes=GIB // 4 + images * GIB // 8,
        collectives=GRADIENTS if case.chips > 1 else (),
        seconds=100.0,
        versions={"jax": "0.10.2", "libtpu": "0.0.42"},
    )


class FakeCompiler:
    """A compiler that keeps its results in memory, and what it was asked for."""

    def __init__(self):
        self.known: dict[Case, Compiled] = {}
        self.asked: list[Case] = []

    def stored(self, case):
        return self.known.get(case, Compiled(PENDING, message="not compiled yet"))

    def compile(self, case):
        self.asked.append(case)
        self.known[case] = compiled_of(case)
        return self.known[case]


def results_of(request=REQUEST, *, compiler=None, has_time=lambda: True, **more):
    rows = run_cases(
        request,
        source=compiler or FakeCompiler(),
        has_time=has_time,
        show=lambda *_: None,
    )
    results = ScalingResults(
        name="sample",
        config="configs/super_xception.py:paper",
        network="super_xception, 227 px",
        epochs=80,
        training_images=4176,
        request=request,
        rows=rows,
        lowered=(),
        measured=(),
        cores=2,
        provenance=PROVENANCE,
    )
    return dataclasses.replace(results, **more)
