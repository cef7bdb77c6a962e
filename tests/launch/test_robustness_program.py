from __future__ import annotations

from tests.launch.programs import run


def test_bad_places_of_the_results_are_told_before_anything_is_read(tmp_path):
    for arguments, text in (
        (["--results=/dev/null/x"], "`--results` must be a folder that can be written"),
        (["--name=gband/blur"], "`--name` must consist of letters, digits"),
    ):
        done = run("robustness.py", "--runs=nowhere", *arguments, folder=tmp_path)
        assert done.returncode == 2
        assert text in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
