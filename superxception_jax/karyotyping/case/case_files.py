"""The files that are written for the cases of a folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from superxception_jax.files import load_json, write_json, write_text
from superxception_jax.karyotyping.case.case_json import case_json
from superxception_jax.karyotyping.case.case_record import Case, CaseSettings
from superxception_jax.karyotyping.case.conclude import conclude_case
from superxception_jax.karyotyping.export import DRAFT_NOTE
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.result_files import CASE_FILE, CASES_FILE, folder_names

CASES_COLUMNS = (
    *("case", "formula", "posterior", "cells_counted", "cells_analysed", "clones"),
    *("more_cells", "review_first"),
)


def conclude_cases(
    karyotypes: Sequence[Karyotype],
    failed: Mapping[str, str],
    *,
    case_of: Mapping[str, str],
    settings: CaseSettings | None = None,
    copies: Mapping[str, Mapping[str, int]] | None = None,
) -> tuple[Case, ...]:
    """Return the conclusions about all cases of a folder.

    Args:
        karyotypes: The karyotyped cells.
        failed: Reason by name of each cell that could not be karyotyped.
        case_of: The case of each cell by name, empty where it is unknown.
        settings: How the cases are concluded; None: as constitutional ones.
        copies: As for `conclude_case`.

    Returns:
        The cases in the order of `case_of`. Cells without a case belong to none, because they may
        be of different patients.

    Raises:
        ValueError: `case_of` lacks a cell.
    """
    names = [*(one.cell for one in karyotypes), *failed]
    missing = sorted(set(names) - set(case_of))
    if missing:
        raise ValueError(
            f"`case_of` must name the case of each cell, got none of {missing}; add it."
        )
    return tuple(
        conclude_case(
            case,
            [one for one in karyotypes if case_of[one.cell] == case],
            {cell: reason for cell, reason in failed.items() if case_of[cell] == case},
            settings,
            copies=copies,
        )
        for case in dict.fromkeys(case_of[name] for name in case_of if name in set(names))
        if case
    )


def write_cases(cases: Sequence[Case], out: Path) -> tuple[Path, ...]:
    """Write `case.json` of each case into a folder of its own, and the table `cases.csv`.

    Args:
        cases: The conclusions, with distinct names.
        out: Folder of the results, which must exist.

    Returns:
        The files, the table last. Without cases there are none, and the table of an earlier run is
        removed, if there is one.

    Raises:
        ValueError: A file by one of these names is none of this program.
    """
    table = out / CASES_FILE
    _check_table(table)
    if not cases:
        table.unlink(missing_ok=True)
        return ()
    files = [out / name / CASE_FILE for name in folder_names([f"case {one.name}" for one in cases])]
    for path in files:
        _check_case(path)
    for case, path in zip(cases, files, strict=True):
        path.parent.mkdir(exist_ok=True)
        write_json(path, case_json(case))
    write_text(table, cases_csv(cases))
    return (*files, table)


def cases_csv(cases: Sequence[Case]) -> str:
    """Return the conclusions about cases as CSV.

    Args:
        cases: The conclusions.

    Returns:
        CSV with the columns `CASES_COLUMNS` and one row per case: the draft formula and its
        posterior (empty where it is withheld), the number of all cells, also those that could not
        be read, and of those analysed, each clone with its number of cells, how many more cells
        would settle the case, and the cells to review first with the reason.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CASES_COLUMNS)
    for one in cases:
        writer.writerow(
            [
                one.name,
                one.formula,
                "" if one.withheld else f"{one.posterior:.6f}",
                len(one.cells),
                len(one.analysed),
                "; ".join(f"{change} ({len(cells)})" for change, cells in one.clones),
                one.more_cells,
                "; ".join(f"{cell}: {reason}" for cell, reason in one.review_first),
            ]
        )
    return text.getvalue()


def _check_table(path: Path) -> None:
    if not path.exists():
        return
    first = ""
    if path.is_file():
        with path.open(encoding="utf-8", errors="replace") as file:
            first = file.readline().strip()
    if first != ",".join(CASES_COLUMNS):
        raise ValueError(
            f"`--out` must not hold a {CASES_FILE} of another program, got `{path}`; choose "
            "another folder."
        )


def _check_case(path: Path) -> None:
    if not path.exists():
        return
    try:
        known = load_json(path, content="a case", remedy="").get("note") == DRAFT_NOTE
    except ValueError:
        known = False
    if not known:
        raise ValueError(
            f"`--out` must not hold a {CASE_FILE} of another program, got `{path}`; choose "
            "another folder."
        )
