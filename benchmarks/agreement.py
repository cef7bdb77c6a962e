"""Measure how far processes and devices change a training: parameters and predictions.

    nice python benchmarks/agreement.py --folder=runs/agreement

Trains in 1, 2 and 4 processes of 1 and 2 CPU devices each, and in one process twice, and compares
with one process with one device: the parameters after 20 steps of a small Xception with three
optimisers, and the predictions of a StripNet that has learnt its classes. A stopped measurement
resumes. Writes results/scaling/agreement.json and agreement.md.
"""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import numpy as np

from benchmarks.kept import claim_kept
from superxception_jax.commands import run_guarded
from superxception_jax.evaluation.predictions import load_predictions
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.provenance import find_commit
from superxception_jax.training.recorder import TRAIN, load_metrics

REPOSITORY = Path(__file__).resolve().parents[1]
# Compiles several times faster; how sums are split stays the same.
QUICK = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
# Processes, devices of each, and what else is different: the same once more, or the other forms of
# the operations, which compute the same with other roundings.
AGAIN, OTHER_FORMS = "again", "other forms"
CASES = (
    (1, 1, ""),
    (1, 1, AGAIN),
    (1, 1, OTHER_FORMS),
    (1, 2, ""),
    (2, 1, ""),
    (2, 2, ""),
    (4, 1, ""),
    (4, 2, ""),
)
BAR, BAR_AGREEMENT = 1e-4, 0.99
_CONSTANT = (
    "--config.optimizer.weight_decay=0.0",
    "--config.optimizer.schedule=constant",
    "--config.optimizer.warmup_epochs=0.0",
)


@dataclass(frozen=True)
class Measurement:
    """A training that is repeated in several processes.

    Attributes:
        name: What the page calls it.
        config: Config file and preset.
        flags: Further flags of launch/main.py.
        forms: Forms of the operations, and the other ones.
        xla_flags: Flags of the compiler.
        most_processes: Largest number of processes.
        judged: What the bar is about, `parameters` or `equal_predictions`.
    """

    name: str
    config: str
    flags: tuple[str, ...]
    forms: tuple[str, str]
    xla_flags: str
    most_processes: int
    judged: str


def measurements() -> list[Measurement]:
    """Return what is measured."""
    # 20 steps.
    short = ("--config.training.epochs=5",)
    optimizers = {
        "AdamW, 1e-3, warm-up": (),
        "Adam, 1e-4, the paper's": (
            *_CONSTANT,
            "--config.optimizer.name=adam",
            "--config.optimizer.learning_rate=1e-4",
        ),
        "Nesterov, 1e-3": (
            *_CONSTANT,
            "--config.optimizer.name=nesterov",
            "--config.optimizer.momentum=0.9",
            "--config.optimizer.learning_rate=1e-3",
        ),
    }
    found = [
        Measurement(
            name=f"20 steps, {name}",
            config="configs/xception.py:smoke",
            flags=(*short, *flags),
            forms=("plain", "fast"),
            xla_flags=QUICK,
            most_processes=4,
            judged="parameters",
        )
        for name, flags in optimizers.items()
    ]
    found += [
        Measurement(
            name="StripNet, 6 epochs",
            config="configs/stripnet.py",
            flags=("--config.training.epochs=6",),
            forms=("fast", "plain"),
            xla_flags="",
            most_processes=2,  # four of them take long on two cores
            judged="equal_predictions",
        ),
        Measurement(
            name="20 steps, Deep CNN (no BatchNorm), Adam, 1e-4, the paper's",
            config="configs/deep_cnn.py:smoke",
            flags=(*short, *optimizers["Adam, 1e-4, the paper's"]),
            forms=("plain", "fast"),
            xla_flags=QUICK,
            most_processes=4,
            judged="parameters",
        ),
    ]
    return found


def train(
    workdir: Path, one: Measurement, arguments: list[str], *, processes: int, devices: int
) -> None:
    """Train in a number of processes, unless the run is finished."""
    if (workdir / "results.json").is_file():
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    flags = f"--xla_force_host_platform_device_count={devices} {one.xla_flags}"
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    workdir.parent.mkdir(parents=True, exist_ok=True)
    running = []
    for index in range(processes):
        place = [f"--coordinator=127.0.0.1:{port}", f"--process_index={index}"]
        command = [
            *(sys.executable, str(REPOSITORY / "launch" / "main.py"), f"--config={one.config}"),
            *(*arguments, f"--workdir={workdir}", f"--process_count={processes}"),
            *(place if processes > 1 else []),
        ]
        with workdir.with_name(f"{workdir.name}.{index}.log").open("w") as log:
            running.append(
                subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
            )
    if any([process.wait() for process in running]):
        raise RuntimeError(f"{workdir.name} failed, see {workdir}.0.log")


