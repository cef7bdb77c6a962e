"""The tables of the repository agree with the program that writes them."""

from __future__ import annotations

import pytest

from superxception_jax.tables.table import build_table
from superxception_jax.tables.table_folder import NOTES_FILE, PAGE_FILE, VALUES_FILE, load_table
from superxception_jax.tables.table_page import table_markdown
from tests.paths import REPOSITORY

FOLDERS = sorted(path.parent for path in (REPOSITORY / "results").glob(f"*/{VALUES_FILE}"))


def test_the_tables_are_here():
    assert {"aneuploidy", "karyotyping", "table1"} <= {folder.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_page_follows_from_the_stored_runs(folder):
    stored = load_table(folder)
    table = build_table(
        stored.runs,
        name=folder.name,
        pairs=stored.pairs,
        commands=stored.commands,
        vary=stored.vary,
    )
    notes = (folder / NOTES_FILE).read_text(encoding="utf-8")
    # Where a text of the page has changed: `write_table(folder, table)` writes it again.
    assert table_markdown(table, notes=notes) == (folder / PAGE_FILE).read_text(encoding="utf-8")
