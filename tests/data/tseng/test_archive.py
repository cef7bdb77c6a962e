from __future__ import annotations

import csv
import dataclasses
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from superxception_jax.data.tseng import archive as tseng_archive
from superxception_jax.data.tseng.archive import case_of, load_tseng
from tests.data.tseng.metaphases import draw_metaphase, jpeg, pack, voc, write_archive
from tests.paths import REAL_DATA

CUT_OUTS = REAL_DATA / "tseng_isolated.zip"
CELLS = ("1057961", "1057962", "104321")


@pytest.fixture(scope="module")
def cells():
    return {cell: draw_metaphase(10 + number) for number, cell in enumerate(CELLS)}


@pytest.fixture
def folder(tmp_path, cells) -> Path:
    return write_archive(tmp_path / "manual", cells)


def same(one, other) -> None:
    assert [dataclasses.replace(record, image=None) for record in one] == [
        dataclasses.replace(record, image=None) for record in other
    ]
    for record, copy in zip(one, other, strict=True):
        np.testing.assert_array_equal(record.image, copy.image)


def test_records_say_what_stands_alone(folder, cells):
    pictures = load_tseng(folder.parent)
    records = list(pictures)
    assert [(one.cell, one.name) for one in records] == [
        (cell, f"{cell}/{cell}_{index:02}")
        for cell in ("104321", "1057961", "1057962")
        for index in cells[cell].alone
    ]
    assert {one.cell: one.case for one in records} == {
        "104321": "10432", "1057961": "105796", "1057962": "105796",
    }  # fmt: skip
    for one in records:
        assert one.label == cells[one.cell].boxes[int(one.name[-2:])].label
        assert one.upright is False
        assert one.image.dtype == np.uint8
    assert len(pictures.left_out) == 1
    assert pictures.left_out[0].startswith("tseng: 102 of 138 chromosomes in 3 pictures stand")


def test_every_layout_gives_the_same(folder, cells, tmp_path, monkeypatch):
    records = list(load_tseng(folder.parent))
    same(records, list(load_tseng(folder)))
    for prefix in ("24_chromosomes_object/", "set/24_chromosomes_object/", ""):
        packed = pack(folder, tmp_path / f"any {len(prefix)}.zip", prefix=prefix)
        same(records, list(load_tseng(packed)))
    renamed = write_archive(tmp_path / "other", cells, folders=("images", "Annotations"))
    same(records, list(load_tseng(renamed)))
    monkeypatch.setattr(tseng_archive, "_KEPT_BYTES", 0)  # All is cut out twice.
    same(records, list(load_tseng(packed)))


def test_other_folders_of_the_zip_file_are_not_read(folder, tmp_path):
    packed = pack(folder, tmp_path / "set.zip", prefix="24_chromosomes_object/")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("other_boxes/annotations/1057961.xml", "<annotation/>")
        archive.writestr("__MACOSX/24_chromosomes_object/JEPG/1057961.jpg", "x")
    same(list(load_tseng(folder)), list(load_tseng(packed)))


