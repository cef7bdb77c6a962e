from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks import speed
from benchmarks.sides import Case
from benchmarks.speed import parse_case
from benchmarks.turns import Timing
from superxception_jax.system import Stopped


def test_a_case_is_parsed_or_refused():
    assert parse_case("predict:96:46") == Case("predict", 96, 46)
    for text in ("train:71", "train:x:1"):
        with pytest.raises(argparse.ArgumentTypeError, match="must have the form"):
            parse_case(text)
    for text in ("sleep:71:1", "train:49:1", "train:71:0"):
        with pytest.raises(argparse.ArgumentTypeError, match="at least 50 px and 1 image"):
            parse_case(text)


@pytest.fixture
def compare(tmp_path, monkeypatch):
    """Run the program without measuring; return the rounds with the files of their cache."""
    took: list[tuple[str, bool]] = []

    def measure(sides, case, *, schedule, environment, advance):
        cache = Path(environment["JAX_COMPILATION_CACHE_DIR"])
        took.append((case.name, cache.exists()))
        if len(took) == stops.get("at"):
            raise Stopped("SIGINT")
        cache.mkdir(exist_ok=True)
        return {side: Timing(side, 1.0, 10, turns=[0.5], peak_bytes=1) for side in sides}

    def call(*flags: str, stop_at: int = 0) -> list[tuple[str, bool]]:
        took.clear()
        stops["at"] = stop_at
        monkeypatch.setattr(
            sys, "argv", ["speed.py", f"--output={tmp_path / 'speed.json'}", *flags]
        )
        speed.main()
        return list(took)

    stops: dict[str, int] = {}
    monkeypatch.setattr(speed, "run_turns", measure)
    monkeypatch.setattr(speed, "count_operations", lambda case: 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    yield call
    assert list((tmp_path / "temporary").iterdir()) == []


FIRST, SECOND = "train 71 px, batch 32", "predict 96 px, batch 1"
ASKED = ("--cases", "train:71:32", "predict:96:1", "--sides", "ours")


def test_a_case_that_was_stopped_is_measured_from_its_cold_round_on(compare, tmp_path):
    with pytest.raises(Stopped) as stopped:
        compare(*ASKED, stop_at=4)
    assert stopped.value.__notes__ == ["Run the same command again to resume."]
    assert compare(*ASKED) == [(SECOND, False), (SECOND, True)]
    rounds = json.loads((tmp_path / "speed.json").read_text())["rounds"]
    assert [(one["case"], one["round"]) for one in rounds] == [
        (case, number) for case in (FIRST, SECOND) for number in (0, 1)
    ]
    assert FIRST in (tmp_path / "speed.md").read_text()
    assert compare(*ASKED) == []


def test_rounds_of_another_comparison_are_not_taken_for_this_one(compare, tmp_path, monkeypatch):
    compare(*ASKED)
    for flags, other in ((("--turns=9",), "schedule"), (("--sides", "torch"), "sides")):
        with pytest.raises(ValueError, match=rf"got another {other} in .*; choose another file"):
            compare(*ASKED, *flags)
    monkeypatch.setattr(speed, "digest_program", lambda: "another")
    with pytest.raises(ValueError, match="got another program in"):
        compare(*ASKED)
    with pytest.raises(Stopped) as stopped:
        compare(*ASKED, "--fresh", stop_at=1)
    assert stopped.value.__notes__ == ["Run the same command without `--fresh` to resume."]
    assert len(compare(*ASKED)) == 4
    # As in a checkout, which has the published measurements.
    shutil.copy(speed.RESULTS / "performance.json", tmp_path / "speed.json")
    with pytest.raises(ValueError, match="got another program"):
        compare()
