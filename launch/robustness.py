"""Try trained networks on damaged, incomplete and foreign cells.

    python launch/robustness.py --name=robustness --runs=runs/karyotyping/stripnet-seed0-fold0
    python launch/robustness.py --name=robustness --foreign=gband --runs=runs/…-fold0,runs/…-fold1

Each run reads its own test cells, damaged in every way that `CONDITIONS` of
superxception_jax/studies/robustness.py lists; the counts of all runs are added up.
results/<name>.md, .json and .png are written at the end.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from absl import flags
from tqdm import tqdm

from superxception_jax.commands import run_command
from superxception_jax.evaluation.plots import save_figure
from superxception_jax.files import write_json, write_text
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.reader import load_classifier
from superxception_jax.runs.workdir import load_config
from superxception_jax.studies.robustness import (
    UNDAMAGED,
    UNITS,
    choose_conditions,
    evaluate_condition,
    load_foreign_cells,
    load_test_cells,
    pool,
)
from superxception_jax.studies.robustness_report import plot_robustness, robustness_markdown

NAME = flags.DEFINE_string("name", "robustness", "Name of the files in the results folder.")
RUNS = flags.DEFINE_list("runs", [], "Folders of finished runs, one a fold.")
FOREIGN = flags.DEFINE_enum(
    "foreign", None, ("bioimage", "gband"), "Also read all cells of this other data set."
)
KINDS = flags.DEFINE_list(
    "kinds", [], "Damages to try; empty: all; `none`: the cells as they are, and nothing else."
)
RESULTS = flags.DEFINE_string("results", "results", "Folder of the results.")
SEED = flags.DEFINE_integer("seed", 0, "Of the damage.", lower_bound=0)


def main() -> None:
    """Read damaged cells with the runs that the flags name."""
    if not RUNS.value:
        raise ValueError("`--runs` must name folders of finished runs, got nothing; add them.")
    conditions = choose_conditions(KINDS.value)
    own: list[dict[str, Any]] = []
    foreign: list[dict[str, Any]] = []
    # All of them first: a wrong folder is reported before anything is read.
    readers = [load_classifier(run) for run in RUNS.value]
    configs = [load_config(Path(run).expanduser().absolute()) for run in RUNS.value]
    experiments = [build_experiment(config) for config in configs]
    # Read once for all runs.
    foreign_cells = load_foreign_cells(experiments, FOREIGN.value) if FOREIGN.value else []
    for run, reader, experiment in zip(RUNS.value, readers, experiments, strict=True):
        sets = [(own, load_test_cells(experiment), conditions)]
        if foreign_cells:
            sets.append((foreign, foreign_cells, ((UNDAMAGED, 0.0),)))
        total = sum(len(cells) * len(tried) for _, cells, tried in sets)
        with tqdm(total=total, desc=Path(run).name, unit=" cells") as bar:
            for readings, cells, tried in sets:
                for kind, level in tried:
                    readings.append(
                        evaluate_condition(
                            cells,
                            reader=reader,
                            kind=kind,
                            level=level,
                            seed=SEED.value,
                            advance=bar.update,
                        )
                    )
    provenance = describe_provenance()
    values = {
        "name": NAME.value,
        "command": shlex.join(["python", *sys.argv]),
        "commit": provenance.commit,
        "data set": experiment.dataset,
        "own": pool(own),
        "foreign": {FOREIGN.value: pool(foreign)[0]} if foreign else {},
        "environment": provenance.to_json(),
    }
    folder = Path(RESULTS.value)
    folder.mkdir(parents=True, exist_ok=True)
    print(write_json(folder / f"{NAME.value}.json", values))
    if len(conditions) > 1:
        figure = plot_robustness(values["own"], units=UNITS)
        print(save_figure(figure, folder / f"{NAME.value}.png"))
    print(write_text(folder / f"{NAME.value}.md", robustness_markdown(values, units=UNITS)))


if __name__ == "__main__":
    run_command(main)
