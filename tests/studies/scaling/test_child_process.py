from __future__ import annotations

import pytest

from superxception_jax.studies.scaling.child_process import run_modules


@pytest.mark.parametrize(
    ("calls", "problem"),
    [
        ([("json.tool", "--help")], ""),
        ([("json.tool", "no such file")], "ended with exit status"),
        # The second one would wait for input that never ends.
        (
            [("no_such_module",), ("timeit", "-s", "import time", "time.sleep(60)")],
            "No module named",
        ),
    ],
)
def test_processes_end_together(tmp_path, calls, problem):
    log = tmp_path / "log"
    said = run_modules(calls, log=log, limit_s=60.0, environment={})
    assert problem in said
    assert bool(said) == bool(problem)
    assert log.is_file() == bool(problem)


def test_a_process_that_takes_too_long_is_ended(tmp_path):
    calls = [("timeit", "-s", "import time", "time.sleep(60)")]
    said = run_modules(calls, log=tmp_path / "log", limit_s=0.3, environment={"NEW": "1"})
    assert said == "was ended after 0 minutes; allow it more time"
