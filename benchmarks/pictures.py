"""Measure the CPU time of a cell's karyogram: its layout, PNG and SVG, and a PNG by matplotlib.

The cells are synthetic, with 46 chromosomes each. Prints a table of seconds per cell: the median
over the cells, after one cell that isn't counted.

Example:
  OPENBLAS_NUM_THREADS=1 python benchmarks/pictures.py --cells=5
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from superxception_jax.commands import run_guarded
from superxception_jax.karyotyping.karyogram.draw import draw_karyogram, save_karyogram
from superxception_jax.karyotyping.karyogram.items import DOTS_PER_INCH, Karyogram
from superxception_jax.karyotyping.karyogram.vector import karyogram_figure, save_svg
from tests.karyotyping.read_cells import cell, measured


def _seconds(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def _save_by_matplotlib(karyogram: Karyogram, path: Path) -> None:
    figure = karyogram_figure(karyogram)
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DOTS_PER_INCH)


def measure_cell(seed: int, folder: Path) -> dict[str, float]:
    """Return the CPU seconds of each step for one cell, by name of the step."""
    karyotype = measured(cell("46,XX", seed=seed))
    karyogram = draw_karyogram(karyotype)
    stem = folder / "karyogram"
    return {
        "layout": _seconds(lambda: draw_karyogram(karyotype)),
        "layout, straightened": _seconds(lambda: draw_karyogram(karyotype, straightened=True)),
        "PNG": _seconds(lambda: save_karyogram(karyogram, stem=stem, pictures="png")),
        "SVG": _seconds(lambda: save_svg(karyogram, folder / "karyogram.svg")),
        "PNG by matplotlib": _seconds(lambda: _save_by_matplotlib(karyogram, folder / "old.png")),
    }


def main() -> None:
    """Measure some cells and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, default=5, help="Number of cells that count.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure_cell(seed, Path(folder)) for seed in range(arguments.cells + 1)][1:]
    for name in rows[0]:
        print(f"{name:22}{np.median([row[name] for row in rows]):7.3f} s")


if __name__ == "__main__":
    run_guarded(main)
