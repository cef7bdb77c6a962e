"""From folders of chromosome images to karyotypes on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.chromosomes import AUTOSOMES
from superxception_jax.data.file_names import shown_name
from superxception_jax.data.folder_layout import recognize_cells
from superxception_jax.data.folder_tree import TABLE
from superxception_jax.data.image_file import SUFFIXES, decode_image, hash_image, refuse_colour
from superxception_jax.data.own.equal_images import Fingerprint, find_equal_images
from superxception_jax.data.table_cells import UNLISTED
from superxception_jax.files import readable_name, write_json, write_text
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
from superxception_jax.karyotyping.result_files import (
    CSV_FILE,
    JSON_FILE,
    KARYOGRAM,
    REPORT_FILE,
    folder_names,
    remove_report,
    remove_results,
    replacing_results,
)

TWINS = "images that are in several cells"


@dataclass(frozen=True)
class CellFolder:
    """The image files of a cell.

    Attributes:
        name: Name of the cell.
        files: Image files, in natural order.
        names: Names of the images, unique in the cell; empty: those of the files.
        left_out: Name of each other file that may be an image of the cell, and why it isn't read.
        case: Patient or sample; empty if unknown.
        paths: Paths of the files below the folder of all images; empty: unknown.
    """

    name: str
    files: tuple[Path, ...]
    names: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    case: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class KaryotypedFolder:
    """The outcome of a folder of cells.

    Attributes:
        karyotypes: The karyotyped cells, in the order of the folders.
        failed: Reason by name of each cell that could not be karyotyped.
        report: The report; None where no cell could be karyotyped.
        twins: Names of the files of each image that is in several cells.
    """

    karyotypes: tuple[Karyotype, ...]
    failed: Mapping[str, str]
    report: Path | None
    twins: tuple[str, ...]


@dataclass(frozen=True)
class FoundCells:
    """The cells in a folder.

    Attributes:
        cells: The cells in natural order.
        sentence: How the folder was understood, for the user.
    """

    cells: tuple[CellFolder, ...]
    sentence: str


def find_cells(images: str | Path) -> FoundCells:
    """Return the cells in a folder, and how it was understood.

    Args:
        images: Folder laid out as `recognize_cells` says, or a single image.

    Raises:
        FileNotFoundError: There is no such folder, or no image in it.
        ValueError: The folder may be read in two ways, or a cell has too many images.
    """
    path = Path(images).expanduser().absolute()
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        single = CellFolder(path.stem, (path,), paths=(shown_name(path.name),))
        return FoundCells((single,), f"{readable_name(path.name)}: 1 image")
    if not str(images) or not path.is_dir():
        raise FileNotFoundError(
            f"`--images` must be a folder of chromosome images, got `{images}`, which doesn't "
            "exist; correct the path."
        )
    layout = recognize_cells(path)
    layout.check_cell_sizes(most=AUTOSOMES * MOST_OF_A_CLASS)
    unlisted = [one.path for one in layout.left_out if one.reason == UNLISTED]
    if unlisted:
        raise ValueError(
            f"`{TABLE}` must list all images where the folders don't say the same cells, got "
            f"{len(unlisted)} that it doesn't list, such as "
            f"`{layout.relative_name(unlisted[0])}`; add or move them, or move the table elsewhere."
        )
    cells = tuple(
        CellFolder(
            one.name,
            one.files,
            names=one.names,
            left_out=one.left_out,
            case=one.case,
            paths=tuple(map(layout.relative_name, one.files)),
        )
        for one in layout.cells
    )
    return FoundCells(cells, layout.sentence)


def load_cell(folder: CellFolder) -> CellImages:
    """Load the images of a cell from disk; an unreadable file does not stop the others.

    Args:
        folder: Files of the cell.

    Returns:
        The images in the order of the files, at the full depth of the files, and each file that
        can't be read with the reason.
    """
    images: list[NamedImage] = []
    unread = list(folder.left_out)
    names = folder.names or tuple(readable_name(file.name) for file in folder.files)
    paths = folder.paths or ("",) * len(folder.files)
    for file, name, path in zip(folder.files, names, paths, strict=True):
        try:
            decoded = decode_image(file.read_bytes())
            refuse_colour(decoded)
        except MemoryError:
            unread.append((name, "the image is too large for this computer's memory"))
        except (OSError, ValueError) as error:
            unread.append((name, str(error)))
        else:
            images.append(NamedImage(name, decoded.grey, decoded.opacity, decoded.bits, path))
    return CellImages(
        name=readable_name(folder.name),
        images=tuple(images),
        unread=tuple(unread),
        case=folder.case,
    )


def karyotype_folder(
    cells: Sequence[CellFolder],
    out: Path,
    *,
    choose: Callable[[CellImages], Classifier],
    turned_share: float | None,
    prior: CountPrior | None,
    background: str,
    any_stain: bool,
    straightened: bool,
    advance: Callable[[str], object],
) -> KaryotypedFolder:
    """Karyotype all cells and write karyograms, tables and the report.

    A cell that fails loses the results of an earlier run, so that what is there is never older
    than it seems; no other file is removed.

    Args:
        cells: The cells to karyotype.
        out: Folder of the results, made if absent.
        choose: Images of a cell → the network that classifies them.
        turned_share: Share of the images that may be upside down, in (0, 1); None: the images of
            each cell tell.
        prior: Prior of the chromosome counts; None for cells of unknown origin.
        background: "dark", "light" or "auto", see `karyotype_cell`.
        any_stain: Whether a formula is drafted for a foreign stain, too.
        straightened: Whether the karyograms show straightened chromosomes.
        advance: Called with the name of each finished cell.

    Returns:
        The karyotypes, and the cells that could not be karyotyped.

    Raises:
        ValueError: Two cells have the same name.
    """
    names = [readable_name(folder.name) for folder in cells]
    _check_names(names)
    out.mkdir(parents=True, exist_ok=True)
    karyotypes, failed, facts = [], {}, dict[str, str]()
    contents: list[Fingerprint] = []
    for folder, name, target in zip(cells, names, folder_names(names), strict=True):
        try:
            cell = load_cell(folder)
            if not cell.images:
                raise ValueError(f"no image could be read; {': '.join(cell.unread[0])}")
            contents += [
                Fingerprint(name, f"{name}/{one.name}", hash_image(one.image))
                for one in cell.images
            ]
            classifier = choose(cell)
            karyotype = karyotype_cell(
                cell,
                classifier=classifier,
                turned_share=turned_share,
                prior=prior,
                background=background,
                any_stain=any_stain,
            )
            _write_cell(karyotype, out, target, straightened=straightened)
        except Exception as error:  # Whatever is wrong with a cell must not cost the others.
            failed[name] = _reason(error)
            remove_results(out, name)
        else:
            karyotypes.append(karyotype)
            _add_facts(facts, classifier.about)
        advance(name)
    # Equal pixels are no two chromosomes, but nothing says to which of the cells they belong.
    _, twins = find_equal_images(contents)
    if twins:
        facts = {TWINS: "; ".join(twins), **facts}
    report = _write_report(karyotypes, out, facts=facts, failed=failed)
    return KaryotypedFolder(tuple(karyotypes), failed, report, tuple(twins))


def _check_names(names: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(
            f"cells must have distinct names, got {twice} more than once; rename their folders."
        )


def _reason(error: Exception) -> str:
    """Return what to say of an error: errors of input are sentences, others need their type."""
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


def _add_facts(facts: dict[str, str], about: Mapping[str, str]) -> None:
    """Add the facts about a network; different values of several networks are listed once."""
    for name, value in about.items():
        known = facts[name].split(", ") if name in facts else []
        facts[name] = ", ".join(dict.fromkeys([*known, value]))


def _write_cell(karyotype: Karyotype, out: Path, name: str, *, straightened: bool) -> None:
    with replacing_results(out, name, cell=karyotype.cell) as folder:
        write_json(folder / JSON_FILE, karyotype_json(karyotype))
        write_text(folder / CSV_FILE, assignments_csv([karyotype]))
        figure = draw_karyogram(karyotype, straightened=straightened)
        save_karyogram(figure, stem=folder / KARYOGRAM)


def _write_report(
    karyotypes: Sequence[Karyotype],
    out: Path,
    *,
    facts: Mapping[str, str],
    failed: Mapping[str, str],
) -> Path | None:
    """Write the report of the cells, which names those that failed; without cells, remove it."""
    if not karyotypes:
        remove_report(out)
        return None
    if failed:
        without = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        facts = {"cells that could not be karyotyped": without, **facts}
    return write_html_report(karyotypes, out / REPORT_FILE, facts=facts)
