from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from superxception_jax.data.builders import UNORIENTED, load_records, make_builder
from superxception_jax.data.prepare import prepare_dataset
from superxception_jax.data.splits import SplitSettings, make_split
from superxception_jax.data.tseng.archive import load_tseng
from tests.data.normalized import normalize_cell
from tests.data.tseng.metaphases import draw_metaphase, write_archive
from tests.karyotyping.known_cell import NORMALIZATION

CELLS = {
    "1000011": 0, "1000012": 0, "1000021": 12, "1000022": 0, "1000031": 0, "1000041": 46,
}  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    root = tmp_path_factory.mktemp("tseng")
    cells = {
        cell: draw_metaphase(20 + number, joined=joined)
        for number, (cell, joined) in enumerate(CELLS.items())
    }
    write_archive(root / "manual", cells)
    return root, load_records(build(root), progress=False)


def build(root):
    return make_builder(
        "tseng", dataset_options={}, data_dir=root / "data", manual_dir=root / "manual"
    )


def test_prepared_records_are_those_of_the_archive(prepared):
    root, records = prepared
    expected = list(load_tseng(root / "manual"))
    assert len(records) == len(expected) == 4 * 46 + 34
    for one, other in zip(records, expected, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert (one.cell, one.case, one.name, one.label) == (
            other.cell, other.case, other.name, other.label,
        )  # fmt: skip
    assert not any(one.upright for one in records)
    assert "tseng" in UNORIENTED


def test_what_is_left_out_is_said_again_later(prepared):
    root, _ = prepared
    lines = build(root).left_out
    assert lines[0].startswith("tseng: 218 of 276 chromosomes in 6 pictures stand alone; the oth")
    assert lines[1] == "tseng: no chromosome stands alone in 1 picture: 1000041"
    text = prepare_dataset(
        "tseng",
        dataset_options={},
        data_dir=root / "data",
        manual_dir=root / "nowhere",
        images_dir=None,
        progress=False,
    )
    assert "218 chromosomes, 5 cells, 3 cases" in text
    assert text.endswith("\n".join(lines))


def test_another_archive_than_the_prepared_one_is_refused(prepared, tmp_path):
    for part in ("data", "manual"):
        shutil.copytree(prepared[0] / part, tmp_path / part)
    known = build(tmp_path).archive
    assert set(known) == {"files"}
    write_archive(
        tmp_path / "manual", {"1000051": draw_metaphase(30, joined=0)}, folders=("more", "boxes")
    )
    with pytest.raises(ValueError, match=r"must be prepared from .*; delete that folder, which"):
        build(tmp_path)
    (folder,) = (tmp_path / "data" / "tseng" / "isolated").iterdir()
    shutil.rmtree(folder)
    assert build(tmp_path).archive != known, "its canvases are others, too"
    # Without the archive, what is prepared is taken; so is what an earlier version prepared.
    shutil.copytree(prepared[0] / "data", tmp_path / "data", dirs_exist_ok=True)
    (tmp_path / "manual").rename(tmp_path / "away")
    assert build(tmp_path).archive == known
    (tmp_path / "away").rename(tmp_path / "manual")
    file = folder / "metadata.json"
    file.write_text(json.dumps({"left_out": json.loads(file.read_text())["left_out"]}))
    assert build(tmp_path).archive == {}
    file.unlink()
    assert build(tmp_path).archive == {}


def test_no_case_is_in_two_parts(prepared):
    _, records = prepared
    labels = np.array([one.label for one in records], np.int32)
    cells, cases = (
        np.array([getattr(one, field) for one in records]) for field in ("cell", "case")
    )
    tested = set()
    for fold in range(3):
        settings = SplitSettings(
            protocol="cases",
            seed=0,
            fold=fold,
            folds=3,
            validation_share=0.4,
            training_share=1.0,
            sizes=(1, 1, 1),
        )
        split = make_split(labels, cells, cases, settings=settings)
        parts = [set(cases[part]) for part in vars(split).values()]
        assert sum(len(part) for part in parts) == len(set.union(*parts)) == 3
        tested |= parts[2]
    assert tested == {"100001", "100002", "100003"}


def test_a_cell_becomes_canvases(prepared):
    _, records = prepared
    cell = [one for one in records if one.cell == "1000011"]
    canvases = normalize_cell(
        [one.image for one in cell], names=[one.name for one in cell], settings=NORMALIZATION
    )
    assert len(canvases) == 46
    assert np.median(canvases[:, [0, -1]]) == 0
    assert canvases[:, 20:30, 20:30].mean() > 50
