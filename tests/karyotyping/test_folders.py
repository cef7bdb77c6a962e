from __future__ import annotations

import dataclasses
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.images import image_file
from superxception_jax.data.images.image_file import MemoryShortError, decode_image
from superxception_jax.karyotyping import folders
from superxception_jax.karyotyping.folders import (
    CellFolder,
    digest_cell,
    digest_files,
    find_cells,
    load_cell,
    load_files,
)
from tests.karyotyping.small_batch import write_images


def test_cells_are_found_in_natural_order(tmp_path):
    for name in ("cell 10", "cell 9"):
        write_images(tmp_path / "batch" / name, count=3)
    found = find_cells(tmp_path / "batch").cells
    assert [one.name for one in found] == ["cell 9", "cell 10"]
    assert [file.name for file in found[0].files] == ["0.png", "1.png", "2.png"]
    (one,) = find_cells(tmp_path / "batch" / "cell 9").cells
    assert one.name == "cell 9"
    (single,) = find_cells(tmp_path / "batch" / "cell 9" / "0.png").cells
    assert len(single.files) == 1
    # Many images beside folders of cells may be a cell themselves; one is left out, and said.
    shutil.copy(single.files[0], tmp_path / "batch" / "stray.png")
    assert find_cells(tmp_path / "batch").cells == found
    for index in range(5):
        shutil.copy(single.files[0], tmp_path / "batch" / f"{index}.png")
    with pytest.raises(ValueError, match="got both"):
        find_cells(tmp_path / "batch")


def test_cells_of_no_case_are_said_where_there_are_several(tmp_path):
    for name in ("1", "2"):
        write_images(tmp_path / "K12345" / f"M{name}", count=3)
    line, said = find_cells(tmp_path / "K12345").sentence.splitlines()
    assert line.startswith("K12345: 2 cells (one folder per cell), 6 images")
    assert said == (
        "no case is known: for conclusions from all cells of a patient, put their folders into "
        "one folder, and give the folder around it"
    )
    assert [one.case for one in find_cells(tmp_path).cells] == ["K12345"] * 2
    shutil.rmtree(tmp_path / "K12345" / "M2")
    for folder in (tmp_path, tmp_path / "K12345", tmp_path / "K12345" / "M1"):
        assert "\n" not in find_cells(folder).sentence


def test_folders_without_images_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must hold images .* got none; put the"):
        find_cells(tmp_path)
    with pytest.raises(FileNotFoundError, match="`--images` must be a folder of chromosome images"):
        find_cells(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"must be a folder of .*, got none; give its"):
        find_cells("")


@pytest.mark.parametrize("name", ["cell1.zip", "list.csv"])
def test_a_file_that_is_no_image_is_said_to_be_one(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(NotADirectoryError, match=f"got the file `.*{name}`; unpack an archive"):
        find_cells(tmp_path / name)


def test_a_cell_has_the_name_of_its_folder_however_the_path_is_written(tmp_path, monkeypatch):
    write_images(tmp_path / "cell 1", count=3)
    (tmp_path / "cell 1" / "notes").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "cell 1")
    monkeypatch.chdir(tmp_path / "cell 1")
    for path in (
        ".",
        "notes/..",
        f"{tmp_path}/cell 1/notes/..",
        "../cell 1/.",
        "../linked/notes/..",
    ):
        found = find_cells(path)
        assert [one.name for one in found.cells] == ["cell 1"], path
        assert found.sentence.startswith("cell 1: 1 cell ")
    assert find_cells(tmp_path / "linked").cells[0].name == "linked"


