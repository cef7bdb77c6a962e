"""The data sets by name: their TFDS builders, and their records, prepared if missing."""

from __future__ import annotations

import difflib
import errno
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from superxception_jax.arrays import group_members
from superxception_jax.chromosomes import natural_key
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.files import damaged

if TYPE_CHECKING:
    from superxception_jax.data.record_builder import RecordBuilder

_BLOCK = 1024  # records that are read at once where all are read


def make_builder(
    dataset: str,
    *,
    dataset_options: Mapping[str, Any],
    data_dir: str | Path,
    manual_dir: str | Path,
) -> RecordBuilder:
    """Return the TFDS builder of a data set; no image is decoded yet.

    Args:
        dataset: Name of the data set, a key of `BUILDERS`.
        dataset_options: Options of the data set, none of which may be left out: none for
            `bioimage`, `gband` and `tseng`; `folder`, `twins`, `polarity` and `background` for
            `own`; `cells`, `seed`, `style` and `aneuploid_share` for `ideogram`.
        data_dir: Folder of the prepared data sets.
        manual_dir: Folder of the archives that may not be downloaded.

    Returns:
        The builder.

    Raises:
        ValueError: The data set or an option is unknown or missing, or the folder of `own` can't
            be used, or the data were prepared from another archive than the one that is there.
        FileNotFoundError: The folder of `own` is missing.
    """
    if dataset not in BUILDERS:
        raise ValueError(
            f"`dataset` must be one of {', '.join(BUILDERS)}, got {dataset!r}; "
            f"did you mean `{difflib.get_close_matches(dataset, BUILDERS, n=1, cutoff=0.0)[0]}`?"
        )
    options, build = BUILDERS[dataset]
    if set(dataset_options) != set(options):
        raise ValueError(
            f"`dataset_options` of `{dataset}` must be {', '.join(options) or 'empty'}, "
            f"got {', '.join(sorted(dataset_options)) or 'none'}; add or remove options."
        )
    folder = Path(data_dir).expanduser()
    with _quiet(), _naming_damaged(folder / dataset):
        builder: RecordBuilder = build(
            data_dir=str(folder), manual_dir=str(manual_dir), **dataset_options
        )
        builder.check_archive()
    return builder


def load_records(builder: RecordBuilder, *, progress: bool) -> list[ChromosomeRecord]:
    """Load all records of a data set; prepare it first if it is missing.

    Args:
        builder: Builder of the data set, from `make_builder`.
        progress: Whether to show progress bars.

    Returns:
        The raw chromosomes, sorted by cell, then name, because TFDS orders them by a hash.

    Raises:
        ValueError: The files of the data set have problems.
        FileNotFoundError: The files of the data set are missing.
    """
    count = count_records(builder, progress=progress)
    with _quiet(), _naming_unsound(builder):
        everything = builder.as_data_source("all").__getitems__(list(range(count)))
    records = [_record(one) for one in everything]
    return sorted(records, key=lambda record: (natural_key(record.cell), natural_key(record.name)))


def count_records(builder: RecordBuilder, *, progress: bool) -> int:
    """Return the number of records of a data set; prepare it first if it is missing.

    Args:
        builder: Builder of the data set, from `make_builder`.
        progress: Whether to show progress bars.

    Raises:
        ValueError: The files of the data set have problems.
        FileNotFoundError: The files of the data set are missing.
    """
    with _quiet():
        if not builder.data_path.exists():
            _prepare(builder, progress=progress)
        with _naming_unsound(builder):
            builder.read_prepared()
            return builder.info.splits["all"].num_examples


def iterate_cells(builder: RecordBuilder) -> Iterator[list[ChromosomeRecord]]:
    """Yield the records of a prepared data set cell by cell, in the order of `load_records`.

    Only the names of all records and the images of one cell are in memory at a time.

    Args:
        builder: Builder of the data set, prepared.

    Yields:
        The raw chromosomes of a cell.

    Raises:
        ValueError: The files of the data set have problems.
    """
    with _quiet(), _naming_unsound(builder):
        examples = builder.as_data_source("all")
        cells, names = _load_keys(builder)
    for members in sorted(group_members(cells), key=lambda one: natural_key(str(cells[one[0]]))):
        ordered = sorted(members.tolist(), key=lambda index: natural_key(str(names[index])))
        with _quiet(), _naming_unsound(builder):
            records = examples.__getitems__(ordered)
        yield [_record(one) for one in records]


