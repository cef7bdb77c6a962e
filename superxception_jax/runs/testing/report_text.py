"""What a report says in the terminal: its results in a few lines, and the parts that failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from superxception_jax.karyotyping.iscn import COMPLETE_CELL
from superxception_jax.runs.results import RunResults
from superxception_jax.runs.testing.source_metrics import SourceMetrics

Part = TypeVar("Part")


class Attempts:
    """The parts of a report that may fail without the others; their errors are raised at the end.

    Attributes:
        failures: Name and error of each part that failed.
    """

    def __init__(self) -> None:
        """Begin without failures."""
        self.failures: list[tuple[str, Exception]] = []

    def attempt(self, name: str, make: Callable[[], Part]) -> Part | None:
        """Return what a function makes; None if it fails, which is kept for `raise_failures`.

        Args:
            name: Name of the part, for the message.
            make: The function.
        """
        try:
            return make()
        except Exception as error:  # Whatever it is: the other parts are worth having.
            self.failures.append((name, error))
            return None

    def raise_failures(self, again: str) -> None:
        """Raise one error that names all parts that failed, if there are any.

        Args:
            again: Command that makes them again.

        Raises:
            ValueError: A part failed.
        """
        if not self.failures:
            return
        reasons = "; ".join(
            f"`{name}` failed ({str(error) or type(error).__name__})"
            for name, error in self.failures
        )
        raise ValueError(
            f"the report must be complete, got all of it but these parts: {reasons}. Results and "
            f"predictions are written; make the rest again with {again}"
        ) from self.failures[0][1]


def _in_short(metrics: SourceMetrics) -> str:
    text = f"{metrics.accuracy:.2%} of {metrics.images:,} images"
    if metrics.cells is not None:
        text += f", {metrics.cells.accuracy:.2%} assigned in {metrics.cells.cells} cells"
    return text


def summarize_results(results: RunResults) -> str:
    """Return the results for the terminal, each number with what it rests on.

    Args:
        results: Results of a split.
    """
    macro_f1 = f"macro-F1 {results.macro_f1:.4f}"
    if results.absent_classes:
        macro_f1 += f" (no image of class {', '.join(results.absent_classes)})"
    interval = results.accuracy_interval
    level = f"{results.confidence_level:.0%} interval " if interval.ends else ""
    lines = [
        f"{results.split} accuracy {results.accuracy:.2%} ({level}{interval.describe()}), "
        f"{macro_f1}, {results.images:,} images"
    ]
    if (cells := results.cells) is not None:
        interval = cells.accuracy_interval
        correct = round(cells.fully_correct * cells.cells)
        lines.append(
            f"{results.split} accuracy {cells.accuracy:.2%} after the assignment of whole cells "
            f"({level}{interval.describe()}), {correct} of {cells.cells} cells fully correct"
        )
        if cells.parts:
            lines.append(
                f"{cells.parts} of {cells.cells} cells don't have the {COMPLETE_CELL[0]} to "
                f"{COMPLETE_CELL[-1]} images of a complete cell"
            )
    for name, one in results.sources.items():
        lines.append(f"  {name}: {_in_short(one)}")
    if results.start is not None:
        lines.append(
            f"before the training: {_in_short(results.start)}"
            + ("; no epoch improved on it, so it is kept" if not results.progress.best_step else "")
        )
    if results.cells_withheld:
        lines.append(f"whole cells are not assigned: {results.cells_withheld}")
    if not results.polarity:
        lines.append(f"orientation is {results.orientation}")
    return "\n".join(lines)
