"""Time `karyotype` on a batch of cells: from folders to pictures, tables and report.

The cells are real G-band ones of gband_karyograms.zip, written into a temporary folder; beyond
them the batch repeats them under other names. Each row is a process of its own with a new folder
of results and warm compiled steps, called several times in turn with the others; the page shows the
fastest call, which other work on the machine disturbed least, and the slowest. Memory is the sum
over all processes of what each holds alone and its share of what they hold together, sampled.

Example:
  python benchmarks/batch.py --data "$SUPERXCEPTION_DATA" --out results
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from superxception_jax.commands import run_guarded
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.workers import usable_cores

REPOSITORY = Path(__file__).resolve().parents[1]
SAMPLE_SECONDS = 0.25
REPEATS = 3
REPEATED_CELLS = 100  # larger batches run once: they take long, and average over the disturbances
COMMAND = "python benchmarks/batch.py"


@dataclass(frozen=True)
class Row:
    """A timed call.

    Attributes:
        cells: Number of cells.
        pictures: Value of `--pictures`.
        processes: Value of `--processes`; 0: one per core.
        again: Whether the results were there already, so that the cells are kept.
    """

    cells: int
    pictures: str
    processes: int = 0
    again: bool = False


ROWS = (
    Row(1, "png"),
    Row(100, "none"),
    Row(100, "png"),
    Row(100, "png", again=True),
    Row(20, "png"),
    Row(20, "png", processes=1),
    Row(20, "svg"),
    Row(1000, "none"),
)


def load_cells(data: Path) -> dict[str, dict[str, bytes]]:
    """Return the files of each G-band cell, by the name of the cell."""
    cells: dict[str, dict[str, bytes]] = defaultdict(dict)
    with zipfile.ZipFile(data / "gband_karyograms.zip") as archive:
        for name in archive.namelist():
            file = PurePosixPath(name)
            if file.suffix == ".tiff":
                cells[file.parts[1].removesuffix(".tiff")][file.name] = archive.read(name)
    return dict(sorted(cells.items()))


def write_batch(cells: Mapping[str, Mapping[str, bytes]], folder: Path, *, count: int) -> Path:
    """Write some cells, and return the folder of the images."""
    names = list(cells)
    for number in range(count):
        target = folder / f"{number + 1:04d} {names[number % len(names)]}"
        target.mkdir(parents=True)
        for name, content in cells[names[number % len(names)]].items():
            (target / name).write_bytes(content)
    return folder


def measure(images: Path, out: Path, row: Row) -> dict[str, float]:
    """Return seconds and the largest memory of a call."""
    command = [sys.executable, "launch/karyotype.py", f"--images={images}", f"--out={out}"]
    command += [f"--pictures={row.pictures}", f"--processes={row.processes}"]
    began = time.monotonic()
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        peak = [0.0]
        sampler = threading.Thread(target=_sample, args=(process, peak), daemon=True)
        sampler.start()
        _, errors = process.communicate()
        sampler.join()
    seconds = time.monotonic() - began
    if process.returncode not in (0, 1):
        raise RuntimeError(errors[-2000:])
    return {"seconds": seconds, "mebibytes": peak[0]}


def measure_all(
    rows: Sequence[Row], cells: Mapping[str, Mapping[str, bytes]]
) -> list[tuple[Row, list[dict[str, float]]]]:
    """Return the calls of all rows; in each round every row that is repeated is called once."""
    measured: list[tuple[Row, list[dict[str, float]]]] = [(row, []) for row in rows]
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        images = {
            count: write_batch(cells, folder / f"images{count}", count=count)
            for count in {row.cells for row in rows}
        }
        measure(images[rows[0].cells], folder / "warm", rows[0])
        for turn in range(REPEATS):
            out = folder
            for number, (row, calls) in enumerate(measured):
                if turn and row.cells > REPEATED_CELLS:
                    continue
                # The results of the row before are there already.
                out = out if row.again else folder / f"out{turn}.{number}"
                calls.append(measure(images[row.cells], out, row))
                print(row, calls[-1], flush=True)
    return measured


def _sample(process: subprocess.Popen[str], peak: list[float]) -> None:
    while process.poll() is None:
        held = sum(_proportional_mebibytes(one) for one in _family(process.pid))
        peak[0] = max(peak[0], held)
        time.sleep(SAMPLE_SECONDS)


def _family(root: int) -> list[int]:
    """Return a process and all that it started, directly or not."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text().rpartition(")")[2]
            except OSError:  # It has ended.
                continue
            parents[int(folder.name)] = int(text.split()[1])
    family = [root]
    for one in family:
        family += [child for child, parent in parents.items() if parent == one]
    return family


def _proportional_mebibytes(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def page(
    measured: Sequence[tuple[Row, Sequence[Mapping[str, float]]]],
    *,
    commit: str,
    command: str = COMMAND,
) -> str:
    """Return the page of results, of the calls of each row."""
    rows = []
    for row, calls in measured:
        seconds = [one["seconds"] for one in calls]
        rows.append(
            [
                f"{row.cells:,}",
                row.pictures,
                "kept" if row.again else "new",
                str(row.processes or usable_cores()) if row.cells > 1 else "1",
                str(len(calls)),
                f"{min(seconds):.1f}" + (f" – {max(seconds):.1f}" if len(calls) > 1 else ""),
                f"{min(seconds) / row.cells:.2f}",
                f"{max(one['mebibytes'] for one in calls):,.0f}",
            ]
        )
    names = ["cells", "pictures", "results", "processes", "calls", "seconds", "seconds a cell"]
    grid = markdown_grid([*names, "MiB"], rows)
    return (
        "# A batch of cells\n\n"
        "From folders of G-band images to karyograms, tables and report, start of the program "
        f"included, on {usable_cores()} cores; compiled steps are in the cache. Seconds are those "
        "of the fastest and the slowest call, seconds a cell of the fastest. MiB is the largest "
        "memory of all processes together.\n\n"
        f"{grid}\n\n```sh\n{command}\n```\n\nCommit `{commit}`.\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all rows and write `batch.md` and `batch.json`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("SUPERXCEPTION_DATA"))
    parser.add_argument("--out", type=Path, default=REPOSITORY / "results")
    parser.add_argument("--most_cells", type=int, default=1000, help="Leave larger batches out.")
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("--data must be the folder of gband_karyograms.zip; give it.")
    options.out.mkdir(parents=True, exist_ok=True)
    rows = [one for one in ROWS if one.cells <= options.most_cells]
    measured = measure_all(rows, load_cells(Path(options.data)))
    commit = describe_provenance().commit
    values = [{**asdict(row), "calls": calls} for row, calls in measured]
    write_json(options.out / "batch.json", {"commit": commit, "rows": values})
    all_rows = options.most_cells >= ROWS[-1].cells
    command = COMMAND if all_rows else f"{COMMAND} --most_cells={options.most_cells}"
    write_text(options.out / "batch.md", page(measured, commit=commit, command=command))


if __name__ == "__main__":
    run_guarded(main)
