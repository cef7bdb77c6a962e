"""The table `labels.csv` of a folder of images: cell, case, class and orientation by file."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from superxception_jax.data.file_names import folded_text, same_text, shown_name, shown_path
from superxception_jax.data.folders.folder_tree import TABLE
from superxception_jax.data.record import raise_problems

COLUMNS = ("file", "class", "cell", "case", "turned")
_SEPARATORS = (";", "\t", ",")  # The comma last: it is the decimal sign where others separate.
# `labels (1).csv`, `labels(1).csv`, `labels-1.csv`, `labels 2.csv`
_COPY = re.compile(r"labels[ _-]?(?:\(\d+\)|\d+)\.csv", re.IGNORECASE)
# How spreadsheets show a number of 12 digits or more, such as that of a patient: `2,02401E+11`.
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2,}", re.IGNORECASE)
_CONTROLS = ("Cc", "Zl", "Zp")
# Embeddings, overrides and isolates, which turn the text behind them round.
_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
# Spreadsheets translate true and false: German, French, Italian, Spanish, Portuguese, Dutch.
_TURNED = {
    "": None,
    **dict.fromkeys(
        ("true", "yes", "1", "wahr", "vrai", "vero", "verdadero", "verdadeiro", "waar"), True
    ),
    **dict.fromkeys(("false", "no", "0", "falsch", "faux", "falso", "onwaar"), False),
}


@dataclass(frozen=True)
class TableRow:
    """A row of the table; its class, cell and case are not checked yet.

    Attributes:
        where: Line and file, for messages.
        file: Path of the image below the folder, as written.
        label: Class; empty if not stated.
        cell: Cell; empty if not stated.
        case: Patient or sample; empty if not stated.
        turned: Whether the image is upside down; None if not stated.
    """

    where: str
    file: str
    label: str
    cell: str
    case: str
    turned: bool | None


def choose_table(tables: Sequence[Path]) -> Path | None:
    """Return the table of a folder.

    Args:
        tables: Files named like the table, in any capitals.

    Returns:
        The only one, None without any.

    Raises:
        ValueError: There are several.
    """
    if len(tables) > 1:
        names = ", ".join(f"`{table.name}`" for table in tables)
        raise ValueError(
            f"`{shown_path(tables[0].parent)}` must hold one table, got {names}; keep the "
            "right one."
        )
    return tables[0] if tables else None


def check_copies(table: Path, others: Iterable[Path]) -> None:
    """Raise if beside a table there is a numbered copy of it, as browsers save a second one.

    Args:
        table: The table that would be read.
        others: Files that would not.

    Raises:
        ValueError: There is such a copy.
    """
    beside = [one for one in others if one.parent == table.parent and _COPY.fullmatch(one.name)]
    if beside:
        names = ", ".join(f"`{shown_name(one.name)}`" for one in (table, *beside))
        raise ValueError(
            f"`{shown_path(table.parent)}` must hold one table, got {names}, of which one may "
            f"be a later export; keep the right one as `{TABLE}`."
        )


def read_table(table: Path) -> list[TableRow]:
    """Return the rows of a table; empty rows are passed over.

    Args:
        table: UTF-8 text with commas, semicolons or tabs, and any line ends.

    Returns:
        The rows, in order.

    Raises:
        ValueError: The table is not such text, its columns are others, `turned` is neither true
            nor false, or cells or cases are spelled in several ways.
    """
    name = shown_path(table)
    text = _read_text(table, name=name)
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # Written by spreadsheets.
        text, first = rest, rest.partition("\n")[0]
    separator = next((one for one in _SEPARATORS if one in first), ",")
    rows, problems = [], []
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
        reader.fieldnames = columns = [str(one).strip().lower() for one in reader.fieldnames or []]
        _check_columns(columns, name=name)
        for row in reader:
            extra = row.pop(None, None)
            values = {column: same_text((row.get(column) or "").strip()) for column in COLUMNS}
            # File names are compared in several forms, so they stay as they are written.
            file = (row.get("file") or "").strip()
            where = f"{table.name} line {reader.line_num} ({shown_name(file)})"
            if extra is not None:
                problems.append(f"{where}: it has more values than the first line; quote commas")
                continue
            if not any(values.values()):
                continue
            label, cell, case = values["class"], values["cell"], values["case"]
            problems += _name_problems(where, cell=cell, case=case)
            if (turned := values["turned"].lower()) not in _TURNED:
                problems.append(_unknown_turned(where, values["turned"]))
            rows.append(TableRow(where, file, label, cell, case, _TURNED.get(turned)))
    except csv.Error as error:
        raise ValueError(
            f"`{name}` must be a table of text, got {error}; save it again."
        ) from error
    # Each case has cells of its own.
    problems += spelling_problems("cell", [(folded_text(row.case), row.cell) for row in rows])
    problems += spelling_problems("case", [("", row.case) for row in rows])
    raise_problems(problems, source=name)
    return rows


class ImageIndex:
    """Images of a folder, found by the names that a table writes."""

    def __init__(self, folder: Path, images: Iterable[Path]) -> None:
        """Index the images.

        Args:
            folder: Folder of the table.
            images: Image files in it or deeper.
        """
        self._same: dict[str, list[Path]] = {}
        self._folded: dict[str, list[Path]] = {}
        for image in images:
            name = image.relative_to(folder).as_posix()
            for form in {same_text(name), same_text(shown_name(name))}:
                self._same.setdefault(form, []).append(image)
                self._folded.setdefault(folded_text(form), []).append(image)

    def find(self, file: str) -> Path | None:
        """Return the image that a row names.

        Args:
            file: Path below the folder, as written: with slashes or backslashes, in either form
                of accents, and in any capitals if only one image fits.

        Returns:
            The image, None if there is none.

        Raises:
            ValueError: Several images fit.
        """
        for name in (file, file.replace("\\", "/").removeprefix("./")):
            for forms, form in ((self._same, same_text), (self._folded, folded_text)):
                found = forms.get(form(name), [])
                if len(found) > 1:
                    raise ValueError(
                        f"the name fits {len(found)} files, whose names differ only by capitals, "
                        "spaces or the form of an accent; rename one"
                    )
                if found:
                    return found[0]
        return None


def _name_problems(where: str, **names: str) -> Iterator[str]:
    """Yield what is wrong with the cell or case of a row, by the name of the column."""
    for column, value in names.items():
        if _SHORTENED.fullmatch(value):
            yield (
                f"{where}: `{column}` must be as it was entered, got {value!r}, a number that a "
                "spreadsheet has shortened; format the column as text, and enter it again"
            )
        # These could clear a terminal or forge a line of what is printed.
        if any(
            unicodedata.category(one) in _CONTROLS or unicodedata.bidirectional(one) in _TURNING
            for one in value
        ):
            yield (
                f"{where}: `{column}` must be text of one line, got `{shown_name(value)}`; remove "
                "line breaks and control characters"
            )


def _read_text(table: Path, *, name: str) -> str:
    try:
        return table.read_text("utf-8-sig")  # Spreadsheets put a byte-order mark first.
    except UnicodeDecodeError as error:
        raise ValueError(
            f"`{name}` must be UTF-8 text, got other bytes; save it again as UTF-8."
        ) from error


def _check_columns(columns: Sequence[str], *, name: str) -> None:
    known = set(columns) <= set(COLUMNS) and len(set(columns)) == len(columns)
    if not known or "file" not in columns or not {"class", "cell"} & set(columns):
        raise ValueError(
            f"`{name}` must have the columns file,class and may have cell,case,turned, "
            f"got {shown_name(','.join(columns)) or 'none'}; correct its first line."
        )


def _unknown_turned(where: str, text: str) -> str:
    return (
        f"{where}: `turned` must be true, false or empty, got {shown_name(text)!r}; write true, or "
        "1, if the image is upside down"
    )


def spelling_problems(column: str, values: Iterable[tuple[str, str]]) -> list[str]:
    """Return one line for each cell or case that is spelled in several ways.

    Args:
        column: Name of the column.
        values: Where the value belongs, and the value.
    """
    spellings: dict[tuple[str, str], set[str]] = {}
    for place, value in values:
        spellings.setdefault((place, folded_text(value)), set()).add(value)
    return [
        f"{TABLE}: the {column} {' and '.join(repr(one) for one in sorted(several))} may be the "
        "same; spell it in one way"
        for several in spellings.values()
        if len(several) > 1
    ]
