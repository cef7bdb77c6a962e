"""Checkpoints: the latest and the best state of a run; the only use of orbax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jax
import orbax.checkpoint as ocp

from superxception_jax.training.progress import Progress
from superxception_jax.training.state import TrainState

LATEST, BEST = "latest", "best"


class Checkpoints:
    """The latest and the best checkpoint of a run, each in a folder of its own.

    There are two folders because a single retention rule for both can delete the newest one.
    Next to the state each checkpoint holds the progress of the training. A context manager:
    leaving the block closes the files.

    Methods that read a checkpoint raise `FileNotFoundError` if there is none of its kind, and
    `ValueError` if its arrays differ in name, shape or dtype from the expected ones.
    """

    def __init__(self, directory: Path) -> None:
        """Open the checkpoints of a run.

        Args:
            directory: Folder of the checkpoints, created if absent.
        """
        options = ocp.CheckpointManagerOptions(max_to_keep=1, enable_async_checkpointing=False)
        self._managers = {
            kind: ocp.CheckpointManager(
                directory.absolute() / kind,
                options=options,
                item_handlers={
                    "state": ocp.StandardCheckpointHandler(),
                    "progress": ocp.JsonCheckpointHandler(),
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
            RuntimeError: Nothing was written.
        """
        manager, step = self._managers[kind], int(state.step)
        if manager.latest_step() == step:
            # A run killed between its two checkpoints repeats the same step exactly.
            return
        if (manager.latest_step() or 0) > step:
            manager.delete(manager.latest_step())
        items = ocp.args.Composite(
            state=ocp.args.StandardSave(state),
            progress=ocp.args.JsonSave(progress.to_json()),
        )
        if not manager.save(step, args=items, force=True):
            raise RuntimeError(
                f"the {kind} checkpoint of step {step} was not written; check the disk."
            )

    def load(self, kind: str, like: TrainState) -> TrainState:
        """Load a whole state, from which a training can resume.

        Args:
            kind: `latest` or `best`.
            like: Arrays or abstract arrays with the expected shapes and with the shardings of the
                result, so that a checkpoint from eight devices opens on one.

        Returns:
            The state.
        """
        manager, step = self._managers[kind], self._existing_step(kind)
        self._check_arrays(kind, step, like, parts={field.name for field in fields(like)})
        args = ocp.args.Composite(state=ocp.args.StandardRestore(like))
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
        manager, step = self._managers[kind], self._existing_step(kind)
        self._check_arrays(kind, step, like, parts=set(like))
        args = ocp.args.PyTreeRestore(
            dict(like),
            restore_args=ocp.checkpoint_utils.construct_restore_args(dict(like)),
            partial_restore=True,
        )
        # The manager's own handler restores whole trees only.
        with ocp.PyTreeCheckpointer() as reader:
            return reader.restore(manager.directory / str(step) / "state", args=args)

    def progress(self, kind: str) -> Progress:
        """Load the progress of the training up to a checkpoint.

        Args:
            kind: `latest` or `best`.

        Returns:
            The progress.
        """
        args = ocp.args.Composite(progress=ocp.args.JsonRestore())
        values = self._managers[kind].restore(self._existing_step(kind), args=args)["progress"]
        return Progress.from_json(values)

    def _existing_step(self, kind: str) -> int:
        step = self.step(kind)
        if step is None:
            raise FileNotFoundError(
                f"no {kind} checkpoint in `{self._managers[kind].directory}`; train the run first."
            )
        return step

    def _check_arrays(self, kind: str, step: int, like: Any, *, parts: set[str]) -> None:
        """Compare the stored arrays with the expected ones: orbax casts dtypes silently."""
        manager = self._managers[kind]
        expected = {
            jax.tree_util.keystr(path, simple=True, separator="."): _signature(leaf)
            for path, leaf in jax.tree_util.tree_leaves_with_path(like)
        }
        stored = {
            leaf.name: _signature(leaf)
            for leaf in jax.tree.leaves(manager.item_metadata(step)["state"].tree)
            if leaf.name.partition(".")[0] in parts
        }
        wrong = sorted(name for name in stored | expected if stored.get(name) != expected.get(name))
        if wrong:
            name = wrong[0]
            raise ValueError(
                f"`{manager.directory}` must hold the network of the given config, but {len(wrong)}"
                f" arrays differ, such as `{name}`: stored {stored.get(name, 'absent')}, expected "
                f"{expected.get(name, 'absent')}; restore it with the config of its run."
            )


def _signature(array: Any) -> str:
    return f"{array.dtype}{list(array.shape)}"
