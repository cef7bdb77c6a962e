"""Train on a million synthetic chromosomes that stay in a file, and measure memory and speed.

    python benchmarks/streaming.py --folder=/tmp/streaming

The canvases are those of 200 synthetic cells, repeated with random shifts, gains and noise, and are
written straight into the files of a prepared data set. Each measurement is a process of its own,
which runs the training of the programs. Writes `streaming.json` and `streaming.md`; `--folder`
needs 2 GB and can be deleted afterwards. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm

from benchmarks.streaming_data import BATCH, make_experiment, store_variants
from benchmarks.streaming_report import describe_streaming
from superxception_jax.commands import Interrupted, run_guarded
from superxception_jax.files import write_json, write_text
from superxception_jax.runs import train as training_of_run
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.setup import set_up
from superxception_jax.runs.split.split_data import load_everything
from superxception_jax.runs.testing.predicting import predict_split
from superxception_jax.training.checkpoint import LATEST, Checkpoints
from superxception_jax.training.feed import training_batches
from superxception_jax.training.loop import train
from superxception_jax.training.task import Task

SMALL_CELLS, TESTED = 435, 3_000  # 20,010 images
WARM_STEPS = 50  # compilation and the first reads are over


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(folder: Path, *, cells: int, memory_share: float, steps: int) -> dict[str, Any]:
    """Train some steps, test a part, and return memory and speed of this process."""
    experiment = make_experiment(folder, cells=cells, memory_share=memory_share)
    started_bytes = resident_bytes()
    everything = load_everything(experiment)
    loaded_bytes = resident_bytes()
    count, kind = len(everything.labels), type(everything.images).__name__
    del everything
    setup = set_up(experiment)
    set_up_bytes = resident_bytes()
    trace: list[tuple[float, int]] = []
    tasks: list[Task] = []

    def run_steps(state, task, **options):
        tasks.append(task)
        options["after_step"] = lambda done: trace.append((time.monotonic(), resident_bytes()))
        options["stop_requested"] = lambda: "enough steps" if len(trace) == steps else ""
        return train(state, task, **options)

    workdir = folder / "runs" / f"{cells}-{memory_share}"
    workdir.mkdir(parents=True)
    with (
        Checkpoints(workdir / "checkpoints") as checkpoints,
        mock.patch.object(training_of_run, "train", run_steps),
    ):
        with contextlib.suppress(Interrupted):
            training_of_run.train_network(setup, workdir, checkpoints)
        variables = checkpoints.load_variables(LATEST, setup.abstract_state.variables)
    test = setup.splits["test"]
    part = test.take(np.arange(min(len(test.labels), TESTED)))
    tested_seconds = -time.monotonic()
    predict_split(setup, variables, part, bar=None)
    tested_seconds += time.monotonic()
    fed_seconds = -time.monotonic()
    for batch in training_batches(tasks[0], first=0, last=steps):
        jax.block_until_ready(batch)
    fed_seconds += time.monotonic()
    (warm_seconds, warm_bytes), (end_seconds, end_bytes) = trace[WARM_STEPS - 1], trace[-1]
    resident = {
        "before_loading": started_bytes,
        "loaded": loaded_bytes,
        "set_up": set_up_bytes,
        "warm": warm_bytes,
        "last_step": end_bytes,
        "after_test": resident_bytes(),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    return {
        "images": count,
        "kind": kind,
        "batch_size": BATCH,
        "warm_step": WARM_STEPS,
        "training_images": len(tasks[0].images),
        "steps": steps,
        "images_per_second": (steps - WARM_STEPS) * BATCH / (end_seconds - warm_seconds),
        "fed_images_per_second": steps * BATCH / fed_seconds,
        "tested_images": len(part.labels),
        "tested_images_per_second": len(part.labels) / tested_seconds,
        "resident_mb": {name: round(one / 1e6, 1) for name, one in resident.items()},
        "resident_mb_every_50_steps": [round(one / 1e6, 1) for _, one in trace[::50]],
    }


def main() -> None:
    """Write the data sets, measure each in a process, and write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="Working folder.")
    parser.add_argument("--cells", type=int, default=21_740, help="Cells of the large set.")
    parser.add_argument("--steps", type=int, default=300, help="Steps of the large set.")
    parser.add_argument("--output", type=Path, default=Path("results/scaling"))
    parser.add_argument("--measure", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.folder, **json.loads(arguments.measure))))
        return
    small = {"cells": SMALL_CELLS, "steps": 150}
    plans = [{"cells": arguments.cells, "steps": arguments.steps, "memory_share": 0.0}]
    plans += [small | {"memory_share": share} for share in (0.0, 1.0)]
    store_variants(arguments.folder, cells=SMALL_CELLS)
    files = store_variants(arguments.folder, cells=arguments.cells)
    with files.images.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    values: dict[str, Any] = {
        "provenance": describe_provenance().to_json(),
        "processor_cores": os.cpu_count(),
        "files": {
            "images_bytes": files.images.stat().st_size,
            "index_bytes": files.index.stat().st_size,
        },
        "measurements": [],
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    for plan in tqdm(plans, desc="measuring"):
        shutil.rmtree(arguments.folder / "runs", ignore_errors=True)
        command = [sys.executable, __file__, f"--folder={arguments.folder}"]
        done = subprocess.run(
            [*command, f"--measure={json.dumps(plan)}"],
            env=os.environ | {"JAX_COMPILATION_CACHE_DIR": str(arguments.folder / "compiled")},
            stdout=subprocess.PIPE,
            check=True,
        )
        values["measurements"].append(json.loads(done.stdout.splitlines()[-1]))
        write_json(arguments.output / "streaming.json", values)
        write_text(arguments.output / "streaming.md", describe_streaming(values))


if __name__ == "__main__":
    run_guarded(main)
