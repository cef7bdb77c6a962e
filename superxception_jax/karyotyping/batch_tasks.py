"""What is done for a cell of a batch by any process, before and after the network."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.screening.equal_images import Fingerprint
from superxception_jax.files import readable_name, write_json, write_text
from superxception_jax.karyotyping.cell_images import PreparedCell, prepare_cell
from superxception_jax.karyotyping.export import assignments_csv, karyotype_json
from superxception_jax.karyotyping.folders import (
    CellFolder,
    digest_cell,
    digest_files,
    load_files,
)
from superxception_jax.karyotyping.karyogram.draw import (
    draw_karyogram,
    karyogram_boxes,
    save_karyogram,
)
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.report.cell_part import load_head, write_report_cell
from superxception_jax.karyotyping.result_files import (
    CSV_FILE,
    JSON_FILE,
    KARYOGRAM,
    PART_FILE,
    STATE_FILE,
    replacing_results,
)
from superxception_jax.karyotyping.stored_cell import (
    StoredCell,
    cell_state,
    load_stored_cell,
    restore_cell,
)

# Errors of the name of a cell, of what else has this name, or of a file of its results that
# another program holds; others are those of the disk.
_OF_THE_CELL = (
    *(errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR),
    *(errno.EACCES, errno.EPERM),
)

# As Windows answers to a path of 260 characters or more.
_NO_PATH = (
    "its results can't be written where they belong, perhaps because the path is too long for this "
    "system; choose a shorter `--out`, or shorten the names of the case and the cell"
)


@dataclass(frozen=True)
class Task:
    """A cell to karyotype.

    Attributes:
        folder: Files of the cell.
        out: Folder of all results.
        target: Name of the folder of this cell in it.
        background: "dark", "light" or "auto".
        normalizations: Settings by which images become canvases, for "dark" and "light".
        program: Digest of what the results of every cell depend on.
        again: Whether results that are up to date are made again.
        pictures: Karyograms to draw: "png", "svg" (both) or "none".
        straightened: Whether they show straightened chromosomes.
    """

    folder: CellFolder
    out: Path
    target: str
    background: str
    normalizations: Mapping[str, NormalizationSettings]
    program: str
    again: bool
    pictures: str
    straightened: bool

    @property
    def name(self) -> str:
        """Return the name of the cell."""
        return readable_name(self.folder.name)


@dataclass(frozen=True)
class Failure:
    """A cell that could not be karyotyped.

    Attributes:
        reason: What to say of it.
        keeps: Whether results of an earlier run stay, because nothing was learned about the cell.
    """

    reason: str
    keeps: bool = False

    @staticmethod
    def of(error: Exception) -> Failure:
        """Return what to say of an error: errors of input are sentences, others need their type."""
        if isinstance(error, ValueError):
            return Failure(str(error))
        text = str(error)
        # JAX raises errors of its own.
        if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text:
            return Failure("out of memory; close other programs or give --processes=1", keeps=True)
        if isinstance(error, OSError) and error.filename:
            # Results are passed on, and the path of a folder may name the patient.
            text = f"{error.strerror}: '{Path(os.fsdecode(error.filename)).name}'"
        return Failure(f"{type(error).__name__}: {text}", keeps=isinstance(error, OSError))


@dataclass(frozen=True)
class TakenUp:
    """A cell that awaits its network.

    Attributes:
        prepared: The cell, ready for the network.
        contents: Content of each image.
        made_from: Digest of everything that its results depend on.
    """

    prepared: PreparedCell
    contents: tuple[Fingerprint, ...]
    made_from: str


def take_up(task: Task) -> TakenUp | StoredCell | Failure:
    """Read and measure a cell, unless its results are up to date.

    Args:
        task: The cell.

    Returns:
        The cell, ready for the network; or its earlier results; or why it can't be karyotyped.
    """
    files: tuple[str, ...] = ()
    try:
        if not task.again and (stored := _load_results(task)) is not None:
            return stored
        cell, files = load_files(task.folder)
        # Of what was read now: a file that a network share lost meanwhile is read again next time.
        made_from = digest_cell(task.folder, files, program=task.program)
        if not cell.images:
            reason = f"no image could be read; {': '.join(cell.unread[0])}"
            # A network share that drops out takes no result with it.
            return Failure(reason, keeps=not files or not all(files))
        contents = tuple(
            Fingerprint(task.name, f"{task.name}/{one.name}", hash_image(one.image))
            for one in cell.images
        )
        prepared = prepare_cell(
            cell, background=task.background, normalizations=task.normalizations
        )
    except Exception as error:  # Whatever is wrong with a cell must not cost the others.
        failure = Failure.of(error)
        return replace(failure, keeps=failure.keeps or not all(files))
    return TakenUp(prepared, contents, made_from)


def _load_results(task: Task) -> StoredCell | None:
    """Return the results of an earlier run; None if they are not up to date, damaged or missing.

    The images are read only where there are results.
    """
    folder = task.out / task.target
    pictures = {"png": (".png",), "svg": (".png", ".svg"), "none": ()}[task.pictures]
    try:
        load_head(folder / PART_FILE)
        for name in (CSV_FILE, *(KARYOGRAM + ending for ending in pictures)):
            if (folder / name).stat().st_size == 0:
                return None
    except (OSError, ValueError):
        return None
    made_from = digest_cell(task.folder, digest_files(task.folder), program=task.program)
    return load_stored_cell(folder / JSON_FILE, folder / STATE_FILE, made_from=made_from)


def write_results(
    task: Task, karyotype: Karyotype, taken: TakenUp, about: Mapping[str, str]
) -> StoredCell | Failure:
    """Write the results of a cell, all or none; without them, those of an earlier run stay.

    Args:
        task: The cell.
        karyotype: Its karyotype.
        taken: What it was made from.
        about: Facts about the network.

    Returns:
        The cell as a later run finds it; or why it could not be written.

    Raises:
        OSError: Nothing can be written there, as on a full disk: no other cell can either.
    """
    try:
        values = karyotype_json(karyotype) | {"karyogram": None}
        karyogram = None
        if task.pictures != "none":
            karyogram = draw_karyogram(karyotype, straightened=task.straightened)
            values["karyogram"] = karyogram_boxes(karyogram)
        state = cell_state(
            karyotype,
            made_from=taken.made_from,
            contents=taken.contents,
            about=about,
            portraits=taken.prepared.read.portraits,
        )
        with replacing_results(task.out, task.target, cell=karyotype.cell) as folder:
            write_json(folder / JSON_FILE, values)
            # In one line: Python indents JSON slowly, and no person reads this.
            write_text(folder / STATE_FILE, json.dumps(state) + "\n")
            write_text(folder / CSV_FILE, assignments_csv([karyotype]))
            write_report_cell(karyotype, folder / PART_FILE)
            if karyogram is not None:
                save_karyogram(karyogram, stem=folder / KARYOGRAM, pictures=task.pictures)
        return restore_cell(values, state)
    except OSError as error:
        if error.errno in _OF_THE_CELL:
            return Failure.of(error)
        if error.errno == errno.ENOENT and task.out.is_dir():
            return Failure(f"{_NO_PATH} ({error.strerror})", keeps=True)
        raise
    except Exception as error:  # Whatever is wrong with a cell must not cost the others.
        return Failure.of(error)
