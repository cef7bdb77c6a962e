"""The images of an experiment and their split, as it is drawn at the start of a run."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from superxception_jax.chromosomes import MOST_CHROMOSOMES
from superxception_jax.data.joined import load_data_sets, open_data_sets, prefix_of
from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import WHOLE_CELL_PROTOCOLS, Split, SplitSettings, make_split
from superxception_jax.runs.experiment import Experiment
from superxception_jax.training.hosts.processes import first_alone, is_first

if TYPE_CHECKING:
    from superxception_jax.data.record_builder import RecordBuilder


def find_builders(experiment: Experiment) -> dict[str, RecordBuilder]:
    """Return the builder of each data set of an experiment, see `open_data_sets`.

    Args:
        experiment: Checked experiment.
    """
    return open_data_sets(
        experiment.data_sets, data_dir=experiment.data_dir, manual_dir=experiment.manual_dir
    )


def load_everything(
    experiment: Experiment,
    builders: Mapping[str, RecordBuilder] | None = None,
    *,
    curled: bool = False,
) -> Chromosomes:
    """Return all images of an experiment's data sets.

    Args:
        experiment: Checked experiment.
        builders: Builders of the data sets, from `find_builders`; None to make them.
        curled: Whether each chromosome is curled at random.
    """
    # The first process prepares what is missing; those that share its disk then find it.
    with first_alone():
        return load_data_sets(
            builders or find_builders(experiment),
            data_dir=experiment.data_dir,
            normalization=experiment.normalization,
            # Images and curled copies are in memory together.
            memory_share=experiment.memory_share / (2 if experiment.curled_share else 1),
            progress=is_first(),
            curled=curled,
        )


def choose_to_curl(train: Chromosomes, share: float) -> dict[str, list[str]]:
    """Return the names of the images of which a curled copy trains, too, by data set.

    Args:
        train: Training images.
        share: Share of them, 0..1, of each class alike.
    """
    if not share:
        return {}
    # By a hash within each class: every second one in the order of the names would be, in cells
    # of 46, the same homologue of every pair, and every Y.
    hashes = np.array([hashlib.sha256(one.encode()).hexdigest() for one in train.names.tolist()])
    order = np.lexsort((hashes, train.labels))
    chosen = np.sort(order[np.diff(np.floor(share * np.arange(len(order) + 1))) > 0])
    names, sources = train.names[chosen], train.sources[chosen]
    return {one: names[sources == one].tolist() for one in dict.fromkeys(sources.tolist())}


def load_curled(
    experiment: Experiment,
    builders: Mapping[str, RecordBuilder],
    names: Mapping[str, Sequence[str]],
) -> list[Chromosomes]:
    """Return curled copies of images, with arms that touch, any way up.

    Args:
        experiment: Checked experiment.
        builders: Builders of the data sets, from `find_builders`.
        names: Names of the images by data set, see `choose_to_curl`.

    Returns:
        The copies of each data set.
    """
    parts = []
    for source, wanted in names.items():
        alone = dataclasses.replace(
            experiment, memory_share=experiment.memory_share / len(experiment.data_sets)
        )
        copies = load_everything(alone, {source: builders[source]}, curled=True)
        start = prefix_of(source) if len(experiment.data_sets) > 1 else ""
        # By name: a run keeps its split when the data set has grown.
        places = {f"{start}{name}": place for place, name in enumerate(copies.names.tolist())}
        parts.append(copies.take(np.array([places[name] for name in wanted], np.int64)))
    return parts


def draw_split(experiment: Experiment) -> Callable[[Chromosomes], Split]:
    """Return the function that draws an experiment's split of all images.

    Args:
        experiment: Checked experiment.
    """
    return functools.partial(
        split_sources, settings=experiment.split, test_only=experiment.test_only
    )


def split_sources(
    everything: Chromosomes, *, settings: SplitSettings, test_only: Collection[str]
) -> Split:
    """Return a split of which each data set has the part that it has by itself.

    Args:
        everything: All images.
        settings: Protocol and its numbers.
        test_only: Data sets of which only the test images are used.

    Raises:
        ValueError: There are too few images, cells or cases for the settings.
    """
    parts: dict[str, list[np.ndarray]] = {"train": [], "validation": [], "test": []}
    for source in dict.fromkeys(everything.sources.tolist()):
        members = np.flatnonzero(everything.sources == source)
        split = make_split(
            labels=everything.labels[members],
            cells=everything.cells[members],
            cases=everything.cases[members],
            settings=settings,
        )
        for part, indices in parts.items():
            if part == "test" or source not in test_only:
                indices.append(members[getattr(split, part)])
    return Split(**{part: np.concatenate(indices) for part, indices in parts.items()})


def repeated_places(train: Chromosomes, repeats: Mapping[str, int]) -> np.ndarray:
    """Return the indices of the training images, each as often as an epoch shows it.

    Args:
        train: Training images.
        repeats: How often an epoch shows the images of each data set.
    """
    times = [repeats[source] for source in train.sources.tolist()]
    return np.repeat(np.arange(len(times)), times)


def repeat_images(train: Chromosomes, repeats: Mapping[str, int]) -> Chromosomes:
    """Return the training images, each as often as an epoch shows it.

    Args:
        train: Training images.
        repeats: As for `repeated_places`.
    """
    return train if set(repeats.values()) == {1} else train.take(repeated_places(train, repeats))


def shown_labels(
    train: Chromosomes, repeats: Mapping[str, int], to_curl: Mapping[str, Sequence[str]]
) -> np.ndarray:
    """Return the labels i32[N] of the training images as an epoch shows them, copies last.

    Args:
        train: Training images.
        repeats: As for `repeated_places`.
        to_curl: Names of the images of which a curled copy trains, too, by data set.
    """
    curled = {name for names in to_curl.values() for name in names}
    copied = np.array([name in curled for name in train.names.tolist()], bool)
    return np.concatenate([train.labels[repeated_places(train, repeats)], train.labels[copied]])


def check_splits(splits: Mapping[str, Chromosomes], experiment: Experiment, *, tested: str) -> None:
    """Raise if the images can't be trained on or tested as the experiment says.

    Args:
        splits: Images by split.
        experiment: Checked experiment.
        tested: Split that will be tested.

    Raises:
        ValueError: See `check_polarity`, `check_apart` and `check_cells`.
    """
    check_polarity(splits["train"], experiment)
    check_apart(splits)
    if experiment.split.protocol in WHOLE_CELL_PROTOCOLS:
        check_cells(splits[tested].cells)


def check_polarity(train: Chromosomes, experiment: Experiment) -> None:
    """Raise if a network that takes images for upright would learn from others.

    Args:
        train: Training images.
        experiment: Checked experiment.

    Raises:
        ValueError: There are such images.
    """
    unknown = int((~train.upright).sum())
    if unknown and experiment.polarity == "given":
        raise ValueError(
            f"`model.polarity` must be read, got given with {unknown:,} training images that may "
            "be any way up; set it to read."
        )


def check_apart(splits: Mapping[str, Chromosomes]) -> None:
    """Raise if an image of one data set trains or validates, and is tested in another one.

    Args:
        splits: Images by split.

    Raises:
        ValueError: There are such images; the first is named.
    """
    tested = splits["test"]
    if len({*tested.sources.tolist(), *splits["train"].sources.tolist()}) < 2:
        return
    names = dict(zip(tested.hashes.tolist(), tested.names.tolist(), strict=True))
    sources = dict(zip(tested.hashes.tolist(), tested.sources.tolist(), strict=True))
    found = [
        (name, names[pixels])
        for part in ("train", "validation")
        for name, pixels, source in zip(
            *(getattr(splits[part], field).tolist() for field in ("names", "hashes", "sources")),
            strict=True,
        )
        if sources.get(pixels, source) != source
    ]
    if found:
        raise ValueError(
            f"`data.dataset` must name sets of different images, got {len(found):,} for "
            "training or validation in one set and for testing in another, such as "
            f"`{found[0][0]}` and `{found[0][1]}`; leave one of the sets out, or these cells "
            "of your folder."
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
