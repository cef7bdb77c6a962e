"""Preparation of a data set ahead of training, with its counts and, if wanted, its images."""

from __future__ import annotations

import csv
import dataclasses
import io
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.builders import count_records, iterate_cells, make_builder
from superxception_jax.data.describe import describe_counts
from superxception_jax.data.file_names import folders_for
from superxception_jax.data.folders.folder_tree import TABLE
from superxception_jax.data.folders.labels_table import COLUMNS
from superxception_jax.data.own.unknown_cases import describe_unknown_cases
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.files import readable_name, undoing, write_text

# Stands for the images, which are not in memory together.
_NO_IMAGE = np.zeros((0, 0), np.uint8)


def prepare_dataset(
    dataset: str,
    *,
    dataset_options: Mapping[str, Any],
    data_dir: str | Path,
    manual_dir: str | Path,
    images_dir: Path | None,
    progress: bool,
) -> str:
    """Prepare a data set if it is missing, and describe it.

    Args:
        dataset: Name of the data set, a key of `builders.BUILDERS`.
        dataset_options: Options of the data set, see `make_builder`.
        data_dir: Folder of the prepared data sets; created if missing.
        manual_dir: Folder of the archives that may not be downloaded.
        images_dir: New or empty folder for the raw images with their table, None to write none.
        progress: Whether to show progress bars.

    Returns:
        Lines of text: name and place of the data set, its counts, the folder of the images.

    Raises:
        ValueError: The data set or an option is unknown, the files have problems, or
            `images_dir` holds files.
        FileNotFoundError: The files of the data set are missing.
    """
    builder = make_builder(
        dataset, dataset_options=dataset_options, data_dir=data_dir, manual_dir=manual_dir
    )
    for sentence in builder.notices:
        print(sentence, flush=True)
    was_prepared = builder.data_path.exists()
    count_records(builder, progress=progress)
    records = [
        dataclasses.replace(one, image=_NO_IMAGE) for cell in iterate_cells(builder) for one in cell
    ]
    lines = [f"{builder.info.full_name} in {builder.data_path}", describe_counts(records)]
    notice = describe_unknown_cases([one.cell for one in records], [one.case for one in records])
    if dataset == "own" and notice:
        lines.append(notice)
    lines += builder.left_out
    # The preparation itself has said it.
    lines += builder.set_aside if was_prepared else ()
    if images_dir is not None:
        images = (one.image for cell in iterate_cells(builder) for one in cell)
        lines.append(f"wrote {_write_images(records, images, images_dir)}")
    return "\n".join(lines)


def _write_images(
    records: Sequence[ChromosomeRecord], images: Iterable[np.ndarray], folder: Path
) -> Path:
    """Write every image as `<cell>/<name>.png`, and the table of all; nothing stays of a part.

    Part of a cell, and cells without their table, would be read as if they were whole.
    """
    there = next(folder.iterdir(), None) if folder.exists() else None
    if there is not None:
        raise ValueError(
            f"`--write` must be a new or empty folder, got {str(folder)!r} with "
            f"`{readable_name(there.name)}`; choose another one, or empty it."
        )
    cells = folders_for(list(dict.fromkeys(record.cell for record in records)))
    names = [f"{cells[record.cell]}/{record.name.replace('/', '_')}" for record in records]
    files = [f"{path}.png" for path in folders_for(names).values()]
    folder.mkdir(parents=True, exist_ok=True)
    # Within the folder, which may be a file system of its own; hidden files are never read.
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as unfinished:
        for image, name in zip(images, files, strict=True):
            file = Path(unfinished, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(file)
        write_text(Path(unfinished, TABLE), _table_text(records, files))
        moves = [(one, folder / one.name) for one in Path(unfinished).iterdir()]
        with undoing(moves):
            for one, place in moves:
                os.replace(one, place)
    return folder.absolute()


def _table_text(records: Sequence[ChromosomeRecord], files: Sequence[str]) -> str:
    """Return the table that says what names of files can't: patients, orientations, any class."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one, file in zip(records, files, strict=True):
        case = "" if one.case == one.cell else one.case  # No patient is known.
        # As they are written, images that were turned are upright.
        turned = "false" if one.upright else ""
        writer.writerow((file, CLASS_NAMES[one.label], one.cell, case, turned))
    return text.getvalue()
