from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.gband.archive import SHIFTED_CELL, ExpectedCounts, load_gband

# Two cells of one patient, one of them with three chromosomes 21, and one of another: X0.
CLASSES = {"7001.5": (1, 1, 21, 21, 21, 23, 24), "7001.12": (1, 1, 23, 24), "8002.3": (1, 1, 23)}
COUNTS = ExpectedCounts(cells=3, cases=2, images=14)


def blob(number: int) -> np.ndarray:
    image = np.full((14 + number, 11), 255, np.uint8)
    image[3:-3, 3:-3] = 60 + number
    return image


def write_cell(root: Path, cell: str, classes: tuple[int, ...]) -> None:
    seen: Counter[int] = Counter()
    for number, name in enumerate(classes):
        folder = root / f"{cell}.tiff" / f"clase{name}"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"clase{name}_{seen[name]}_{cell}.tiff"
        Image.fromarray(blob(number)).save(file, compression="tiff_lzw")
        seen[name] += 1


@pytest.fixture
def folder(tmp_path) -> Path:
    root = tmp_path / "manual" / "single_clase"
    for cell, classes in CLASSES.items():
        write_cell(root, cell, classes)
    return root


def image_path(root: Path, cell: str, name: str) -> Path:
    return root / f"{cell}.tiff" / name.split("_")[0] / f"{name}_{cell}.tiff"


def test_names_give_class_cell_and_patient(folder):
    records = load_gband(folder, expected=COUNTS)
    assert [one.cell for one in records] == ["7001.5"] * 7 + ["7001.12"] * 4 + ["8002.3"] * 3
    assert {one.cell: one.case for one in records} == {
        "7001.5": "7001", "7001.12": "7001", "8002.3": "8002",
    }  # fmt: skip
    labels = {one.name: CLASS_NAMES[one.label] for one in records}
    assert labels["7001.5/clase23_0_7001.5"] == "X"
    assert labels["7001.5/clase24_0_7001.5"] == "Y"
    assert labels["8002.3/clase1_1_8002.3"] == "1"


def test_aneuploid_cells_stay(folder):
    records = load_gband(folder, expected=COUNTS)
    counts = Counter((one.cell, CLASS_NAMES[one.label]) for one in records)
    assert counts["7001.5", "21"] == 3
    assert (counts["8002.3", "X"], counts["8002.3", "Y"]) == (1, 0)


def test_images_stay_raw_and_dark_on_white(folder):
    file = image_path(folder, "7001.5", "clase1_1")
    colour = Image.fromarray(blob(1)).convert("RGBA")
    colour.save(file)
    records = {one.name: one.image for one in load_gband(folder, expected=COUNTS)}
    np.testing.assert_array_equal(records["7001.5/clase1_0_7001.5"], blob(0))
    np.testing.assert_array_equal(records["7001.5/clase1_1_7001.5"], blob(1))


def test_another_data_set_in_the_folder_is_skipped(folder, tmp_path):
    (tmp_path / "downloads").mkdir()
    with zipfile.ZipFile(tmp_path / "downloads" / "a padova.zip", "w") as archive:
        archive.writestr("single_chromosomes/1/1 1a.bmp", "the other set")
    with zipfile.ZipFile(tmp_path / "downloads" / "b.zip", "w") as archive:
        for path in folder.rglob("*_*.tiff"):
            archive.write(path, f"single_clase/{path.relative_to(folder).as_posix()}")
    packed = load_gband(tmp_path / "downloads", expected=COUNTS)
    direct = load_gband(folder, expected=COUNTS)
    assert [(one.name, one.label) for one in packed] == [(one.name, one.label) for one in direct]


def test_an_empty_class_is_a_lost_chromosome(folder):
    (folder / "7001.5.tiff" / "clase2").mkdir()
    assert len(load_gband(folder, expected=COUNTS)) == 14


