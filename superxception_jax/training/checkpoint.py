"""The only place that uses orbax: the latest and the best state of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from superxception_jax.training.state import TrainState

LATEST, BEST = "latest", "best"


class Checkpoints:
    """The latest and the best checkpoint of a run, each in a folder of its own.

    Two folders, because one retention rule for both can delete the newest one.
    Beside the state each holds `progress`, a dict of JSON values.
    """

    def __init__(self, directory: Path) -> None:
        """Open the checkpoints of a run.

        Args:
            directory: made if absent.
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

    def step(self, kind: str) -> int | None:
        """Return the step of the latest or the best checkpoint, None if there is none."""
        return self._managers[kind].latest_step()

    def save(self, kind: str, state: TrainState, *, progress: dict[str, Any]) -> None:
        """Write a checkpoint; the older one of the kind goes after the new one is complete.

        Args:
            kind: `latest` or `best`.
            state: what to write.
            progress: JSON values, for example the best validation loss so far.

        Raises:
            RuntimeError: nothing was written.
        """
        manager, step = self._managers[kind], int(state.step)
        if manager.latest_step() == step:
            # A run that was killed between two savings repeats the same step exactly.
            return
        if (manager.latest_step() or 0) > step:
            manager.delete(manager.latest_step())
        items = ocp.args.Composite(
            state=ocp.args.StandardSave(state), progress=ocp.args.JsonSave(progress)
        )
        if not manager.save(step, args=items, force=True):
            raise RuntimeError(
                f"the {kind} checkpoint of step {step} was not written; check the disk."
            )

    def load(self, kind: str, like: TrainState) -> TrainState:
        """Read a checkpoint onto the devices and shardings of another state.

        Args:
            kind: `latest` or `best`.
            like: the same shapes with the shardings that shall hold the result; abstract
                arrays do, so a checkpoint from eight devices opens on one.

        Returns:
            The state.

        Raises:
            FileNotFoundError: there is no such checkpoint.
            ValueError: it belongs to a network of other shapes.
        """
        manager, step = self._managers[kind], self._existing_step(kind)
        metadata = jax.tree.leaves(manager.item_metadata(step)["state"].tree)
        stored = {leaf.name: _signature(leaf) for leaf in metadata}
        expected = {
            jax.tree_util.keystr(path, simple=True, separator="."): _signature(leaf)
            for path, leaf in jax.tree_util.tree_leaves_with_path(like)
        }
        # Compared here, because orbax casts a dtype that differs without a word.
        wrong = sorted(name for name in stored | expected if stored.get(name) != expected.get(name))
        if wrong:
            name = wrong[0]
            raise ValueError(
                f"`{manager.directory}` must hold the network of the given config, but {len(wrong)}"
                f" arrays differ, such as `{name}`: stored {stored.get(name, 'absent')}, expected "
                f"{expected.get(name, 'absent')}; restore it with the config of its run."
            )
        args = ocp.args.Composite(state=ocp.args.StandardRestore(like))
        return manager.restore(step, args=args)["state"]

    def progress(self, kind: str) -> dict[str, Any]:
        """Read the JSON values that were saved beside a checkpoint.

        Args:
            kind: `latest` or `best`.

        Returns:
            The values.

        Raises:
            FileNotFoundError: there is no such checkpoint.
        """
        args = ocp.args.Composite(progress=ocp.args.JsonRestore())
        return self._managers[kind].restore(self._existing_step(kind), args=args)["progress"]

    def close(self) -> None:
        """Finish writing."""
        for manager in self._managers.values():
            manager.close()

    def _existing_step(self, kind: str) -> int:
        step = self.step(kind)
        if step is None:
            raise FileNotFoundError(
                f"no {kind} checkpoint in `{self._managers[kind].directory}`; train the run first."
            )
        return step


def _signature(array: Any) -> str:
    return f"{array.dtype}{list(array.shape)}"
