from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.own.folder import (
    content_hash,
    describe_unknown_cases,
    find_folder,
    load_folder,
)


def blob(level: int = 100, dtype: type = np.uint8) -> np.ndarray:
    image: np.ndarray = np.zeros((14, 9), dtype)
    image[2:-2, 2:-2] = level
    return image


def put(root: Path, name: str, image: np.ndarray | Image.Image | None = None) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = image if isinstance(image, Image.Image) else None
    (picture or Image.fromarray(blob() if image is None else image)).save(file)
    return file


@pytest.fixture
def lab(tmp_path) -> Path:
    root = tmp_path / "my lab (2024)"
    put(root, "c10/scan 7 1a.png")
    put(root, "c10/scan 7 Xb.bmp", Image.fromarray(blob()).convert("RGB"))
    put(root, "c9/anything 23.tif")
    put(root, "c9/anything 24c.TIFF")
    put(root, "c9/12.jpg")
    return root


def test_files_are_understood_by_their_names(lab):
    found = [(one.cell, one.case, one.name, one.label) for one in load_folder(lab)]
    assert found == [
        ("c9", "c9", "c9/12", 11),
        ("c9", "c9", "c9/anything 23", 22),
        ("c9", "c9", "c9/anything 24c", 23),
        ("c10", "c10", "c10/scan 7 1a", 0),
        ("c10", "c10", "c10/scan 7 Xb", 22),
    ]


def test_a_table_decides_where_there_is_one(lab):
    put(lab, "loose.png")
    rows = (
        "\ufefffile,class,cell,case\nloose.png,x,c1,P1\nc9\\12.jpg,Y,,\nc10/scan 7 1a.png,3,,P2\n"
    )
    (lab / "labels.csv").write_text(rows, encoding="utf-8")
    found = {one.name: (one.cell, one.case, one.label) for one in load_folder(lab)}
    assert found == {
        "loose": ("c1", "P1", 22),
        "c9/12": ("c9", "c9", 23),
        "c10/scan 7 1a": ("c10", "P2", 2),
    }


def test_tables_of_other_spreadsheets_are_read(lab):
    (lab / "labels.csv").write_text(" File;Class \nc9/12.jpg;5\n")
    assert [(one.name, one.label) for one in load_folder(lab)] == [("c9/12", 4)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"name,class\n",
            "must have the columns file,class and may .*, got name,class",
        ),
        (b"file,class,patient\n", "got file,class,patient; correct its first line"),
        (b"", "got none; correct its first line"),
        (b"file,class\n\xff\xfe,1\n", "must be UTF-8 text"),
        (b"file,class\n", "`folder` must hold images, got none"),
        (b"file,class\nloose.png,1\n", r"line 2 \(loose.png\): its cell is unknown"),
        (b"file,class\nc9/0.png,1\n", r"line 2 \(c9/0.png\): the file can't be read \(No such"),
        (b"file,class\n../x/1.png,1\n", "the file must be in the folder of the data set"),
        (b"file,class\nc9/12.jpg,\n", "its class is unknown"),
        (b"file,class\nc9/12.jpg,1\nc9/12.jpg,1\n", r"line 3 .* `c9/12` is in the data set tw"),
    ],
)
def test_tables_that_cannot_be_used_are_explained(lab, content, message):
    (lab / "labels.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_folder(lab)


def test_all_problems_are_reported_at_once(lab):
    (lab / "c9" / "broken 1.png").write_bytes(b"x")
    put(lab, "1a.png")
    put(lab, "c9/deeper/1a.png")
    put(lab, "c9/scan_12.png")
    put(lab, "c9/no 25a.png")
    put(lab, "c9/12.png")
    with pytest.raises(ValueError) as error:
        load_folder(lab)
    text = str(error.value)
    assert "got 6 problems" in text
    assert "c9/broken 1.png: the image can't be read" in text
    assert "\n  1a.png: its cell is unknown: the file must be in `<cell>/`" in text
    assert "c9/deeper/1a.png: its cell is unknown" in text
    assert "c9/scan_12.png: its class is unknown: the name must end in ` <class>" in text
    assert "c9/no 25a.png: `class` must be 1 to 22, X (or 23) or Y (or 24), got '25'" in text
    assert "`c9/12` is in the data set twice" in text


def test_hidden_and_other_files_are_ignored(lab):
    (lab / ".thumbnails").mkdir()
    (lab / ".thumbnails" / "1a.png").write_bytes(b"x")
    (lab / "c9" / "notes.txt").write_text("x")
    assert len(load_folder(lab)) == 5


def test_images_of_16_bits_are_scaled_together(tmp_path):
    put(tmp_path, "c/a 1.png", blob(4000, np.uint16))
    put(tmp_path, "c/a 2.png", blob(2000, np.uint16))
    put(tmp_path, "c/a 3.png", blob(50))
    assert [one.image.max() for one in load_folder(tmp_path)] == [249, 125, 50]


@pytest.mark.parametrize("folder", ["nowhere", ""])
def test_missing_folder_is_one_helpful_message(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as error:
        find_folder(folder)
    assert f"must be a folder of chromosome images, got '{folder}'" in str(error.value)
    assert "name files `<cell>/<anything> <class>[a|b|...]" in str(error.value)
    assert "`labels.csv` with the columns file,class[,cell][,case]" in str(error.value)


def test_empty_folder_is_explained(tmp_path):
    with pytest.raises(ValueError, match=r"`folder` must hold images, got none in .*; name files"):
        load_folder(tmp_path)


def test_hash_follows_the_content(lab):
    first = content_hash(lab)
    assert content_hash(lab) == first
    assert len(first) == 12
    (lab / "c9" / "notes.txt").write_text("x")
    assert content_hash(lab) == first
    image = lab / "c9" / "12.jpg"
    time_ns = image.stat().st_mtime_ns
    os.utime(image, ns=(time_ns, time_ns + 1_000_000_000))
    touched = content_hash(lab)
    image.rename(lab / "c9" / "13.jpg")
    renamed = content_hash(lab)
    (lab / "labels.csv").write_text("file,class\n")
    assert len({first, touched, renamed, content_hash(lab)}) == 4


def test_unknown_cases_are_stated(lab):
    records = load_folder(lab)
    cells, cases = [one.cell for one in records], [one.case for one in records]
    assert describe_unknown_cases(cells, cases) == (
        "own: 2 cells without a patient (column `case` of `labels.csv`): every cell counts as a "
        "case of its own, and the split `cases` equals `cells`."
    )
    assert describe_unknown_cases(["c1"], ["c1"]).startswith("own: 1 cell without a patient")
    # One patient is enough: the laboratory knows of the column.
    assert describe_unknown_cases(cells, ["P1", *cases[1:]]) == ""
