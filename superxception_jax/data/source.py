"""A data set in memory: prepared if missing, normalised once, then loaded from a cache."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from superxception_jax.arrays import check
from superxception_jax.data.builders import load_records, make_builder, notices_of
from superxception_jax.data.image_file import hash_image
from superxception_jax.data.measure import measure_cell
from superxception_jax.data.normalize import NORMALIZATION_VERSION, NormalizationSettings, draw_cell
from superxception_jax.data.own.folder import describe_unknown_cases
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.files import check_writable, load_arrays, replacing

PREPARATION_VERSION = 3  # Raise it whenever the prepared images, or what is kept of them, change.


@dataclasses.dataclass(frozen=True)
class Chromosomes:
    """A prepared data set in memory, sorted by cell, then name.

    Attributes:
        images: u8[N,S,S,1], canvases with bright chromosomes on a dark background.
        labels: i32[N], index of each class in `CLASS_NAMES`.
        cells: str[N], cell of each image.
        cases: str[N], patient or sample of each image.
        names: str[N], unique name of each image.
        lengths_px: f32[N], medial-axis length of the chromosome in each raw image.
        hashes: str[N], hash of each raw image, see `hash_image`.
    """

    images: np.ndarray
    labels: np.ndarray
    cells: np.ndarray
    cases: np.ndarray
    names: np.ndarray
    lengths_px: np.ndarray
    hashes: np.ndarray

    def take(self, indices: np.ndarray) -> Chromosomes:
        """Return some of the images.

        Args:
            indices: i64[M], indices of the images, or bool[N], a mask.

        Returns:
            The selected images, in the order of the indices.
        """
        return Chromosomes(**{field: array[indices] for field, array in vars(self).items()})


def load_chromosomes(
    *,
    dataset: str,
    dataset_options: Mapping[str, Any],
    data_dir: str | Path,
    manual_dir: str | Path,
    normalization: NormalizationSettings,
    progress: bool,
) -> Chromosomes:
    """Load a data set as normalised images; prepare and cache what is missing.

    Args:
        dataset: Name of the data set, a key of `builders.BUILDERS`.
        dataset_options: Options of the data set: none for `bioimage` and `gband`; `folder` and
            `twins` for `own`; `cells`, `seed`, `style` and `aneuploid_share` for `ideogram`.
        data_dir: Folder of the prepared data sets; created if missing.
        manual_dir: Folder of the archives that may not be downloaded.
        normalization: Settings by which images become canvases.
        progress: Whether to show progress bars.

    Returns:
        All chromosomes, sorted by cell, then name.

    Raises:
        ValueError: The data set or an option is unknown, or the files have problems.
        FileNotFoundError: The files of the data set are missing.
    """
    builder = make_builder(
        dataset, dataset_options=dataset_options, data_dir=data_dir, manual_dir=manual_dir
    )
    for sentence in notices_of(builder):
        print(sentence, flush=True)
    fingerprint = json.dumps(
        {
            "builder": builder.info.full_name,
            "normalization": dataclasses.asdict(normalization),
            "versions": [PREPARATION_VERSION, NORMALIZATION_VERSION],
        },
        sort_keys=True,
    )
    digest = hashlib.sha256(fingerprint.encode()).hexdigest()[:16]
    cache = Path(data_dir).expanduser() / "prepared" / f"{dataset}-{digest}.npz"
    chromosomes = _load_sound_cache(cache, fingerprint=fingerprint)
    if chromosomes is None:
        check_writable(cache.parent, name="data.data_dir")
        records = load_records(builder, progress=progress)
        chromosomes = _normalize(records, normalization=normalization, progress=progress)
        _write_cache(cache, chromosomes, fingerprint=fingerprint)
    notice = describe_unknown_cases(chromosomes.cells, chromosomes.cases)
    if dataset == "own" and notice:
        print(notice, flush=True)
    return chromosomes


def _normalize(
    records: Sequence[ChromosomeRecord], *, normalization: NormalizationSettings, progress: bool
) -> Chromosomes:
    by_cell: dict[str, list[ChromosomeRecord]] = {}
    for record in records:
        by_cell.setdefault(record.cell, []).append(record)
    images, lengths_px = [], []
    for cell in tqdm(by_cell.values(), desc="Normalising", unit="cell", disable=not progress):
        measured = measure_cell(
            [record.image for record in cell],
            names=[record.name for record in cell],
            background=normalization.background,
        )
        images.append(draw_cell(measured, settings=normalization))
        lengths_px += [one.length_px for one in measured]
    return Chromosomes(
        images=np.concatenate(images),
        labels=np.array([record.label for record in records], np.int32),
        cells=np.array([record.cell for record in records]),
        cases=np.array([record.case for record in records]),
        names=np.array([record.name for record in records]),
        lengths_px=np.array(lengths_px, np.float32),
        hashes=np.array([hash_image(record.image) for record in records]),
    )


def _write_cache(cache: Path, chromosomes: Chromosomes, *, fingerprint: str) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    with replacing(cache) as temporary, temporary.open("wb") as file:
        np.savez(file, fingerprint=np.array(fingerprint), **vars(chromosomes))


def _load_sound_cache(cache: Path, *, fingerprint: str) -> Chromosomes | None:
    if not cache.exists():
        return None
    try:
        return _load_cache(cache, fingerprint=fingerprint)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"Preparing {cache} again: it can't be used ({error}).")
        return None


def _load_cache(cache: Path, *, fingerprint: str) -> Chromosomes:
    arrays = load_arrays(cache, content="a prepared data set", remedy="it is made again")
    if str(arrays["fingerprint"]) != fingerprint:
        raise ValueError("it holds another preparation")
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
    )
    return chromosomes
