from __future__ import annotations

import dataclasses
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.folders.folder_layout import recognize_layout
from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.own.folder import OwnFolder, find_folder, load_folder, read_folder
from superxception_jax.data.record import ChromosomeRecord

_seeds = itertools.count()


def blob(level: int = 200, dtype: type = np.uint8) -> np.ndarray:
    """Return an image like no other, whose brightest pixel is `level`."""
    image: np.ndarray = np.zeros((14, 9), dtype)
    random = np.random.default_rng(next(_seeds))
    image[2:-2, 2:-2] = random.integers(level // 2, level, (10, 5))
    image[7, 4] = level
    return image


def put(root: Path, name: str, image: np.ndarray | Image.Image | None = None) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = image if isinstance(image, Image.Image) else None
    (picture or Image.fromarray(blob() if image is None else image)).save(file)
    return file


def load(folder: Path, twins: str = "refuse", polarity: str = "upright") -> list[ChromosomeRecord]:
    return load_folder(
        read_folder(folder, twins=twins), twins=twins, polarity=polarity, background="auto"
    )


def content_hash(folder: Path) -> str:
    return read_folder(folder, twins="refuse").content_hash


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
    found = [(one.cell, one.case, one.name, one.label) for one in load(lab)]
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
    found = {one.name: (one.cell, one.case, one.label) for one in load(lab)}
    assert found == {
        "loose": ("P1/c1", "P1", 22),
        "c9/12": ("c9", "c9", 23),
        "c10/scan 7 1a": ("P2/c10", "P2", 2),
    }


def test_turned_images_are_rotated_and_known_ones_upright(tmp_path):
    pixels = [blob() for _ in range(3)]
    for number, image in enumerate(pixels, 1):
        put(tmp_path, f"c/{number}a.png", image)
    plain = load(tmp_path)
    assert [one.upright for one in plain] == [True] * 3
    table = tmp_path / "labels.csv"
    table.write_text("file,class,turned\nc/1a.png,1,true\nc/2a.png,2,false\nc/3a.png,3,\n")
    for polarity, unstated in (("upright", True), ("any", False)):
        found = load(tmp_path, polarity=polarity)
        assert [one.upright for one in found] == [True, True, unstated]
        np.testing.assert_array_equal(found[0].image, np.rot90(plain[0].image, 2))
        assert hash_image(found[0].image) == hash_image(np.rot90(pixels[0], 2))
        for one, other in zip(found[1:], plain[1:], strict=True):
            np.testing.assert_array_equal(one.image, other.image)


def test_the_hash_follows_the_orientation_that_is_stated(lab):
    table = lab / "labels.csv"
    hashes = []
    for column, value in (("", ""), (",turned", ","), (",turned", ",true"), (",turned", ",no")):
        table.write_text(f"file,class{column}\nc9/12.jpg,12{value}\n")
        hashes.append(content_hash(lab))
    assert hashes[0] == hashes[1], "a column that states nothing changes nothing"
    assert len(set(hashes[1:])) == 3


def test_tables_of_other_spreadsheets_are_read(lab):
    (lab / "labels.csv").write_text(" File;Class \nc9/12.jpg;5\n")
    assert [(one.name, one.label) for one in load(lab)] == [("c9/12", 4)]


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
        (b"file,class\n", "must list images, got none"),
        (b"file,class\nloose.png,1\n", r"line 2 \(loose.png\): its cell is unknown"),
        (b"file,class\nc9/0.png,1\n", r"line 2 \(c9/0.png\): there is no such file"),
        (b"file,class\n../x/1.png,1\n", "the file must be in the folder of the table"),
        (b"file,class\nc9/12.jpg,\n", "its class is unknown"),
        (b"file,class\nc9/12.jpg,1\nc9/12.jpg,1\n", r"line 3 .* the file is in the table twice"),
    ],
)
def test_tables_that_cannot_be_used_are_explained(lab, content, message):
    put(lab, "loose.png")
    (lab / "labels.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load(lab)


def test_all_problems_of_names_are_reported_at_once(lab):
    put(lab, "1a.png")
    put(lab, "c9/deeper/1a.png")
    put(lab, "c9/scan_12.png")
    put(lab, "c9/no 25a.png")
    put(lab, "c9/12.png")
    with pytest.raises(ValueError) as error:
        load(lab)
    text = str(error.value)
    assert "got 3 problems" in text
    assert "c9/scan_12.png: its class is unknown: `_12` may be class 12 or a running" in text
    assert "c9/no 25a.png: `class` must be 1 to 22, X (or 23) or Y (or 24), got '25'" in text
    assert "`c9/12.jpg` has the same name" in text
    # What lies beside the cells is listed, not read.
    assert recognize_layout(lab).left_out_lines == (
        "left out: 1a.png: beside folders of cells",
        "left out: c9/deeper: in the folder of a cell",
    )


def test_all_problems_of_images_are_reported_at_once(lab):
    (lab / "c9" / "broken 1a.png").write_bytes(b"x")
    colours = np.random.default_rng(0).integers(0, 255, (20, 20, 3)).astype(np.uint8)
    put(lab, "c10/photo 3a.png", Image.fromarray(colours))
    with pytest.raises(ValueError) as error:
        load(lab)
    assert "got 2 problems" in str(error.value)
    assert "c9/broken 1a.png: the image can't be read" in str(error.value)
    assert "c10/photo 3a.png: it is a colour picture" in str(error.value)


def test_hidden_and_other_files_are_ignored(lab):
    for name in (".thumbnails", ".ipynb_checkpoints", "@eaDir", "__MACOSX"):
        (lab / name).mkdir()
        (lab / name / "1a.png").write_bytes(b"x")
    (lab / "c9" / "notes.txt").write_text("x")
    assert len(load(lab)) == 5


def test_a_hot_pixel_changes_its_own_cell_only(tmp_path):
    put(tmp_path, "c1/a 1a.png", blob(4000, np.uint16))
    put(tmp_path, "c1/a 2a.png", blob(2000, np.uint16))
    put(tmp_path, "c1/a 3a.png", blob(50))
    before = [one.image.max() for one in load(tmp_path)]
    hot = blob(4000, np.uint16)
    hot[0, 0] = 65535
    put(tmp_path, "c2/a 1a.png", hot)
    assert [one.image.max() for one in load(tmp_path)][:3] == before


def test_cells_numbered_anew_in_each_case_stay_apart(tmp_path):
    for case in ("case 7", "case 8"):
        put(tmp_path, f"{case}/cell 1/scan 1a.png")
        put(tmp_path, f"{case}/cell 1/scan Xa.png")
    found = [(one.cell, one.case, one.name) for one in load(tmp_path)]
    assert found[0] == ("case 7/cell 1", "case 7", "case 7/cell 1/scan 1a")
    assert len({cell for cell, _, _ in found}) == len({case for _, case, _ in found}) == 2


def test_a_folder_per_patient_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    for index in range(61):
        file = tmp_path / "patient 3" / f"s{index} 1a.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"never read")
    with pytest.raises(ValueError, match="`patient 3`: 61 images can't be the chromosomes of one"):
        read_folder(tmp_path, twins="refuse")


def test_equal_files_in_two_cells_are_refused_unless_allowed(lab):
    twin = lab / "c10" / "twin 12a.png"
    twin.write_bytes((lab / "c9" / "anything 23.tif").read_bytes())
    with pytest.raises(ValueError, match=r"`c10/twin 12a.png` are the same image in several cel"):
        read_folder(lab, twins="refuse")
    folder = read_folder(lab, twins="allow")
    assert folder.notices[1].startswith("own: 1 image is in several cells")
    assert len(load_folder(folder, twins="allow", polarity="upright", background="auto")) == 6


@pytest.mark.parametrize("name", ["c10/again 12a.png", "c9/again 12a.png"])
def test_equal_pixels_are_twins_in_any_format(lab, name):
    put(lab, name, Image.open(lab / "c9" / "anything 23.tif"))
    where = "one cell" if name.startswith("c9") else "several cells"
    with pytest.raises(ValueError, match=f"are the same image in {where}"):
        load(lab)
    if where == "one cell":
        with pytest.raises(ValueError, match="delete all but one"):
            load(lab, twins="allow")


@pytest.mark.usefixtures("any_bytes")
def test_names_of_any_bytes_and_forms_are_read_and_shown(tmp_path):
    odd = os.fsdecode(b"caf\xe9")
    put(tmp_path, f"{odd}/scan 1a.png")
    put(tmp_path, "Zelle e\u0301/scan 1a.png")
    assert [one.name for one in load(tmp_path)] == ["Zelle e\u0301/scan 1a", "caf\\xe9/scan 1a"]
    (tmp_path / "labels.csv").write_text("file,class\nZelle é/scan 1a.png,2\n")
    assert [one.label for one in load(tmp_path)] == [1]


def test_linked_cells_are_read(lab, tmp_path):
    put(tmp_path, "elsewhere/scan 4a.png")
    (lab / "c11").symlink_to(tmp_path / "elsewhere")
    (lab / "c12").symlink_to(lab)
    assert [one.cell for one in load(lab)][-1] == "c11"
    assert "1 link followed" in read_folder(lab, twins="refuse").notices[0]


@pytest.mark.parametrize("folder", ["nowhere", ""])
def test_missing_folder_is_one_helpful_message(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as error:
        find_folder(folder)
    assert f"must be a folder of chromosome images, got '{folder}'" in str(error.value)
    assert "name files `<cell>/<anything> <class>[a|b|...]" in str(error.value)
    assert "`labels.csv` with the columns file,class[,cell][,case]" in str(error.value)


def test_empty_folder_is_explained(tmp_path):
    with pytest.raises(ValueError, match=r"must hold images .*, got none; .* Then name files"):
        load(tmp_path)


def test_hash_follows_what_is_read_and_nothing_else(lab, tmp_path):
    first = content_hash(lab)
    assert len(first) == 12
    (lab / "c9" / "notes.txt").write_text("x")
    image = lab / "c9" / "12.jpg"
    os.utime(image, ns=(1, 1))
    moved = lab.rename(tmp_path / "elsewhere")
    assert content_hash(moved) == first  # Content counts, so that a copy is the same set.
    image = moved / "c9" / "12.jpg"
    image.rename(moved / "c9" / "13.jpg")
    renamed = content_hash(moved)
    put(moved, "c9/13.jpg")
    changed = content_hash(moved)
    (moved / "Labels.CSV").write_text("file,class\nc9/13.jpg,13\n")
    listed = content_hash(moved)
    (moved / "Labels.CSV").write_text("file,class,case\nc9/13.jpg,13,P1\n")
    assert len({first, renamed, changed, listed, content_hash(moved)}) == 5


def test_two_files_that_change_names_change_the_hash(lab):
    first = content_hash(lab)
    one, other = lab / "c10" / "scan 7 1a.png", lab / "c10" / "scan 7 2a.png"
    put(lab, "c10/scan 7 2a.png")
    before = content_hash(lab)
    times = {path: path.stat().st_mtime_ns for path in (one, other)}
    contents = one.read_bytes(), other.read_bytes()
    for path, content in zip((other, one), contents, strict=True):
        path.write_bytes(content)
        os.utime(path, ns=(times[path], times[path]))
    assert len({first, before, content_hash(lab)}) == 3


def test_the_folder_is_read_only_once(lab):
    folder = read_folder(lab, twins="refuse")
    assert isinstance(folder, OwnFolder)
    assert folder.notices == (folder.layout.sentence,)
    assert dataclasses.replace(folder, files=folder.files[1:]).content_hash != folder.content_hash
