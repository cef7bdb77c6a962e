from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.bioimage import builder as bioimage
from superxception_jax.data.bioimage.archive import (
    PADOVA_COUNTS,
    ExpectedCounts,
    find_archive,
    load_archive,
)
from superxception_jax.data.bioimage.builder import BioimageConfig, Builder, build_bioimage
from superxception_jax.data.builders import load_records
from superxception_jax.data.splits import SplitSettings, make_split
from tests.paths import REAL_DATA

REAL = REAL_DATA / "bioimlab_qband.zip"
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


def pack(folder: Path, file: Path, prefix: str = "single_chromosomes/") -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*.bmp")):
            archive.write(path, prefix + path.relative_to(folder).as_posix())
    return file


def make(manual_dir: Path, data_dir: Path) -> Builder:
    config = BioimageConfig(name="tiny", manual_dir=str(manual_dir), expected=COUNTS)
    return Builder(data_dir=data_dir, config=config, file_format="array_record")


def test_names_of_the_archive_are_understood(folder):
    records = {one.name: one for one in load_archive(folder, expected=COUNTS)}
    labels = {name: CLASS_NAMES[one.label] for name, one in records.items()}
    assert labels["2/2 23"] == "X"
    assert labels["2/2 24"] == "Y"
    assert labels["79/79 23a"] == "X"
    assert labels["79/79 24"] == "Y"
    assert labels["3/3 23b"] == "X"
    assert labels["3/3 1a"] == "1"
    assert records["2/2 23"].cell == records["2/2 23"].case == "2"
    np.testing.assert_array_equal(records["3/3 1b"].image, blob(1))  # The RGB file.


def test_archive_is_found_wherever_the_user_put_it(folder, tmp_path):
    manual = folder.parent
    assert find_archive(manual) == folder
    assert find_archive(folder) == folder
    for prefix in ("single_chromosomes/", ""):
        archive = pack(folder, tmp_path / f"any name {len(prefix)}.zip", prefix)
        assert find_archive(archive) == archive
        assert len(load_archive(archive, expected=COUNTS)) == 12
    other = tmp_path / "downloads"
    other.mkdir()
    (other / "a broken.zip").write_bytes(b"PK")
    with zipfile.ZipFile(other / "b other.zip", "w") as archive:
        archive.writestr("readme.txt", "no images")
    packed = pack(folder, other / "c.zip")
    assert find_archive(other) == packed


def test_what_operating_systems_add_is_ignored(folder):
    (folder / "2" / "Thumbs.db").write_bytes(b"x")
    (folder / "2" / "._2 1a.bmp").write_bytes(b"x")
    assert len(load_archive(folder, expected=COUNTS)) == 12


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
        "`manual_dir` must hold the Padova Q-band set",
        "Poletti, Grisan, Ruggeri",
        "bioimlab.dei.unipd.it/Automatic%20Karyotyping%20Classification.htm",
        "No licence is known: never redistribute",
        str(manual.absolute()),
        "python launch/main.py --config=configs/super_xception.py",
    ):
        assert part in text
    assert ("set.zip can't be read as a zip file" in text) == (content is not None)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_all_damaged_files_are_reported_at_once(folder):
    (folder / "2" / "2 1a.bmp").write_bytes(b"")
    truncated = (folder / "3" / "3 1a.bmp").read_bytes()[:-20]
    (folder / "3" / "3 1a.bmp").write_bytes(truncated)
    (folder / "79" / "79 24.bmp").rename(folder / "79" / "79 25.bmp")
    (folder / "79" / "79 1b.bmp").rename(folder / "79" / "78 1b.bmp")
    (folder / "2" / "2 24.bmp").rename(folder / "2" / "copy of 2 24.bmp")
    Image.new("L", (9, 9)).save(folder / "3" / "3 23a.bmp")
    with pytest.raises(ValueError) as error:
        load_archive(folder, expected=COUNTS)
    text = str(error.value)
    assert "got 6 problems" in text
    assert "2/2 1a.bmp: the file is empty (0 bytes)" in text
    assert "3/3 1a.bmp: the image can't be read (image file is truncated" in text
    assert "79/79 25.bmp: `class` must be 1 to 22, X (or 23) or Y (or 24), got '25'" in text
    assert "79/78 1b.bmp: the name says cell 78, the folder cell 79" in text
    assert "2/copy of 2 24.bmp: the name must read `<cell> <class><a|b>.bmp`" in text
    assert "3/3 23a.bmp: the image is empty: one grey level throughout" in text


def test_damaged_and_repeated_zip_entries_are_reported(folder, tmp_path):
    archive = pack(folder, tmp_path / "set.zip")
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("copy/2/2 1a.bmp", (folder / "2" / "2 1a.bmp").read_bytes())
    content = bytearray(archive.read_bytes())
    content[content.index(b"BM", content.index(b"79 1b.bmp")) + 60] ^= 255
    archive.write_bytes(content)
    with pytest.raises(ValueError) as error:
        load_archive(archive, expected=COUNTS)
    assert "copy/2/2 1a.bmp: this chromosome stands in the archive twice" in str(error.value)
    assert "79/79 1b.bmp: the file can't be read (Bad CRC-32" in str(error.value)


