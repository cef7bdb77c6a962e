"""Compare the speed of one step with PyTorch and Keras: same network, batch size and optimiser.

Every program ("side") runs in its own process. The sides take turns in alternating order, and
the first step of each turn isn't counted. Each case runs in two rounds of fresh processes: in
the first round nothing has been compiled yet, in the second one the compilation caches are warm.
Measurements are saved after each round, so an interrupted comparison is resumed.

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

from benchmarks.report import MACHINE, write_report
from benchmarks.sides import CANVAS_PX, SIDES, Case, count_operations
from benchmarks.turns import ENVIRONMENT, Schedule, run_turns
from superxception_jax.commands import run_guarded
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
# Flag, type, default and help.
NUMBERS = (
    ("--rounds", int, 2, "Rounds of fresh processes"),
    ("--turns", int, 3, "Turns of each side in a round"),
    ("--steps", int, 4, "Counted steps per turn"),
    ("--turn_seconds", float, 12.0, "Time limit of a turn in seconds"),
)


def parse_case(text: str) -> Case:
    """Return the case that a text of the form `task:input_px:batch` names.

    Args:
        text: Case, such as `train:71:32`.

    Raises:
        argparse.ArgumentTypeError: The text has another form, or a number is too small.
    """
    try:
        task, input_px, batch = text.split(":")
        case = Case(task, int(input_px), int(batch))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must have the form `task:input_px:batch`, got `{text}`; write `train:71:32`."
        ) from None
    if task not in ("train", "predict") or case.input_px < CANVAS_PX or case.batch < 1:
        raise argparse.ArgumentTypeError(
            f"must be `train` or `predict` with at least {CANVAS_PX} px and 1 image, got `{text}`; "
            "correct it."
        )
    return case


def main() -> None:
    """Run all cases that haven't been measured yet and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--cases",
        nargs="+",
        type=parse_case,
        default=[*map(parse_case, CASES)],
        help="Cases as task:input_px:batch (default: all of the report).",
    )
    parser.add_argument(
        "--sides",
        nargs="+",
        choices=SIDES,
        default=list(SIDES),
        help="Programs to measure (default: all).",
    )
    for name, kind, default, text in NUMBERS:
        parser.add_argument(name, type=kind, default=default, help=f"{text} (default: {default}).")
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS / "performance.json",
        help="JSON file of the measurements.",
    )
    parser.add_argument(
        "--report",
        type=Path,
        default=RESULTS / "performance.md",
        help="Markdown file whose measured part is replaced.",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="Discard saved measurements and start from scratch."
    )
    arguments = parser.parse_args()
    if set(arguments.sides) == {MACHINE}:
        parser.error(f"`--sides` must name a program besides `{MACHINE}`; add one, such as `ours`.")

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
    """Return the environment variables that place the compilation caches of all sides.

    Args:
        folder: Folder of the caches of one case.
    """
    return {
        "JAX_COMPILATION_CACHE_DIR": str(folder / "jax"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "torch"),
    }


if __name__ == "__main__":
    run_guarded(main)
