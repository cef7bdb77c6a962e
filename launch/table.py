r"""Train and test networks one after the other and make a table of them.

    python launch/table.py --name=smoke --configs=configs/xception.py:smoke
    python launch/table.py --name=table1 --seeds=0,1,2 --pairs=super_xception:xception \
        --configs=configs/xception.py:bioimage,configs/super_xception.py:bioimage

    python launch/table.py --name=size --vary=split.training_share=0.25,0.5,1 \
        --configs=configs/stripnet.py:bioimage

The table is written after each run. Ctrl-C and SIGTERM stop after the step, with everything saved;
the same command goes on. A call with other configs or seeds adds its runs to the table.
"""

from __future__ import annotations

import itertools
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

# A script's own folder is on the path instead of the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from absl import flags
from rich.console import Console

from superxception_jax.commands import CACHE, build_config, run_command
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.tables.display import watch
from superxception_jax.tables.plan import PlannedRun, make_plan, name_rows
from superxception_jax.tables.runner import make_table

NAME = flags.DEFINE_string("name", "table", "Name of the table: results/<name>.md and others.")
CONFIGS = flags.DEFINE_list(
    "configs", [], "Config files and presets, one a row: configs/xception.py:bioimage,…"
)
SEEDS = flags.DEFINE_list("seeds", ["0"], "Seeds of the runs.")
FOLDS = flags.DEFINE_list("folds", ["0"], "Folds that test, with the splits `cells` and `cases`.")
PAIRS = flags.DEFINE_list("pairs", [], "Rows to compare image by image: super_xception:xception,…")
OVERRIDES = flags.DEFINE_string(
    "overrides", "", "Of all configs, separated by `;`: training.epochs=10;model.input_px=71"
)
VARY = flags.DEFINE_string(
    "vary",
    "",
    "Field and values: a row each, named <row>@<value>, and a curve: split.training_share=0.5,1",
)
RUNS = flags.DEFINE_string("runs", "", "Folder of the runs; empty: runs/<name>.")
RESULTS = flags.DEFINE_string("results", "results", "Folder of the tables.")


def main() -> None:
    """Make the table that the flags describe."""
    command = shlex.join(["python", *sys.argv])
    plan = make_plan(
        _planned_runs(),
        name=NAME.value,
        folder=Path(RESULTS.value),
        pairs=[_pair(text) for text in PAIRS.value],
        vary=_varied()[0],
        command=command,
    )
    with watch(Console()) as show:
        outcome = make_table(plan, show=show)
    for path in outcome.files:
        print(path)
    if outcome.stopped_by:
        print(
            f"\nstopped by {outcome.stopped_by}; everything is saved.\nGo on with: {command}",
            file=sys.stderr,
        )
        sys.exit(128 + signal.Signals[outcome.stopped_by])
    if outcome.failed:
        for state in outcome.failed:
            print(f"{state.name} failed, {state.message}", file=sys.stderr)
        print(f"The same command tries again what failed: {command}", file=sys.stderr)
        sys.exit(1)


def _planned_runs() -> list[PlannedRun]:
    if not CONFIGS.value:
        raise ValueError(
            "`--configs` must name config files, got nothing; "
            "try --configs=configs/xception.py:smoke,configs/super_xception.py:smoke"
        )
    folder = Path(RUNS.value or Path("runs") / NAME.value)
    numbers = [
        (seed, fold)
        for seed in _whole_numbers("--seeds", SEEDS.value)
        for fold in _whole_numbers("--folds", FOLDS.value)
    ]
    first_seed, first_fold = numbers[0]
    rows = name_rows([_experiment(file, first_seed, first_fold) for file in CONFIGS.value])
    runs = []
    # Seeds outside, so that a table that is stopped early compares all rows.
    vary, values = _varied()
    for (seed, fold), value in itertools.product(numbers, values):
        for network, file in zip(rows, CONFIGS.value, strict=True):
            row = f"{network}@{value}" if vary else network
            varied = [f"{vary}={value}"] if vary else []
            workdir = folder / f"{row}-seed{seed}-fold{fold}"
            fields = [f"--config.{one}" for one in _overrides(seed, fold, *varied)]
            runs.append(
                PlannedRun(
                    row=row,
                    config_file=file,
                    experiment=_experiment(file, seed, fold, *varied),
                    workdir=workdir,
                    arguments=(
                        _main_program(),
                        f"--config={file}",
                        *fields,
                        f"--workdir={workdir}",
                        *_passed_on(),
                    ),
                )
            )
    return runs


def _varied() -> tuple[str, list[str]]:
    """Return the field to vary with its values; no field and one value if none is given."""
    if not VARY.value:
        return "", [""]
    field, _, text = VARY.value.partition("=")
    values = [value.strip() for value in text.split(",") if value.strip()]
    if len(set(values)) < max(len(values), 2):
        raise ValueError(
            "`--vary` must look like `split.training_share=0.25,0.5,1`, with different values, "
            f"got `{VARY.value}`; correct it."
        )
    return field.strip(), values


def _experiment(config_file: str, seed: int, fold: int, *varied: str) -> Experiment:
    config = build_config(config_file, overrides=_overrides(seed, fold, *varied))
    try:
        return build_experiment(config)
    except ValueError as error:
        raise ValueError(f"`{config_file}`: {error}") from error


def _overrides(seed: int, fold: int, *varied: str) -> list[str]:
    parts = [part.strip() for part in OVERRIDES.value.split(";") if part.strip()]
    for part in parts:
        field, equals, _ = part.partition("=")
        if not equals:
            raise ValueError(
                f"`--overrides` must look like `training.epochs=10;model.input_px=71`, got "
                f"`{part}`; write <field>=<value>."
            )
        if field in ("seed", "split.fold"):
            raise ValueError(f"`--overrides` must not set `{field}`; use --seeds or --folds.")
    return [*parts, *varied, f"seed={seed}", f"split.fold={fold}"]


def _pair(text: str) -> tuple[str, str]:
    first, colon, second = text.partition(":")
    if not colon:
        raise ValueError(f"`--pairs` must look like `super_xception:xception`, got `{text}`.")
    return first, second


def _whole_numbers(flag: str, texts: Sequence[str]) -> list[int]:
    if not texts or not all(text.isdecimal() for text in texts) or len(set(texts)) < len(texts):
        raise ValueError(
            f"`{flag}` must be different whole numbers, separated by commas, got "
            f"`{','.join(texts)}`; try {flag}=0,1,2"
        )
    return [int(text) for text in texts]


def _main_program() -> str:
    """Return the path of main.py as a user would type it."""
    path = Path(__file__).resolve().with_name("main.py")
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near


def _passed_on() -> list[str]:
    return (
        [f"--compilation_cache={CACHE.value}"] if flags.FLAGS["compilation_cache"].present else []
    )


if __name__ == "__main__":
    run_command(main)
