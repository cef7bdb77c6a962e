"""Checkpoints: the latest and the best state of a run; the only use of orbax."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orbax.checkpoint as ocp

from superxception_jax.training.checkpoint_files import (
    DamagedCheckpointError,
    OtherNetworkError,
    check_arrays,
    check_step_files,
    damaged_checkpoint,
    delete_incomplete,
    failed_save,
    last_set_aside,
    lost_checkpoints,
    problem_of,
    quiet_failures,
    set_aside,
)
from superxception_jax.training.progress import Progress
from superxception_jax.training.state import TrainState

LATEST, BEST = "latest", "best"
Loaded = tuple[TrainState, Progress]
# Of several processes, only the first uses orbax, which then doesn't wait for the others; see
# `checkpoint_sharing`.
_ALONE: dict[str, Any] = {
    "multiprocessing_options": ocp.options.MultiprocessingOptions(
        primary_host=0, active_processes={0}, barrier_sync_key_prefix="first"
    )
}


class Checkpoints:
    """The latest and the best checkpoint of a run, each in a folder of its own.

    There are two folders because a single retention rule for both can delete the newest one.
    Next to the state each checkpoint holds the progress of the training. A context manager:
    leaving the block closes the files.

    Methods that read a checkpoint raise `FileNotFoundError` if there is none of its kind,
    `DamagedCheckpointError` if it can't be read, and `ValueError` if its arrays differ in name,
    shape or dtype from the expected ones.
    """

    def __init__(self, directory: Path) -> None:
        """Open the checkpoints of a run.

        Args:
            directory: Folder of the checkpoints, created if absent.

        Raises:
            ValueError: A file has the name of one of the folders.
        """
        self._directory = directory.absolute()
        for path in (self._directory, self._directory / LATEST, self._directory / BEST):
            if path.exists() and not path.is_dir():
                raise ValueError(
                    f"`{path}` must be a folder of checkpoints, got a file; move it away."
                )
        for kind in (LATEST, BEST):
            (self._directory / kind).mkdir(parents=True, exist_ok=True)
        options = ocp.CheckpointManagerOptions(
            max_to_keep=1, enable_async_checkpointing=False, create=False, **_ALONE
        )
        self._managers = {
            kind: ocp.CheckpointManager(
                self._directory / kind,
                options=options,
                item_handlers={
                    "state": ocp.StandardCheckpointHandler(**_ALONE),
                    "progress": ocp.JsonCheckpointHandler(**_ALONE),
                },
            )
            for kind in (LATEST, BEST)
        }

    def __enter__(self) -> Self:
        """Return the checkpoints."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish writing."""
        for manager in self._managers.values():
            manager.close()

    def step(self, kind: str) -> int | None:
        """Return the step of the latest or the best checkpoint, None if there is none."""
        return self._managers[kind].latest_step()

    def save(self, kind: str, state: TrainState, *, progress: Progress) -> None:
        """Write a checkpoint; the previous one of its kind is deleted once this one is complete.

        Args:
            kind: `latest` or `best`.
            state: State to save.
            progress: Progress of the training up to this state.

        Raises:
            OSError: It can't be written, for example because the disk is full; the previous one
                is kept.
        """
        manager, step = self._managers[kind], int(state.step)
        if manager.latest_step() == step:
            # A run killed between its two checkpoints repeats the same step, on a CPU exactly. To
            # delete the first result would leave a run that is stopped here without best weights.
            return
        if (manager.latest_step() or 0) > step:
            manager.delete(manager.latest_step())
        items = ocp.args.Composite(
            state=ocp.args.StandardSave(state),
            progress=ocp.args.JsonSave(progress.to_json()),
        )
        try:
            with quiet_failures():
                written = manager.save(step, args=items, force=True)
        except Exception as error:  # A full disk raises what the writer of each file raises.
            delete_incomplete(Path(manager.directory))
            raise failed_save(manager.directory / str(step), error) from error
        if not written:
            raise failed_save(manager.directory / str(step), None)

    def load(self, kind: str, like: TrainState) -> TrainState:
        """Load a whole state, from which a training can resume.

        Args:
            kind: `latest` or `best`.
            like: Arrays or abstract arrays with the expected shapes and with the shardings of the
                result, so that a checkpoint from eight devices opens on one.

        Returns:
            The state.
        """
        manager = self._managers[kind]
        args = ocp.args.Composite(state=ocp.args.StandardRestore(like))
        with self._reading(kind) as step:
            self._check(kind, step, like, parts={field.name for field in fields(like)})
            return manager.restore(step, args=args)["state"]

    def load_variables(self, kind: str, like: Mapping[str, Any]) -> dict[str, Any]:
        """Load the variables of the network alone, without the state of the optimiser.

        Args:
            kind: `latest` or `best`.
            like: `params` and `batch_stats` as abstract arrays with the expected shapes and with
                the shardings of the result.

        Returns:
            `params` and `batch_stats`.
        """
        manager = self._managers[kind]
        args = ocp.args.PyTreeRestore(
            dict(like),
            restore_args=ocp.checkpoint_utils.construct_restore_args(dict(like)),
            partial_restore=True,
        )
        # The manager's own handler restores whole trees only.
        handler = ocp.PyTreeCheckpointHandler(**_ALONE)
        with self._reading(kind) as step, ocp.Checkpointer(handler, **_ALONE) as reader:
            self._check(kind, step, like, parts=set(like))
            return reader.restore(manager.directory / str(step) / "state", args=args)

    def progress(self, kind: str) -> Progress:
        """Load the progress of the training up to a checkpoint.

        Args:
            kind: `latest` or `best`.

        Returns:
            The progress.
        """
        args = ocp.args.Composite(progress=ocp.args.JsonRestore())
        with self._reading(kind) as step:
            values = self._managers[kind].restore(step, args=args)["progress"]
            return Progress.from_json(values)

    def mend(self, like: TrainState, *, kept: str) -> str:
        """Replace a damaged or missing checkpoint by the other one where nothing changes by it.

        Incomplete ones of a killed process are deleted: only the process that trains may call it.

        The best checkpoint is as good a start as the latest one, as the steps after it are then
        trained again, on a CPU with the same result. The latest one stands in for the best only if
        both are of the same step. A best one beyond the latest is written again on the way, and so
        is each one where the last weights are kept.

        Args:
            like: As for `load`.
            kept: Weights that the best checkpoint holds, see `LoopSettings`.

        Returns:
            A sentence about what was replaced; empty if both are sound, or if there are none yet.

        Raises:
            DamagedCheckpointError: The other checkpoint can't stand in.
            ValueError: The arrays of one differ from the expected ones.
        """
        for kind in (LATEST, BEST):
            delete_incomplete(self._directory / kind)
        latest, best = self._try_to_load(LATEST, like), self._try_to_load(BEST, like)
        steps = (self.step(kind) for kind in (LATEST, BEST))
        latest_step, best_step = (-1 if step is None else step for step in steps)
        if isinstance(best, Exception):
            if isinstance(latest, DamagedCheckpointError):
                raise lost_checkpoints(self._directory, problem_of(latest), problem_of(best))
            if best_step > latest_step:
                self._set_aside(BEST)
                return f"warning: {problem_of(best)} The steps up to it are trained again."
            if isinstance(latest, Exception) or (
                best_step < 0 and last_set_aside(self._directory, BEST) > latest_step
            ):
                return ""  # Neither is there yet, or an earlier start has said what is above.
        elif isinstance(latest, Exception):
            self._replace(LATEST, best)
            return (
                f"warning: {problem_of(latest)} Training goes on from the best checkpoint, of step "
                f"{best_step}; the steps after it are trained again, with the same result on a CPU."
            )
        assert not isinstance(latest, Exception), "handled above"
        return self._mend_best(latest, best, kept=kept)

    def _mend_best(self, latest: Loaded, best: Loaded | Exception, *, kept: str) -> str:
        best_step = latest[1].best_step
        problem = f"`{self._directory / BEST}` holds step {self.step(BEST)}."
        if isinstance(best, Exception):
            problem = problem_of(best)
        if latest[1].is_unjudged or (
            not isinstance(best, Exception) and (self.step(BEST) or 0) >= best_step
        ):
            return ""
        if best_step != self.step(LATEST):
            if kept == "last":  # What it holds is never read before it is written again.
                if not isinstance(best, DamagedCheckpointError):
                    return ""
                self._set_aside(BEST)
                return f"warning: {problem} It is written again at the end of the epoch."
            sound = f"The latest checkpoint, of step {self.step(LATEST)}, is sound, but the best"
            raise lost_checkpoints(
                self._directory, problem, f"{sound} was that of step {best_step}."
            )
        self._replace(BEST, latest)
        return (
            f"warning: {problem} The latest checkpoint is of the best step, {best_step}, and takes "
            "its place."
        )

    def _try_to_load(
        self, kind: str, like: TrainState
    ) -> Loaded | DamagedCheckpointError | FileNotFoundError:
        try:
            return self.load(kind, like), self.progress(kind)
        except (DamagedCheckpointError, FileNotFoundError) as error:
            return error

    def _replace(self, kind: str, other: Loaded) -> None:
        self._set_aside(kind)
        self.save(kind, other[0], progress=other[1])

    def _set_aside(self, kind: str) -> None:
        step = self.step(kind)
        if step is not None:
            set_aside(self._directory, kind, step)
            self._managers[kind].reload()

    @contextlib.contextmanager
    def _reading(self, kind: str) -> Iterator[int]:
        """Yield the step of a checkpoint; what fails inside becomes one sentence about it."""
        step, directory = self.step(kind), self._managers[kind].directory
        if step is None:
            raise FileNotFoundError(f"no {kind} checkpoint in `{directory}`; train the run first.")
        folder = Path(directory) / str(step)
        try:
            check_step_files(folder)
        except ValueError as error:
            raise damaged_checkpoint(folder, error) from error
        try:
            with quiet_failures():
                yield step
        except (OtherNetworkError, MemoryError):
            raise
        except Exception as error:  # A damaged file raises what its reader raises.
            raise damaged_checkpoint(folder, error) from error

    def _check(self, kind: str, step: int, like: Any, *, parts: set[str]) -> None:
        manager = self._managers[kind]
        stored = manager.item_metadata(step)["state"].tree
        check_arrays(Path(manager.directory), stored, like, parts=parts)
