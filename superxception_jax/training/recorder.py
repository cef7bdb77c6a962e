"""Metrics of a running training: progress bar, metrics.jsonl and TensorBoard."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorboardX
from tqdm import tqdm

from superxception_jax.files import write_text

METRICS_FILE = "metrics.jsonl"
TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True)
class MetricsEntry:
    """A line of `metrics.jsonl`.

    Attributes:
        kind: `train` (means since the entry before) or `validation`.
        step: Number of finished steps.
        metrics: Values by name: `loss` and `accuracy`; in training also `gradient_norm` and
            `images_per_second`.
    """

    kind: str
    step: int
    metrics: Mapping[str, float]

    def to_line(self) -> str:
        """Return the entry as a line of JSON, without its line end."""
        return json.dumps({"kind": self.kind, "step": self.step, **self.metrics})

    @classmethod
    def from_line(cls, line: str) -> MetricsEntry:
        """Return the entry that `to_line` wrote."""
        values = json.loads(line)
        return cls(kind=values.pop("kind"), step=values.pop("step"), metrics=values)


class Recorder:
    """Writes metrics to the progress bar, to JSON lines and to TensorBoard events."""

    def __init__(
        self, workdir: Path, *, first_step: int, total_steps: int, batch_size: int
    ) -> None:
        """Open the files of a run and drop the lines after the step that it resumes from.

        Args:
            workdir: Run folder.
            first_step: Number of finished steps; later lines of an interrupted run are dropped.
            total_steps: Number of steps of the whole run.
            batch_size: Images per step.
        """
        self._batch_size = batch_size
        self._path = workdir / METRICS_FILE
        kept = [entry for entry in load_metrics(workdir) if entry.step <= first_step]
        write_text(self._path, "".join(entry.to_line() + "\n" for entry in kept))
        self._file = self._path.open("a", encoding="utf-8")
        # purge_step also hides the dropped steps in TensorBoard.
        self._events = tensorboardX.SummaryWriter(
            str(workdir / "tensorboard"), purge_step=first_step + 1 if first_step else None
        )
        self._bar = tqdm(
            total=total_steps * batch_size,
            initial=first_step * batch_size,
            desc="training",
            unit=" images",
            unit_scale=True,
            dynamic_ncols=True,
            mininterval=0.5,
        )
        self._shown: dict[str, str] = {}

    def advance(self) -> None:
        """Move the bar by one step."""
        self._bar.update(self._batch_size)

    def record(self, kind: str, step: int, metrics: Mapping[str, float]) -> None:
        """Write metrics.

        Args:
            kind: `train` or `validation`.
            step: Number of finished steps.
            metrics: Values by name.
        """
        self._file.write(MetricsEntry(kind, step, metrics).to_line() + "\n")
        self._file.flush()
        for name, value in metrics.items():
            self._events.add_scalar(f"{kind}/{name}", value, step)
        self._shown |= {
            f"{kind} loss": f"{metrics['loss']:.3f}",
            f"{kind} acc": f"{metrics['accuracy']:.1%}",
        }
        self._bar.set_postfix(self._shown)

    def close(self) -> None:
        """Close the files and the bar."""
        self._bar.close()
        self._file.close()
        self._events.close()


def load_metrics(workdir: Path) -> list[MetricsEntry]:
    """Return the metrics of a run so far, in the order in which they were recorded.

    Args:
        workdir: Run folder.

    Returns:
        The entries; empty if there is no file. A last line that a killed run left incomplete is
        ignored.
    """
    path = workdir / METRICS_FILE
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    # Anything after the last line end is an incomplete line of a killed run.
    lines = text[: text.rfind("\n") + 1].splitlines()
    return [MetricsEntry.from_line(line) for line in lines if line]


def training_speeds(entries: Sequence[MetricsEntry]) -> list[float]:
    """Return the images per second of all training entries, in their order."""
    return [entry.metrics["images_per_second"] for entry in entries if entry.kind == TRAIN]
