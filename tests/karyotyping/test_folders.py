from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.image_file import decode_image
from superxception_jax.data.normalize import NormalizationSettings
from superxception_jax.karyotyping import folders
from superxception_jax.karyotyping.cell import Classifier
from superxception_jax.karyotyping.folders import (
    REPORT_FILE,
    CellFolder,
    find_cells,
    karyotype_folder,
    load_cell,
)

CLASSIFIER = Classifier(
    predict=lambda canvases: np.full((len(canvases), 24), -np.log(24), np.float32),
    normalization=NormalizationSettings(
        background="auto",
        tilt="remove",
        straightening="none",
        length="cell",
        length_exponent=0.5,
        absolute_length_px=100.0,
        grey="keep",
        image_px=50,
    ),
    polarity="given",
    temperature=1.0,
    class_shares=np.full(24, 1 / 24),
    about={"network": "uniform"},
)


def write_images(folder, count=2):
    folder.mkdir(parents=True)
    drawn = draw_numbered_cell(0, seed=1, style="q", aneuploid_share=0.0)
    for index, chromosome in enumerate(drawn.chromosomes[:count]):
        Image.fromarray(chromosome.image).save(folder / f"{index}.png")


def test_cells_are_found_in_natural_order(tmp_path):
    for name in ("cell 10", "cell 9"):
        write_images(tmp_path / "batch" / name, count=3)
    found = find_cells(tmp_path / "batch")
    assert [one.name for one in found] == ["cell 9", "cell 10"]
    assert [file.name for file in found[0].files] == ["0.png", "1.png", "2.png"]
    (one,) = find_cells(tmp_path / "batch" / "cell 9")
    assert one.name == "cell 9"
    (single,) = find_cells(tmp_path / "batch" / "cell 9" / "0.png")
    assert len(single.files) == 1
    # Many images beside folders of cells may be a cell themselves; one is left out, and said.
    shutil.copy(single.files[0], tmp_path / "batch" / "stray.png")
    assert find_cells(tmp_path / "batch") == found
    for index in range(5):
        shutil.copy(single.files[0], tmp_path / "batch" / f"{index}.png")
    with pytest.raises(ValueError, match="got both"):
        find_cells(tmp_path / "batch")


def test_folders_without_images_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must hold images .* got none; put the"):
        find_cells(tmp_path)
    with pytest.raises(FileNotFoundError, match="`--images` must be a folder of chromosome images"):
        find_cells(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="`--images` must be a folder of chromosome images"):
        find_cells("")


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
    (folder,) = find_cells(tmp_path / "cell")
    cell = load_cell(folder)
    assert len(decoded) == len(set(decoded)) == 4
    assert [one.name for one in cell.images] == ["0.png", "1.png", "2.png"]
    assert [name for name, _ in cell.unread] == ["broken.png"]


def test_wide_files_of_a_cell_are_scaled_together(tmp_path):
    for name, brightest in (("a.png", 1023), ("b.png", 511)):
        Image.fromarray(np.array([[0, brightest]], np.uint16)).save(tmp_path / name)
    (folder,) = find_cells(tmp_path)
    assert [one.image.tolist() for one in load_cell(folder).images] == [[[0, 255]], [[0, 127]]]


def test_a_failed_cell_does_not_stop_the_others(tmp_path):
    for name in ("a", "c"):
        write_images(tmp_path / "batch" / name)
    (tmp_path / "batch" / "b").mkdir()
    (tmp_path / "batch" / "b" / "x.png").write_bytes(b"")
    chosen: list[str] = []
    done: list[str] = []

    def choose(cell):
        chosen.append(cell.name)
        return CLASSIFIER

    found = karyotype_folder(
        find_cells(tmp_path / "batch"),
        tmp_path / "out",
        choose=choose,
        turned_share=0.5,
        prior=None,
        straightened=False,
        advance=done.append,
    )
    assert [one.cell for one in found.karyotypes] == chosen == ["a", "c"]
    assert done == ["a", "b", "c"]
    assert found.failed == {"b": "no image could be read; x.png: the file is empty (0 bytes)"}
    values = json.loads((tmp_path / "out" / "a" / "karyotype.json").read_text())
    assert [one["name"] for one in values["chromosomes"]] == ["0.png", "1.png"]
    assert "uniform" in (tmp_path / "out" / REPORT_FILE).read_text()
    assert not (tmp_path / "out" / "b").exists()
