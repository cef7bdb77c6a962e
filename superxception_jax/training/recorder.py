"""Metrics of a running training: progress bar, metrics.jsonl and TensorBoard."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tensorboardX
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tqdm import tqdm

from superxception_jax.files import damaged, write_text

METRICS_FILE = "metrics.jsonl"
PRETRAINING_FOLDER = "pretraining"  # of a run folder, with the metrics of a pretraining
TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True)
class MetricsEntry:
    """A line of `metrics.jsonl`.

    Attributes:
        kind: `train` (means since the entry before) or `validation`.
        step: Number of finished steps.
        metrics: Values by name: `loss` and `accuracy`; in training also `gradient_norm`,
            `images_per_second` and, where the peak of the devices is known,
            `model_flop_utilization`.
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
        self, workdir: Path, *, resumed_step: int | None, total_steps: int, batch_size: int
    ) -> None:
        """Open the files of a run and drop the lines after the step that it resumes from.

        Args:
            workdir: Run folder.
            resumed_step: Step of the checkpoint that the run resumes from; later lines of an
                interrupted run are dropped. None for none: all lines are, also that of a start
                that was validated and not saved.
            total_steps: Number of steps of the whole run.
            batch_size: Images per step.
        """
        self._batch_size = batch_size
        self._path = workdir / METRICS_FILE
        dropped_step = 0 if resumed_step is None else resumed_step + 1
        kept = [entry for entry in load_metrics(workdir) if entry.step < dropped_step]
        write_text(self._path, "".join(entry.to_line() + "\n" for entry in kept))
        self._file = self._path.open("a", encoding="utf-8")
        self._events = _Events(workdir / "tensorboard", dropped_step=dropped_step)
        self._bar = tqdm(
            total=total_steps * batch_size,
            initial=(resumed_step or 0) * batch_size,
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
        try:
            self._file.write(MetricsEntry(kind, step, metrics).to_line() + "\n")
            self._file.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self._events.add({f"{kind}/{name}": value for name, value in metrics.items()}, step)
        self._shown |= {
            f"{kind} loss": f"{metrics['loss']:.3f}",
            f"{kind} acc": f"{metrics['accuracy']:.1%}",
        }
        if "model_flop_utilization" in metrics:
            self._shown["utilisation"] = f"{metrics['model_flop_utilization']:.1%}"
        self._bar.set_postfix(self._shown)

    def close(self) -> None:
        """Close the files and the bar."""
        self._bar.close()
        for file in (self._file, self._events):
            # What a full disk did not take has been reported already.
            with contextlib.suppress(OSError):
                file.close()


class SilentRecorder:
    """Records nothing, in all processes but the first; for the methods see `Recorder`."""

    def advance(self) -> None:
        """Do nothing."""

    def record(self, kind: str, step: int, metrics: Mapping[str, float]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


AnyRecorder = Recorder | SilentRecorder


class _Events:
    """Writes TensorBoard events at once.

    The writer of tensorboardX writes in a thread; when that ends, at a full disk, the training
    waits for it for ever.
    """

    def __init__(self, folder: Path, *, dropped_step: int) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        has_events = any(folder.iterdir())
        self._writer = EventsWriter(str(folder / "events"))
        if has_events:
            # Hides the dropped steps of an interrupted run in TensorBoard.
            self._write(Event(step=dropped_step, file_version="brain.Event:2"))
            start = SessionLog(status=SessionLog.START)
            self._write(Event(step=dropped_step, session_log=start))

    def add(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._write(Event(step=step, summary=tensorboardX.summary.scalar(name, value)))
        self._flush()

    def close(self) -> None:
        self._writer.close()

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        with self._naming_folder():
            self._writer.write_event(event)

    def _flush(self) -> None:
        with self._naming_folder():
            self._writer.flush()

    @contextlib.contextmanager
    def _naming_folder(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._folder)) from error


def load_metrics(workdir: Path) -> list[MetricsEntry]:
    """Return the metrics of a run so far, in the order in which they were recorded.

    Args:
        workdir: Run folder.

    Returns:
        The entries; empty if there is no file. A last line that a killed run left incomplete is
        ignored.

    Raises:
        ValueError: Another line is damaged.
    """
    path = workdir / METRICS_FILE
    if not path.exists():
        return []
    content = path.read_bytes()
    # Anything after the last line end is an incomplete line of a killed run, and so are the zeros
    # that a loss of power leaves at the end of a file.
    lines = content[: content.rfind(b"\n") + 1].split(b"\n")
    return [_load_entry(path, number, line) for number, line in enumerate(lines, 1) if line]


def _load_entry(path: Path, number: int, line: bytes) -> MetricsEntry:
    try:
        return MetricsEntry.from_line(line.decode())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(
            path,
            f"line {number}: {error}",
            content="the metrics of a run, one JSON object a line",
            remedy="delete that line, or restore the file from a copy",
        ) from error


def training_speeds(entries: Sequence[MetricsEntry]) -> list[float]:
    """Return the images per second of all training entries, in their order."""
    return [entry.metrics["images_per_second"] for entry in entries if entry.kind == TRAIN]
