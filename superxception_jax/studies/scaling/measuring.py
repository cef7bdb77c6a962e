"""Scaling measured on this machine: virtual devices of the CPU, in one or several processes."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superxception_jax.files import write_json
from superxception_jax.runs.experiment import Experiment
from superxception_jax.studies.scaling.child_process import run_modules
from superxception_jax.studies.scaling.roofline import Estimate

MODULE = "superxception_jax.studies.scaling.measure_process"


@dataclass(frozen=True)
class Measured:
    """A training step, measured on this machine.

    Attributes:
        scaling: "weak" or "strong".
        devices: Number of devices over all processes.
        processes: Number of processes.
        images: Images per step over all devices.
        step_s: Median time of a step; 0 where it couldn't be measured.
        steps: Number of steps.
        message: One sentence about what went wrong; empty if nothing did.
    """

    scaling: str
    devices: int
    processes: int
    images: int
    step_s: float
    steps: int
    message: str = ""

    @property
    def time(self) -> Estimate:
        """Return the time as that of a step whose parts aren't known."""
        return Estimate(self.devices, self.images, self.step_s, 0.0, 0.0)


def measure_case(
    scaling: str,
    experiment: Experiment,
    *,
    devices: int,
    processes: int,
    seconds: float,
    limit_s: float,
) -> Measured:
    """Measure the step of an experiment on virtual devices of the CPU.

    Args:
        scaling: "weak" or "strong", for the record.
        experiment: Experiment whose batch the devices share.
        devices: Number of devices over all processes.
        processes: Number of processes, which share the devices evenly.
        seconds: Time for which steps are run.
        limit_s: Seconds after which the measurement is given up.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    own = f"--xla_force_host_platform_device_count={devices // processes}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = folder / "result.json"
        task = {
            "config": dict(experiment.config),
            "devices": devices,
            "seconds": seconds,
            "processes": processes,
            "coordinator": f"localhost:{_free_port()}",
            "result": str(result),
        }
        calls = []
        for process in range(processes):
            path = write_json(folder / f"{process}.json", task | {"process": process})
            calls.append((MODULE, str(path)))
        problem = run_modules(
            calls,
            log=folder / "log",
            limit_s=limit_s,
            environment={
                "JAX_PLATFORMS": "cpu",
                "JAX_CPU_COLLECTIVES_IMPLEMENTATION": "gloo",
                "XLA_FLAGS": f"{flags} {own}".strip(),
            },
        )
        found: dict[str, Any] = {"step_s": 0.0, "steps": 0}
        if not problem:
            found = json.loads(result.read_text(encoding="utf-8"))
    return Measured(
        scaling,
        devices,
        processes,
        experiment.batch_size,
        **found,
        message=problem and f"the measurement {problem}",
    )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return one.getsockname()[1]
