"""A trace of a few training steps, for TensorBoard and Perfetto."""

from __future__ import annotations

from pathlib import Path

import jax

# The first steps after a start compile, fill caches, and open files.
WARM_UP_STEPS = 5
TRACED_STEPS = 5


class StepTrace:
    """Records some steps of a training once it runs steadily; call it after every step.

    Attributes:
        is_written: Whether the trace is complete.
    """

    def __init__(self, folder: Path) -> None:
        """Record nothing yet.

        Args:
            folder: Folder of the trace; made when the recording starts.
        """
        self.is_written = False
        self._folder = folder
        self._steps = 0

    def __call__(self, _done: int) -> None:
        """Start or end the recording, if it is time."""
        self._steps += 1
        if self._steps == WARM_UP_STEPS:
            jax.profiler.start_trace(self._folder, create_perfetto_trace=True)
        elif self._steps == WARM_UP_STEPS + TRACED_STEPS:
            self._write()

    def close(self) -> str:
        """End a recording that the training has left open, and return what came of it."""
        if WARM_UP_STEPS <= self._steps < WARM_UP_STEPS + TRACED_STEPS:
            self._write()
        if not self.is_written:
            return f"no trace was written: it begins after {WARM_UP_STEPS} steps, got {self._steps}"
        traced = min(self._steps - WARM_UP_STEPS, TRACED_STEPS)
        return f"trace of {traced} steps in {self._folder}"

    def _write(self) -> None:
        jax.profiler.stop_trace()
        self.is_written = True
