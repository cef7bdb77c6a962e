from __future__ import annotations

import os

import pytest

from superxception_jax.data.memory import memory_bytes

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [("1048576\n", 1_048_576), ("max\n", MACHINE), (f"{2**62}\n", MACHINE), ("", MACHINE)],
)
def test_the_limit_of_a_container_counts_if_it_is_lower(name, text, expected, tmp_path):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    assert memory_bytes(control_groups=tmp_path) == expected


@pytest.mark.parametrize("place", ["", "job_7", "job_7/step_0"])
def test_the_limit_of_a_job_counts_wherever_it_is_set(place, tmp_path):
    own = tmp_path / "own"
    own.write_text("1:cpu:/other\n0::/job_7/step_0\n")
    folder = tmp_path / "groups" / place
    folder.mkdir(parents=True)
    (folder / "memory.max").write_text("2097152\n")
    assert memory_bytes(control_groups=tmp_path / "groups", own_groups=own) == 2_097_152


def test_without_control_groups_it_is_the_memory_of_the_machine(tmp_path):
    assert memory_bytes(control_groups=tmp_path / "absent") == MACHINE
    assert 0 < memory_bytes() <= MACHINE
