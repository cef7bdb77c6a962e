"""A data set: prepared if missing, normalised once, then in memory or read where it is needed."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from superxception_jax.arrays import check
from superxception_jax.data.builders import count_records, iterate_cells
from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.memory import memory_bytes
from superxception_jax.data.normalization.curl import curl_chromosome
from superxception_jax.data.normalization.measure import measure_cell
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import draw_cell
from superxception_jax.data.own.unknown_cases import describe_unknown_cases
from superxception_jax.data.prepared_files import (
    TEXTS,
    PreparedFiles,
    load_index,
    prepared_files,
    store_cells,
)
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.stored_images import Images, StoredImages
from superxception_jax.files import check_writable, load_arrays, replacing
from superxception_jax.workers import Workers, usable_cores

if TYPE_CHECKING:
    from superxception_jax.data.record_builder import RecordBuilder

# Images from which the start of further processes, about a second, is gained back.
_MANY_IMAGES = 1500


@dataclasses.dataclass(frozen=True)
class Chromosomes:
    """A prepared data set, sorted by cell, then name.

    Attributes:
        images: u8[N,S,S,1], canvases with bright chromosomes on a dark background; in memory, or
            in a file of which only what is indexed is read.
        labels: i32[N], index of each class in `CLASS_NAMES`.
        cells: str[N], cell of each image.
        cases: str[N], patient or sample of each image.
        names: str[N], unique name of each image.
        lengths_px: f32[N], medial-axis length of the chromosome in each raw image.
        hashes: str[N], hash of each raw image, see `hash_image`.
        upright: bool[N], whether the p arm is known to point up; False: any way up.
        sources: str[N], data set of each image.
    """

    images: Images
    labels: np.ndarray
    cells: np.ndarray
    cases: np.ndarray
    names: np.ndarray
    lengths_px: np.ndarray
    hashes: np.ndarray
    upright: np.ndarray
    sources: np.ndarray

    def take(self, indices: np.ndarray) -> Chromosomes:
        """Return some of the images.

        Args:
            indices: i64[M], indices of the images, or bool[N], a mask.

        Returns:
            The selected images, in the order of the indices; those in a file stay there.
        """
        selected: dict[str, Any] = {
            field: array[indices] if isinstance(array, np.ndarray) else array.take(indices)
            for field, array in vars(self).items()
        }
        return Chromosomes(**selected)


def concatenate(parts: Sequence[Chromosomes]) -> Chromosomes:
    """Return the images of several cells as one record, in order.

    Args:
        parts: Images in memory, at least one record.
    """
    return Chromosomes(
        **{field: np.concatenate([vars(one)[field] for one in parts]) for field in vars(parts[0])}
    )


def load_chromosomes(
    builder: RecordBuilder,
    *,
    data_dir: str | Path,
    normalization: NormalizationSettings,
    memory_share: float,
    progress: bool,
    curled: bool = False,
) -> Chromosomes:
    """Load a data set as normalised images; prepare and cache what is missing.

    Args:
        builder: Builder of the data set, from `make_builder`.
        data_dir: Folder of the prepared data sets; created if missing.
        normalization: Settings by which images become canvases.
        memory_share: Share of the memory that the images may take, 0..1; above it they stay in a
            file, of which only what is indexed is read. They are the same in either place.
        progress: Whether to show progress bars.
        curled: Whether each chromosome is curled at random, see `curl_chromosome`, so that its
            arms touch; which end of it is up is then unknown.

    Returns:
        All chromosomes, sorted by cell, then name.

    Raises:
        ValueError: The files have problems.
        FileNotFoundError: The files of the data set are missing.
    """
    dataset = builder.name
    was_prepared = builder.data_path.exists()
    files = prepared_files(
        builder.info.full_name,
        dataset=dataset,
        data_dir=data_dir,
        normalization=normalization,
        curled=curled,
        archive=builder.archive,
    )
    room_bytes = memory_share * memory_bytes()

    def fits(count: int) -> bool:
        return count * normalization.image_px**2 <= room_bytes

    chromosomes = _load_sound(files.cache, lambda: _load_cache(files, fits=fits))
    if chromosomes is None:
        chromosomes = _load_sound(files.index, lambda: _load_stored(files, fits=fits))
    if chromosomes is None:
        check_writable(files.cache.parent, name="data.data_dir")
        count = count_records(builder, progress=progress)
        normalize = functools.partial(
            _normalize_cell, dataset=dataset, normalization=normalization, curled=curled
        )
        with Workers(usable_cores() if count >= _MANY_IMAGES else 1) as workers:
            # The raw images of few cells are in memory at a time.
            cells = workers.map(normalize, iterate_cells(builder))
            normalized = _show_progress(cells, count=count, progress=progress)
            if fits(count):
                chromosomes = concatenate(list(normalized))
                _write_cache(files, chromosomes)
            else:
                store_cells(files, map(vars, normalized))
                chromosomes = _load_stored(files, fits=fits)
    # The preparation itself has said it.
    for text in builder.set_aside if was_prepared and not curled else ():
        print(text, flush=True)
    notice = describe_unknown_cases(chromosomes.cells, chromosomes.cases)
    # Of curled copies it was said with the images themselves.
    if dataset == "own" and notice and not curled:
        print(notice, flush=True)
    return chromosomes


def _normalize_cell(
    records: Sequence[ChromosomeRecord],
    dataset: str,
    normalization: NormalizationSettings,
    *,
    curled: bool,
) -> Chromosomes:
    measured = measure_cell(
        [record.image for record in records],
        names=[record.name for record in records],
        background=normalization.background,
    )
    seen, upright = measured, np.array([record.upright for record in records])
    if curled:
        seeds = [f"{dataset}/{record.cell}/{record.name}" for record in records]
        seen = [curl_chromosome(one, name=seed) for one, seed in zip(measured, seeds, strict=True)]
        upright = np.zeros(len(records), bool)
    return Chromosomes(
        images=draw_cell(seen, settings=normalization, scaled_as=measured),
        labels=np.array([record.label for record in records], np.int32),
        cells=np.array([record.cell for record in records]),
        cases=np.array([record.case for record in records]),
        names=np.array([record.name for record in records]),
        lengths_px=np.array([one.length_px for one in seen], np.float32),
        hashes=np.array([hash_image(record.image) for record in records]),
        upright=upright,
        sources=np.full(len(records), dataset),
    )


def _show_progress(
    normalized: Iterator[Chromosomes], *, count: int, progress: bool
) -> Iterator[Chromosomes]:
    """Yield the chromosomes of each cell, with a progress bar of all images."""
    with tqdm(total=count, desc="Normalising", unit="image", disable=not progress) as bar:
        for one in normalized:
            yield one
            bar.update(len(one.labels))


def _write_cache(files: PreparedFiles, chromosomes: Chromosomes) -> None:
    files.cache.parent.mkdir(parents=True, exist_ok=True)
    with replacing(files.cache) as temporary, temporary.open("wb") as file:
        np.savez(file, **files.head(), **vars(chromosomes))


def _load_sound(file: Path, load: Callable[[], Chromosomes | None]) -> Chromosomes | None:
    if not file.exists():
        return None
    try:
        return load()
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"Preparing {file} again: it can't be used ({error}).")
        return None


def _load_cache(files: PreparedFiles, *, fits: Callable[[int], bool]) -> Chromosomes | None:
    """Return the images of the cache; None if they don't fit the memory that they may take."""
    content, remedy = "a prepared data set", "it is made again"
    labels = load_arrays(files.cache, content=content, remedy=remedy, names=("labels",))["labels"]
    if not fits(len(labels)):
        return None
    arrays = load_arrays(files.cache, content=content, remedy=remedy)
    return _checked(arrays, files)


