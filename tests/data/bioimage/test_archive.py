from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.bioimage.archive import PADOVA_COUNTS, ExpectedCounts, load_bioimage

# Cell 2 is male without letters, cell 79 has the names of the real cell 79, cell 3 is female.
NAMES = {
    "2": ("2 1a", "2 1b", "2 23", "2 24"),
    "3": ("3 1a", "3 1b", "3 23a", "3 23b"),
    "79": ("79 1a", "79 1b", "79 23a", "79 24"),
}
COUNTS = ExpectedCounts(cells=3, chromosomes_per_cell=4, images_per_class=(6,) + (0,) * 21 + (4, 2))


def blob(number: int) -> np.ndarray:
    image = np.zeros((12 + number, 9), np.uint8)
    image[2:-2, 2:-2] = 100 + number
    return image


@pytest.fixture
def folder(tmp_path) -> Path:
    root = tmp_path / "manual" / "single_chromosomes"
    for cell, names in NAMES.items():
        (root / cell).mkdir(parents=True)
        for number, name in enumerate(names):
            image = Image.fromarray(blob(number))
            colour = image.convert("RGB") if name == "3 1b" else image
            colour.save(root / cell / f"{name}.bmp")
    return root


def test_names_of_the_archive_are_understood(folder):
    records = {one.name: one for one in load_bioimage(folder, expected=COUNTS)}
    labels = {name: CLASS_NAMES[one.label] for name, one in records.items()}
    assert labels["2/2 23"] == "X"
    assert labels["2/2 24"] == "Y"
    assert labels["79/79 23a"] == "X"
    assert labels["79/79 24"] == "Y"
    assert labels["3/3 23b"] == "X"
    assert labels["3/3 1a"] == "1"
    assert records["2/2 23"].cell == records["2/2 23"].case == "2"
    np.testing.assert_array_equal(records["3/3 1b"].image, blob(1))  # The RGB file.


def test_a_zip_file_holds_the_same(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in folder.rglob("*.bmp"):
            archive.write(path, f"single_chromosomes/{path.relative_to(folder).as_posix()}")
    packed = load_bioimage(tmp_path / "set.zip", expected=COUNTS)
    direct = load_bioimage(folder, expected=COUNTS)
    assert [(one.name, one.label) for one in packed] == [(one.name, one.label) for one in direct]


def test_missing_archive_is_one_helpful_message(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        load_bioimage(tmp_path, expected=COUNTS)
    text = str(error.value)
    for part in (
        "`manual_dir` must hold the Padova Q-band set",
        "Poletti, Grisan, Ruggeri",
        "bioimlab.dei.unipd.it/Automatic%20Karyotyping%20Classification.htm",
        "No licence is known: never redistribute",
        str(tmp_path),
        "python launch/main.py --config=configs/super_xception.py",
    ):
        assert part in text


def test_all_damaged_files_are_reported_at_once(folder):
    (folder / "2" / "2 1a.bmp").write_bytes(b"")
    truncated = (folder / "3" / "3 1a.bmp").read_bytes()[:-20]
    (folder / "3" / "3 1a.bmp").write_bytes(truncated)
    (folder / "79" / "79 24.bmp").rename(folder / "79" / "79 25.bmp")
    (folder / "79" / "79 1b.bmp").rename(folder / "79" / "78 1b.bmp")
    (folder / "2" / "2 24.bmp").rename(folder / "2" / "copy of 2 24.bmp")
    Image.new("L", (9, 9)).save(folder / "3" / "3 23a.bmp")
    with pytest.raises(ValueError) as error:
        load_bioimage(folder, expected=COUNTS)
    text = str(error.value)
    assert "got 6 problems" in text
    assert "2/2 1a.bmp: the file is empty (0 bytes)" in text
    assert "3/3 1a.bmp: the image can't be read (image file is truncated" in text
    assert "79/79 25.bmp: `class` must be 1 to 22, X (or 23) or Y (or 24), got '25'" in text
    assert "79/78 1b.bmp: the name says cell 78, the folder cell 79" in text
    assert "2/copy of 2 24.bmp: the name must be `<cell> <class><a|b>.bmp`" in text
    assert "3/3 23a.bmp: the image is blank: all pixels have the same grey level" in text


def test_counts_say_what_was_expected_and_found(folder):
    (folder / "2" / "2 24.bmp").unlink()
    with pytest.raises(ValueError) as error:
        load_bioimage(folder, expected=COUNTS)
    text = str(error.value)
    assert "cell 2: expected 4 chromosomes, found 3" in text
    assert "class Y: expected 2 images, found 1" in text
    with pytest.raises(ValueError, match="cells: expected 119, found 3; missing: 1, 4, 5"):
        load_bioimage(folder, expected=PADOVA_COUNTS)
