from __future__ import annotations

import pytest

from superxception_jax.runs.curled_copies import CURLED_FILE, keep_curled

CHOSEN = {"gband": ["a", "b"], "own": ["own/a"]}


def test_a_run_goes_on_with_the_copies_of_its_start(tmp_path):
    keep_curled(tmp_path, CHOSEN, has_begun=False)
    keep_curled(tmp_path, dict(reversed(CHOSEN.items())), has_begun=True)
    with pytest.raises(ValueError, match="with curled copies of the same images, got a run of a"):
        keep_curled(tmp_path, {**CHOSEN, "own": ["own/b"]}, has_begun=True)


def test_a_run_without_a_note_was_begun_by_an_earlier_version(tmp_path):
    with pytest.raises(ValueError, match=r"finish it with the program that began it"):
        keep_curled(tmp_path, CHOSEN, has_begun=True)
    keep_curled(tmp_path, {}, has_begun=True)
    assert not (tmp_path / CURLED_FILE).exists()
