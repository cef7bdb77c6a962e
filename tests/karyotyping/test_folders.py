from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

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
from superxception_jax.karyotyping.result_files import CELL_FILES

CLASSIFIER = Classifier(
    predict=lambda canvases: np.full((len(canvases), 24), -np.log(24), np.float32),
    normalization=NormalizationSettings(
        background="auto",
        tilt="remove",
        straightening="none",
        length="cell",
        length_reference="longest",
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


def test_results_know_the_files_and_the_case_of_their_images(tmp_path):
    for cell in ("case 7/cell 1", "case 7/cell 2"):
        write_images(tmp_path / "batch" / cell)
    (tmp_path / "batch" / "case 7" / "cell 1" / "0.png").rename(
        tmp_path / "batch" / "case 7" / "cell 1" / os.fsdecode(b"\xe9, 1.png")
    )
    cells = find_cells(tmp_path / "batch").cells
    found = run(cells, tmp_path / "out")
    assert [(one.cell, one.case) for one in found.karyotypes] == [
        ("case 7/cell 1", "case 7"),
        ("case 7/cell 2", "case 7"),
    ]
    values = json.loads((tmp_path / "out" / "case 7 - cell 1" / "karyotype.json").read_text())
    assert values["case"] == "case 7"
    files = [one["file"] for one in values["chromosomes"]]
    assert files == ["case 7/cell 1/1.png", r"case 7/cell 1/\xe9, 1.png"]
    file = tmp_path / "batch" / "case 7" / "cell 2" / "0.png"
    (single,) = run(find_cells(file).cells, tmp_path / "single").karyotypes
    assert [(one.name, one.file) for one in single.chromosomes] == [("0.png", "0.png")]
    (memory,) = run([CellFolder("c", (file,))], tmp_path / "memory").karyotypes
    assert (memory.case, memory.chromosomes[0].file) == ("", "")


def test_files_that_are_left_out_are_unread(tmp_path):
    write_images(tmp_path / "cell")
    files = tuple(sorted((tmp_path / "cell").iterdir()))
    lost = (("2.gif", "its format isn't read"),)
    cell = load_cell(CellFolder("c", files, names=("p/0.png", "q/0.png"), left_out=lost))
    assert [one.name for one in cell.images] == ["p/0.png", "q/0.png"]
    assert cell.unread == (("2.gif", "its format isn't read"),)


def test_an_image_that_memory_does_not_hold_costs_only_itself(tmp_path, monkeypatch):
    write_images(tmp_path / "cell", count=3)

    def decode(content):
        if content == (tmp_path / "cell" / "1.png").read_bytes():
            raise MemoryError
        return decode_image(content)

    monkeypatch.setattr(folders, "decode_image", decode)
    (folder,) = find_cells(tmp_path / "cell").cells
    cell = load_cell(folder)
    assert [one.name for one in cell.images] == ["0.png", "2.png"]
    assert cell.unread == (("1.png", "the image is too large for this computer's memory"),)


def run(cells, out, *, choose=lambda cell: CLASSIFIER, advance=lambda name: None):
    return karyotype_folder(
        cells,
        out,
        choose=choose,
        turned_share=0.5,
        prior=None,
        background="auto",
        any_stain=False,
        straightened=False,
        advance=advance,
    )


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

    cells = find_cells(tmp_path / "batch").cells
    found = run(cells, tmp_path / "out", choose=choose, advance=done.append)
    assert [one.cell for one in found.karyotypes] == chosen == ["a", "c"]
    assert done == ["a", "b", "c"]
    assert found.failed == {"b": "no image could be read; x.png: the file is empty (0 bytes)"}
    # Both cells hold the same images.
    assert found.twins == ("`a/0.png`, `c/0.png`", "`a/1.png`, `c/1.png`")
    assert found.report == tmp_path / "out" / REPORT_FILE
    values = json.loads((tmp_path / "out" / "a" / "karyotype.json").read_text())
    assert [one["name"] for one in values["chromosomes"]] == ["0.png", "1.png"]
    report = found.report.read_text()
    assert "uniform" in report
    assert '"images that are in several cells":"`a/0.png`, `c/0.png`; `a/1' in report
    assert '"cells that could not be karyotyped":"b: no image could be read' in report
    assert not (tmp_path / "out" / "b").exists()


@pytest.mark.parametrize("error", [MemoryError("too much"), RuntimeError("device"), KeyError("x")])
def test_an_unexpected_error_is_that_of_its_cell(tmp_path, error):
    for name in ("a", "b", "c"):
        write_images(tmp_path / "batch" / name)

    def choose(cell):
        if cell.name == "b":
            raise error
        return CLASSIFIER

    found = run(find_cells(tmp_path / "batch").cells, tmp_path / "out", choose=choose)
    assert [one.cell for one in found.karyotypes] == ["a", "c"]
    assert found.failed == {"b": f"{type(error).__name__}: {error}"}


def test_a_cell_that_fails_keeps_no_earlier_results(tmp_path):
    batch, out = tmp_path / "batch", tmp_path / "out"
    for name in ("a", "b"):
        write_images(batch / name)
    run(find_cells(batch).cells, out)
    assert '"cell":"b"' in (out / REPORT_FILE).read_text()
    (out / "b" / "notes.txt").write_text("by hand")
    for file in (batch / "b").iterdir():
        file.write_bytes(b"damaged")
    found = run(find_cells(batch).cells, out)
    assert list(found.failed) == ["b"]
    assert [path.name for path in (out / "b").iterdir()] == ["notes.txt"]
    assert sorted(path.name for path in (out / "a").iterdir()) == sorted(CELL_FILES)
    assert '"cell":"b"' not in (out / REPORT_FILE).read_text()
    for file in (batch / "a").iterdir():
        file.write_bytes(b"damaged")
    found = run(find_cells(batch).cells, out)
    assert found.report is None
    assert [path.name for path in out.iterdir()] == ["b"]


def test_a_cell_whose_drawing_fails_keeps_no_earlier_results_either(tmp_path, monkeypatch):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    run(cells, tmp_path / "out")

    def fail(*arguments, **settings):
        raise OSError("No space left on device")

    monkeypatch.setattr(folders, "save_karyogram", fail)
    found = run(cells, tmp_path / "out")
    assert found.failed == {"cell": "OSError: No space left on device"}
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interruption_keeps_earlier_results(tmp_path, monkeypatch):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    run(cells, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out" / "cell").iterdir()}

    def stop(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(folders, "save_karyogram", stop)
    with pytest.raises(KeyboardInterrupt):
        run(cells, tmp_path / "out")
    after = {path.name: path.read_bytes() for path in (tmp_path / "out" / "cell").iterdir()}
    assert after == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cell", REPORT_FILE]


def test_cells_of_one_name_are_refused(tmp_path):
    write_images(tmp_path / "cell")
    with pytest.raises(ValueError, match=r"cells must have distinct names, got \['cell'\]"):
        run(find_cells(tmp_path / "cell").cells * 2, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names_that_are_no_text_are_written_with_escapes(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/batch/caf\xe9"))
    write_images(folder)
    (folder / "1.png").rename(os.fsdecode(os.fsencode(folder) + b"/b\xe9.png"))
    write_images(tmp_path / "batch" / "plain")
    found = run(find_cells(tmp_path / "batch").cells, tmp_path / "out")
    assert found.failed == {}
    assert {one.cell for one in found.karyotypes} == {r"caf\xe9", "plain"}
    (out,) = (path for path in (tmp_path / "out").iterdir() if path.name.startswith("caf"))
    assert out.name.isascii()
    values = json.loads((out / "karyotype.json").read_text())
    assert values["cell"] == r"caf\xe9"
    assert [one["name"] for one in values["chromosomes"]] == ["0.png", r"b\xe9.png"]
    assert r"b\xe9.png" in (out / "assignments.csv").read_text()
    assert r"caf\\xe9" in (tmp_path / "out" / REPORT_FILE).read_text()
    assert sorted(path.name for path in out.iterdir()) == sorted(CELL_FILES)
