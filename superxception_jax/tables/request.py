"""The rows and runs that the flags of launch/table.py ask for."""

from __future__ import annotations

import collections
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.commands import build_config
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.tables.finished_run import run_name
from superxception_jax.tables.plan import PlannedRun, TablePlan, make_plan


@dataclass(frozen=True)
class TableRequest:
    """The values of the flags of launch/table.py.

    Attributes:
        name: Name of the table.
        configs: Config files and presets, one per row.
        seeds: Random seeds, as text.
        folds: Tested folds, as text.
        pairs: Rows to compare, as `first:second`.
        overrides: Fields and values of all configs, separated by `;`.
        vary: Field and values, `field=a,b,c`; a row for each value. Empty for none.
        runs: Folder of the runs; empty for `runs/<name>`.
        results: Folder of the tables.
        program: Path of the program that trains a run.
        arguments: Further arguments of that program.
    """

    name: str
    configs: Sequence[str]
    seeds: Sequence[str]
    folds: Sequence[str]
    pairs: Sequence[str]
    overrides: str
    vary: str
    runs: str
    results: str
    program: Path
    arguments: Sequence[str]


def plan_table(request: TableRequest, *, command: str) -> TablePlan:
    """Return the checked plan of the table that a user asks for.

    Args:
        request: Values of the flags.
        command: Command line that makes the table.

    Raises:
        ValueError: A flag is invalid, see `plan_runs` and `make_plan`.
    """
    return make_plan(
        plan_runs(request),
        name=request.name,
        results=Path(request.results),
        pairs=[_pair(text) for text in request.pairs],
        vary=_varied(request.vary)[0],
        command=command,
    )


def plan_runs(request: TableRequest) -> list[PlannedRun]:
    """Return the runs that a table needs, in the order in which they are started.

    Args:
        request: Values of the flags.

    Returns:
        The runs of the first seed and fold of all rows, then those of the next: a table that is
        stopped early compares all rows.

    Raises:
        FileNotFoundError: A config file is missing.
        ValueError: A flag is invalid.
    """
    if not request.configs:
        raise ValueError(
            "`--configs` must name config files, got nothing; "
            "try --configs=configs/xception.py:smoke,configs/super_xception.py:smoke"
        )
    numbers = itertools.product(
        _whole_numbers("--seeds", request.seeds), _whole_numbers("--folds", request.folds)
    )
    vary, values = _varied(request.vary)
    runs: list[PlannedRun] = []
    names: list[str] = []
    for (seed, fold), value in itertools.product(numbers, values):
        overrides = [
            *_overrides(request.overrides),
            *([f"{vary}={value}"] if vary else []),
            f"seed={seed}",
            f"split.fold={fold}",
        ]
        experiments = [_experiment(file, overrides) for file in request.configs]
        names = names or name_rows(experiments)
        runs += _runs_of(request, names, experiments, overrides, value=value)
    return runs


def name_rows(experiments: Sequence[Experiment]) -> list[str]:
    """Return the names of the rows: the config's name, with its preset where names repeat.

    Args:
        experiments: Experiment of each row.

    Raises:
        ValueError: Two experiments have the same name and preset.
    """
    counts = collections.Counter(one.name for one in experiments)
    names = [
        one.name if counts[one.name] == 1 else f"{one.name}-{one.preset or 'embedded'}"
        for one in experiments
    ]
    repeated = [name for name, count in collections.Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(
            f"`--configs` must differ in name or preset, got `{repeated[0]}` more than once; "
            "name each once, or give one of them another `name` in its config."
        )
    return names


def _runs_of(
    request: TableRequest,
    names: Sequence[str],
    experiments: Sequence[Experiment],
    overrides: Sequence[str],
    *,
    value: str,
) -> Iterator[PlannedRun]:
    """Yield the runs of all configs with one seed, fold and varied value."""
    folder = Path(request.runs or Path("runs") / request.name)
    for name, file, experiment in zip(names, request.configs, experiments, strict=True):
        row = f"{name}@{value}" if value else name
        workdir = folder / run_name(row, experiment.seed, experiment.split.fold)
        yield PlannedRun(
            row=row,
            config_file=file,
            experiment=experiment,
            workdir=workdir,
            arguments=(
                _relative(request.program),
                f"--config={file}",
                *(f"--config.{one}" for one in overrides),
                f"--workdir={workdir}",
                *request.arguments,
            ),
        )


def _experiment(config_file: str, overrides: Sequence[str]) -> Experiment:
    config = build_config(config_file, overrides=overrides)
    try:
        return build_experiment(config)
    except ValueError as error:
        raise ValueError(f"`{config_file}`: {error}") from error


def _varied(text: str) -> tuple[str, list[str]]:
    """Return the field to vary and its values; no field and one empty value if none is given."""
    if not text:
        return "", [""]
    field, _, listed = text.partition("=")
    values = [value.strip() for value in listed.split(",") if value.strip()]
    if len(set(values)) < max(len(values), 2):
        raise ValueError(
            "`--vary` must look like `split.training_share=0.25,0.5,1`, with different values, "
            f"got `{text}`; correct it."
        )
    _check_counted(field.strip(), flag="--vary", text=text)
    return field.strip(), values


def _overrides(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(";") if part.strip()]
    for part in parts:
        field, equals, _ = part.partition("=")
        if not equals:
            raise ValueError(
                f"`--overrides` must look like `training.epochs=10;model.input_px=71`, got "
                f"`{part}`; write <field>=<value>."
            )
        _check_counted(field.strip(), flag="--overrides", text=part)
    return parts


def _check_counted(field: str, *, flag: str, text: str) -> None:
    """Raise if a flag sets what each run of a row has its own value of."""
    if field in ("seed", "split.fold"):
        raise ValueError(f"`{flag}` must not set `{field}`, got `{text}`; use --seeds or --folds.")


def _pair(text: str) -> tuple[str, str]:
    first, colon, second = text.partition(":")
    if not colon:
        raise ValueError(
            f"`--pairs` must look like `super_xception:xception`, got `{text}`; correct it."
        )
    return first, second


def _whole_numbers(flag: str, texts: Sequence[str]) -> list[int]:
    if not texts or not all(text.isdecimal() for text in texts) or len(set(texts)) < len(texts):
        raise ValueError(
            f"`{flag}` must be different whole numbers, separated by commas, got "
            f"`{','.join(texts)}`; try {flag}=0,1,2"
        )
    return [int(text) for text in texts]


def _relative(path: Path) -> str:
    """Return a path as a user would type it: relative if it is below the working directory."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
