from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.builders import load_records
from superxception_jax.data.gband.archive import (
    SHIFTED_CELL,
    ExpectedCounts,
    find_archive,
    load_archive,
)
from superxception_jax.data.gband.builder import Builder, GbandConfig

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


def pack(folder: Path, file: Path, prefix: str = "single_clase/") -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*.tiff")):
            if path.is_file():
                archive.write(path, prefix + path.relative_to(folder).as_posix())
    return file


def make(manual_dir: Path, data_dir: Path) -> Builder:
    config = GbandConfig(name="tiny", manual_dir=str(manual_dir), expected=COUNTS)
    return Builder(data_dir=data_dir, config=config, file_format="array_record")


def test_names_give_class_cell_and_patient(folder):
    records = load_archive(folder, expected=COUNTS)
    assert [one.cell for one in records] == ["7001.5"] * 7 + ["7001.12"] * 4 + ["8002.3"] * 3
    assert {one.cell: one.case for one in records} == {
        "7001.5": "7001", "7001.12": "7001", "8002.3": "8002",
    }  # fmt: skip
    labels = {one.name: CLASS_NAMES[one.label] for one in records}
    assert labels["7001.5/clase23_0_7001.5"] == "X"
    assert labels["7001.5/clase24_0_7001.5"] == "Y"
    assert labels["8002.3/clase1_1_8002.3"] == "1"


def test_aneuploid_cells_stay(folder):
    records = load_archive(folder, expected=COUNTS)
    counts = Counter((one.cell, CLASS_NAMES[one.label]) for one in records)
    assert counts["7001.5", "21"] == 3
    assert (counts["8002.3", "X"], counts["8002.3", "Y"]) == (1, 0)


def test_images_stay_raw_and_dark_on_white(folder):
    file = image_path(folder, "7001.5", "clase1_1")
    colour = Image.fromarray(blob(1)).convert("RGBA")
    colour.save(file)
    records = {one.name: one.image for one in load_archive(folder, expected=COUNTS)}
    np.testing.assert_array_equal(records["7001.5/clase1_0_7001.5"], blob(0))
    np.testing.assert_array_equal(records["7001.5/clase1_1_7001.5"], blob(1))


def test_archive_is_found_wherever_the_user_put_it(folder, tmp_path):
    assert find_archive(folder.parent) == folder
    assert find_archive(folder) == folder
    for prefix in ("single_clase/", ""):
        archive = pack(folder, tmp_path / f"any name {len(prefix)}.zip", prefix)
        assert find_archive(archive) == archive
        assert len(load_archive(archive, expected=COUNTS)) == 14
    other = tmp_path / "downloads"
    other.mkdir()
    with zipfile.ZipFile(other / "a padova.zip", "w") as archive:
        archive.writestr("single_chromosomes/1/1 1a.bmp", "the other set")
    packed = pack(folder, other / "b.zip")
    assert find_archive(other) == packed


def test_what_operating_systems_add_is_ignored(folder):
    (folder / "7001.5.tiff" / "clase1" / "Thumbs.db").write_bytes(b"x")
    (folder / "7001.5.tiff" / "clase1" / "._clase1_0_7001.5.tiff").write_bytes(b"x")
    (folder / "7001.5.tiff" / "clase2").mkdir()  # An empty class is a lost chromosome.
    assert len(load_archive(folder, expected=COUNTS)) == 14


