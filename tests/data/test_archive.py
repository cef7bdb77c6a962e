from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from superxception_jax.data.archive import Archive, digest_archive, find_archive, load_archive
from superxception_jax.data.images import image_file
from superxception_jax.data.record import ChromosomeRecord

FILES = ("c2/1a", "c2/1b", "c10/1a", "c10/1b")


def parse(file: str, content: bytes) -> ChromosomeRecord:
    if not content:
        raise ValueError("the file is empty")
    cell, name = PurePosixPath(file).parts[-2:]
    image = np.frombuffer(content, np.uint8).reshape(1, -1)
    return ChromosomeRecord(image, 0, cell=cell, case=cell, name=f"{cell}/{name[:-4]}")


ARCHIVE = Archive(
    title="the letters",
    instructions="4 letters in 2 cells",
    folder="letters",
    depth=2,
    is_image=lambda parts: parts[-1].endswith(".dat"),
)


def load(path: Path, problems: list[str] | None = None) -> list[ChromosomeRecord]:
    return load_archive(
        path, archive=ARCHIVE, parse=parse, find_problems=lambda records: problems or []
    )


@pytest.fixture
def folder(tmp_path) -> Path:
    root = tmp_path / "manual" / "letters"
    for number, name in enumerate(FILES):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / f"{name}.dat").write_bytes(f"content {number}".encode())
    return root


def pack(folder: Path, file: Path, prefix: str = "letters/") -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*.dat")):
            archive.write(path, prefix + path.relative_to(folder).as_posix())
    return file


def test_records_are_sorted_by_cell_and_name(folder, tmp_path):
    for path in (folder, pack(folder, tmp_path / "packed.zip")):
        records = load(path)
        assert [one.name for one in records] == list(FILES)
        assert bytes(records[2].image) == b"content 2"


def test_archive_is_found_wherever_the_user_put_it(folder, tmp_path):
    assert find_archive(folder.parent, archive=ARCHIVE) == folder
    assert find_archive(folder, archive=ARCHIVE) == folder
    for prefix in ("letters/", ""):
        packed = pack(folder, tmp_path / f"any name {len(prefix)}.zip", prefix)
        assert find_archive(packed, archive=ARCHIVE) == packed
        assert len(load(packed)) == 4


def test_other_and_damaged_zip_files_in_the_folder_are_skipped(folder, tmp_path):
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "a broken.zip").write_bytes(b"PK")
    with zipfile.ZipFile(downloads / "b other.zip", "w") as archive:
        archive.writestr("readme.txt", "no images")
    packed = pack(folder, downloads / "c.zip")
    assert find_archive(downloads, archive=ARCHIVE) == packed


def test_a_corrected_or_completed_archive_has_another_digest(folder, tmp_path):
    unpacked = digest_archive(folder, archive=ARCHIVE)
    packed = digest_archive(pack(folder, tmp_path / "letters.zip"), archive=ARCHIVE)
    assert packed["files"] == unpacked["files"], "the same for a zip file and its folder"
    (tmp_path / "letters.zip").unlink()
    repacked = digest_archive(pack(folder, tmp_path / "other.zip", prefix=""), archive=ARCHIVE)
    assert repacked == packed, "neither the name of the file nor the folder in it matters"
    (folder / "readme.txt").write_text("not an image")
    assert digest_archive(folder, archive=ARCHIVE) == unpacked
    (folder / "c2" / "1a.dat").write_bytes(b"CONTENT 0")  # of the same size
    corrected = digest_archive(pack(folder, tmp_path / "new.zip"), archive=ARCHIVE)
    assert corrected["files"] == packed["files"]
    assert corrected["contents"] != packed["contents"]
    (folder / "c2" / "1c.dat").write_bytes(b"content 5")
    assert digest_archive(folder, archive=ARCHIVE) != unpacked
    (tmp_path / "new.zip").write_bytes(b"damaged")
    for gone in (tmp_path / "nowhere", tmp_path / "new.zip"):
        assert digest_archive(gone, archive=ARCHIVE) == {}


def test_files_of_operating_systems_are_ignored(folder, tmp_path):
    (folder / "c2" / "Thumbs.db").write_bytes(b"x")
    (folder / "c2" / "._1a.dat").write_bytes(b"x")
    packed = pack(folder, tmp_path / "packed.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("__MACOSX/letters/c2/1a.dat", b"x")
    assert len(load(folder)) == len(load(packed)) == 4


@pytest.mark.parametrize("content", [None, b"PK broken"])
def test_missing_archive_is_one_helpful_message(tmp_path, content):
    manual = tmp_path / "manual"
    if content is not None:
        manual.mkdir()
        (manual / "set.zip").write_bytes(content)
    with pytest.raises(FileNotFoundError) as error:
        find_archive(manual, archive=ARCHIVE)
    text = str(error.value)
    for part in (
        f"`manual_dir` must hold the letters, got nothing like it in {manual}; do one of these:",
        "1. Get the data set: 4 letters in 2 cells",
        "No licence is known: never redistribute the images.",
        f"Put the zip file, or the unpacked folder `letters`, into\n     {manual}",
        "python launch/main.py --config=configs/super_xception.py",
    ):
        assert part in text
    assert ("set.zip can't be read as a zip file" in text) == (content is not None)


def test_damaged_and_repeated_zip_entries_are_reported_at_once(folder, tmp_path):
    packed = pack(folder, tmp_path / "set.zip")
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("copy/c2/1a.dat", b"again")
        archive.writestr("letters/c3/1a.dat", b"")
    content = bytearray(packed.read_bytes())
    content[content.index(b"content 3")] ^= 255
    packed.write_bytes(content)
    with pytest.raises(ValueError, match="got 3 problems") as error:
        load(packed, problems=["counts differ"])
    text = str(error.value)
    assert "copy/c2/1a.dat: this chromosome is in the archive twice" in text
    assert "c3/1a.dat: the file is empty" in text
    assert "c10/1b.dat: the file can't be read (Bad CRC-32" in text
    assert "counts differ" not in text  # They differ because of the files above.


def test_files_that_would_fill_the_memory_are_not_unpacked(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(image_file, "LARGEST_FILE_BYTES", 20)
    (folder / "c2" / "1a.dat").write_bytes(bytes(21))
    for path in (folder, pack(folder, tmp_path / "packed.zip")):
        with pytest.raises(ValueError, match=r"c2/1a.dat: the file has 0.0 GB"):
            load(path)


def test_problems_of_a_readable_archive_are_reported(folder):
    with pytest.raises(ValueError, match="got 2 problems; correct the files"):
        load(folder, problems=["cells: too few", "images: too few"])