def load_parameters(workdir: Path) -> np.ndarray:
    """Return all parameters after the last step as one vector f64[P]."""
    import orbax.checkpoint as ocp

    (folder,) = (workdir.absolute() / "checkpoints" / "latest").glob("*/state")
    with ocp.PyTreeCheckpointer() as reader:
        params = reader.restore(folder)["params"]
    return np.concatenate([np.ravel(leaf).astype(np.float64) for leaf in jax.tree.leaves(params)])


def compare(workdir: Path, first: Path) -> dict[str, float]:
    """Return how far a run is from the first one."""
    one, other = load_parameters(first), load_parameters(workdir)
    losses = [
        np.array([entry.metrics["loss"] for entry in load_metrics(folder) if entry.kind == TRAIN])
        for folder in (first, workdir)
    ]
    predicted = [
        load_predictions(folder / "predictions.npz").predicted for folder in (first, workdir)
    ]
    return {
        "parameters": float(np.linalg.norm(other - one) / np.linalg.norm(one)),
        "largest_parameter": float(np.abs(other - one).max() / np.abs(one).max()),
        "first_losses": float(np.abs(losses[1][:1] / losses[0][:1] - 1).max()),
        "losses": float(np.abs(losses[1] / losses[0] - 1).max()),
        "equal_predictions": float((predicted[0] == predicted[1]).mean()),
    }


def describe(rows: list[dict[str, object]], values: dict[str, str]) -> str:
    """Return the page of the measurement."""
    lines = [
        "# Agreement of processes and devices",
        "",
        "Trainings on embedded synthetic cells, in float32 on CPU devices, against one process "
        "with one device. Parameters: norm of the difference over the norm of the parameters at "
        "the end; losses: largest relative difference of a logged training loss; predictions: "
        "share of the test images with the same class.",
        "",
        "| training | processes | devices each | parameters | first loss | losses |"
        " equal predictions |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        other = f", {row['other']}" if row["other"] else ""
        lines.append(
            f"| {row['training']} | {row['processes']}{other} | {row['devices']} | "
            f"{row['parameters']:.1e} | {row['first_losses']:.1e} | {row['losses']:.1e} | "
            f"{row['equal_predictions']:.1%} |"
        )
    verdict = values["verdict"]
    ending = ["## Reproduce", "", f"```sh\n{values['command']}\n```", ""]
    return "\n".join([*lines, "", verdict, "", *ending, f"Commit `{values['commit']}`.", ""])


def give_verdict(rows: list[dict[str, object]]) -> str:
    """Return what the rows say of the bars."""
    sentences = [
        "- “Again” is the run-to-run spread of one process with one device; “other forms” is one "
        "process with the other forms of the operations, which compute the same with other "
        "roundings. Sums over a batch that is split otherwise are rounded otherwise, in the last "
        "bits of a float32: the first loss shows it, and training enlarges it."
    ]
    for one in measurements():
        own = [row for row in rows if row["training"] == one.name and not row["other"]]
        if one.judged == "parameters":
            worst = max(float(str(row["parameters"])) for row in own)
            said = f"parameters within {worst:.1e}, bar {BAR:.0e}"
            met = worst <= BAR
        else:
            least = min(float(str(row["equal_predictions"])) for row in own)
            said = f"at least {least:.1%} of the predictions equal, bar {BAR_AGREEMENT:.0%}"
            met = least >= BAR_AGREEMENT
        sentences.append(f"- {one.name}: {said}: {'met' if met else 'missed'}.")
    return "\n".join(sentences)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("runs/agreement"))
    parser.add_argument("--results", type=Path, default=Path("results/scaling"))
    given = parser.parse_args()
    # Checkpoints of two devices are read on as many.
    jax.config.update("jax_num_cpu_devices", 2)
    folder = given.folder.absolute()
    claim_kept(folder / "made_with.json", {})
    shared = [
        f"--config.data.data_dir={folder / 'data'}",
        f"--compilation_cache={folder / 'cache'}",
    ]
    rows: list[dict[str, object]] = []
    for number, one in enumerate(measurements()):
        for processes, devices, other in CASES:
            if processes > one.most_processes:
                continue
            workdir = folder / str(number) / "-".join(f"p{processes} d{devices} {other}".split())
            forms = f"--config.model.implementation={one.forms[other == OTHER_FORMS]}"
            arguments = [*one.flags, forms, *shared]
            train(workdir, one, arguments, processes=processes, devices=devices)
            if (processes, devices, other) == CASES[0]:
                first = workdir
                continue
            row = {"training": one.name, "processes": processes, "devices": devices}
            rows.append(row | {"other": other} | compare(workdir, first))
            print(rows[-1], flush=True)
    values = {
        "command": shlex.join(["python", "benchmarks/agreement.py", *sys.argv[1:]]),
        "commit": find_commit(REPOSITORY),
        "verdict": give_verdict(rows),
    }
    given.results.mkdir(parents=True, exist_ok=True)
    write_json(given.results / "agreement.json", {"rows": rows, **values})
    write_text(given.results / "agreement.md", describe(rows, values))
    print(describe(rows, values))


if __name__ == "__main__":
    run_guarded(main)
