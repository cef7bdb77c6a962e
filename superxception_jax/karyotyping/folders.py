"""From folders of chromosome images to karyotypes on disk: what `launch/karyotype.py` does."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from superxception_jax.chromosomes import natural_key
from superxception_jax.data.image_file import SUFFIXES, read_grey, scale_to_8_bits
from superxception_jax.files import write_json, write_text
from superxception_jax.karyotyping.cell import ChooseClassifier, karyotype_cell
from superxception_jax.karyotyping.export import assignments_csv, karyotype_json
from superxception_jax.karyotyping.karyogram.draw import draw_karyogram, save_karyogram
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.prior import CountPrior
from superxception_jax.karyotyping.report.page import write_html_report

REPORT_FILE = "report.html"
# Mean difference between the colours of a pixel, in grey levels; scans of one dye stay below.
COLOUR_LEVELS = 12.0


@dataclass(frozen=True)
class CellFolder:
    """The images of a cell.

    Attributes:
        name: of the cell.
        files: its images, in natural order.
    """

    name: str
    files: tuple[Path, ...]


def find_cells(images: str | Path) -> list[CellFolder]:
    """Find the cells in a folder.

    Args:
        images: a folder of images (one cell), a folder of such folders, or a single image.

    Returns:
        The cells in natural order.

    Raises:
        FileNotFoundError: there is no such folder, or no image in it.
        ValueError: images and folders of images stand side by side.

    Source: ours, because laboratories export a folder a cell.
    """
    path = Path(images).expanduser().absolute()
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return [CellFolder(path.stem, (path,))]
    if not str(images) or not path.is_dir():
        raise FileNotFoundError(
            f"`--images` must be a folder of chromosome images, got `{images}`, which doesn't "
            "exist; correct the path."
        )
    own = _images_of(path)
    inner = [
        CellFolder(folder.name, files)
        for folder in sorted(path.iterdir(), key=lambda one: natural_key(one.name))
        if folder.is_dir() and (files := _images_of(folder))
    ]
    if own and inner:
        raise ValueError(
            f"`--images` must hold the images of one cell or one folder a cell, got both in "
            f"`{images}`; move the {len(own)} images into a folder of their own."
        )
    if not own and not inner:
        raise FileNotFoundError(
            f"`--images` must hold images ({', '.join(SUFFIXES)}), one chromosome each, got none "
            f"in `{images}` or in its folders; put the images of a cell there."
        )
    return inner or [CellFolder(path.name, own)]


def read_images(files: Sequence[Path]) -> tuple[dict[str, np.ndarray], list[tuple[str, str]]]:
    """Read the images of a cell.

    Args:
        files: of the images.

    Returns:
        Grey images u8[H,W] by name, and the name of each unreadable file with the reason.

    Source: ours, because one broken file must not cost the cell.
    """
    images, unread = {}, []
    for file in files:
        try:
            content = file.read_bytes()
            image = read_grey(content)
            if _is_colour_picture(content):
                raise ValueError("it is a colour picture; give grey images of one chromosome each")
        except (OSError, ValueError) as error:
            unread.append((file.name, str(error)))
        else:
            images[file.name] = image
    grey = scale_to_8_bits(list(images.values()))
    return dict(zip(images, grey, strict=True)), unread


def karyotype_folder(
    cells: Sequence[CellFolder],
    out: Path,
    *,
    choose_reader: ChooseClassifier,
    turned_share: float,
    prior: CountPrior | None,
    straightened: bool,
    advance: Callable[[str], object],
) -> tuple[list[Karyotype], dict[str, str]]:
    """Karyotype all cells and write karyograms, tables and the report.

    Args:
        cells: to be read.
        out: folder of the results, made if absent.
        choose_reader: images of a cell → the network that reads it.
        turned_share: share of the images that may be upside down.
        prior: of the numbers of chromosomes; None for cells of unknown origin.
        straightened: whether the karyograms show straightened chromosomes.
        advance: called with the name of each finished cell.

    Returns:
        The karyotypes, and the reason by name of each cell that could not be read.
    """
    out.mkdir(parents=True, exist_ok=True)
    karyotypes, failed, facts = [], {}, dict[str, str]()
    for cell in cells:
        try:
            karyotype, about = _read_cell(
                cell, choose_reader=choose_reader, turned_share=turned_share, prior=prior
            )
        except ValueError as error:
            failed[cell.name] = str(error)
        else:
            _write_cell(karyotype, out / cell.name, straightened=straightened)
            karyotypes.append(karyotype)
            _add_facts(facts, about)
        advance(cell.name)
    if karyotypes:
        write_html_report(karyotypes, out / REPORT_FILE, facts=facts)
    return karyotypes, failed


def _read_cell(
    cell: CellFolder,
    *,
    choose_reader: ChooseClassifier,
    turned_share: float,
    prior: CountPrior | None,
) -> tuple[Karyotype, Mapping[str, str]]:
    images, unread = read_images(cell.files)
    if not images:
        name, reason = unread[0]
        raise ValueError(f"no image could be read; {name}: {reason}")
    reader = choose_reader(list(images.values()))
    karyotype = karyotype_cell(
        list(images.values()),
        names=list(images),
        cell=cell.name,
        reader=reader,
        turned_share=turned_share,
        prior=prior,
        unread=unread,
    )
    return karyotype, reader.about


def _add_facts(facts: dict[str, str], about: Mapping[str, str]) -> None:
    """Add what is known of a network; of several networks, each different value stands once."""
    for name, value in about.items():
        known = facts[name].split(", ") if name in facts else []
        facts[name] = ", ".join(dict.fromkeys([*known, value]))


def _write_cell(karyotype: Karyotype, folder: Path, *, straightened: bool) -> None:
    folder.mkdir(exist_ok=True)
    write_json(folder / "karyotype.json", karyotype_json(karyotype))
    write_text(folder / "assignments.csv", assignments_csv([karyotype]))
    figure = draw_karyogram(karyotype, straightened=straightened)
    save_karyogram(figure, stem=folder / "karyogram")


def _images_of(folder: Path) -> tuple[Path, ...]:
    files = [
        file
        for file in folder.iterdir()
        if file.is_file() and file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
    ]
    return tuple(sorted(files, key=lambda file: natural_key(file.name)))


def _is_colour_picture(content: bytes) -> bool:
    with Image.open(io.BytesIO(content)) as image:
        if image.mode not in ("RGB", "RGBA", "P"):
            return False
        colours = np.asarray(image.convert("RGB")).astype(int)
    return float((colours.max(axis=-1) - colours.min(axis=-1)).mean()) > COLOUR_LEVELS
