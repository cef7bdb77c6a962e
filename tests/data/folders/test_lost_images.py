from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.folders import lost_images
from superxception_jax.data.folders.folder_layout import recognize_cells, recognize_layout
from superxception_jax.data.images.image_file import SUFFIXES
from tests.data.image_folders import CELL, put_names

COPY = (
    "a copy in progress or a backup of an image; finish the copy, or move the file elsewhere if "
    "its image is there"
)


def lost(folder) -> dict[str, str]:
    (cell,) = recognize_layout(folder).cells
    return dict(cell.left_out)


@pytest.mark.parametrize(
    "name",
    [
        *(f"47.tiff{end}" for end in (".filepart", ".part", ".crdownload", ".tmp", ".bak", "~")),
        "47.TIF.Part",
        "47.png.tmp.bak",
        "47.zvi.part",
    ],
)
def test_a_copy_in_progress_may_be_an_image(tmp_path, name):
    put_names(tmp_path, [*CELL, name])
    (tmp_path / name).write_bytes(b"")
    assert lost(tmp_path) == {name: COPY}


@pytest.mark.parametrize("by_table", [False, True])
def test_an_image_in_a_cloud_or_a_hidden_copy_is_lost(tmp_path, by_table):
    names = [".scan 3a.png.icloud", ".scan 6a.TIF.Xy3k2a", "scan 5a.png.nextcloud"]
    others = ["._scan 7a.png.icloud", ".notes.icloud", ".1.png.Xy3k2a"]  # The image is there.
    put_names(tmp_path, [*CELL, *names, *others])
    if by_table:
        rows = [f"{name},7,c" for name in CELL]
        (tmp_path / "labels.csv").write_text("\n".join(["file,class,cell", *rows]))
    assert set(lost(tmp_path)) == set(names)
    assert set(lost(tmp_path).values()) == {lost_images.NOT_HERE}


def test_a_cell_that_is_all_in_a_cloud_is_no_empty_folder(tmp_path):
    put_names(tmp_path, [f"cell 1/{name}" for name in CELL])
    put_names(tmp_path, [f"cell {cell}/.{cell}a.png.icloud" for cell in (2, 3)])
    (tmp_path / "cell 4").mkdir()
    lines = "\n".join(recognize_layout(tmp_path).left_out_lines)
    assert [lines.count(f"cell {cell}: {lost_images.NOT_HERE}") for cell in (2, 3)] == [1, 1]
    assert "cell 4: an empty folder" in lines or "no image: an empty folder" in lines


@pytest.mark.parametrize("ending", SUFFIXES)
@pytest.mark.parametrize("name", ["chr 3 a", "chr 3.a", "chr 3 a.orig", "x.tmp"])
def test_an_image_is_known_by_its_content(tmp_path, ending, name):
    put_names(tmp_path, CELL)
    file = io.BytesIO()
    pixels = np.arange(99, dtype=np.uint8).reshape(9, 11)
    Image.fromarray(pixels).save(file, Image.registered_extensions()[ending])
    (tmp_path / name).write_bytes(file.getvalue())
    (reason,) = lost(tmp_path).values()
    shown = {".tiff": ".tif", ".jpeg": ".jpg"}.get(ending, ending)
    assert reason == f"an image without the file extension of one; add `{shown}` to its name"


@pytest.mark.parametrize(
    "name", ["1.jpe", "1.PGM", "1.ppm", "1.tga", "1.zvi", "1.j2k", "1.jxl", "1.nd2"]
)
def test_pictures_of_other_formats_are_lost(tmp_path, name):
    put_names(tmp_path, [*CELL, name])
    assert lost(tmp_path) == {name: f"no image: {name[1:].lower()}"}


def test_what_lies_beside_images_is_none(tmp_path):
    names = [
        "0.tif:Zone.Identifier",
        "0.tif.xml",
        "Thumbs.db",
        "._0.tif",
        "notes",
        "BM 2024.txt",
        "notes.txt.part",
        "x.bak",
        "part",
        "tif",
    ]
    put_names(tmp_path, [*CELL, *names])
    (tmp_path / "BM 2024.txt").write_bytes(b"BM 2024, slide 7, cells 1 to 12")
    assert lost(tmp_path) == {}


def test_cells_of_a_table_may_lack_what_lies_in_their_folder(tmp_path):
    names = ["a/1.png", "a/2.png", "b/1.png"]
    put_names(tmp_path, [*names, "a/3.png.part", "b/notes.txt"])
    cells = ("c1", "c2", "c3")
    rows = [f"{name},{cell}" for name, cell in zip(names, cells, strict=True)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,cell", *rows]))
    left_out = {one.name: one.left_out for one in recognize_cells(tmp_path).cells}
    assert left_out == {"c1": (("3.png.part", COPY),), "c2": (("3.png.part", COPY),), "c3": ()}


def test_the_backup_of_an_image_that_is_there_is_none(tmp_path):
    put_names(tmp_path, [*CELL, f"{CELL[0]}.bak", f"{CELL[1]}~"])
    assert lost(tmp_path) == {}


def test_a_table_says_which_images_its_cells_have(tmp_path, monkeypatch):
    names = [f"{number}.png" for number in range(30)]
    put_names(tmp_path, [*names, *(f"{name}.xml" for name in names), "slide.czi"])
    rows = [f"{name},c{number // 3}" for number, name in enumerate(names)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,cell", *rows]))
    looked_at: list[str] = []
    look = lost_images._ending_by_content

    def note(path):
        looked_at.append(path.name)
        return look(path)

    monkeypatch.setattr(lost_images, "_ending_by_content", note)
    assert {one.left_out for one in recognize_layout(tmp_path).cells} == {()}
    # Once for all cells, which share the folder.
    assert len(looked_at) == len(set(looked_at))
