"""From folders of chromosome images to karyotypes on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from superxception_jax.chromosomes import AUTOSOMES
from superxception_jax.data.folder_layout import recognize_layout
from superxception_jax.data.folder_tree import TABLE
from superxception_jax.data.image_file import (
    COLOUR_LEVELS,
    SUFFIXES,
    decode_image,
    scale_to_8_bits,
)
from superxception_jax.data.table_cells import UNLISTED
from superxception_jax.files import write_json, write_text
from superxception_jax.karyotyping.cell import (
    CellImages,
    Classifier,
    NamedImage,
    karyotype_cell,
)
from superxception_jax.karyotyping.export import assignments_csv, karyotype_json
from superxception_jax.karyotyping.karyogram.draw import draw_karyogram, save_karyogram
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.prior import MOST_OF_A_CLASS, CountPrior
from superxception_jax.karyotyping.report.page import write_html_report

REPORT_FILE = "report.html"


@dataclass(frozen=True)
class CellFolder:
    """The image files of a cell.

    Attributes:
        name: Name of the cell.
        files: Image files, in natural order.
        case: Patient or sample; empty if unknown.
        names: Names of the images that every output can hold, unique in the cell; empty: those of
            the files.
    """

    name: str
    files: tuple[Path, ...]
    case: str = ""
    names: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class KaryotypedFolder:
    """The outcome of a folder of cells.

    Attributes:
        karyotypes: The karyotyped cells, in the order of the folders.
        failed: Reason by name of each cell that could not be karyotyped.
    """

    karyotypes: tuple[Karyotype, ...]
    failed: Mapping[str, str]


def find_cells(images: str | Path) -> list[CellFolder]:
    """Return the cells in a folder.

    Args:
        images: Folder laid out as `recognize_layout` says, or a single image.

    Returns:
        The cells in natural order.

    Raises:
        FileNotFoundError: There is no such folder, or no image in it.
        ValueError: The folder may be read in two ways, or a cell has too many images.
    """
    path = Path(images).expanduser().absolute()
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return [CellFolder(path.stem, (path,))]
    if not str(images) or not path.is_dir():
        raise FileNotFoundError(
            f"`--images` must be a folder of chromosome images, got `{images}`, which doesn't "
            "exist; correct the path."
        )
    layout = recognize_layout(path)
    layout.check_cell_sizes(most=AUTOSOMES * MOST_OF_A_CLASS)
    unlisted = [one.path for one in layout.left_out if one.reason == UNLISTED]
    if unlisted:
        raise ValueError(
            f"`{TABLE}` must list all images of the cells, got {len(unlisted)} that it doesn't "
            f"list, such as `{layout.relative_name(unlisted[0])}`; add or move them, or move the "
            "table elsewhere."
        )
    print(layout.sentence, flush=True)
    return [
        CellFolder(one.name, one.files, one.case, one.names, one.left_out) for one in layout.cells
    ]


def load_cell(folder: CellFolder) -> CellImages:
    """Load the images of a cell from disk; an unreadable file does not stop the others.

    Args:
        folder: Files of the cell.

    Returns:
        The grey images u8[H,W] in the order of the files, and each unreadable file with the
        reason.
    """
    names: list[str] = []
    images: list[np.ndarray] = []
    unread: list[tuple[str, str]] = []
    for file in folder.files:
        try:
            decoded = decode_image(file.read_bytes())
            if decoded.colour_levels > COLOUR_LEVELS:
                raise ValueError("it is a colour picture; use grey images of one chromosome each")
        except (OSError, ValueError) as error:
            unread.append((file.name, str(error)))
        else:
            names.append(file.name)
            images.append(decoded.grey)
    return CellImages(
        name=folder.name,
        images=tuple(map(NamedImage, names, scale_to_8_bits(images))),
        unread=tuple(unread),
    )


def karyotype_folder(
    cells: Sequence[CellFolder],
    out: Path,
    *,
    choose: Callable[[CellImages], Classifier],
    turned_share: float,
    prior: CountPrior | None,
    straightened: bool,
    advance: Callable[[str], object],
) -> KaryotypedFolder:
    """Karyotype all cells and write karyograms, tables and the report.

    Args:
        cells: The cells to karyotype.
        out: Folder of the results, made if absent.
        choose: Images of a cell → the network that classifies them.
        turned_share: Share of the images that may be upside down, in (0, 1).
        prior: Prior of the chromosome counts; None for cells of unknown origin.
        straightened: Whether the karyograms show straightened chromosomes.
        advance: Called with the name of each finished cell.

    Returns:
        The karyotypes, and the cells that could not be karyotyped.
    """
    out.mkdir(parents=True, exist_ok=True)
    karyotypes, failed, facts = [], {}, dict[str, str]()
    for folder in cells:
        try:
            cell = load_cell(folder)
            if not cell.images:
                raise ValueError(f"no image could be read; {': '.join(cell.unread[0])}")
            classifier = choose(cell)
            karyotype = karyotype_cell(
                cell, classifier=classifier, turned_share=turned_share, prior=prior
            )
        except ValueError as error:
            failed[folder.name] = str(error)
        else:
            _write_cell(karyotype, out / folder.name, straightened=straightened)
            karyotypes.append(karyotype)
            _add_facts(facts, classifier.about)
        advance(folder.name)
    if karyotypes:
        write_html_report(karyotypes, out / REPORT_FILE, facts=facts)
    return KaryotypedFolder(tuple(karyotypes), failed)


def _add_facts(facts: dict[str, str], about: Mapping[str, str]) -> None:
    """Add the facts about a network; different values of several networks are listed once."""
    for name, value in about.items():
        known = facts[name].split(", ") if name in facts else []
        facts[name] = ", ".join(dict.fromkeys([*known, value]))


def _write_cell(karyotype: Karyotype, folder: Path, *, straightened: bool) -> None:
    folder.mkdir(exist_ok=True)
    write_json(folder / "karyotype.json", karyotype_json(karyotype))
    write_text(folder / "assignments.csv", assignments_csv([karyotype]))
    figure = draw_karyogram(karyotype, straightened=straightened)
    save_karyogram(figure, stem=folder / "karyogram")