@pytest.mark.parametrize("content", [None, b"PK broken"])
def test_missing_archive_is_one_helpful_message(tmp_path, content):
    manual = tmp_path / "manual"
    if content is not None:
        manual.mkdir()
        (manual / "set.zip").write_bytes(content)
    with pytest.raises(FileNotFoundError) as error:
        make(manual, tmp_path / "data").download_and_prepare()
    text = str(error.value)
    for part in (
        "`manual_dir` must hold the G-band karyograms",
        "single_clase/<case>.<cell>.tiff/clase<1..24>/clase<k>_<i>_<case>.<cell>.tiff",
        "No licence is known: never redistribute",
        str(manual.absolute()),
        "python launch/main.py --config=configs/super_xception.py",
    ):
        assert part in text
    assert ("set.zip can't be read as a zip file" in text) == (content is not None)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


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
        load_archive(folder, expected=COUNTS)
    text = str(error.value)
    assert "got 8 problems" in text
    for part in (
        "clase1/clase1_0_7001.5.tiff: the file is empty (0 bytes)",
        "clase1/clase1_1_7001.5.tiff: the image can't be read",
        "clase1/clase1_0_7001.12.tiff: the image is empty: one grey level throughout",
        "clase21/clase22_2_7001.5.tiff: the name says class 22, the folder clase21",
        "clase23/clase23_0_7001.6.tiff: the name says cell 7001.6, the folder 7001.5.tiff",
        "copy of clase24_0_7001.5.tiff: the name must read `clase<k>_<i>_<case>.<cell>.tiff`",
        "clase25_0_9003.1.tiff: `class` must be 1 to 22, X (or 23) or Y (or 24), got '25'",
        "clase1_0_9003.tiff: the cell must read `<case>.<cell>`, got 9003",
    ):
        assert part in text


def test_repeated_zip_entries_are_reported(folder, tmp_path):
    archive = pack(folder, tmp_path / "set.zip")
    name = "7001.5.tiff/clase1/clase1_0_7001.5.tiff"
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(f"copy/{name}", (folder / name).read_bytes())
    with pytest.raises(ValueError, match=f"copy/{name}: this chromosome stands in the archive tw"):
        load_archive(archive, expected=COUNTS)


def test_counts_say_what_was_expected_and_found(folder):
    for file in (folder / "8002.3.tiff").rglob("*_*.tiff"):
        file.unlink()
    image_path(folder, "7001.12", "clase1_1").unlink()
    with pytest.raises(ValueError) as error:
        load_archive(folder, expected=COUNTS)
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


def test_the_shifted_cell_is_mended(tmp_path):
    write_cell(tmp_path, SHIFTED_CELL, SHIFTED)
    counts = ExpectedCounts(cells=1, cases=1, images=46)
    records = load_archive(tmp_path, expected=counts)
    labels = Counter(CLASS_NAMES[one.label] for one in records)
    assert labels == dict.fromkeys((*map(str, range(1, 23)), "X"), 2)
    by_name = {one.name.split("/")[1].split("_")[0]: CLASS_NAMES[one.label] for one in records}
    assert by_name["clase14"] == "14"
    assert by_name["clase15"] == by_name["clase16"] == "15"
    assert (by_name["clase17"], by_name["clase23"], by_name["clase24"]) == ("16", "22", "X")


@pytest.mark.parametrize(
    ("cell", "classes"), [("97002302.17", SHIFTED), (SHIFTED_CELL, (*SHIFTED[:-1], 15))]
)
def test_no_other_cell_is_mended(tmp_path, cell, classes):
    write_cell(tmp_path, cell, classes)
    records = load_archive(tmp_path, expected=ExpectedCounts(cells=1, cases=1, images=46))
    assert Counter(one.label + 1 for one in records) == Counter(classes)


def test_records_survive_the_builder(folder, tmp_path, capsys):
    builder = make(folder.parent, tmp_path / "data")
    records = load_records(builder, progress=False)
    assert capsys.readouterr().out.startswith("Preparing gband/tiny/1.0.0 in ")
    for read, direct in zip(records, load_archive(folder, expected=COUNTS), strict=True):
        assert (read.name, read.label, read.cell, read.case) == (
            direct.name, direct.label, direct.cell, direct.case,
        )  # fmt: skip
        np.testing.assert_array_equal(read.image, direct.image)
    assert list(builder.info.splits) == ["chromosomes"]
    # Prepared once, the archive is needed no more.
    assert len(load_records(make(tmp_path / "gone", tmp_path / "data"), progress=False)) == 14
