"""Measure the conclusions about cases: real ones with two cells, and mosaics drawn from real cells.

Every real G-band cell is karyotyped once with the included network, and its likelihoods are kept
in the file of `--cache`; the rest is NumPy. The folder must hold gband_karyograms.zip.

Example:
  python benchmarks/cases.py --data "$SUPERXCEPTION_DATA" --cache gband_cells.npz --out results
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm import tqdm

from benchmarks.case_cells import (
    PARTS,
    RealCell,
    call_cell,
    conclude,
    draw_case,
    load_cells,
    sex_pools,
)
from benchmarks.kept import claim_kept
from benchmarks.page import made_by
from superxception_jax.chromosomes import AUTOSOMES, NORMAL_SEX_COUNTS, X, Y
from superxception_jax.commands import run_guarded
from superxception_jax.evaluation.markdown import markdown_grid
from superxception_jax.files import write_json, write_text
from superxception_jax.karyotyping.case.case_record import CaseSettings
from superxception_jax.karyotyping.iscn import draft_iscn
from superxception_jax.runs.provenance import describe_provenance

SIZES = (5, 10, 20, 30)
SHARE = 0.3
LOST = 2e-3  # Twice what the program assumes: about one cell in eleven lacks a chromosome.
KINDS = ("gain of an autosome", "loss of an autosome", "loss of X or Y", "none")
_Z = 1.959964


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, after Wilson."""
    share, spread = hits / total, _Z**2 / total
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def measure_real(cells: Sequence[RealCell]) -> list[dict[str, Any]]:
    """Conclude every real case with at least two cells, and compare with the true counts."""
    by_case: dict[str, list[RealCell]] = {}
    for one in cells:
        by_case.setdefault(one.case, []).append(one)
    found = []
    for name, some in tqdm(by_case.items(), unit=" cases"):
        if len(some) < 2:
            continue
        called = [
            (call_cell(one.name, one.log_likelihoods, one.withheld), one.log_likelihoods)
            for one in some
        ]
        case = conclude(called, CaseSettings())
        # A gain or unusual sex complement is the patient's if all of its cells show it.
        shared = np.array([one.counts for one in some]).min(axis=0)
        gains = [f"+{label + 1}" for label in range(AUTOSOMES) if shared[label] > 2]
        sexes = {(one.counts[X], one.counts[Y]) for one in some}
        sex_abnormal = not any(one in NORMAL_SEX_COUNTS for one in sexes)
        changes = [change for change, _ in case.clones if change.startswith("+")]
        usual = not gains and not sex_abnormal
        found.append(
            {
                "case": name,
                "part": some[0].part,
                "true": [draft_iscn(one.counts) for one in some],
                "formula": case.formula,
                "posterior": round(case.posterior, 4),
                "analysed": len(case.analysed),
                "usual": usual,
                "gains": gains,
                "clones": [change for change, _ in case.clones],
                "gains_named": all(one in changes for one in gains),
                "false_clone": any(change not in gains for change in changes)
                or (usual and case.formula.split("[")[0] not in ("46,XX", "46,XY", "")),
            }
        )
    return found


def measure_drawn(cells: Sequence[RealCell], *, cases: int) -> list[dict[str, Any]]:
    """Draw mosaics of every size and kind from test cells, and count what is found."""
    pools = sex_pools([one for one in cells if one.part == "test"])
    rows = []
    for kind in KINDS:
        for size in SIZES:
            row = {"kind": kind, "size": size, "cases": 0, "found": 0, "false": 0}
            row |= {"enough": 0, "enough_found": 0, "false_clones": 0, "few": 0}
            for number in tqdm(range(cases), desc=f"{kind}, {size} cells"):
                generator = np.random.default_rng([1, KINDS.index(kind), size, number])
                _measure_one(row, generator, pools, kind=kind, size=size)
            rows.append(row)
            print(row, flush=True)
    return rows


def _measure_one(
    row: dict[str, Any],
    generator: np.random.Generator,
    pools: dict[str, list[RealCell]],
    *,
    kind: str,
    size: int,
) -> None:
    sex = "XX" if generator.random() < 0.5 else "XY"
    label = int(generator.integers(AUTOSOMES))
    if kind == "loss of X or Y":
        label = X if sex == "XX" else Y
    sign = 0 if kind == "none" else 1 if kind.startswith("gain") else -1
    drawn, abnormal = draw_case(
        generator, pools[sex], size=size, share=SHARE, change=(label, sign), lost=LOST
    )
    settings = CaseSettings()
    case = conclude(drawn, settings)
    normal = [2] * AUTOSOMES + ([2, 0] if sex == "XX" else [1, 1])
    changed = list(normal)
    changed[label] += sign
    lines = {part.split(" ")[-1].split("[")[0] for part in case.formula.split("/")}
    true_lines = {draft_iscn(normal), draft_iscn(changed)}
    hit = draft_iscn(changed) in lines if sign else not lines - true_lines
    enough = abnormal >= (settings.cells_of_gain if sign > 0 else settings.cells_of_loss)
    names = ("X", "Y")
    change = f"{'+' if sign > 0 else '-'}{names[label - X] if label >= X else label + 1}"
    row["cases"] += 1
    row["found"] += int(hit)
    row["false"] += int(bool(lines - true_lines))
    row["enough"] += int(enough and sign != 0)
    row["enough_found"] += int(enough and sign != 0 and hit)
    row["few"] += int(bool(sign) and not enough)
    row["false_clones"] += int(any(one != change or not sign for one, _ in case.clones))


