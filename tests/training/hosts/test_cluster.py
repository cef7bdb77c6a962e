from __future__ import annotations

import jax
import pytest

from superxception_jax.training.hosts.cluster import Place, find_place
from superxception_jax.training.hosts.connecting import connect

SLURM = {"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3"}
OPEN_MPI = {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}
JAX = {
    "JAX_COORDINATOR_ADDRESS": "node1:8476",
    "JAX_NUM_PROCESSES": "2",
    "JAX_PROCESS_ID": "0",
}


def find(environment, *, coordinator="", count=0, index=-1):
    return find_place(coordinator=coordinator, count=count, index=index, environment=environment)


def test_a_process_is_alone_unless_something_says_otherwise():
    assert find({}) is None
    assert find({"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}) is None
    # The script of a SLURM job, which is no task of `srun`.
    assert find({"SLURM_NTASKS": "4", "SLURM_PROCID": "0"}) is None
    assert find({"JAX_NUM_PROCESSES": "1"}) is None
    assert find(SLURM | JAX, count=1) is None


@pytest.mark.parametrize(
    ("environment", "flags", "expected"),
    [
        ({}, {"coordinator": "a:1", "count": 2, "index": 1}, Place("a:1", 2, 1)),
        (JAX, {}, Place("node1:8476", 2, 0)),
        (JAX, {"count": 3, "index": 2}, Place("node1:8476", 3, 2)),
        (SLURM, {}, Place("", 4, 3)),
        (SLURM, {"coordinator": "b:2"}, Place("b:2", 4, 3)),
        (OPEN_MPI | {"OMPI_MCA_orte_hnp_uri": "1.0;tcp://10.0.0.1:5"}, {}, Place("", 2, 1)),
        (OPEN_MPI, {"coordinator": "[::1]:3"}, Place("[::1]:3", 2, 1)),
        # `mpirun` in a job of SLURM.
        (SLURM | OPEN_MPI, {"coordinator": "a:1"}, Place("a:1", 2, 1)),
    ],
)
def test_places(environment, flags, expected):
    assert find(environment, **flags) == expected


@pytest.mark.parametrize(
    ("size", "more", "card"),
    [
        ("4", {}, 3),
        ("1", {}, None),
        ("4", {"JAX_LOCAL_DEVICE_IDS": "0"}, None),
        ("4", {"CUDA_VISIBLE_DEVICES": "3"}, 0),
        ("1", {"CUDA_VISIBLE_DEVICES": "3"}, 0),
        ("4", {"CUDA_VISIBLE_DEVICES": "0,1,2,3"}, 3),
    ],
)
def test_processes_of_open_mpi_on_one_computer_have_a_card_each(size, more, card, monkeypatch):
    local = {"OMPI_COMM_WORLD_LOCAL_SIZE": size, "OMPI_COMM_WORLD_LOCAL_RANK": "3"}
    place = find(OPEN_MPI | local | more, coordinator="a:1")
    assert place is not None
    assert place.card == card
    assert _asked_of_jax(place, monkeypatch) == (None if card is None else [card])


@pytest.mark.parametrize(
    ("more", "card"),
    [
        ({}, None),  # JAX takes the number of the task on its computer.
        ({"CUDA_VISIBLE_DEVICES": "0"}, 0),
        ({"ROCR_VISIBLE_DEVICES": "2"}, 0),
        ({"HIP_VISIBLE_DEVICES": "2"}, 0),
        ({"CUDA_VISIBLE_DEVICES": "MIG-4a1b"}, 0),
        ({"CUDA_VISIBLE_DEVICES": "0,1,2,3"}, None),
        ({"CUDA_VISIBLE_DEVICES": "0", "JAX_LOCAL_DEVICE_IDS": "0"}, None),
    ],
)
def test_a_task_of_slurm_that_sees_one_card_takes_it(more, card, monkeypatch):
    place = find(SLURM | more, coordinator="a:1")
    assert place == Place("a:1", 4, 3, card)
    assert _asked_of_jax(place, monkeypatch) == (None if card is None else [card])


def _asked_of_jax(place, monkeypatch):
    asked = []
    monkeypatch.setattr(jax.distributed, "initialize", lambda *_, **options: asked.append(options))
    connect(place, start_seconds=1.0)
    return asked[0]["local_device_ids"]


@pytest.mark.parametrize(
    ("environment", "flags", "message"),
    [
        ({}, {"count": 2, "index": 0}, "given together, .* got no `--coordinator`; add it"),
        ({}, {"coordinator": "a:1", "count": 2}, "got no `--process_index`"),
        ({}, {"index": 0}, "got no `--coordinator`"),
        ({"JAX_COORDINATOR_ADDRESS": "a:1"}, {}, "got no `--process_count`"),
        (OPEN_MPI, {}, "got no `--coordinator`"),  # that of version 5 tells no address
        ({}, {"coordinator": "a:1", "count": 2, "index": 2}, "less than `--process_count`, 2, got"),
        (
            {},
            {"coordinator": "a", "count": 2, "index": 0},
            "must be HOST:PORT of the first process",
        ),
        ({}, {"coordinator": "a:99999", "count": 2, "index": 0}, "must be HOST:PORT"),
        (JAX | {"JAX_PROCESS_ID": "x"}, {}, "`--process_index` must be a whole number, got `x`"),
    ],
)
def test_incomplete_and_contradictory_values(environment, flags, message):
    with pytest.raises(ValueError, match=message):
        find(environment, **flags)
