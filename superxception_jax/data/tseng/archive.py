"""The metaphase pictures of Tseng et al. 2023 as they are passed on, each with a file of boxes.

Files are named `24_chromosomes_object/<any folder>/<picture>.jpg` and `.xml`. A picture's name is
the number of its case and one digit for the picture: 1057961 is picture 1 of case 105796.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from superxception_jax.chromosomes import natural_key
from superxception_jax.data.archive import Archive, find_archive, open_archive
from superxception_jax.data.file_names import shown_name
from superxception_jax.data.images.image_file import decode_image, refuse_colour
from superxception_jax.data.normalization.background import fill_transparency
from superxception_jax.data.record import ChromosomeRecord, raise_problems
from superxception_jax.data.tseng.boxes import check_boxes, read_annotation
from superxception_jax.data.tseng.isolated import cut_out_isolated
from superxception_jax.wording import first_of, quantity

# Cut-outs that are kept between their check and their preparation; others are cut out twice.
_KEPT_BYTES = 2**30
_PICTURE = re.compile(r"([0-9]{5,6})[0-9]")
# Pictures whose patient the archive doesn't know; counted as one case, which is never divided.
_UNKNOWN = re.compile(r"(unknow)[0-9]{3}")
_PICTURE_ENDINGS, _BOX_ENDING = (".jpg", ".jpeg"), ".xml"
_MOST_NAMED = 10


@dataclass(frozen=True)
class PictureFiles:
    """The two files of a metaphase picture.

    Attributes:
        cell: Name of the picture.
        case: Case of the picture, see `case_of`.
        read_picture: Returns the content of the picture; raises `ValueError`.
        read_boxes: Returns the content of the file of its boxes; raises `ValueError`.
    """

    cell: str
    case: str
    read_picture: Callable[[], bytes]
    read_boxes: Callable[[], bytes]


@dataclass(frozen=True)
class PictureCounts:
    """How much of a picture stands alone.

    Attributes:
        boxes: Number of its boxes.
        isolated: Number of chromosomes that were cut out.
    """

    boxes: int
    isolated: int


@dataclass(frozen=True)
class TsengPictures:
    """The checked pictures of an archive, to be iterated over once.

    Attributes:
        counts: Counts of each picture.
        records: The chromosomes, cell by cell.
    """

    counts: Mapping[str, PictureCounts]
    records: Iterator[ChromosomeRecord]

    def __iter__(self) -> Iterator[ChromosomeRecord]:
        """Return the chromosomes, sorted by cell, then box."""
        return self.records

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return lines that say how much of the pictures is not used."""
        boxes = sum(one.boxes for one in self.counts.values())
        isolated = sum(one.isolated for one in self.counts.values())
        empty = [cell for cell, one in self.counts.items() if not one.isolated]
        lines = [
            f"tseng: {isolated:,} of {boxes:,} chromosomes in {len(self.counts):,} pictures stand "
            "alone; the others touch something, or lie in the box of another, and are left out."
        ]
        if empty:
            lines.append(
                f"tseng: no chromosome stands alone in {quantity(len(empty), 'picture')}: "
                f"{first_of(empty, most=_MOST_NAMED)}"
            )
        return tuple(lines)


def load_tseng(manual_dir: str | Path) -> TsengPictures:
    """Check all pictures of the archive, and return an iterator over their chromosomes.

    Args:
        manual_dir: Folder or file of the archive, see `find_archive`.

    Returns:
        The chromosomes that stand alone. Those of a large archive are cut out again, so that
        neither they nor the pictures are ever in memory together.

    Raises:
        FileNotFoundError: The archive is missing; the message says what is needed.
        ValueError: Files are damaged, misnamed, repeated or alone, or boxes are not those of
            their picture, or no chromosome at all stands alone; all are listed.
    """
    path = find_archive(manual_dir, archive=METAPHASES)
    counts: dict[str, PictureCounts] = {}
    kept: dict[str, list[ChromosomeRecord]] = {}
    room_bytes = _KEPT_BYTES
    with open_archive(path, archive=METAPHASES) as files:
        pictures, problems = pair_files(files)
        for one in pictures:
            try:
                boxes, records = _load_picture(one)
            except ValueError as error:
                problems.append(f"picture {one.cell}: {error}")
                continue
            counts[one.cell] = PictureCounts(boxes, len(records))
            room_bytes -= sum(record.image.nbytes for record in records)
            if room_bytes >= 0:
                kept[one.cell] = records
    if not problems and not any(one.isolated for one in counts.values()):
        problems = [f"no chromosome stands alone in any of its {len(counts):,} pictures"]
    raise_problems(problems, source=str(path))
    return TsengPictures(counts, _in_order(path, kept))


