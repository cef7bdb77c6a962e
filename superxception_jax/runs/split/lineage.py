"""The networks that a run builds on, and the images that these were trained on.

A run may start from another network, or train with classes that one assigned. Images that this
network was trained on are no test of the run, although the run's own split never trains on them.
They are known by their pixels, whatever a data set is called and however it has grown; of a network
of an earlier version, without such a file, its split is drawn again.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import FOLDED_PROTOCOLS, Split, make_split
from superxception_jax.models.keras.start import EXPORTED
from superxception_jax.runs.experiment import Experiment, build_experiment
from superxception_jax.runs.exported.portable import OWN_FOLDER
from superxception_jax.runs.exported.trained_images import (
    hash_numbers,
    knows_images,
    load_trained,
)
from superxception_jax.runs.included import INCLUDED, find_weights
from superxception_jax.runs.pseudo_labels_file import without_known
from superxception_jax.runs.split.earlier_notes import tell_of_networks
from superxception_jax.runs.split.split_data import split_sources
from superxception_jax.runs.split.split_file import StoredSplit
from superxception_jax.runs.workdir import holds_run, load_config


def earlier_networks(experiment: Experiment) -> Iterator[tuple[str, Experiment | None]]:
    """Yield the networks that an experiment builds on, and those that they build on.

    Args:
        experiment: Checked experiment.

    Yields:
        The name or path of the weights, and the experiment that trained them; None without a
        config of this version beside them. Weights of Keras, and files that are not here, are left
        out.
    """
    waiting, known = [experiment], set()
    while waiting:
        one = waiting.pop()
        for weights in dict.fromkeys((one.init_from, one.unlabelled_reader)):
            folder = find_weights(weights).parent
            # An exported network names a file of another computer.
            exported = weights.endswith(EXPORTED) and find_weights(weights).is_file()
            if (weights in INCLUDED or exported) and folder not in known:
                known.add(folder)
                earlier = None
                # Weights can be read without their config, also where that is of another version.
                with contextlib.suppress(ValueError):
                    earlier = build_experiment(load_config(folder)) if holds_run(folder) else None
                waiting += [] if earlier is None else [earlier]
                yield weights, earlier


def collect_trained(
    experiment: Experiment, stored: StoredSplit, pseudo: Chromosomes | None
) -> np.ndarray:
    """Return the images that a run trains or validates on, and those that it knows from others.

    Args:
        experiment: Experiment of the run.
        stored: Its split.
        pseudo: Its pseudo-labelled images; None for none.

    Returns:
        u64[N], ascending hashes; of the networks that the run builds on as far as their images are
        known, see `load_trained`. Curled copies have the hashes of their images.
    """
    parts = ("train", "validation")
    hashes = [one.pixels for one in stored.images.values() if one.part in parts]
    if pseudo is not None:
        # Each has two, of the image and of the turned one.
        hashes += " ".join(without_known(pseudo, stored, experiment).hashes.tolist()).split()
    found = [hash_numbers(hashes)]
    for weights, _ in earlier_networks(experiment):
        known = load_trained(find_weights(weights).parent)
        found += [] if known is None else [known]
    return np.unique(np.concatenate(found))


def was_trained_on(
    network: tuple[str, Experiment | None],
    source: str,
    options: Mapping[str, Any],
    *,
    labels: np.ndarray,
    cells: np.ndarray,
    cases: np.ndarray,
    hashes: Iterable[str],
) -> np.ndarray:
    """Return which images of a data set a network was trained or validated on.

    Args:
        network: Its weights and experiment, see `earlier_networks`.
        source: Data set.
        options: Its options.
        labels: i32[N], class of each of its images.
        cells: str[N], cell of each image.
        cases: str[N], case of each image.
        hashes: Hash of each image.

    Returns:
        bool[N]. Of a network that doesn't know its images: those that its split, drawn again, has
        in these parts; none without its experiment. Own folders are the same then if they have the
        same name, because an exported network of an earlier version doesn't know the path; later
        ones don't know the name either, and nothing is known of their own cells.
    """
    weights, earlier = network
    known = load_trained(find_weights(weights).parent)
    if known is not None:
        return np.isin(hash_numbers(hashes), known)
    seen = np.zeros(len(labels), bool)
    theirs = None if earlier is None else earlier.data_sets.get(source)
    if (
        earlier is None
        or theirs is None
        or source in earlier.test_only
        or not _are_same(theirs, options)
    ):
        return seen
    try:
        split = make_split(labels, cells, cases, settings=earlier.split)
    except ValueError:
        return seen  # These can't be the images from which that split was drawn.
    seen[split.train] = seen[split.validation] = True
    return seen


def trained_cells(
    runs: Iterable[tuple[Path, Experiment]],
    source: str,
    *,
    labels: np.ndarray,
    cells: np.ndarray,
    cases: np.ndarray,
    hashes: Sequence[str],
) -> set[str]:
    """Return the cells of a data set without options that runs, or earlier networks, trained on.

    Args:
        runs: Folder and experiment of each run, or exported network.
        source: Data set, by name none of the experiments'.
        labels: i32[N], class of each of its images.
        cells: str[N], cell of each image.
        cases: str[N], case of each image.
        hashes: Hash of each image.
    """
    columns: dict[str, Any] = {"labels": labels, "cells": cells, "cases": cases}
    seen = np.zeros(len(labels), bool)
    for folder, experiment in runs:
        seen |= knows_images(folder, hashes)
        for network in earlier_networks(experiment):
            seen |= was_trained_on(network, source, {}, hashes=hashes, **columns)
    return set(cells[seen].tolist())


def check_unseen(experiment: Experiment, everything: Chromosomes, split: Split) -> None:
    """Raise if a network that a run builds on was trained on test images of the run.

    Printed lines say what else is to be known of these networks, see `tell_of_networks`.

    Args:
        experiment: Checked experiment.
        everything: All of its images.
        split: Its split.

    Raises:
        ValueError: It was; the message counts them and says what helps.
    """
    networks = list(earlier_networks(experiment))
    seen = {network[0]: _seen(network, experiment, everything) for network in networks}
    for weights, earlier in networks:
        common = _seen_tests(split, everything, seen[weights])
        if len(common):
            anyhow = np.any(list(seen.values()), axis=0)
            remedies = ["start from other weights"]
            if earlier and (flags := _unseen_split(earlier, experiment, everything, anyhow)):
                remedies.insert(0, f"take its split ({flags})")
            elif set(everything.sources[common].tolist()) == {"own"}:
                remedies.append("give a folder that holds only cells that it doesn't know")
            raise ValueError(
                f"the test images must be unknown to `{weights}`, which the run builds on, got "
                f"{len(common):,} of {len(split.test):,} that it was trained or validated on, such "
                f"as `{everything.names[common[0]]}`; {', or '.join(remedies)}."
            )
    tell_of_networks(networks, experiment, seen=seen, validation=split.validation)


def _seen(
    network: tuple[str, Experiment | None], experiment: Experiment, everything: Chromosomes
) -> np.ndarray:
    """Return which images bool[N] of an experiment a network was trained or validated on."""
    seen = np.zeros(len(everything.labels), bool)
    for source, options in experiment.data_sets.items():
        members = np.flatnonzero(everything.sources == source)
        seen[members] = was_trained_on(
            network,
            source,
            options,
            labels=everything.labels[members],
            cells=everything.cells[members],
            cases=everything.cases[members],
            hashes=everything.hashes[members].tolist(),
        )
    return seen


def _seen_tests(split: Split, everything: Chromosomes, seen: np.ndarray) -> np.ndarray:
    """Return the test images that were seen, but for copies of images that train in this split.

    Where `data.own_twins` allows these, the run itself sees what it tests.
    """
    test = split.test[seen[split.test]]
    trained = everything.hashes[np.concatenate([split.train, split.validation])]
    return test[~np.isin(everything.hashes[test], trained)]


def _unseen_split(
    earlier: Experiment, experiment: Experiment, everything: Chromosomes, seen: np.ndarray
) -> str:
    """Return the flags of an earlier network's split; empty if it tests seen images, too.

    That of a data set that has grown since is another one.
    """
    flags = {name: getattr(earlier.split, name) for name in ("protocol", "seed", "fold", "folds")}
    if len(experiment.data_sets) > 1 and flags["protocol"] not in FOLDED_PROTOCOLS:
        return ""
    try:
        settings = dataclasses.replace(experiment.split, **flags)
        split = split_sources(everything, settings=settings, test_only=experiment.test_only)
    except ValueError:
        return ""
    if len(_seen_tests(split, everything, seen)):
        return ""
    return " ".join(f"--config.split.{name}={value}" for name, value in flags.items())


def _are_same(theirs: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Return whether two data sets of a kind are the same, as far as their options tell."""
    if "folder" not in options:
        return theirs == options
    names = [Path(one["folder"]).name for one in (theirs, options)]
    return theirs["folder"] != OWN_FOLDER and names[0] == names[1]
