"""Folders that can't be opened: their cells are missed, and their results stay."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from superxception_jax.data.folders.folder_layout import recognize_layout
from superxception_jax.data.own.labels import read_labels
from superxception_jax.karyotyping.folders import find_cells
from tests.karyotyping.small_batch import contents, run, write_images

CLOSED = "a folder that can't be opened (Permission denied)"


@pytest.fixture
def close(monkeypatch):
    """Return a function that closes folders, as a share does, and opens all others.

    Where names in them are listed still, nothing else can be learned of them.
    """
    scan, stat = os.scandir, os.stat
    denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def change(*folders: Path, listed: bool = False) -> None:
        def refuse_scan(folder):
            if folder in folders:
                raise denied
            return scan(folder)

        def refuse_stat(path, *arguments, **settings):
            if isinstance(path, Path) and path.parent in folders:
                raise denied
            return stat(path, *arguments, **settings)

        monkeypatch.setattr(os, "scandir", scan if listed else refuse_scan)
        monkeypatch.setattr(os, "stat", refuse_stat if listed else stat)

    return change


@pytest.mark.parametrize("listed", [False, True])
def test_a_cell_whose_folder_is_closed_fails_and_keeps_its_results(tmp_path, close, listed):
    lab, out = tmp_path / "lab", tmp_path / "out"
    for number in (1, 2, 10):
        write_images(lab / "case 7" / f"cell {number}", number=number)
    run(find_cells(lab).cells, out)
    before = contents(out / "case 7 - cell 2")
    close(lab / "case 7" / "cell 2", listed=listed)
    cells = find_cells(lab).cells
    assert [one.name for one in cells] == ["case 7/cell 1", "case 7/cell 2", "case 7/cell 10"]
    found = run(cells, out)
    assert found.kept == 2
    assert "Permission denied" in found.failed["case 7/cell 2"]
    assert found.failed["case 7/cell 2"].endswith("the results of the earlier run are kept")
    assert found.others == ()
    assert contents(out / "case 7 - cell 2") == before
    assert {one.name for one in found.cases[0].cells} == {one.name for one in cells}
    close()
    assert run(find_cells(lab).cells, out).kept == 3


def test_a_closed_folder_that_may_be_a_case_leaves_no_results_to_delete(tmp_path, close):
    lab, out = tmp_path / "lab", tmp_path / "out"
    for number in (7, 8):
        write_images(lab / f"case {number}" / "cell 1", number=number)
    run(find_cells(lab).cells, out)
    close(lab / "case 8")
    found = run(find_cells(lab).cells, out)
    assert found.failed == {"case 8": f"no image could be read; case 8: {CLOSED}"}
    assert found.others == ()
    assert (out / "case 8 - cell 1" / "karyotype.json").exists()


def test_cells_without_cases_are_missed_too(tmp_path, close):
    for name in ("a", "b", "c"):
        write_images(tmp_path / name)
    write_images(tmp_path / "d" / "chromosomes")
    close(tmp_path / "b", tmp_path / "d" / "chromosomes")
    cells = find_cells(tmp_path).cells
    assert [(one.name, len(one.files)) for one in cells] == [("a", 2), ("b", 0), ("c", 2), ("d", 0)]
    assert cells[1].left_out == (("b", CLOSED),)
    assert cells[3].left_out == (("chromosomes", CLOSED),)
    close(*(tmp_path / name for name in "abcd"))
    with pytest.raises(FileNotFoundError, match=r"got none \(left out: 4 a folder that can't be"):
        find_cells(tmp_path)


def test_a_table_does_not_hide_a_closed_folder(tmp_path, close):
    for name in ("a", "b"):
        write_images(tmp_path / name)
    table = tmp_path / "labels.csv"
    table.write_text("file,cell\na/0.png,a\na/1.png,a\n")
    close(tmp_path / "b")
    # The folders say the same cells.
    assert [one.name for one in find_cells(tmp_path).cells] == ["a", "b"]
    table.write_text("file,cell\na/0.png,one\na/1.png,two\n")
    with pytest.raises(ValueError, match=r"every folder can be opened .* got `b`, a folder that"):
        find_cells(tmp_path)
    table.write_text("file,cell\na/0.png,a\nb/0.png,b\n")
    with pytest.raises(ValueError, match=r"\(b/0.png\): the file is left out \(a folder that can"):
        find_cells(tmp_path)


def test_labelled_cells_are_never_fewer(tmp_path, close):
    for name in ("a", "b"):
        write_images(tmp_path / name)
        (tmp_path / name / "0.png").rename(tmp_path / name / "1a.png")
        (tmp_path / name / "1.png").rename(tmp_path / name / "1b.png")
    assert len(read_labels(recognize_layout(tmp_path))) == 4
    close(tmp_path / "b")
    with pytest.raises(ValueError, match=r"b: a folder that can't be opened \(Permission denied\)"):
        read_labels(recognize_layout(tmp_path))