def _load_keys(builder: RecordBuilder) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells and the names of all records, in the order of the files."""
    import tensorflow_datasets as tfds

    # Decoding an image takes as long as all the rest.
    undecoded = {"image": tfds.decode.SkipDecoding()}
    examples = builder.as_data_source("all", decoders=undecoded)
    cells, names = (np.empty(len(examples), np.dtypes.StringDType()) for _ in range(2))
    for start in range(0, len(examples), _BLOCK):
        block = range(start, min(start + _BLOCK, len(examples)))
        for index, one in zip(block, examples.__getitems__(list(block)), strict=True):
            cells[index], names[index] = _text(one["cell"]), _text(one["name"])
    return cells, names


@contextmanager
def _naming_unsound(builder: RecordBuilder) -> Iterator[None]:
    """Turn what damaged records raise into a sentence about their folder."""
    try:
        yield
    except Exception as error:  # A damaged file raises what its reader raises.
        raise ValueError(
            f"`{builder.data_path}` must be a sound data set, got {error}; "
            "delete that folder and run again."
        ) from error


def _prepare(builder: RecordBuilder, *, progress: bool) -> None:
    import tensorflow_datasets as tfds

    print(f"Preparing {builder.info.full_name} in {builder.data_path} ...", flush=True)
    (tfds.enable_progress_bar if progress else tfds.disable_progress_bar)()
    try:
        with redirect_stdout(io.StringIO()):  # TFDS announces a download; there is none.
            builder.download_and_prepare(
                download_config=tfds.download.DownloadConfig(try_download_gcs=False)
            )
    except RuntimeError as error:
        # The writer in C++ has no other exception for a full disk.
        if os.strerror(errno.ENOSPC) in str(error):
            path = str(builder.data_path)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path) from error
        raise OSError(
            f"`{builder.data_path}` could not be written ({error}); check the disk."
        ) from error
    except OSError:
        # Of two runs that start together, the slower finds the data set prepared already.
        if not builder.data_path.exists():
            raise
    for text in builder.set_aside:
        print(text, flush=True)


def _record(one: Mapping[str, Any]) -> ChromosomeRecord:
    texts = {field: _text(one[field]) for field in ("cell", "case", "name")}
    return ChromosomeRecord(
        image=one["image"][..., 0], label=int(one["label"]), upright=bool(one["upright"]), **texts
    )


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def _naming_damaged(folder: Path) -> Iterator[None]:
    """Turn what damaged files of a prepared data set raise into a sentence about its folder."""
    try:
        yield
    except Exception as error:  # A damaged file raises what its reader raises.
        mistake = isinstance(error, ValueError | TypeError | OSError)
        if mistake and not isinstance(error, json.JSONDecodeError):
            raise
        raise damaged(
            folder,
            error,
            content="sound prepared data",
            remedy="delete that folder and run the same command again, which prepares it anew",
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress notices of TFDS that concern its own public data sets."""
    from absl import logging

    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _bioimage(*, data_dir: str, manual_dir: str) -> RecordBuilder:
    from superxception_jax.data.bioimage.builder import build_bioimage

    return build_bioimage(data_dir=data_dir, manual_dir=manual_dir)


def _gband(*, data_dir: str, manual_dir: str) -> RecordBuilder:
    from superxception_jax.data.gband.builder import build_gband

    return build_gband(data_dir=data_dir, manual_dir=manual_dir)


def _tseng(*, data_dir: str, manual_dir: str) -> RecordBuilder:
    from superxception_jax.data.tseng.builder import build_tseng

    return build_tseng(data_dir=data_dir, manual_dir=manual_dir)


def _own(*, data_dir: str, manual_dir: str, **options: Any) -> RecordBuilder:
    from superxception_jax.data.own.builder import build_own

    del manual_dir
    return build_own(data_dir=data_dir, **options)


def _ideogram(*, data_dir: str, manual_dir: str, **options: Any) -> RecordBuilder:
    from superxception_jax.data.ideogram.builder import build_ideogram

    del manual_dir
    return build_ideogram(data_dir=data_dir, **options)


# Name: (options, function that builds the TFDS builder).
BUILDERS: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "bioimage": ((), _bioimage),
    "gband": ((), _gband),
    "tseng": ((), _tseng),
    "ideogram": (("cells", "seed", "style", "aneuploid_share"), _ideogram),
    "own": (("folder", "twins", "polarity", "background"), _own),
}

# Data sets whose images are any way up.
UNORIENTED: tuple[str, ...] = ("tseng",)
