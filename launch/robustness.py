"""Measure how well trained networks karyotype damaged, incomplete and foreign cells.

    python launch/robustness.py --name=my_robustness --runs=runs/karyotyping/stripnet-seed0-fold0
    python launch/robustness.py --name=my_robustness --foreign=gband --runs=runs/…0,runs/…1

Each run karyotypes its own test cells under every condition that `CONDITIONS` in
superxception_jax/studies/condition.py lists; the counts of all runs are added up.
results/<name>.md, .json and .png are written at the end.
"""

from __future__ import annotations

import sys
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.system import check_training_platform

check_training_platform()

from absl import flags
from tqdm import tqdm

from superxception_jax.commands import run_command
from superxception_jax.evaluation.plots import save_figure
from superxception_jax.files import check_name, check_writable, write_json, write_text
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.runs.reader import load_classifier
from superxception_jax.runs.workdir import load_config
from superxception_jax.studies.condition import (
    UNDAMAGED,
    ConditionResult,
    RobustnessResults,
    choose_conditions,
    pool,
)
from superxception_jax.studies.raw_cells import (
    choose_data_set,
    load_foreign_cells,
    load_test_cells,
)
from superxception_jax.studies.robustness import evaluate_condition
from superxception_jax.studies.robustness_report import plot_robustness, robustness_markdown

NAME = flags.DEFINE_string("name", "my_robustness", "Name of the files in the results folder.")
RUNS = flags.DEFINE_list("runs", [], "Folders of finished runs, one per fold.")
FOREIGN = flags.DEFINE_enum(
    "foreign",
    None,
    ("bioimage", "gband"),
    "Also karyotype the cells of this other data set on which no network was trained.",
)
DATA_SET = flags.DEFINE_string(
    "data_set", "", "For runs on several data sets: the one whose test cells are karyotyped."
)
KINDS = flags.DEFINE_list(
    "kinds", [], "Kinds of damage to try; empty: all; `none`: undamaged cells only."
)
RESULTS = flags.DEFINE_string("results", "results", "Folder of the results.")
USE_STORED_SPLIT = flags.DEFINE_boolean(
    "use_stored_split",
    False,
    "If a data set has grown: test on the cells of the run's start; added cells are left out.",
)
SEED = flags.DEFINE_integer("seed", 0, "Random seed of the damage.", lower_bound=0)


def main() -> None:
    """Karyotype damaged cells with the runs that the flags name."""
    if not RUNS.value:
        raise ValueError("`--runs` must name folders of finished runs, got nothing; add them.")
    conditions = choose_conditions(KINDS.value)
    check_name(NAME.value)
    check_writable(Path(RESULTS.value), name="--results")
    own: list[ConditionResult] = []
    foreign: list[ConditionResult] = []
    # All of them first: a wrong folder is reported before anything is evaluated.
    classifiers = [load_classifier(run, name="--runs") for run in RUNS.value]
    workdirs = [Path(run).expanduser().absolute() for run in RUNS.value]
    runs = [(workdir, build_experiment(load_config(workdir))) for workdir in workdirs]
    data_set = choose_data_set([experiment for _, experiment in runs], DATA_SET.value)
    # Loaded once for all runs.
    foreign_cells = load_foreign_cells(runs, FOREIGN.value) if FOREIGN.value else []
    for classifier, (workdir, experiment) in zip(classifiers, runs, strict=True):
        cells = load_test_cells(
            experiment, workdir, data_set=data_set, use_stored_split=USE_STORED_SPLIT.value
        )
        sets = [(own, cells, conditions)]
        if foreign_cells:
            sets.append((foreign, foreign_cells, ((UNDAMAGED, 0.0),)))
        total = sum(len(cells) * len(tried) for _, cells, tried in sets)
        with tqdm(total=total, desc=workdir.name, unit=" cells") as bar:
            for results, cells, tried in sets:
                for kind, level in tried:
                    results.append(
                        evaluate_condition(
                            cells,
                            classifier=classifier,
                            kind=kind,
                            level=level,
                            seed=SEED.value,
                            advance=bar.update,
                        )
                    )
    for path in _write(
        RobustnessResults(
            name=NAME.value,
            dataset=data_set,
            networks=len(classifiers),
            own=tuple(pool(own)),
            foreign={str(FOREIGN.value): pool(foreign)[0]} if foreign else {},
            provenance=describe_provenance(),
        ),
        Path(RESULTS.value),
    ):
        print(path)


def _write(results: RobustnessResults, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files = [write_json(folder / f"{results.name}.json", results.to_json())]
    if len(results.own) > 1:
        files.append(save_figure(plot_robustness(results.own), folder / f"{results.name}.png"))
    return [*files, write_text(folder / f"{results.name}.md", robustness_markdown(results))]


if __name__ == "__main__":
    run_command(main)
