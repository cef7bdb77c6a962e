"""Which of how many processes this one is, by flags or by what has started it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

# Variables that JAX names, in the order of the flags.
_VARIABLES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
_FLAGS = ("--coordinator", "--process_count", "--process_index")
# Number of processes and number of this one, as `srun` and `mpirun` give them to what they start;
# the script of a SLURM job itself has only one process, and no first of these variables. Within a
# job `mpirun` starts its helpers on other hosts by `srun`, and what they start inherits the places
# of the helpers; JAX asks Open MPI first, too.
_LAUNCHERS = {
    "Open MPI": ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    "SLURM": ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),
}
_VISIBLE = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
# Only up to Open MPI 4.
_OPEN_MPI_ADDRESS = "OMPI_MCA_orte_hnp_uri"


@dataclass(frozen=True)
class Place:
    """The place of a process among those of a run.

    Attributes:
        coordinator: `HOST:PORT` of the first process; empty where JAX finds it itself.
        count: Number of processes, at least 2.
        index: Number of this one, from 0.
        card: Number, among the GPUs that it sees, of the one that is this one's alone; None: as
            JAX decides.
    """

    coordinator: str
    count: int
    index: int
    card: int | None = None

    @property
    def port(self) -> int:
        """Return the port of the coordinator."""
        return int(self.coordinator.rpartition(":")[2])

    def __str__(self) -> str:
        """Return the name of the process in messages.

        >>> str(Place("", 4, 2))
        'process 2 of 4'
        """
        return name_process(self.index, self.count)


def name_process(index: int, count: int) -> str:
    """Return the name of a process in messages, the first one as 0."""
    return f"process {index} of {count}"


def find_place(
    *, coordinator: str, count: int, index: int, environment: Mapping[str, str]
) -> Place | None:
    """Return the place of this process, each value from its flag, JAX's variable or the launcher.

    Args:
        coordinator: `HOST:PORT` of process 0; empty if no flag gives it.
        count: Number of processes; 0 if no flag gives it.
        index: Number of this process, from 0; -1 if no flag gives it.
        environment: Environment variables.

    Returns:
        The place; None for a single process.

    Raises:
        ValueError: A value is missing or invalid.
    """
    flags = (coordinator, str(count) if count else "", str(index) if index >= 0 else "")
    if count == 1 or (not count and environment.get(_VARIABLES[1]) == "1"):
        return None
    given = [
        flag or environment.get(variable, "")
        for flag, variable in zip(flags, _VARIABLES, strict=True)
    ]
    launched = _find_launched(environment)
    if launched is not None:
        given = [one or other for one, other in zip(given, ("", *launched[1:]), strict=True)]
    elif not any(given):
        return _find_tpu_worker()
    missing = [flag for flag, text in zip(_FLAGS, given, strict=True) if not text]
    if missing == [_FLAGS[0]] and launched and _address_is_known(launched[0], environment):
        missing = []
    if missing:
        raise ValueError(
            f"{', '.join(f'`{flag}`' for flag in _FLAGS)} must be given together, or the variables "
            f"{', '.join(_VARIABLES)}, got no `{missing[0]}`; add it, or leave all out for a "
            "single process."
        )
    place = _check(*given)
    if launched:
        return dataclasses.replace(place, card=_find_card(launched[0], environment))
    return place


def _find_card(launcher: str, environment: Mapping[str, str]) -> int | None:
    """Return the GPU of a process of several, where JAX doesn't find it."""
    if "JAX_LOCAL_DEVICE_IDS" in environment:
        return None
    # Who lets each process see one card has chosen it, and it is the first that is seen. JAX would
    # take the number of the process on its computer.
    if any(len(environment.get(name, ",").split(",")) == 1 for name in _VISIBLE):
        return 0
    if launcher == "SLURM":
        return None
    # JAX asks only Open MPI 4.
    size, rank = (environment.get(f"OMPI_COMM_WORLD_LOCAL_{one}", "") for one in ("SIZE", "RANK"))
    if not (size.isdecimal() and rank.isdecimal()):
        return None
    return int(rank) if int(size) > 1 else None


def _find_launched(environment: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return the launcher of several processes, their number and that of this one."""
    for launcher, names in _LAUNCHERS.items():
        count, index = (environment.get(name, "") for name in names)
        if count.isdecimal() and int(count) > 1 and index:
            return launcher, count, index
    return None


def _address_is_known(launcher: str, environment: Mapping[str, str]) -> bool:
    return launcher == "SLURM" or _OPEN_MPI_ADDRESS in environment


def _find_tpu_worker() -> Place | None:
    """Return the place of a worker of a TPU slice of several; None on anything else."""
    # Private, because JAX tells the number of workers to no one before all are connected.
    from jax._src import cloud_tpu_init, clusters
    from jax._src.clusters.cloud_tpu_cluster import BaseTpuCluster

    if not cloud_tpu_init.running_in_cloud_tpu_vm:
        return None
    for kind in clusters.ClusterEnv._cluster_types:
        if issubclass(kind, BaseTpuCluster) and kind.is_env_present():
            count = kind.get_process_count()
            return Place("", count, kind.get_process_id()) if count > 1 else None
    return None


def _check(coordinator: str, count: str, index: str) -> Place:
    for flag, text in ((_FLAGS[1], count), (_FLAGS[2], index)):
        if not text.isdecimal():
            raise ValueError(f"`{flag}` must be a whole number, got `{text}`; correct it.")
    place = Place(coordinator, int(count), int(index))
    if not place.index < place.count:
        raise ValueError(
            f"`{_FLAGS[2]}` must be less than `{_FLAGS[1]}`, {place.count}, got {place.index}; "
            "the first process is 0."
        )
    host, _, port = coordinator.rpartition(":")
    if coordinator and not (host and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise ValueError(
            f"`{_FLAGS[0]}` must be HOST:PORT of the first process, got `{coordinator}`; choose a "
            "free port, such as node1:8476."
        )
    return place
