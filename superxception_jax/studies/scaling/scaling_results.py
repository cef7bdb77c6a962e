"""The results of a scaling study: everything that its page, chart and JSON show."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from superxception_jax.runs.provenance import Provenance
from superxception_jax.studies.scaling.case import COMPILED, FAILED, PENDING, Case, Compiled
from superxception_jax.studies.scaling.lowering import Lowered
from superxception_jax.studies.scaling.measuring import Measured
from superxception_jax.studies.scaling.roofline import Estimate, estimate
from superxception_jax.studies.scaling.scaling_plan import ScalingRequest


@dataclass(frozen=True)
class Row:
    """A case and what the compiler says about it."""

    case: Case
    compiled: Compiled

    @property
    def time(self) -> Estimate | None:
        """Return the estimate of a step; None for a case that isn't compiled."""
        return estimate(self.case, self.compiled) if self.compiled.status == COMPILED else None


@dataclass(frozen=True)
class Curve:
    """Times of a step over a rising number of devices.

    Attributes:
        scaling: "weak" or "strong".
        label: What is on the curve, such as "v5e float32".
        times: Estimates or measurements, in rising number of devices.
    """

    scaling: str
    label: str
    times: tuple[Estimate, ...]


@dataclass(frozen=True)
class ScalingResults:
    """The results of a scaling study.

    Attributes:
        name: Name of the study.
        config: Config file, preset and overrides.
        network: Name of the network and side of its input.
        epochs: Epochs of a run.
        training_images: Number of training images; 0 where it depends on the data.
        request: What was to be compiled.
        rows: Results of the compiler.
        lowered: Programs for GPUs.
        measured: Measurements on this machine.
        cores: Cores of this machine.
        provenance: Where the study was made.
    """

    name: str
    config: str
    network: str
    epochs: int
    training_images: int
    request: ScalingRequest
    rows: tuple[Row, ...]
    lowered: tuple[Lowered, ...]
    measured: tuple[Measured, ...]
    cores: int
    provenance: Provenance

    def find(self, cases: Sequence[Case]) -> list[Row]:
        """Return the rows of cases; one without a result is pending.

        Args:
            cases: Cases of the request.
        """
        known = {row.case: row for row in self.rows}
        missing = Compiled(PENDING, message="not compiled yet")
        return [known.get(case, Row(case, missing)) for case in cases]

    @property
    def left(self) -> int:
        """Return the number of cases without a result."""
        return sum(row.compiled.status in (PENDING, FAILED) for row in self.rows)

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Return all curves of at least one point."""
        found = []
        for chip in self.request.slices:
            for scaling in self.request.scalings:
                for precision in self.request.precisions:
                    rows = self.find(self.request.cases(scaling, chip, precision))
                    times = tuple(row.time for row in rows if row.time is not None)
                    found.append(Curve(scaling, f"{chip} {precision}", times))
        for scaling in dict.fromkeys(one.scaling for one in self.measured):
            for processes in (False, True):
                chosen = [
                    one
                    for one in self.measured
                    if one.scaling == scaling
                    and one.step_s
                    and (one.processes == 1 or processes)
                    and (one.processes == one.devices or not processes)
                ]
                label = "measured, processes" if processes else "measured, devices"
                found.append(Curve(scaling, label, tuple(one.time for one in chosen)))
        return tuple(curve for curve in found if curve.times)

    def to_json(self) -> dict[str, Any]:
        """Return the results as JSON values."""
        return {
            "name": self.name,
            "config": self.config,
            "network": self.network,
            "epochs": self.epochs,
            "training_images": self.training_images,
            "request": dataclasses.asdict(self.request),
            "compiled": [
                {
                    **dataclasses.asdict(row.case),
                    **row.compiled.to_json(),
                    "roofline": _times(row.time, self.training_images, self.epochs),
                }
                for row in self.rows
            ],
            "lowered": [dataclasses.asdict(one) for one in self.lowered],
            "measured": [dataclasses.asdict(one) for one in self.measured],
            "cores": self.cores,
            "provenance": self.provenance.to_json(),
        }


def _times(time: Estimate | None, training_images: int, epochs: int) -> dict[str, Any] | None:
    if time is None:
        return None
    epoch_s = time.epoch_s(training_images)
    return {
        "compute_s": time.compute_s,
        "memory_s": time.memory_s,
        "exchange_s": time.exchange_s,
        "step_s": time.step_s,
        "overlapped_s": time.overlapped_s,
        "images_per_s": time.images_per_s,
        "epoch_s": epoch_s,
        "run_s": None if epoch_s is None else epochs * epoch_s,
    }
