"""Compare the speed of one step with PyTorch and Keras: same network, batch size and optimiser.

Every program ("side") runs in its own process. The sides take turns in alternating order, and
the first step of each turn isn't counted. Each case runs in two rounds of fresh processes: in
the first round nothing has been compiled yet, in the second one the compilation caches are warm.
Measurements are saved after each round, so an interrupted comparison is resumed, from the first
round of its case on. `--output` keeps the published measurements from being taken for these.

Examples:
  python benchmarks/speed.py --output=runs/speed.json
  python benchmarks/speed.py --output=runs/two.json --cases train:71:32 --sides ours torch
  python benchmarks/speed.py --fresh
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm

from benchmarks.report import MACHINE, write_report
from benchmarks.sides import CANVAS_PX, SIDES, Case, count_operations
from benchmarks.turns import ENVIRONMENT, Schedule, run_turns
from superxception_jax.commands import resuming, run_guarded
from superxception_jax.files import check_writable, load_json, write_json
from superxception_jax.runs.provenance import describe_provenance, digest_program

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


def load_rounds(
    output: Path, *, program: str, sides: Sequence[str], schedule: Schedule
) -> list[dict[str, Any]]:
    """Return the stored rounds, which the same comparison must have made.

    Args:
        output: File of the measurements; it may be absent.
        program: Digest of the program that would measure.
        sides: Programs that it would compare.
        schedule: Length of its turns.

    Raises:
        ValueError: The file is damaged, or another program, other sides or another schedule made
            a round in it: what such a file holds says nothing about this comparison.
    """
    if not output.exists():
        return []
    rounds = load_json(
        output, content="the rounds of a comparison", remedy="add `--fresh`", keys=("rounds",)
    )["rounds"]
    now = (program, set(sides), dataclasses.asdict(schedule))
    for one in rounds:
        then = (one.get("program"), {each["side"] for each in one["timings"]}, one["schedule"])
        names = ("program", "sides", "schedule")
        if other := [name for name, a, b in zip(names, then, now, strict=True) if a != b]:
            raise ValueError(
                "`--output` must be a new file or hold rounds of the same comparison, got another "
                f"{', '.join(other)} in `{output}`; choose another file, or measure everything "
                "anew with `--fresh`."
            )
    return rounds


def measure_case(
    case: Case,
    count: int,
    *,
    sides: Sequence[str],
    schedule: Schedule,
    program: str,
    advance: Callable[[str], object],
) -> Iterator[dict[str, Any]]:
    """Yield the rounds of a case, which share the caches that the first one fills.

    Args:
        case: Case to measure.
        count: Number of rounds.
        sides: Programs to measure.
        schedule: Length of the turns.
        program: Digest of the program.
        advance: Callback with a description of each finished first step or turn.
    """
    with tempfile.TemporaryDirectory(
        prefix="superxception-speed-", ignore_cleanup_errors=True
    ) as cache:
        for number in range(count):
            timings = run_turns(
                tuple(sides),
                case,
                schedule=schedule,
                environment=cache_environment(Path(cache)),
                advance=advance,
            )
            yield {
                "case": case.name,
                "round": number,
                "operations": count_operations(case),
                "timings": [dataclasses.asdict(timing) for timing in timings.values()],
                "environment": describe_provenance().to_json() | {"variables": ENVIRONMENT},
                "schedule": dataclasses.asdict(schedule),
                "program": program,
            }


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
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
        help="JSON file of the measurements (default: that of the published ones).",
    )
    parser.add_argument(
        "--report",
        type=Path,
        help="Markdown file whose measured part is replaced (default: beside the JSON file).",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="Discard saved measurements and start from scratch."
    )
    return parser


def main() -> None:
    """Run all cases that haven't been measured yet and write the report."""
    parser = make_parser()
    arguments = parser.parse_args()
    if set(arguments.sides) == {MACHINE}:
        parser.error(f"`--sides` must name a program besides `{MACHINE}`; add one, such as `ours`.")
    output: Path = arguments.output
    check_writable(output.parent, name="folder of --output")
    comparison: dict[str, Any] = {
        "program": digest_program(),
        "sides": arguments.sides,
        "schedule": Schedule(arguments.turns, arguments.steps, arguments.turn_seconds),
    }
    if arguments.fresh:
        output.unlink(missing_ok=True)
    rounds = load_rounds(output, **comparison)
    output.parent.mkdir(parents=True, exist_ok=True)
    units = len(arguments.sides) * (arguments.turns + 1) * arguments.rounds
    how = "without `--fresh`" if arguments.fresh else "again"
    with (
        tqdm(total=units * len(arguments.cases), unit="turn") as bar,
        resuming(f"Run the same command {how} to resume."),
    ):
        for case in arguments.cases:
            stored = {one["round"] for one in rounds if one["case"] == case.name}
            if stored.issuperset(range(arguments.rounds)):
                bar.update(units)
                continue
            # After a stop from its first round on: a later one without the caches isn't warm.
            rounds = [one for one in rounds if one["case"] != case.name]

            def advance(text: str, case: Case = case) -> None:
                bar.set_postfix_str(f"{case.name}, {text}")
                bar.update()

            for one in measure_case(case, arguments.rounds, advance=advance, **comparison):
                rounds.append(one)
                write_json(output, {"rounds": rounds})
    print(write_report(rounds, path=arguments.report or output.with_suffix(".md")))


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
