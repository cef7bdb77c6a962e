"""What a table keeps of finished runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from superxception_jax.evaluation.statistics import Interval, mean_interval
from superxception_jax.runs.config.stored_config import upgrade_config
from superxception_jax.runs.results import RunResults
from superxception_jax.tables.same_config import row_differences
from superxception_jax.tables.stored_predictions import StoredPredictions, join_cases, join_column

# Seed of the bootstrap of a table, whatever the seeds of its runs.
BOOTSTRAP_SEED = 0
_KEY = ("names", "cells")  # what identifies an image


@dataclass(frozen=True, eq=False)
class TableRun:
    """What a table keeps of a run, so that it can be computed again without the run's folder.

    Attributes:
        row: Name of the row.
        seed: Random seed of the run.
        fold: Fold that was tested.
        config_file: Config file and preset, as on the command line.
        command: Command line that reproduces the run.
        images_per_second: Median training speed.
        results: Results of the run.
        config: JSON values of the config.
        predictions: Predictions of the test images.
    """

    row: str
    seed: int
    fold: int
    config_file: str
    command: str
    images_per_second: float
    results: RunResults
    config: Mapping[str, Any]
    predictions: StoredPredictions

    @property
    def key(self) -> tuple[str, int, int]:
        """Return row, seed and fold, which identify a run in a table."""
        return self.row, self.seed, self.fold

    @property
    def name(self) -> str:
        """Return the name of the run, which is that of its folder."""
        return run_name(*self.key)

    @property
    def bootstrap_resamples(self) -> int:
        """Return the number of bootstrap samples of an interval."""
        return self.config["evaluation"]["bootstrap_resamples"]

    @property
    def multiply_accumulates(self) -> int:
        """Return the multiply-accumulates per view of an image.

        Raises:
            ValueError: They were not counted.
        """
        count = self.results.multiply_accumulates
        if count is None:
            raise ValueError(
                f"the run `{self.name}` must have counted its multiply-accumulates, got results of "
                "an earlier version; test it again with launch/evaluate.py."
            )
        return count

    def interval(self, values: np.ndarray, tested: Sequence[StoredPredictions]) -> Interval:
        """Return the interval of a mean, as the run's config asks for it.

        Args:
            values: f64[N], one per image and run.
            tested: Predictions of the images, one run after the other.
        """
        return mean_interval(
            values,
            cells=np.concatenate([one.cells for one in tested]),
            cases=join_cases(tested),
            resamples=self.bootstrap_resamples,
            level=self.results.confidence_level,
            seed=BOOTSTRAP_SEED,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the run as JSON values, without its predictions."""
        return {
            "row": self.row,
            "seed": self.seed,
            "fold": self.fold,
            "config_file": self.config_file,
            "command": self.command,
            "images_per_second": self.images_per_second,
            "results": self.results.to_json(),
            "config": dict(self.config),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], predictions: StoredPredictions) -> TableRun:
        """Return the run that `to_json` of this or an earlier version wrote.

        Args:
            values: The JSON values.
            predictions: Predictions of the test images.

        Raises:
            KeyError: A value is missing.
            TypeError: There is a value too many.
        """
        results = RunResults.from_json(values["results"])
        config, _ = upgrade_config(values["config"])
        return cls(**{**values, "results": results, "config": config, "predictions": predictions})


def run_name(row: str, seed: int, fold: int) -> str:
    """Return the name of a run: that of its folder and of its columns.

    >>> run_name("xception", 1, 0)
    'xception-seed1-fold0'
    """
    return f"{row}-seed{seed}-fold{fold}"


def merge_runs(earlier: Iterable[TableRun], later: Iterable[TableRun]) -> tuple[TableRun, ...]:
    """Return the runs of a table; later runs replace earlier ones of the same config.

    Args:
        earlier: Runs of the stored table.
        later: Runs of this call.

    Returns:
        The runs by row in the order in which the rows first came, then by seed and fold.

    Raises:
        ValueError: A row would hold runs of two configs, as when another call wrote it meanwhile.
    """
    earlier, later = list(earlier), list(later)
    first: dict[str, TableRun] = {}
    for run in earlier + later:
        other = first.setdefault(run.row, run)
        if differences := row_differences(other.config, run.config):
            raise ValueError(
                f"the runs of row `{run.row}` must have the same config, got `{other.name}` and "
                f"`{run.name}` with differences; choose another `--name` for one of them:\n  "
                + "\n  ".join(differences)
            )
    rows = list(first)
    runs = {run.key: run for run in earlier} | {run.key: run for run in later}
    return tuple(sorted(runs.values(), key=lambda run: (rows.index(run.row), run.seed, run.fold)))


def check_same_images(runs: Sequence[TableRun]) -> None:
    """Raise if runs that tested the same fold didn't test the same images.

    Args:
        runs: Runs of a table.

    Raises:
        ValueError: Two runs tested different images, or one that has changed; the runs and up to
            ten images of each kind are named.
    """
    first: dict[int, TableRun] = {}
    for run in runs:
        other = first.setdefault(run.fold, run)
        if difference := other.predictions.describe_difference(run.predictions):
            raise ValueError(
                f"the runs of a table must test the same images, got `{run.name}` with others "
                f"than `{other.name}`; train both again on the same data, under another "
                f"`--name`:\n{difference}"
            )


def pool_folds(runs: Sequence[TableRun]) -> StoredPredictions:
    """Return the predictions of several folds together, sorted by cell and name.

    Args:
        runs: Runs of one row and one seed, at least one.

    Returns:
        The predictions; `assigned`, `confidences` and `pixels` are None if a run has none, `cases`
        if no run has any.

    Raises:
        ValueError: Two folds tested the same image.
    """
    parts = [run.predictions for run in runs]
    names, cells = (np.concatenate([getattr(one, name) for one in parts]) for name in _KEY)
    order = np.lexsort((names, cells))
    names, cells = names[order], cells[order]
    repeated = np.flatnonzero((names[1:] == names[:-1]) & (cells[1:] == cells[:-1]))
    if len(repeated):
        name, cell = names[repeated[0]], cells[repeated[0]]
        raise ValueError(
            f"each image must be tested once per seed, got `{name}` of cell `{cell}` twice in row "
            f"`{runs[0].row}`, seed {runs[0].seed}; give every image a name of its own."
        )

    def pool(column: np.ndarray | None) -> np.ndarray | None:
        return None if column is None else column[order]

    return StoredPredictions(
        names=names,
        cells=cells,
        labels=np.concatenate([one.labels for one in parts])[order],
        predicted=np.concatenate([one.predicted for one in parts])[order],
        assigned=pool(join_column(parts, "assigned")),
        confidences=pool(join_column(parts, "confidences")),
        cases=pool(join_cases(parts)),
        pixels=pool(join_column(parts, "pixels")),
    )
