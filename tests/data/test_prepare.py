from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.prepare import prepare_dataset
from tests.data.image_folders import own_options, put


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


def test_known_patients_need_no_notice(lab):
    (lab / "labels.csv").write_text("file,class,case\nc1/1a.png,1,P1\n")
    lines = prepare(lab)
    assert lines[-3] == "1 chromosome in 1 cell: P1/c1"
    # What is in the folder and is not read is listed.
    assert lines[-2:] == [f"left out: c1/{name}.png: not in labels.csv" for name in ("2a", "3a")]


def test_images_are_written_by_cell_and_name(lab, tmp_path):
    assert prepare(lab, tmp_path / "raw")[-1] == f"wrote {tmp_path / 'raw'}"
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("raw/*/*"))
    assert written == ["raw/c1/c1_1a.png", "raw/c1/c1_2a.png", "raw/c1/c1_3a.png"]
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "raw/c1/c1_2a.png")),
        np.asarray(Image.open(lab / "c1/2a.png")),
    )
    with pytest.raises(ValueError, match="`--write` must be a new or empty folder"):
        prepare(lab, tmp_path / "raw")
