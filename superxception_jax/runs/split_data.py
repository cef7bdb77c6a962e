"""The images of an experiment and their split, as it is drawn at the start of a run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from superxception_jax.data.source import Chromosomes, load_chromosomes
from superxception_jax.data.splits import Split, make_split
from superxception_jax.karyotyping.assignment import MOST_CHROMOSOMES
from superxception_jax.runs.experiment import Experiment
from superxception_jax.training.processes import first_alone, is_first


def load_everything(experiment: Experiment) -> Chromosomes:
    """Return all images of an experiment's data set.

    Args:
        experiment: Checked experiment.
    """
    # The first process prepares what is missing; those that share its disk then find it.
    with first_alone():
        return load_chromosomes(
            dataset=experiment.dataset,
            dataset_options=experiment.dataset_options,
            data_dir=experiment.data_dir,
            manual_dir=experiment.manual_dir,
            normalization=experiment.normalization,
            memory_share=experiment.memory_share,
            progress=is_first(),
        )


def draw_split(experiment: Experiment) -> Callable[[Chromosomes], Split]:
    """Return the function that draws an experiment's split of all images.

    Args:
        experiment: Checked experiment.
    """
    return lambda everything: make_split(
        labels=everything.labels,
        cells=everything.cells,
        cases=everything.cases,
        settings=experiment.split,
    )


def check_cells(cells: np.ndarray) -> None:
    """Raise if a cell has more images than a cell can have chromosomes.

    Called before training: the cell could not be assigned after it.

    Args:
        cells: str[N], cell of each image.

    Raises:
        ValueError: A cell has too many images; the first is named.
    """
    names, counts = np.unique(cells, return_counts=True)
    large = np.flatnonzero(counts > MOST_CHROMOSOMES)
    if len(large):
        name, more = names[large[0]], len(large) - 1
        others = f" and {more} more such cells" if more else ""
        raise ValueError(
            f"each cell must have at most {MOST_CHROMOSOMES} images, got {counts[large[0]]} of "
            f"cell `{name}`{others}; give every cell a folder, or a name in the table of labels, "
            "of its own."
        )
