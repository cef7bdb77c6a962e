"""The flags by which several processes join one run, shared by the programs that train and test.

JAX is imported by the functions that need it, after the flags are parsed.
"""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable

from absl import flags

from superxception_jax.commands import Interrupted, run_command, run_guarded
from superxception_jax.training.hosts.cluster import Place, find_place

COORDINATOR = flags.DEFINE_string(
    "coordinator",
    "",
    "HOST:PORT of the first of several processes; default: as JAX_COORDINATOR_ADDRESS, SLURM, "
    "Open MPI or Cloud TPU say.",
)
COUNT = flags.DEFINE_integer(
    "process_count",
    0,
    "Number of processes that train or test together; 0: as JAX_NUM_PROCESSES or what started "
    "them says; 1: on its own, whatever started it.",
    lower_bound=0,
)
INDEX = flags.DEFINE_integer(
    "process_index",
    -1,
    "Number of this process, from 0; -1: as JAX_PROCESS_ID or what started it says.",
)
START_SECONDS = flags.DEFINE_float(
    "start_seconds", 120.0, "Seconds in which all processes must have started.", lower_bound=1.0
)
LOST_AFTER_SECONDS = flags.DEFINE_float(
    "lost_after_seconds",
    30.0,
    "Seconds without a sign of life after which a process counts as ended, and the others end.",
    lower_bound=3.0,
)


def find_flagged_place() -> Place | None:
    """Return the place of this process by the flags and the environment; None for a single one."""
    return find_place(
        coordinator=COORDINATOR.value,
        count=COUNT.value,
        index=INDEX.value,
        environment=os.environ,
    )


def check_single_process() -> None:
    """Raise in one of several processes, for the program of tables, which works in one.

    Raises:
        ValueError: Flags or the environment say that there are several.
    """
    place = find_flagged_place()
    if place is not None:
        raise ValueError(
            f"`launch/table.py` must run in a single process, got {place.count}; start each run "
            "with launch/main.py in all of them, as `srun python launch/main.py …`, and the table "
            "with --process_count=1 after it, with the same runs in --runs."
        )


def run_joined_command(main: Callable[[], None]) -> None:
    """Run a program as `commands.run_command` does, alone or together with others.

    Args:
        main: The program.

    Raises:
        SystemExit: As for `run_command`; a process that ends with an error ends the others too.
    """
    run_command(main, shared=[sys.modules[__name__]], guard=_guard)


def _guard(main: Callable[[], None]) -> None:
    from superxception_jax.training.hosts import processes

    problems: list[str] = []
    try:
        run_guarded(functools.partial(_join_and_run, main, problems))
    except SystemExit as stop:
        # Does nothing in a process that is alone or has left in order.
        processes.end_failed(int(stop.code or 0), problem=problems[-1] if problems else "stopped")
        raise
    except Exception as error:
        if processes.process_count() == 1:
            raise
        from jax.errors import JaxRuntimeError

        if isinstance(error, JaxRuntimeError):
            # Most likely another process has ended and took its connections along.
            processes.await_loss(LOST_AFTER_SECONDS.value + 5.0)
        traceback.print_exc()
        processes.end_failed(1, problem=problems[-1])


def _join_and_run(main: Callable[[], None], problems: list[str]) -> None:
    """Run a program between joining the others and leaving them."""
    from superxception_jax.training.hosts import processes

    try:
        place = find_flagged_place()
        if place is not None:
            processes.join(
                place,
                start_seconds=START_SECONDS.value,
                lost_after_seconds=LOST_AFTER_SECONDS.value,
            )
        main()
        processes.leave()
    except Interrupted as stop:
        # All processes have agreed on it; one says so.
        quiet = not processes.is_first()
        processes.leave()
        if quiet:
            sys.exit(stop.exit_status)
        raise
    except BaseException as error:
        problems.append((str(error).strip().splitlines() or [type(error).__name__])[0])
        raise
