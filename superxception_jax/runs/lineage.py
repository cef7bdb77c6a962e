"""The networks that a run builds on, and the images that these were trained on.

A run may start from another network, or train with classes that one assigned. Images that this
network was trained on are no test of the run, although the run's own split never trains on them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import make_split
from superxception_jax.models.keras.start import EXPORTED
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.included import INCLUDED, find_weights
from superxception_jax.runs.workdir import holds_run, load_config


def earlier_networks(experiment: Experiment) -> Iterator[tuple[str, Experiment]]:
    """Yield the networks that an experiment builds on, and those that they build on.

    Args:
        experiment: Checked experiment.

    Yields:
        The name or path of the weights, and the experiment that trained them. Of weights without
        a config of this version beside them, and of those of Keras, nothing is known, and they are
        left out.
    """
    waiting, known = [experiment], set()
    while waiting:
        one = waiting.pop()
        for weights in dict.fromkeys((one.init_from, one.unlabelled_reader)):
            folder = find_weights(weights).parent
            # An exported network names a file of another computer.
            exported = weights.endswith(EXPORTED) and find_weights(weights).is_file()
            if (weights in INCLUDED or exported) and folder not in known and holds_run(folder):
                known.add(folder)
                # Weights can be read without their config, also where that is of another version.
                with contextlib.suppress(ValueError):
                    waiting.append(build_experiment(load_config(folder)))
                    yield weights, waiting[-1]


def was_trained_on(
    earlier: Experiment,
    source: str,
    options: Mapping[str, Any],
    *,
    labels: np.ndarray,
    cells: np.ndarray,
    cases: np.ndarray,
) -> np.ndarray:
    """Return which images of a data set an experiment trains or validates on.

    Args:
        earlier: Experiment.
        source: Data set.
        options: Its options; own folders are the same if they have the same name, because the path
            of an exported network's folder isn't known.
        labels: i32[N], class of each of its images.
        cells: str[N], cell of each image.
        cases: str[N], case of each image.

    Returns:
        bool[N].
    """
    seen = np.zeros(len(labels), bool)
    theirs = earlier.data_sets.get(source)
    if theirs is None or source in earlier.test_only or _identity(theirs) != _identity(options):
        return seen
    try:
        split = make_split(labels, cells, cases, settings=earlier.split)
    except ValueError:
        return seen  # These can't be the images from which that split was drawn.
    seen[split.train] = seen[split.validation] = True
    return seen


def trained_cells(
    experiments: Iterable[Experiment],
    source: str,
    *,
    labels: np.ndarray,
    cells: np.ndarray,
    cases: np.ndarray,
) -> set[str]:
    """Return the cells of a data set without options that earlier networks were trained on.

    Args:
        experiments: Experiments that build on these networks.
        source: Data set, none of the experiments'.
        labels: i32[N], class of each of its images.
        cells: str[N], cell of each image.
        cases: str[N], case of each image.
    """
    seen = np.zeros(len(labels), bool)
    for experiment in experiments:
        for _, earlier in earlier_networks(experiment):
            seen |= was_trained_on(earlier, source, {}, labels=labels, cells=cells, cases=cases)
    return set(cells[seen].tolist())


def check_unseen(experiment: Experiment, everything: Chromosomes, test: np.ndarray) -> None:
    """Raise if a network that a run builds on was trained on test images of the run.

    Args:
        experiment: Checked experiment.
        everything: All of its images.
        test: Indices of the test images.

    Raises:
        ValueError: It was; the message counts them and names the split of that network.
    """
    for weights, earlier in earlier_networks(experiment):
        seen = np.zeros(len(everything.labels), bool)
        for source, options in experiment.data_sets.items():
            members = np.flatnonzero(everything.sources == source)
            seen[members] = was_trained_on(
                earlier,
                source,
                options,
                labels=everything.labels[members],
                cells=everything.cells[members],
                cases=everything.cases[members],
            )
        common = np.flatnonzero(seen[test])
        if len(common):
            split = earlier.split
            raise ValueError(
                f"the test images must be unknown to `{weights}`, which the run builds on, got "
                f"{len(common):,} of {len(test):,} that it was trained or validated on, such as "
                f"`{everything.names[test[common[0]]]}`; take its split "
                f"(--config.split.protocol={split.protocol} --config.split.seed={split.seed} "
                f"--config.split.fold={split.fold} --config.split.folds={split.folds}), or start "
                "from other weights."
            )


def _identity(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what tells one data set of a kind from another."""
    return {"folder": Path(options["folder"]).name} if "folder" in options else options