def _load_stored(files: PreparedFiles, *, fits: Callable[[int], bool]) -> Chromosomes:
    columns = load_index(files.index)
    count = len(columns["labels"])
    side_px = json.loads(files.fingerprint)["normalization"]["image_px"]
    images: Images = StoredImages(files.images, count=count, side_px=side_px)
    if fits(count):
        images = images[:]
        columns |= {name: np.array(columns[name].tolist()) for name in TEXTS}
    return _checked({"images": images, **columns}, files)


def _checked(arrays: Mapping[str, Any], files: PreparedFiles) -> Chromosomes:
    files.check_head(arrays)
    fields = [field.name for field in dataclasses.fields(Chromosomes)]
    chromosomes = Chromosomes(**{field: arrays[field] for field in fields})
    check(
        images=(chromosomes.images, "u8[N,S,S,1]"),
        labels=(chromosomes.labels, "i32[N]"),
        cells=(chromosomes.cells, "any[N]"),
        cases=(chromosomes.cases, "any[N]"),
        names=(chromosomes.names, "any[N]"),
        lengths_px=(chromosomes.lengths_px, "f32[N]"),
        hashes=(chromosomes.hashes, "any[N]"),
        upright=(chromosomes.upright, "bool[N]"),
        sources=(chromosomes.sources, "any[N]"),
    )
    return chromosomes
