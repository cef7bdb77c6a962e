"""Time the normalisation of a data set on one core and on all cores.

The folder must hold gband_karyograms.zip. Each time is that of a new process with an empty folder
of prepared images, start of its workers included, after the data set itself was prepared.

Example:
  python benchmarks/normalization.py --data "$SUPERXCEPTION_DATA"
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from superxception_jax.commands import run_guarded
from superxception_jax.workers import usable_cores

REPOSITORY = Path(__file__).resolve().parents[1]
# Run in a process of its own, on so many cores: prints images and seconds.
PROGRAM = """
import os, sys, time
if __name__ == "__main__":
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
    from configs.stripnet import get_config
    from superxception_jax.data.joined import load_data_sets, open_data_sets
    from superxception_jax.runs.experiment import build_experiment

    settings = build_experiment(get_config("gband")).normalization
    began = time.monotonic()
    builders = open_data_sets({"gband": {}}, data_dir=sys.argv[2], manual_dir=sys.argv[3])
    found = load_data_sets(
        builders,
        data_dir=sys.argv[2],
        normalization=settings,
        memory_share=0.5,
        progress=False,
    )
    print(len(found.labels), time.monotonic() - began)
"""


def measure(program: Path, *, cores: int, data_dir: Path, archives: Path) -> tuple[int, float]:
    """Return images and seconds of a normalisation on some cores."""
    for file in (data_dir / "prepared").glob("*"):
        file.unlink()
    done = subprocess.run(
        [sys.executable, str(program), str(cores), str(data_dir), str(archives)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    images, seconds = done.stdout.split()[-2:]
    return int(images), float(seconds)


def main() -> None:
    """Print images a second on one core and on all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SUPERXCEPTION_DATA"))
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("--data must be the folder of gband_karyograms.zip; give it.")
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        program = folder / "normalize.py"
        program.write_text(PROGRAM, "utf-8")
        places = {"data_dir": folder / "data", "archives": Path(arguments.data).absolute()}
        measure(program, cores=usable_cores(), **places)  # prepares the data set
        for cores in dict.fromkeys((1, usable_cores())):
            images, seconds = measure(program, cores=cores, **places)
            print(f"{cores} cores: {images:,} images in {seconds:.1f} s, {images / seconds:.0f}/s")


if __name__ == "__main__":
    run_guarded(main)