def pair_files(
    files: list[tuple[str, Callable[[], bytes]]],
) -> tuple[list[PictureFiles], list[str]]:
    """Return the pictures with their boxes, by the names of their files.

    Args:
        files: Path of each file, and a function that returns its content.

    Returns:
        The pictures, sorted by name; and one line for each file that is misnamed, repeated or
        without the other one.
    """
    problems = []
    found: dict[bool, dict[str, Callable[[], bytes]]] = {True: {}, False: {}}
    for file, read in files:
        path = PurePosixPath(file)
        group = found[path.suffix.lower() == _BOX_ENDING]
        try:
            case_of(path.stem)
            if path.stem in group:
                raise ValueError("this name is in the archive twice")
            group[path.stem] = read
        except ValueError as error:
            problems.append(f"{shown_name(file)}: {error}")
    boxes, images = found[True], found[False]
    problems += [f"picture {one}: it has no file of boxes" for one in sorted(images.keys() - boxes)]
    problems += [f"boxes {one}: they have no picture" for one in sorted(boxes.keys() - images)]
    return [
        PictureFiles(cell, case_of(cell), images[cell], boxes[cell])
        for cell in sorted(images.keys() & boxes, key=natural_key)
    ], problems


def case_of(cell: str) -> str:
    """Return the case of a picture from its name.

    Args:
        cell: Name of the picture: the number of the case and one digit, or `unknow` and three.

    Raises:
        ValueError: The name has another form.

    >>> case_of("1057961"), case_of("unknow002")
    ('105796', 'unknow')
    """
    match = _PICTURE.fullmatch(cell) or _UNKNOWN.fullmatch(cell)
    if match is None:
        raise ValueError("the name must be that of a case, 5 or 6 digits, and 1 digit")
    return match[1]


def _load_picture(files: PictureFiles) -> tuple[int, list[ChromosomeRecord]]:
    """Return the number of boxes of a picture, and its chromosomes that stand alone."""
    try:
        annotation = read_annotation(files.read_boxes())
    except ValueError as error:
        raise ValueError(f"in its file of boxes: {error}") from None
    decoded = decode_image(files.read_picture())
    refuse_colour(decoded)
    picture = fill_transparency(decoded, background="light")
    check_boxes(annotation, picture.shape)
    return len(annotation.boxes), [
        ChromosomeRecord(
            image=one.image,
            label=annotation.boxes[one.number].label,
            cell=files.cell,
            case=files.case,
            name=f"{files.cell}/{files.cell}_{one.number:02}",
            upright=False,
        )
        for one in cut_out_isolated(picture, annotation.boxes)
    ]


def _in_order(path: Path, kept: dict[str, list[ChromosomeRecord]]) -> Iterator[ChromosomeRecord]:
    """Yield the records by cell, then box; cut those out again that were not kept."""
    with open_archive(path, archive=METAPHASES) as files:
        for one in pair_files(files)[0]:
            records = kept.pop(one.cell, None)
            if records is None:
                try:
                    records = _load_picture(one)[1]
                except ValueError as error:  # It was changed since it was checked.
                    raise_problems([f"picture {one.cell}: {error}"], source=str(path))
            yield from records or []


def _is_file(parts: tuple[str, ...]) -> bool:
    return parts[-1].lower().endswith((*_PICTURE_ENDINGS, _BOX_ENDING))


def _is_boxes(parts: tuple[str, ...]) -> bool:
    stem, dot, ending = parts[-1].rpartition(".")
    fits = _PICTURE.fullmatch(stem) or _UNKNOWN.fullmatch(stem)
    return bool(fits) and dot + ending.lower() == _BOX_ENDING


METAPHASES = Archive(
    title="the metaphase pictures of Tseng et al. 2023",
    instructions="""\
5,000 pictures of 1,500 cases (Scientific Data 10:104, 10.1038/s41597-023-02003-7, which
     names the page of the Cell Image Library), with files named
     24_chromosomes_object/<folder>/<picture>.jpg and
     24_chromosomes_object/<folder>/<picture>.xml""",
    folder="24_chromosomes_object",
    depth=2,
    is_image=_is_file,
    is_sign=_is_boxes,
    has_neighbours=True,
)