def test_a_colour_photograph_is_no_chromosome(tmp_path):
    colours = np.random.default_rng(0).integers(0, 255, size=(40, 60, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "holiday.png")
    grey = np.repeat(colours[..., :1], 3, axis=-1)
    Image.fromarray(grey).save(tmp_path / "scan.png")
    cell = load_cell(CellFolder("c", (tmp_path / "holiday.png", tmp_path / "scan.png")))
    assert cell.name == "c"
    assert [one.name for one in cell.images] == ["scan.png"]
    np.testing.assert_array_equal(cell.images[0].image, colours[..., 0])
    assert cell.unread[0][0] == "holiday.png"
    assert "colour picture" in cell.unread[0][1]


def test_each_file_is_decoded_once(tmp_path, monkeypatch):
    write_images(tmp_path / "cell", count=3)
    (tmp_path / "cell" / "broken.png").write_bytes(b"no picture")
    decoded = []

    def counted(content):
        decoded.append(content)
        return decode_image(content)

    monkeypatch.setattr(folders, "decode_image", counted)
    (folder,) = find_cells(tmp_path / "cell").cells
    cell = load_cell(folder)
    assert len(decoded) == len(set(decoded)) == 4
    assert [one.name for one in cell.images] == ["0.png", "1.png", "2.png"]
    assert [name for name, _ in cell.unread] == ["broken.png"]


def test_images_keep_the_depth_of_their_files(tmp_path):
    Image.fromarray(np.array([[0, 1023]], np.uint16)).save(tmp_path / "a.png")
    Image.fromarray(np.array([[0, 255]], np.uint8)).save(tmp_path / "b.png")
    (folder,) = find_cells(tmp_path).cells
    wide, narrow = load_cell(folder).images
    assert (wide.image.dtype, wide.image.tolist()) == (np.uint16, [[0, 1023]])
    assert (narrow.image.dtype, narrow.image.tolist()) == (np.uint8, [[0, 255]])


def test_the_name_of_a_single_image_forges_nothing(tmp_path):
    write_images(tmp_path / "cell", count=1)
    file = (tmp_path / "cell" / "0.png").rename(tmp_path / "x\x1b[2J\ny.png")
    found = find_cells(file)
    assert found.sentence == r"x\x1b[2J\ny.png: 1 image"
    assert found.cells[0].name == r"x\x1b[2J\ny"
    assert [one.name for one in load_cell(found.cells[0]).images] == [r"x\x1b[2J\ny.png"]


def test_files_that_are_left_out_are_unread(tmp_path):
    write_images(tmp_path / "cell")
    files = tuple(sorted((tmp_path / "cell").iterdir()))
    lost = (("2.gif", "its format isn't read"),)
    cell = load_cell(CellFolder("c", files, names=("p/0.png", "q/0.png"), left_out=lost))
    assert [one.name for one in cell.images] == ["p/0.png", "q/0.png"]
    assert cell.unread == (("2.gif", "its format isn't read"),)


@pytest.mark.parametrize("error", [MemoryError, MemoryShortError])
def test_an_image_that_memory_does_not_hold_costs_only_itself(tmp_path, monkeypatch, error):
    write_images(tmp_path / "cell", count=3)

    def decode(content):
        if content == (tmp_path / "cell" / "1.png").read_bytes():
            raise error
        return decode_image(content)

    monkeypatch.setattr(folders, "decode_image", decode)
    (folder,) = find_cells(tmp_path / "cell").cells
    known = digest_files(folder)
    cell, digests = load_files(folder)
    assert digests == (known[0], "", known[2])
    assert [one.name for one in cell.images] == ["0.png", "2.png"]
    assert cell.unread == (("1.png", "the image is too large for this computer's memory"),)


def test_a_file_that_would_fill_the_memory_is_not_read(tmp_path, monkeypatch):
    write_images(tmp_path / "cell", count=3)
    (folder,) = find_cells(tmp_path / "cell").cells
    monkeypatch.setattr(image_file, "LARGEST_FILE_BYTES", 3000)
    os.truncate(folder.files[1], 3001)
    cell, digests = load_files(folder)
    assert [one.name for one in cell.images] == ["0.png", "2.png"]
    assert cell.unread == (("1.png", "the file has 0.0 GB; save one chromosome per file"),)
    assert digests == digest_files(folder)
    assert all(digests)


def test_a_file_that_cannot_be_read_does_not_tell_its_folder(tmp_path):
    write_images(tmp_path / "Smith_Jane", count=3)
    (folder,) = find_cells(tmp_path / "Smith_Jane").cells
    folder.files[1].unlink()
    cell = load_cell(dataclasses.replace(folder, name="cell 1"))
    assert cell.unread == (("1.png", "the file can't be read (No such file or directory)"),)


def digest_of(cell: CellFolder, *, program: str) -> str:
    return digest_cell(cell, digest_files(cell), program=program)


def test_a_digest_depends_on_everything_that_results_depend_on(tmp_path):
    write_images(tmp_path / "cell", count=3)
    (cell,) = find_cells(tmp_path / "cell").cells
    first = digest_of(cell, program="p")
    assert digest_of(cell, program="p") == first
    assert digest_of(cell, program="q") != first
    assert digest_of(dataclasses.replace(cell, case="P1"), program="p") != first
    assert digest_of(dataclasses.replace(cell, files=cell.files[:2]), program="p") != first
    left_out = (("x.txt", "no image"),)
    assert digest_of(dataclasses.replace(cell, left_out=left_out), program="p") != first
    content = cell.files[1].read_bytes()
    cell.files[1].write_bytes(content + b"0")
    changed = digest_of(cell, program="p")
    cell.files[1].unlink()
    assert len({first, changed, digest_of(cell, program="p")}) == 3
    cell.files[1].write_bytes(content)
    os.utime(cell.files[1], (0, 0))
    assert digest_of(cell, program="p") == first
