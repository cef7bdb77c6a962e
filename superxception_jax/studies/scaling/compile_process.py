"""The compilation of one case, in a process of its own that may run out of memory or crash.

python -m superxception_jax.studies.scaling.compile_process <case>.json <result>.json
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax

from superxception_jax.files import write_json
from superxception_jax.runs.config.config_values import config_from_json
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.studies.scaling.case import COMPILED, FAILED, TOO_LARGE, Case, Compiled
from superxception_jax.studies.scaling.collectives import find_collectives
from superxception_jax.studies.scaling.program import count_step_flops, lower_step
from superxception_jax.studies.scaling.topology import compiler_versions, make_slice
from superxception_jax.training.chips import find_chip_by_name

# How the compiler says that a step doesn't fit: "Used 37.12G of 15.75G hbm".
_USED = re.compile(r"[Uu]sed ([\d.]+)([KMG]) of ([\d.]+)([KMG])i?B? hbm")
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def compile_case(case: Case, config: Mapping[str, Any]) -> Compiled:
    """Return what the TPU compiler says about a case.

    Args:
        case: The case.
        config: JSON values of its config, `Experiment.config`.
    """
    experiment = build_experiment(config_from_json(config))
    mesh = make_slice(find_chip_by_name(case.chip), case.chips)
    started = time.monotonic()
    counted = count_step_flops(experiment, mesh)
    lowered = lower_step(experiment, mesh)
    try:
        compiled = lowered.compile()
    except jax.errors.JaxRuntimeError as error:
        return dataclasses.replace(
            explain(str(error)),
            counted_flops=counted,
            seconds=time.monotonic() - started,
            versions=compiler_versions(),
        )
    memory, costs = compiled.memory_analysis(), compiled.cost_analysis()
    arguments, outputs = memory.argument_size_in_bytes, memory.output_size_in_bytes
    alias, temporary = memory.alias_size_in_bytes, memory.temp_size_in_bytes
    return Compiled(
        COMPILED,
        flops=costs["flops"],
        counted_flops=counted,
        bytes_accessed=costs["bytes accessed"],
        argument_bytes=arguments,
        output_bytes=outputs,
        alias_bytes=alias,
        temporary_bytes=temporary,
        needed_bytes=arguments + outputs - alias + temporary,
        collectives=find_collectives(compiled.as_text()),
        seconds=time.monotonic() - started,
        versions=compiler_versions(),
    )


def explain(error: str) -> Compiled:
    """Return the result of a compilation that failed.

    Args:
        error: Text of the compiler's error.
    """
    first = next((line for line in error.splitlines() if line.strip()), "no message")
    if "RESOURCE_EXHAUSTED" not in error:
        return Compiled(FAILED, message=f"the compiler failed: {first.strip()}")
    used = _USED.search(error)
    if used is None:
        return Compiled(TOO_LARGE, message=f"does not fit: {first.strip()}")
    needed, limit = (float(used[place]) * _UNITS[used[place + 1]] for place in (1, 3))
    message = f"does not fit: needs {needed / 2**30:.1f} of {limit / 2**30:.2f} GiB"
    return Compiled(TOO_LARGE, message=message, needed_bytes=int(needed))


def main(case_file: Path, result_file: Path) -> None:
    """Compile the case of a file, and write the result.

    Args:
        case_file: JSON with `case` and `config`.
        result_file: File to write; its folder exists.
    """
    values = json.loads(case_file.read_text(encoding="utf-8"))
    compiled = compile_case(Case(**values["case"]), values["config"])
    write_json(result_file, {**values, "result": compiled.to_json()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
