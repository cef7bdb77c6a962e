from __future__ import annotations

import dataclasses
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.folders.folder_layout import recognize_layout
from superxception_jax.data.folders.layout_record import FolderLayout
from superxception_jax.data.folders.table_cells import UNLISTED
from superxception_jax.data.own.folder import OwnFolder, read_folder
from superxception_jax.karyotyping.folders import FoundCells, find_cells
from tests.fuzz.bounds import check_line, check_message, count, examples, within
from tests.fuzz.trees import TREES, Tree, plant

SECONDS = 20.0


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def planted(shelf: Path, tree: Tree) -> tuple[Path, list[Path]]:
    shutil.rmtree(shelf / "lab", ignore_errors=True)
    return shelf / "lab", plant(shelf / "lab", tree)


def refused(read: Callable[[], Any]) -> Any:
    """Return what a reader returns; None for a clear refusal."""
    try:
        return read()
    except (ValueError, FileNotFoundError) as error:
        check_message(error, lines=0)
    return None


def check_layout(layout: FolderLayout, files: Sequence[Path]) -> None:
    read = Counter(file for cell in layout.cells for file in cell.files)
    left_out = Counter(one.path for one in layout.left_out)
    assert max(read.values()) == 1, "a file is in two cells"
    assert max(left_out.values(), default=1) == 1, "a path is left out twice"
    for file in files:
        places = {file, *file.parents}
        if file == layout.table:
            assert file not in read
            continue
        # A folder that is reached twice, by a link, is read once, by either name.
        same = [one for one in read if one == file or os.path.samefile(one, file)]
        ways = bool(same) + bool(places & set(left_out))
        linked = any(one.path.is_symlink() for one in layout.left_out) or layout.links
        assert ways == 1 or (ways and linked), ascii((file, same, places & set(left_out)))
    names = [cell.name for cell in layout.cells]
    assert len(set(names)) == len(names)
    for cell in layout.cells:
        assert cell.files
        assert len(cell.files) == len(cell.names) == len(cell.classes) == len(set(cell.names))
    assert all(one.reason for one in layout.left_out)
    for line in (layout.sentence, *layout.left_out_lines):
        check_line(line)


@examples(short=60, long=1000)
@given(TREES)
def test_each_file_is_in_one_cell_or_left_out(shelf, tree):
    root, files = planted(shelf, tree)
    with within(SECONDS):
        layout = refused(lambda: recognize_layout(root))
        found: FoundCells | None = refused(lambda: find_cells(root))
    if layout is None:
        assert found is None
        return
    count("layouts recognised")
    check_layout(layout, files)
    if found is not None:
        # A table may list a part of the images, of cells that the folders say as well.
        whole = [set(one.files) for one in found.cells]
        assert all(any(set(one.files) <= files for files in whole) for one in layout.cells)
        same = [one.files for one in found.cells] == [one.files for one in layout.cells]
        assert same or layout.table is not None


@examples(short=60, long=1000)
@given(TREES, st.sampled_from(("refuse", "allow")))
def test_a_data_set_has_sure_classes_and_unique_names(shelf, tree, twins):
    root, _ = planted(shelf, tree)
    with within(SECONDS):
        read: OwnFolder | None = refused(lambda: read_folder(root, twins=twins))
    if read is None:
        return
    count("data sets read")
    assert [one.path for one in read.files] == [f for c in read.layout.cells for f in c.files]
    assert all(one.label in CLASS_NAMES and one.cell and one.case for one in read.files)
    assert len({one.shown for one in read.files}) == len(read.files)
    assert len({one.case for one in read.files}) <= len({one.cell for one in read.files})
    if twins == "refuse":
        assert len(set(read.digests.values())) == len(read.files)
    check_hash(root, read, twins=twins)


def check_hash(root: Path, read: OwnFolder, *, twins: str) -> None:
    """Check that the hash of a data set follows what is read, and nothing else."""
    again = read_folder(root, twins=twins)
    assert again.content_hash == read.content_hash
    os.utime(read.files[0].path)
    (root / ".hidden").write_bytes(b"")
    assert read_folder(root, twins=twins).content_hash == read.content_hash
    file = read.files[-1].path
    file.write_bytes(file.read_bytes() + b"changed")
    with_change = refused(lambda: read_folder(root, twins=twins))
    assert with_change is None or with_change.content_hash != read.content_hash
    first = read.files[0]
    for one in (
        dataclasses.replace(first, label="other"),
        dataclasses.replace(first, cell="other"),
        dataclasses.replace(first, case="other"),
        dataclasses.replace(first, turned=not first.turned),
    ):
        other = dataclasses.replace(read, files=(one, *read.files[1:]))
        assert other.content_hash != read.content_hash


@examples(short=30, long=1000)
@given(TREES, st.binary(max_size=120) | st.text(max_size=120).map(str.encode))
def test_any_table_is_understood_or_refused(shelf, tree, content):
    root, files = planted(shelf, dataclasses.replace(tree, table=None))
    table = root / "labels.csv"
    if table.is_dir():
        return
    table.write_bytes(b"file,class,cell,case,turned\n" + content if len(content) % 2 else content)
    with within(SECONDS):
        layout = refused(lambda: recognize_layout(root))
        if layout is not None and layout.table is not None:
            assert all(one.path.exists() for one in layout.left_out if one.reason == UNLISTED)
            check_layout(layout, files)
