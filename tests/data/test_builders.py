from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from superxception_jax.data.builders import (
    BUILDERS,
    count_records,
    iterate_cells,
    load_records,
    make_builder,
)
from tests.data.image_folders import own_options, put
from tests.paths import REPOSITORY

IDEOGRAM = {"cells": 1, "seed": 0, "style": "q", "aneuploid_share": 0.0}


@pytest.fixture
def lab(tmp_path) -> Path:
    root = put(tmp_path / "lab", *(f"c1/{number}a.png" for number in range(1, 5)))
    return root


def build(dataset: str, options: dict, tmp_path: Path):
    return make_builder(
        dataset,
        dataset_options=options,
        data_dir=tmp_path / "data",
        manual_dir=tmp_path / "manual",
    )


@pytest.mark.parametrize(
    ("dataset", "options", "name"),
    [
        ("bioimage", {}, "bioimage/padova/"),
        ("gband", {}, "gband/karyograms/"),
        ("tseng", {}, "tseng/isolated/"),
        ("ideogram", IDEOGRAM, "ideogram/q_cells1_seed0_aneuploid0.0/"),
    ],
)
def test_every_data_set_has_a_builder(dataset, options, name, tmp_path):
    builder = build(dataset, options, tmp_path)
    assert builder.info.full_name.startswith(name)
    assert builder.info.description
    assert set(builder.info.features) == {"image", "label", "cell", "case", "name", "upright"}
    assert not (tmp_path / "data").exists()


def test_every_builder_documents_itself(tmp_path, lab):
    for dataset, options in (
        ("bioimage", {}),
        ("gband", {}),
        ("tseng", {}),
        ("ideogram", IDEOGRAM),
        ("own", own_options(lab)),
    ):
        builder = build(dataset, options, tmp_path)
        metadata = builder.get_metadata()
        assert len(metadata.description) > 200
        assert "ml.task.image-classification" in metadata.tags
    assert set(BUILDERS) == {"bioimage", "gband", "tseng", "ideogram", "own"}


@pytest.mark.parametrize(
    ("dataset", "options", "message"),
    [
        ("bioimages", {}, "`dataset` must be one of bioimage, .*; did you mean `bioimage`"),
        (
            "own",
            {},
            "`dataset_options` of `own` must be folder, twins, polarity, background, got none",
        ),
        ("bioimage", {"cells": 1}, "`dataset_options` of `bioimage` must be empty, got cells"),
    ],
)
def test_unknown_names_are_explained(dataset, options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        build(dataset, options, tmp_path)


def test_a_damaged_preparation_says_what_to_delete(lab, tmp_path):
    builder = build("own", own_options(lab), tmp_path)
    assert len(load_records(builder, progress=False)) == 4
    for file in Path(builder.data_path).glob("*array_record*"):
        file.unlink()
    again = build("own", own_options(lab), tmp_path)
    with pytest.raises(ValueError, match=r"must be a sound data set, .*; delete that folder and"):
        load_records(again, progress=False)


def test_cells_come_one_by_one_in_the_order_of_all_records(lab, tmp_path):
    for cell in ("c10", "c9", "c1b"):
        shutil.copytree(lab / "c1", lab / cell)
    builder = build("own", own_options(lab, twins="allow"), tmp_path)
    assert count_records(builder, progress=False) == 16
    cells = list(iterate_cells(builder))
    assert [len(records) for records in cells] == [4] * 4
    assert [len({one.cell for one in records}) for records in cells] == [1] * 4
    expected = load_records(builder, progress=False)
    for one, other in zip(itertools.chain(*cells), expected, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert dataclasses.replace(one, image=other.image) == other


def test_a_damaged_preparation_is_named_where_cells_come_one_by_one(lab, tmp_path):
    builder = build("own", own_options(lab), tmp_path)
    assert count_records(builder, progress=False) == 4
    for file in Path(builder.data_path).glob("*array_record*"):
        file.unlink()
    with pytest.raises(ValueError, match=r"must be a sound data set, .*; delete that folder and"):
        next(iterate_cells(builder))


@pytest.mark.parametrize("text", ["", "[1]", '{"name": "ow', "\x00"])
def test_a_damaged_description_of_a_preparation_is_named(text, lab, tmp_path):
    builder = build("own", own_options(lab), tmp_path)
    load_records(builder, progress=False)
    (Path(builder.data_path) / "dataset_info.json").write_text(text)
    with pytest.raises(ValueError, match=r"data/own` must hold sound.*; delete that folder and"):
        load_records(
            build("own", own_options(lab), tmp_path),
            progress=False,
        )


def test_a_full_disk_is_named(lab, tmp_path, monkeypatch):
    builder = build("own", own_options(lab), tmp_path)

    def fail(**_):
        raise RuntimeError("write() failed: No space left on device; writing data/own")

    monkeypatch.setattr(builder, "download_and_prepare", fail)
    with pytest.raises(OSError, match=r"No space left on device: '.*data/own/"):
        load_records(builder, progress=False)


def test_of_two_runs_at_once_the_slower_takes_what_is_there(lab, tmp_path, monkeypatch):
    first = build("own", own_options(lab), tmp_path)
    slower = build("own", own_options(lab), tmp_path)
    load_records(first, progress=False)
    where = Path(slower.data_path)
    aside = where.with_name("aside")
    where.rename(aside)
    prepare = slower.download_and_prepare

    def overtaken(**arguments):
        generate = slower._split_generators
        monkeypatch.setattr(
            slower, "_split_generators", lambda manager: (aside.rename(where), generate(manager))[1]
        )
        prepare(**arguments)

    monkeypatch.setattr(slower, "download_and_prepare", overtaken)
    assert [one.name for one in load_records(slower, progress=False)] == [
        one.name for one in load_records(first, progress=False)
    ]
    assert not list((tmp_path / "data").rglob("*incomplete*"))


def test_what_another_program_has_prepared_since_is_taken(lab, tmp_path):
    early = build("own", own_options(lab), tmp_path)
    assert count_records(build("own", own_options(lab), tmp_path), progress=False) == 4
    assert count_records(early, progress=False) == 4
    assert len(load_records(early, progress=False)) == 4


def test_nothing_imports_tensorflow_or_jax(lab, tmp_path):
    code = (
        "import json, sys\n"
        "from superxception_jax.data.builders import make_builder, load_records\n"
        "builder = make_builder('own', dataset_options=json.loads(sys.argv[1]),"
        " data_dir=sys.argv[2], manual_dir='')\n"
        "assert len(load_records(builder, progress=False)) == 4\n"
        "found = {'tensorflow', 'jax'} & set(sys.modules)\n"
        "sys.exit(f'imported: {found}' if found else 0)\n"
    )
    root = REPOSITORY
    command = [sys.executable, "-c", code, json.dumps(own_options(lab)), str(tmp_path / "data")]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
