"""Several data sets as one: a laboratory's name is part of every cell, patient and image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from superxception_jax.data.builders import make_builder
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.source import Chromosomes, load_chromosomes
from superxception_jax.data.stored_images import JoinedImages

if TYPE_CHECKING:
    from superxception_jax.data.record_builder import RecordBuilder

# Of a joined data set they begin with the name of its source, because two may have a cell `1`.
_PREFIXED = ("cells", "cases", "names")


def open_data_sets(
    data_sets: Mapping[str, Mapping[str, Any]], *, data_dir: str | Path, manual_dir: str | Path
) -> dict[str, RecordBuilder]:
    """Return the builders of data sets, and print how their folders were understood.

    A folder is read and hashed here alone: with one builder, all loads of a run are of one content.

    Args:
        data_sets: Options of each data set by its name, see `make_builder`; at least one.
        data_dir: Folder of the prepared data sets.
        manual_dir: Folder of the archives that may not be downloaded.

    Returns:
        The builder of each data set by its name.

    Raises:
        ValueError: A data set or an option is unknown, or a folder can't be used.
        FileNotFoundError: A folder is missing.
    """
    builders = {}
    for name, options in data_sets.items():
        builders[name] = make_builder(
            name, dataset_options=options, data_dir=data_dir, manual_dir=manual_dir
        )
        for sentence in builders[name].notices:
            print(sentence, flush=True)
    return builders


def load_data_sets(
    builders: Mapping[str, RecordBuilder],
    *,
    data_dir: str | Path,
    normalization: NormalizationSettings,
    memory_share: float,
    progress: bool,
    curled: bool = False,
) -> Chromosomes:
    """Load one or several data sets as normalised images; prepare and cache what is missing.

    Args:
        builders: Builder of each data set by its name, from `open_data_sets`; at least one.
        data_dir: Folder of the prepared data sets; created if missing.
        normalization: Settings by which images become canvases.
        memory_share: Share of the memory that the images of all data sets together may take, 0..1.
        progress: Whether to show progress bars.
        curled: Whether each chromosome is curled at random, see `load_chromosomes`.

    Returns:
        All chromosomes, data set by data set; see `join_chromosomes`.

    Raises:
        ValueError: The files of a data set have problems.
        FileNotFoundError: The files of a data set are missing.
    """
    return join_chromosomes(
        [
            load_chromosomes(
                builder,
                data_dir=data_dir,
                normalization=normalization,
                memory_share=memory_share / len(builders),
                progress=progress,
                curled=curled,
            )
            for builder in builders.values()
        ]
    )


def join_chromosomes(parts: Sequence[Chromosomes]) -> Chromosomes:
    """Return several data sets as one.

    Args:
        parts: Data sets of different names with canvases of one size, at least one.

    Returns:
        The only data set as it is; of several, all images in order, and cells, cases and names
        begin with the data set, such as `gband/97002302.18`.
    """
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {
        field: np.concatenate([_column(part, field) for part in parts])
        for field in vars(parts[0])
        if field != "images"
    }
    images = [part.images for part in parts]
    if all(isinstance(one, np.ndarray) for one in images):
        return Chromosomes(images=np.concatenate(images), **columns)
    return Chromosomes(images=JoinedImages(images), **columns)  # type: ignore[arg-type]


def prefix_of(source: str) -> str:
    """Return what cells, cases and names of a data set begin with where it is one of several.

    Args:
        source: Name of the data set.

    >>> prefix_of("gband")
    'gband/'
    """
    return f"{source}/"


def _column(part: Chromosomes, field: str) -> np.ndarray:
    values: np.ndarray = getattr(part, field)
    if field not in _PREFIXED:
        return values
    return np.array(
        [prefix_of(source) + value for source, value in zip(part.sources, values, strict=True)]
    )
