"""Scaling measured on this machine: virtual devices of the CPU, in one or several processes."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from superxception_jax.files import write_json
from superxception_jax.runs.experiment import Experiment
from superxception_jax.studies.scaling.case import Case
from superxception_jax.studies.scaling.child_process import run_modules
from superxception_jax.studies.scaling.roofline import Estimate
from superxception_jax.studies.scaling.scaling_plan import ScalingRequest

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


def parse_counts(texts: Sequence[str]) -> list[int]:
    """Return numbers of devices as a flag gives them, in rising order.

    Args:
        texts: The numbers.

    Raises:
        ValueError: One isn't a whole number from 1.
    """
    for text in texts:
        if not text.isdigit() or int(text) == 0:
            raise ValueError(
                f"`--measure` must have whole numbers from 1, got `{text}`; correct it."
            )
    return sorted({int(text) for text in texts})


def measure_counts(
    counts: Sequence[int],
    request: ScalingRequest,
    *,
    experiment_of: Callable[..., Experiment],
    seconds: float,
    limit_s: float,
    show: Callable[[Iterable[Any]], Iterable[Any]],
) -> tuple[Measured, ...]:
    """Measure each number of devices, in one process and in one process each.

    Args:
        counts: Numbers of devices.
        request: What is studied; its first precision is measured.
        experiment_of: Function that returns the experiment of a case.
        seconds: Time for which steps of each are run.
        limit_s: Seconds after which one measurement is given up.
        show: Function that shows the progress of a loop.

    Raises:
        ValueError: The images per step can't be divided among the devices.
    """
    if "strong" in request.scalings:
        for count in counts:
            if rest := request.images_per_step % count:
                raise ValueError(
                    f"`--global_batch` must be a multiple of the {count} devices, got "
                    f"{request.images_per_step}; choose {request.images_per_step + count - rest}."
                )
    wanted = [
        (scaling, count, processes)
        for scaling in request.scalings
        for count in counts
        for processes in dict.fromkeys((1, count))
    ]
    found = []
    for scaling, count, processes in show(wanted):
        weak = scaling == "weak"
        images = request.images_per_chip * count if weak else request.images_per_step
        experiment = experiment_of(Case("cpu", count, images, request.precisions[0], "none", 1))
        found.append(
            measure_case(
                scaling,
                experiment,
                devices=count,
                processes=processes,
                seconds=seconds,
                limit_s=limit_s,
            )
        )
    return tuple(found)


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