def test_counts_say_what_was_expected_and_found(folder):
    (folder / "2" / "2 24.bmp").unlink()
    with pytest.raises(ValueError) as error:
        load_archive(folder, expected=COUNTS)
    text = str(error.value)
    assert "cell 2: expected 4 chromosomes, found 3" in text
    assert "class Y: expected 2 images, found 1" in text
    with pytest.raises(ValueError, match="cells: expected 119, found 3; missing: 1, 4, 5"):
        load_archive(folder.parent / folder.name, expected=PADOVA_COUNTS)


def test_records_survive_the_builder(folder, tmp_path, capsys):
    builder = make(folder.parent, tmp_path / "data")
    records = load_records(builder, progress=False)
    assert capsys.readouterr().out.startswith("Preparing bioimage/tiny/1.0.0 in ")
    assert [one.name for one in records[:3]] == ["2/2 1a", "2/2 1b", "2/2 23"]
    for read, direct in zip(records, load_archive(folder, expected=COUNTS), strict=True):
        assert (read.name, read.label, read.cell) == (direct.name, direct.label, direct.cell)
        np.testing.assert_array_equal(read.image, direct.image)
    assert list(builder.info.splits) == ["chromosomes"]
    assert builder.info.splits["chromosomes"].filenames.pop().count("array_record") == 1
    # Prepared once, the archive is needed no more.
    assert len(load_records(make(tmp_path / "gone", tmp_path / "data"), progress=False)) == 12
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_half_built_is_left_behind(folder, tmp_path, monkeypatch, error):
    real_example, calls = bioimage.example, []

    def stop(record):
        calls.append(record)
        if len(calls) == 5:
            raise error("stopped")
        return real_example(record)

    monkeypatch.setattr(bioimage, "example", stop)
    builder = make(folder, tmp_path / "data")
    with pytest.raises(error):
        builder.download_and_prepare()
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not list((tmp_path / "data").rglob("*incomplete*"))
    monkeypatch.undo()
    assert len(load_records(make(folder, tmp_path / "data"), progress=False)) == 12


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    if not REAL.exists():
        pytest.skip(f"{REAL} is not here: the real set may not be redistributed")
    data_dir = str(tmp_path_factory.mktemp("data"))
    return load_records(build_bioimage(data_dir=data_dir, manual_dir=str(REAL)), progress=False)


def test_real_archive_is_read_completely(real):
    assert len(real) == 5474
    assert len({one.cell for one in real}) == 119
    counts = np.bincount([one.label for one in real], minlength=24)
    np.testing.assert_array_equal(counts, (238,) * 22 + (193, 45))


def test_real_males_keep_their_sex_chromosomes(real):
    names = {one.name: one.label for one in real}
    bare = [name for name in names if name.endswith((" 23", " 24"))]
    assert len(bare) == 89
    assert all(names[name] == (22 if name.endswith(" 23") else 23) for name in bare)
    assert (names["79/79 23a"], names["79/79 24"]) == (22, 23)


def test_real_images_of_colour_are_grey(real):
    images = {one.name: one.image for one in real}
    for name in ("3/3 21b", "52/52 15b"):
        with zipfile.ZipFile(REAL) as archive:
            content = archive.read(f"single_chromosomes/{name}.bmp")
        red = np.asarray(Image.open(io.BytesIO(content)))[..., 0]
        assert images[name].shape == red.shape
        assert np.abs(images[name].astype(int) - red).max() <= 1


@pytest.mark.parametrize(
    ("protocol", "cell_counts"),
    [("cells", [85, 10, 24]), ("cases", [85, 10, 24]), ("poletti", [63, 7, 49])],
)
def test_no_real_cell_is_in_two_parts(real, protocol, cell_counts):
    cells, parts = split_real(real, protocol)
    groups = [set(cells[part]) for part in parts]
    assert [len(group) for group in groups] == cell_counts
    assert len(set().union(*groups)) == 119
    assert [len(part) for part in parts] == [46 * count for count in cell_counts]


def test_real_images_split_as_in_the_paper(real):
    _, parts = split_real(real, "paper")
    assert [len(part) for part in parts] == [4176, 360, 720]
    assert len(np.unique(np.concatenate(parts))) == 5256


def split_real(real, protocol):
    labels = np.array([one.label for one in real], np.int32)
    cells, cases = (np.array([getattr(one, field) for one in real]) for field in ("cell", "case"))
    settings = SplitSettings(
        protocol=protocol,
        seed=0,
        fold=0,
        folds=5,
        validation_share=0.1,
        training_share=1.0,
        sizes=(4176, 360, 720),
    )
    split = make_split(labels, cells, cases, settings=settings)
    return cells, list(vars(split).values())
