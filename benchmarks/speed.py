"""Compare our step with PyTorch and Keras: the same network, batch and optimiser, in turns.

Every side runs in a process of its own; the sides take turns in alternating order, and the
first step of a turn isn't counted. Each case runs in two rounds of fresh processes: in the
first one nothing is compiled yet, in the second one the compilation caches are warm. The
measurements are kept after each round, so that a stopped comparison goes on where it was.

Examples:
  python benchmarks/speed.py
  python benchmarks/speed.py --cases train:71:32 --sides ours torch --turns 5
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm

from benchmarks.report import write_report
from benchmarks.sides import SIDES, Case, count_operations
from benchmarks.turns import ENVIRONMENT, Schedule, run_turns
from superxception_jax.runs.provenance import describe_provenance

CASES = (
    "train:71:32",
    "train:96:32",
    "train:227:8",
    "predict:96:1",
    "predict:96:46",
    "predict:227:1",
    "predict:227:46",
)
RESULTS = Path(__file__).resolve().parents[1] / "results"


def read_case(text: str) -> Case:
    """Read `task:input_px:batch`, for example `train:71:32`."""
    try:
        task, input_px, batch = text.split(":")
        case = Case(task, int(input_px), int(batch))
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` must look like `train:71:32`.") from None
    if task not in ("train", "predict") or case.input_px < 50 or case.batch < 1:
        raise argparse.ArgumentTypeError(
            f"`{text}` must be `train` or `predict`, at least 50 px, at least 1 image."
        )
    return case


def main() -> None:
    """Measure what is missing and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", type=read_case, default=[*map(read_case, CASES)])
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--rounds", type=int, default=2, help="of fresh processes (default 2)")
    parser.add_argument("--turns", type=int, default=3, help="of each side (default 3)")
    parser.add_argument("--steps", type=int, default=4, help="counted steps a turn (default 4)")
    parser.add_argument("--turn_seconds", type=float, default=12.0, help="limit (default 12)")
    parser.add_argument("--output", type=Path, default=RESULTS / "performance.json")
    parser.add_argument("--report", type=Path, default=RESULTS / "performance.md")
    parser.add_argument("--fresh", action="store_true", help="measure again what is there")
    arguments = parser.parse_args()

    schedule = Schedule(arguments.turns, arguments.steps, arguments.turn_seconds)
    output: Path = arguments.output
    rounds = []
    if output.exists() and not arguments.fresh:
        rounds = json.loads(output.read_text(encoding="utf-8"))["rounds"]
    units = len(arguments.sides) * (arguments.turns + 1)
    bar = tqdm(total=units * len(arguments.cases) * arguments.rounds, unit="turn")
    for case in arguments.cases:
        cache = Path(tempfile.mkdtemp(prefix="superxception-speed-"))
        for number in range(arguments.rounds):
            if any(r["case"] == case.name and r["round"] == number for r in rounds):
                bar.update(units)
                continue

            def advance(text: str, case: Case = case) -> None:
                bar.set_postfix_str(f"{case.name}, {text}")
                bar.update()

            timings = run_turns(
                tuple(arguments.sides),
                case,
                schedule=schedule,
                environment=cache_environment(cache),
                advance=advance,
            )
            rounds.append(
                {
                    "case": case.name,
                    "round": number,
                    "operations": count_operations(case),
                    "timings": [dataclasses.asdict(timing) for timing in timings.values()],
                    "environment": describe_provenance().to_json() | {"variables": ENVIRONMENT},
                    "schedule": dataclasses.asdict(schedule),
                }
            )
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(json.dumps({"rounds": rounds}, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(cache)
    bar.close()
    print(write_report(rounds, path=arguments.report))


def cache_environment(folder: Path) -> dict[str, str]:
    """Name the folders in which the sides keep what they compile."""
    return {
        "JAX_COMPILATION_CACHE_DIR": str(folder / "jax"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "torch"),
    }


if __name__ == "__main__":
    main()
