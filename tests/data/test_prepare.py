from __future__ import annotations

import dataclasses
import errno
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data import prepare as prepare_module
from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.own.folder import load_folder, read_folder
from superxception_jax.data.prepare import _write_images, prepare_dataset
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.karyotyping.folders import find_cells
from superxception_jax.system import Stopped
from tests.data.image_folders import own_options, put
from tests.data.small_lab import make_lab, watch_raw_images


@pytest.fixture
def lab(tmp_path) -> Path:
    put(tmp_path / "lab", *(f"c1/{number}a.png" for number in range(1, 4)))
    return tmp_path / "lab"


def prepare(lab: Path, images_dir: Path | None = None) -> list[str]:
    text = prepare_dataset(
        "own",
        dataset_options=own_options(lab),
        data_dir=lab.parent / "data",
        manual_dir="",
        images_dir=images_dir,
        progress=False,
    )
    return text.splitlines()


def test_the_text_names_place_counts_and_unknown_patients(lab):
    lines = prepare(lab)
    assert lines[0].startswith("own/lab-")
    assert lines[0].endswith("/1.1.0")
    assert lines[1] == "3 chromosomes, 1 cell, 1 case"
    assert lines[-2] == "3 chromosomes in 1 cell: c1"
    assert lines[-1].startswith("own: 1 cell without a patient")


def test_the_images_of_one_cell_are_in_memory_at_a_time(tmp_path, monkeypatch):
    lab = make_lab(tmp_path, cells=("1", "2", "3", "4"))
    in_memory = watch_raw_images(monkeypatch, prepare_module)
    prepare(lab, tmp_path / "raw")
    # Four cells of three images are counted, then written; the last one goes with the next one.
    assert in_memory == [3, 6, 6, 6] * 2


def test_known_patients_need_no_notice(lab):
    (lab / "labels.csv").write_text("file,class,case\nc1/1a.png,1,P1\n")
    lines = prepare(lab)
    assert lines[-3] == "1 chromosome in 1 cell: P1/c1"
    # What is in the folder and is not read is listed.
    assert lines[-2:] == [f"left out: c1/{name}.png: not in labels.csv" for name in ("2a", "3a")]


def test_images_are_written_by_cell_and_name(lab, tmp_path):
    assert prepare(lab, tmp_path / "raw")[-1] == f"wrote {tmp_path / 'raw'}"
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("raw/*/*"))
    assert (tmp_path / "raw" / "labels.csv").read_text().splitlines()[:2] == [
        "file,class,cell,case,turned",
        "c1/c1_1a.png,1,c1,,false",
    ]
    assert written == ["raw/c1/c1_1a.png", "raw/c1/c1_2a.png", "raw/c1/c1_3a.png"]
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "raw/c1/c1_2a.png")),
        np.asarray(Image.open(lab / "c1/2a.png")),
    )
    with pytest.raises(ValueError, match=r"`--write` must be a new or empty folder, .* choose"):
        prepare(lab, tmp_path / "raw")


@pytest.mark.parametrize(
    ("writer", "name"),
    [(Image.Image, "save"), (os, "replace")],
    ids=["writing", "moving"],
)
@pytest.mark.parametrize("stop", [Stopped("SIGINT"), OSError(errno.ENOSPC, "No space left")])
def test_a_stop_leaves_no_part_of_the_images(lab, tmp_path, monkeypatch, writer, name, stop):
    put(lab, "c2/4a.png")
    done, raw = [], tmp_path / "raw"
    whole = getattr(writer, name)

    def stopping(*arguments, **options):
        if "raw" in str(arguments[-1]):
            done.append(arguments)
            if len(done) == 3:
                raise stop
        return whole(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(writer, name, stopping)
        with pytest.raises(type(stop)):
            prepare(lab, raw)
    assert list(raw.iterdir()) == []
    # The same command does it then.
    prepare(lab, raw)
    assert sorted(one.name for one in raw.iterdir()) == ["c1", "c2", "labels.csv"]


def read_as_own(lab: Path, polarity: str = "any") -> list[ChromosomeRecord]:
    folder = read_folder(lab, twins="refuse")
    return load_folder(folder, twins="refuse", polarity=polarity, background="auto")


def facts(records: Sequence[ChromosomeRecord]) -> list[tuple[str, str, int, bool, str]]:
    return sorted(
        (one.cell, one.case, one.label, one.upright, hash_image(one.image)) for one in records
    )


def test_written_images_are_read_with_the_same_facts(tmp_path):
    names = ("a.png", "deep/b 2.png", "deep/c 2.png", "deep/d.png", "e.png")
    lab = put(tmp_path / "lab", *names)
    (lab / "labels.csv").write_text(
        "file,class,cell,case,turned\na.png,X,one,,true\ne.png,3,one,,\n"
        'deep/b 2.png,7,two,"P 1, new",false\ndeep/c 2.png,22,two,"P 1, new",\n'
        'deep/d.png,Y,three,"P 1, new",true\n'
    )
    options = own_options(lab, polarity="any")
    arguments = {"data_dir": tmp_path / "data", "manual_dir": "", "progress": False}
    prepare_dataset("own", dataset_options=options, images_dir=tmp_path / "raw", **arguments)
    known = facts(read_as_own(lab))
    assert ("P 1, new/two", "P 1, new", 6, True) in [one[:4] for one in known]
    assert facts(read_as_own(tmp_path / "raw")) == known


def test_cells_of_an_archive_are_read_again_with_their_patients(tmp_path):
    images = [one.image for one in read_as_own(put(tmp_path / "c", *(f"{n}a.png" for n in "1234")))]
    records = [
        ChromosomeRecord(image, label, cell, case, f"{cell}/{number}", upright=upright)
        for number, (image, (label, cell, case, upright)) in enumerate(
            zip(
                images,
                (
                    (0, "7", "P1", False),
                    (23, "7", "P1", False),
                    (4, "8", "8", True),
                    (4, "9", "9", True),
                ),
                strict=True,
            )
        )
    ]
    found = read_as_own(_write_images(records, images, tmp_path / "raw"))
    named = [
        dataclasses.replace(
            one, cell=one.cell if one.cell == one.case else f"{one.case}/{one.cell}"
        )
        for one in records
    ]
    assert facts(found) == facts(named)
    # Folders `7` and `8` might be classes; the table says that they are cells.
    assert [one.name for one in find_cells(tmp_path / "raw").cells] == ["8", "9", "P1/7"]
