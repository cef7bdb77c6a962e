from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.builders import load_records
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.own.builder import build_own
from tests.data.image_folders import own_options


@pytest.fixture
def lab(tmp_path):
    """Three cells, one of which was exported again: darker, with a margin, as JPEG."""
    root = tmp_path / "lab"
    for number in range(3):
        drawn = draw_numbered_cell(number, seed=5, style="g", aneuploid_share=0.0)
        for one in drawn.chromosomes[::4]:
            file = root / f"cell {number}" / f"scan {one.name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(one.image).save(file)
            if number == 1:
                dark = (255 - 0.8 * (255.0 - np.pad(one.image, 7, constant_values=255))).round()
                again = root / "export" / f"1 {one.name}.jpg"
                again.parent.mkdir(exist_ok=True)
                Image.fromarray(dark.astype(np.uint8)).save(again, quality=90)
    return root


def prepare(lab, tmp_path, capsys, **changes):
    options = own_options(lab, **changes)
    records = load_records(build_own(data_dir=str(tmp_path / "data"), **options), progress=False)
    return records, capsys.readouterr().out


def test_a_cell_that_was_exported_twice_is_said(lab, tmp_path, capsys):
    records, text = prepare(lab, tmp_path, capsys)
    assert len(records) == 48
    assert "own: cells that seem to be the same cell, saved again or photographed twice" in text
    assert text.rstrip().endswith("split by cases: 1\n  12 images of cell 1 and export")
    for file in (lab / "export").iterdir():
        file.unlink()
    assert "seem to be the same" not in prepare(lab, tmp_path, capsys)[1]


def test_where_equal_images_are_allowed_copied_cells_are_too(lab, tmp_path, capsys):
    assert "seem to be the same" not in prepare(lab, tmp_path, capsys, twins="allow")[1]