def test_a_picture_that_changes_between_check_and_preparation_is_named(folder, monkeypatch):
    monkeypatch.setattr(tseng_archive, "_KEPT_BYTES", 0)
    records = iter(load_tseng(folder))
    (folder / "JEPG" / "104321.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"picture 104321: the file is empty \(0 bytes\)"):
        next(records)


def test_only_one_cell_is_in_memory_where_none_is_kept(folder, monkeypatch):
    monkeypatch.setattr(tseng_archive, "_KEPT_BYTES", 0)
    loaded = []
    load = tseng_archive._load_picture

    def spy(files):
        loaded.append(files.cell)
        return load(files)

    monkeypatch.setattr(tseng_archive, "_load_picture", spy)
    records = iter(load_tseng(folder))
    checked = ["104321", "1057961", "1057962"]
    assert loaded == checked
    assert next(records).cell == "104321"
    assert loaded == [*checked, "104321"]


def test_a_picture_without_any_is_counted(folder):
    joined = draw_metaphase(5, joined=46)
    (folder / "JEPG" / "1060001.jpg").write_bytes(jpeg(joined.picture))
    (folder / "annotations" / "1060001.xml").write_text(voc(joined.boxes))
    pictures = load_tseng(folder)
    assert "1060001" not in {one.cell for one in pictures}
    assert pictures.left_out[1] == "tseng: no chromosome stands alone in 1 picture: 1060001"
    assert "102 of 184 chromosomes in 4 pictures" in pictures.left_out[0]
    for name in ("104321", "1057961", "1057962"):
        for file in folder.glob(f"*/{name}.*"):
            file.unlink()
    with pytest.raises(ValueError, match="no chromosome stands alone in any of its 1 pictures"):
        load_tseng(folder)


def test_all_problems_are_listed_one_each(folder, cells):
    pictures, boxes = folder / "JEPG", folder / "annotations"
    sound, picture = voc(cells["1057961"].boxes), jpeg(cells["1057961"].picture)

    def add(cell: str, *, image: bytes | None = picture, text: str | None = sound) -> None:
        if image is not None:
            (pictures / f"{cell}.jpg").write_bytes(image)
        if text is not None:
            (boxes / f"{cell}.xml").write_text(text)

    add("2000001", text=sound[:-30])
    add("2000002", text=sound.replace("<xmin>", "<xmin>-", 1))
    add("2000003", text='<!DOCTYPE a [<!ENTITY b "c">]>' + sound.partition("?>")[2])
    add("2000004", image=picture[:3000])
    add("2000005", image=None)
    add("2000006", text=None)
    add("2000007", text=sound.replace(">X<", ">mar<"))
    add("copy of 2000001", text=None)
    (pictures / "104321.jpeg").write_bytes(picture)
    with pytest.raises(ValueError, match="got 9 problems") as error:
        load_tseng(folder)
    text = str(error.value)
    for part in (
        "picture 2000001: in its file of boxes: the file is no sound XML",
        "picture 2000002: box 0 is outside the picture of 1600×1200 px",
        "picture 2000003: in its file of boxes: the file declares a document type",
        "picture 2000004: the image can't be read",
        "boxes 2000005: they have no picture",
        "picture 2000006: it has no file of boxes",
        "`mar` is no class such as A1, 1, X or Y",
        "JEPG/copy of 2000001.jpg: the name must be that of a case, 5 or 6 digits, and 1 digit",
        "JEPG/104321.jpg: this name is in the archive twice",
    ):
        assert part in text, text


def test_missing_archive_is_one_helpful_message(tmp_path):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "beach.jpg").write_bytes(b"another picture")
    with pytest.raises(FileNotFoundError) as error:
        load_tseng(tmp_path)
    text = str(error.value)
    assert "must hold the metaphase pictures of Tseng et al. 2023" in text
    assert "24_chromosomes_object/<folder>/<picture>.xml" in text
    assert "10.1038/s41597-023-02003-7" in text


@pytest.mark.parametrize("cell", ["10579", "10579611", "1057961a", "unknow1", "", "١٠٥٧٩٦١"])
def test_other_names_are_refused(cell):
    with pytest.raises(ValueError, match="the name must be that of a case"):
        case_of(cell)


def test_real_names_tell_their_cases():
    if not CUT_OUTS.exists():
        pytest.skip(f"{CUT_OUTS} is not here: the real set may not be redistributed")
    with zipfile.ZipFile(CUT_OUTS) as archive:
        table = archive.read("tseng_isolated/cells.csv").decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 1037
    numbered = [row for row in rows if not row["cell"].startswith("unknow")]
    assert len(numbered) == 1033
    assert all(case_of(row["cell"]) == row["case"] for row in numbered)
    assert {case_of(row["cell"]) for row in rows if row not in numbered} == {"unknow"}
