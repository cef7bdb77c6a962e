from __future__ import annotations

import subprocess
import sys

import pytest

from superxception_jax.data.record import MOST_PROBLEMS, raise_problems
from tests.paths import REPOSITORY


def test_problems_are_listed_up_to_a_limit_with_their_total():
    raise_problems([], source="here")
    with pytest.raises(ValueError, match="got 1 problem; correct the files and run again:\n  a: x"):
        raise_problems(["a: x"], source="here")
    with pytest.raises(ValueError) as error:
        raise_problems([f"file {n}: bad" for n in range(MOST_PROBLEMS + 3)], source="here")
    lines = str(error.value).splitlines()
    assert lines[0] == (
        "`here` must be a sound data set, got 13 problems; correct the files and run again:"
    )
    assert lines[1] == "  file 0: bad"
    assert lines[-1] == "  ... and 3 more"
    assert len(lines) == MOST_PROBLEMS + 2


def test_records_cost_no_tfds():
    code = (
        "import sys, superxception_jax.data.archive, superxception_jax.data.images.image_file\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow_datasets', 'jax')))"
    )
    root = REPOSITORY
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