def test_missing_archive_is_one_helpful_message(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        load_gband(tmp_path, expected=COUNTS)
    text = str(error.value)
    for part in (
        "`manual_dir` must hold the G-band karyograms",
        "single_clase/<case>.<cell>.tiff/clase<1..24>/clase<k>_<i>_<case>.<cell>.tiff",
        "No licence is known: never redistribute",
        str(tmp_path),
        "python launch/main.py --config=configs/super_xception.py",
    ):
        assert part in text


def test_all_damaged_and_misplaced_files_are_reported_at_once(folder):
    image_path(folder, "7001.5", "clase1_0").write_bytes(b"")
    file = image_path(folder, "7001.5", "clase1_1")
    file.write_bytes(b"II*\0")
    Image.new("L", (9, 9), 255).save(image_path(folder, "7001.12", "clase1_0"))
    file = image_path(folder, "7001.5", "clase21_2")
    file.rename(file.with_name("clase22_2_7001.5.tiff"))
    file = image_path(folder, "7001.5", "clase23_0")
    file.rename(file.with_name("clase23_0_7001.6.tiff"))
    file = image_path(folder, "7001.5", "clase24_0")
    file.rename(file.with_name("copy of clase24_0_7001.5.tiff"))
    write_cell(folder, "9003.1", (25,))
    write_cell(folder, "9003", (1,))
    with pytest.raises(ValueError) as error:
        load_gband(folder, expected=COUNTS)
    text = str(error.value)
    assert "got 8 problems" in text
    for part in (
        "clase1/clase1_0_7001.5.tiff: the file is empty (0 bytes)",
        "clase1/clase1_1_7001.5.tiff: the image can't be read",
        "clase1/clase1_0_7001.12.tiff: the image is blank: all pixels have the same grey level",
        "clase21/clase22_2_7001.5.tiff: the name says class 22, the folder clase21",
        "clase23/clase23_0_7001.6.tiff: the name says cell 7001.6, the folder 7001.5.tiff",
        "copy of clase24_0_7001.5.tiff: the name must be `clase<k>_<i>_<case>.<cell>.tiff`",
        "clase25_0_9003.1.tiff: `class` must be 1 to 22, X (or 23) or Y (or 24), got '25'",
        "clase1_0_9003.tiff: the cell must be `<case>.<cell>`, got 9003",
    ):
        assert part in text


def test_counts_say_what_was_expected_and_found(folder):
    for file in (folder / "8002.3.tiff").rglob("*_*.tiff"):
        file.unlink()
    image_path(folder, "7001.12", "clase1_1").unlink()
    with pytest.raises(ValueError) as error:
        load_gband(folder, expected=COUNTS)
    text = str(error.value)
    assert "got 4 problems" in text
    for part in (
        "cells: expected 3, found 2",
        "cases: expected 2, found 1",
        "images: expected 14, found 10",
        "cell 7001.12: the smallest, with 3 chromosomes",
    ):
        assert part in text


SHIFTED = tuple(sorted((*range(1, 15), *range(1, 17), *range(17, 25), *range(17, 25))))


def test_the_shifted_cell_is_corrected(tmp_path):
    write_cell(tmp_path, SHIFTED_CELL, SHIFTED)
    counts = ExpectedCounts(cells=1, cases=1, images=46)
    records = load_gband(tmp_path, expected=counts)
    labels = Counter(CLASS_NAMES[one.label] for one in records)
    assert labels == dict.fromkeys((*map(str, range(1, 23)), "X"), 2)
    by_name = {one.name.split("/")[1].split("_")[0]: CLASS_NAMES[one.label] for one in records}
    assert by_name["clase14"] == "14"
    assert by_name["clase15"] == by_name["clase16"] == "15"
    assert (by_name["clase17"], by_name["clase23"], by_name["clase24"]) == ("16", "22", "X")


@pytest.mark.parametrize(
    ("cell", "classes"), [("97002302.17", SHIFTED), (SHIFTED_CELL, (*SHIFTED[:-1], 15))]
)
def test_no_other_cell_is_corrected(tmp_path, cell, classes):
    write_cell(tmp_path, cell, classes)
    records = load_gband(tmp_path, expected=ExpectedCounts(cells=1, cases=1, images=46))
    assert Counter(one.label + 1 for one in records) == Counter(classes)