def _share(hits: int, total: int) -> str:
    if not total:
        return "–"
    low, high = wilson(hits, total)
    return f"{hits} of {total} ({100 * low:.0f} – {100 * high:.0f} %)"


def describe(real: Sequence[dict], drawn: Sequence[dict], *, command: str, commit: str) -> str:
    """Return the page."""
    table = []
    for part in PARTS:
        own = [one for one in real if one["part"] == part]
        usual = [one for one in own if one["usual"]]
        gained = [one for one in own if one["gains"]]
        table.append(
            [
                f"{part} patients",
                str(len(own)),
                f"{sum(one['gains_named'] for one in gained)} of {len(gained)}",
                f"{sum(one['false_clone'] for one in usual)} of {len(usual)}",
                str(sum(one["analysed"] < len(one["true"]) for one in own)),
            ]
        )
    special = [
        [
            one["case"],
            one["part"],
            "; ".join(one["true"]),
            one["formula"],
            f"{one['posterior']:.3f}",
        ]
        for one in real
        if set(one["true"]) - {"46,XX", "46,XY"}
    ]
    mosaics = [
        [
            row["kind"],
            str(row["size"]),
            _share(row["found"], row["cases"]) if row["kind"] != "none" else "–",
            _share(row["enough_found"], row["enough"]),
            _share(row["false"], row["cases"]),
            _share(row["false_clones"], row["cases"]),
        ]
        for row in drawn
    ]
    return "\n".join(
        [
            "# Conclusions about cases",
            "",
            "The included G-band network. Patients with two or three cells: a gain is true if all "
            "cells of the patient show it. Only the test patients are new to the network; the "
            "validation patients chose its temperature, the others trained it.",
            "",
            markdown_grid(
                [
                    "patients",
                    "cases",
                    "with a gain in all cells: named as a clone",
                    "usual cases with a false line or gained clone",
                    "with a cell set aside",
                ],
                table,
            ),
            "",
            "All cases of which a cell is not 46,XX or 46,XY:",
            "",
            markdown_grid(["case", "part", "true cells", "formula", "posterior"], special),
            "",
            "## Drawn mosaics",
            "",
            "Cells of one sex are drawn from the real normal cells of the test patients, each once "
            "as long as there are others. Each is abnormal with a probability of "
            f"{100 * SHARE:.0f} %: for a gain, a chromosome of the class from another such cell is "
            "put among its own; for a loss, one is removed. Every chromosome is lost with a "
            f"probability of {LOST:g}, twice what the program assumes. Shares have 95 % intervals "
            "after Wilson. Found: the abnormal line is in the formula. Enough: two abnormal cells "
            "for a gain, three for a loss. The cases share cells, so they are not independent, and "
            "the intervals hold for these cells only.",
            "",
            markdown_grid(
                [
                    "abnormal line",
                    "cells",
                    "found",
                    "found where enough cells were drawn",
                    "a false line in the formula",
                    "a false clone by the number of cells",
                ],
                mosaics,
            ),
            "",
            *made_by(command, commit=commit),
        ]
    )


def main() -> None:
    """Measure both, and write `cases.md` and `cases.json`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SUPERXCEPTION_DATA"))
    parser.add_argument("--cache", type=Path, default=Path("gband_cells.npz"))
    parser.add_argument("--cases", type=int, default=30, help="drawn cases of each kind and size")
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("`--data` must be the folder of the archives; or set SUPERXCEPTION_DATA")
    claim_kept(arguments.cache.with_suffix(".json"), {})
    cells = load_cells(Path(arguments.data), arguments.cache)
    real = measure_real(cells)
    drawn = measure_drawn(cells, cases=arguments.cases)
    commit = describe_provenance().commit or "unknown"
    values = {"real": real, "drawn": drawn, "commit": commit}
    write_json(arguments.out / "cases.json", values)
    command = f"python benchmarks/cases.py --cases={arguments.cases}"
    write_text(arguments.out / "cases.md", describe(real, drawn, command=command, commit=commit))
    print(arguments.out / "cases.md")


if __name__ == "__main__":
    run_guarded(main)
