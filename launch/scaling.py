r"""Estimate which TPU slice suits a config, before you have one.

    python launch/scaling.py --config=configs/super_xception.py:paper --chips=v5e:1,4,16
    python launch/scaling.py --config=configs/super_xception.py:paper --chips=none --gpus=h100
    python launch/scaling.py --config=configs/super_xception.py:smoke --chips=none \
        --measure=1,2,4 --batch_per_chip=8 --global_batch=16 --name=cpu

The step of a training is compiled by the real TPU compiler (`pip install "jax[tpu]"`), on any
machine: memory, operations, traffic and exchange of every chip, and from published peaks the time
of a step, an epoch and a run. results/scaling/<name>.md, .json and .png are written at the end.
Each compilation takes minutes and is kept: the same command continues where an earlier one stopped.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superxception_jax.system import check_training_platform

check_training_platform()

from absl import flags
from tqdm import tqdm

from superxception_jax.commands import build_config, resuming, run_command
from superxception_jax.evaluation.plots import save_figure
from superxception_jax.files import check_name, check_writable, write_json, write_text
from superxception_jax.models.precision import PRECISIONS
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.provenance import describe_provenance
from superxception_jax.studies.scaling.case import Case
from superxception_jax.studies.scaling.compiling import Compiler
from superxception_jax.studies.scaling.lowering import find_cards, lower_cards
from superxception_jax.studies.scaling.measuring import measure_counts, parse_counts
from superxception_jax.studies.scaling.scaling_chart import plot_scaling
from superxception_jax.studies.scaling.scaling_page import scaling_markdown
from superxception_jax.studies.scaling.scaling_plan import (
    SCALINGS,
    ScalingRequest,
    check_request,
    parse_slices,
    plan_cases,
    switches_of,
)
from superxception_jax.studies.scaling.scaling_results import Row, ScalingResults
from superxception_jax.studies.scaling.scaling_run import run_cases
from superxception_jax.studies.scaling.topology import check_compiler

CONFIG = flags.DEFINE_string(
    "config", "configs/super_xception.py:paper", "Config file and preset whose step is scaled."
)
OVERRIDES = flags.DEFINE_string(
    "overrides", "", "Fields of the config, separated by `;`: model.input_px=71;training.epochs=10"
)
CHIPS = flags.DEFINE_list(
    "chips",
    ["v5e:1", "4", "16", "64", "256"],
    "TPU types and numbers of chips: v5e:1,4,16,v5p:1,64; `none`: no compilation.",
)
SCALING = flags.DEFINE_list(
    "scaling", list(SCALINGS), "weak: same images per chip; strong: same images per step."
)
PRECISION = flags.DEFINE_list("precisions", list(PRECISIONS), "Number formats of the products.")
PER_CHIP = flags.DEFINE_integer(
    "batch_per_chip", 32, "Images per step and chip of weak scaling.", lower_bound=1
)
GLOBAL = flags.DEFINE_integer(
    "global_batch", 256, "Images per step over all chips of strong scaling.", lower_bound=1
)
SWITCHES = flags.DEFINE_enum(
    "switches",
    "all",
    ("all", "none"),
    "Whether rematerialization and accumulation are compiled on one chip, to show their effect.",
)
GPUS = flags.DEFINE_list(
    "gpus",
    ["a100-80", "h100", "h200", "mi300x"],
    "Cards for which the step is lowered, without their compiler; `none`: none.",
)
MEASURE = flags.DEFINE_list(
    "measure",
    [],
    "Numbers of virtual devices and of processes with which the step is run on this machine.",
)
MEASURE_SECONDS = flags.DEFINE_float(
    "measure_seconds", 10.0, "Seconds of each measurement, after its start.", lower_bound=0.0
)
MINUTES = flags.DEFINE_float(
    "minutes",
    0.0,
    "Minutes after which no further compilation starts; the same command continues. 0: no limit.",
    lower_bound=0.0,
)
PATIENCE = flags.DEFINE_float(
    "minutes_per_compilation", 60.0, "Minutes after which a compilation ends.", lower_bound=0.1
)
COMPILE = flags.DEFINE_enum(
    "compile", "missing", ("missing", "none"), "none: only what is in the folder already is shown."
)
IMAGES = flags.DEFINE_integer(
    "training_images", 0, "Number of training images; 0: that of the config's split `paper`."
)
COMPILATIONS = flags.DEFINE_string(
    "compilations", "runs/scaling", "Folder of the compilations, kept for later calls."
)
NAME = flags.DEFINE_string("name", "", "Name of the files; empty: that of the config.")
RESULTS = flags.DEFINE_string("results", "results/scaling", "Folder of the results.")


def main() -> None:
    """Study the scaling that the flags describe."""
    overrides = tuple(one.strip() for one in OVERRIDES.value.split(";") if one.strip())
    experiment = build_experiment(build_config(CONFIG.value, overrides=overrides))
    request = ScalingRequest(
        slices={} if CHIPS.value == ["none"] else parse_slices(CHIPS.value),
        scalings=tuple(SCALING.value),
        precisions=tuple(PRECISION.value),
        images_per_chip=PER_CHIP.value,
        images_per_step=GLOBAL.value,
        switches=switches_of(experiment.model["name"]) if SWITCHES.value == "all" else (),
    )
    check_request(request)
    cases = plan_cases(request)
    cards = find_cards(GPUS.value)
    counts = parse_counts(MEASURE.value)
    if NAME.value:
        check_name(NAME.value)
    check_writable(Path(RESULTS.value), name="--results")
    check_writable(Path(COMPILATIONS.value), name="--compilations")
    if request.slices:
        check_compiler()
    compiler = Compiler(
        CONFIG.value,
        overrides,
        folder=Path(COMPILATIONS.value),
        limit_s=60 * PATIENCE.value,
    )
    # All configs first: one that isn't possible is reported before anything is compiled.
    for case in cases:
        compiler.experiment(case)
    lowered = lower_cards(
        cards, request, experiment_of=compiler.experiment, show=_bar("lowering for GPUs")
    )
    measured = measure_counts(
        counts,
        request,
        experiment_of=compiler.experiment,
        seconds=MEASURE_SECONDS.value,
        limit_s=60 * PATIENCE.value,
        show=_bar("measuring"),
    )
    with resuming():
        rows = _compile(request, compiler)
    results = ScalingResults(
        name=NAME.value or f"{experiment.name}-{experiment.preset or 'embedded'}",
        config=" ".join([CONFIG.value, *overrides]),
        network=f"{experiment.model['name']}, {experiment.input_px} px",
        epochs=experiment.epochs,
        training_images=IMAGES.value or _training_images(experiment),
        request=request,
        rows=rows,
        lowered=lowered,
        measured=measured,
        cores=os.cpu_count() or 1,
        provenance=describe_provenance(),
    )
    for path in _write(results, Path(RESULTS.value)):
        print(path)
    if results.left:
        print(
            f"{results.left} of {len(rows)} compilations are left; the same command continues.",
            file=sys.stderr,
        )


def _training_images(experiment: Experiment) -> int:
    """Return the number of training images that the config states; 0 if the data decide."""
    split = experiment.split
    return int(split.sizes[0] * split.training_share) if split.protocol == "paper" else 0


def _bar(text: str) -> Callable[[Iterable[Any]], Iterable[Any]]:
    """Return a function that shows the progress of a loop; nothing for an empty one."""
    return lambda work: tqdm(work, desc=text, disable=not work)


def _compile(request: ScalingRequest, compiler: Compiler) -> tuple[Row, ...]:
    """Compile what is missing, with a bar."""
    started = time.monotonic()

    def has_time() -> bool:
        if COMPILE.value == "none":
            return False
        return not MINUTES.value or time.monotonic() - started < 60 * MINUTES.value

    with tqdm(total=1, unit=" compilation", disable=not request.slices) as bar:

        def show(case: Case, number: int, total: int) -> None:
            bar.total = total
            bar.n = number - 1
            bar.set_description(case.describe(), refresh=True)

        return run_cases(request, source=compiler, has_time=has_time, show=show)


def _write(results: ScalingResults, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files = [write_json(folder / f"{results.name}.json", results.to_json())]
    if results.curves:
        files.append(save_figure(plot_scaling(results), folder / f"{results.name}.png"))
    return [*files, write_text(folder / f"{results.name}.md", scaling_markdown(results))]


if __name__ == "__main__":
    run_command(main)
