"""Kill a short run at random times until it ends by itself, and compare it with one never killed.

    python benchmarks/kill_runs.py --kills=100

Both runs train and test a small network on synthetic cells. Exit status: 0 if the predictions are
equal bit for bit; 1 if they differ, or if a restarted run fails.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
# Eight steps, with checkpoints after 1, 2, … so that kills hit their writing.
FIELDS = (
    f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:smoke",
    "--config.training.checkpoint_every_steps=1",
    "--config.model.implementation=plain",
)


@dataclass(frozen=True)
class Killed:
    """What became of a run.

    Attributes:
        kills: Number of kills before it ended by itself.
        seconds: Time of each start until its kill or its end.
        leftovers: Temporary files that the kills have left in its folder.
    """

    kills: int
    seconds: tuple[float, ...]
    leftovers: tuple[str, ...]


def start(workdir: Path, shared: Path) -> subprocess.Popen:
    """Start or resume a run.

    Args:
        workdir: Run folder.
        shared: Folder of the prepared data and the compiled programs.

    Returns:
        Its process, which writes its output next to the run folder.
    """
    command = [
        sys.executable,
        str(REPOSITORY / "launch" / "main.py"),
        *FIELDS,
        f"--workdir={workdir}",
        f"--config.data.data_dir={shared / 'data'}",
        f"--compilation_cache={shared / 'cache'}",
    ]
    with workdir.with_suffix(".log").open("a", encoding="utf-8") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"JAX_PLATFORMS": "cpu"},
        )


def kill_until_finished(
    workdir: Path, shared: Path, *, kills: int, seconds: float, generator: random.Random
) -> Killed:
    """Kill a run at random times, restart it each time, and let the last start end by itself.

    Args:
        workdir: Run folder.
        shared: See `start`.
        kills: Number of kills.
        seconds: Time of a whole run; kills come at any part of it.
        generator: Source of the times.

    Returns:
        What became of the run.

    Raises:
        RuntimeError: A start failed by itself.
    """
    done, times = 0, []
    while True:
        process, begin = start(workdir, shared), time.monotonic()
        if done < kills:
            try:
                process.wait(timeout=generator.uniform(0, 1.05 * seconds))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                done += 1
        code = process.wait()
        times.append(time.monotonic() - begin)
        if code not in (0, -signal.SIGKILL):
            last = workdir.with_suffix(".log").read_text(encoding="utf-8").splitlines()[-5:]
            raise RuntimeError(f"start {len(times)} failed with status {code}: " + "\n".join(last))
        if done == kills and code == 0:
            break
    left = sorted(str(path.relative_to(workdir)) for path in workdir.rglob("*tmp*"))
    return Killed(done, tuple(times), tuple(left))


def differences(one: Path, other: Path) -> list[str]:
    """Return the arrays in which the predictions of two runs differ.

    Args:
        one: Run folder.
        other: Run folder.
    """
    with (
        np.load(one / "predictions.npz", allow_pickle=False) as first,
        np.load(other / "predictions.npz", allow_pickle=False) as second,
    ):
        names = sorted(set(first.files) | set(second.files))
        return [
            name
            for name in names
            if name not in first.files
            or name not in second.files
            or first[name].dtype != second[name].dtype
            or first[name].tobytes() != second[name].tobytes()
        ]


def main() -> int:
    """Kill, compare and report; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="number of kills (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="seed of their times (default: 0)")
    parser.add_argument("--folder", default="", help="folder to keep; default: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments.folder or temporary).absolute()
        shared = folder / "shared"
        shared.mkdir(parents=True, exist_ok=True)
        rehearsal = (folder / "rehearsal", shared)
        generator = random.Random(arguments.seed)
        # The first run prepares the data and compiles, so that the second one has the usual time.
        kill_until_finished(*rehearsal, kills=0, seconds=0.0, generator=generator)
        whole = kill_until_finished(
            folder / "whole", shared, kills=0, seconds=0.0, generator=generator
        )
        print(f"one run takes {whole.seconds[0]:.1f} s", flush=True)
        killed = kill_until_finished(
            folder / "killed",
            shared,
            kills=arguments.kills,
            seconds=whole.seconds[0],
            generator=generator,
        )
        wrong = differences(folder / "whole", folder / "killed")
    print(f"{killed.kills} kills in {len(killed.seconds)} starts, {sum(killed.seconds):.0f} s")
    print(f"temporary files left: {', '.join(killed.leftovers) or 'none'}")
    print(f"predictions differ in: {', '.join(wrong) or 'nothing'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
