"""The cells that networks are tested on are none that they know."""

from __future__ import annotations

import dataclasses
import functools
import shutil

import numpy as np
import pytest
from PIL import Image

from configs.stripnet import get_config
from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.splits import Split, make_split
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.exported.trained_images import TRAINED_FILE, hash_numbers, save_trained
from superxception_jax.runs.included import INCLUDED
from superxception_jax.runs.split.lineage import earlier_networks
from superxception_jax.runs.split.split_data import draw_split, load_everything
from superxception_jax.runs.split.split_file import (
    StoredImage,
    StoredSplit,
    describe_split,
    save_split,
)
from superxception_jax.studies import raw_cells
from superxception_jax.studies.raw_cells import (
    choose_data_set,
    load_foreign_cells,
    load_test_cells,
)


def test_test_cells_are_those_that_the_run_stored(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    config.data.ideogram_cells = 2
    experiment = build_experiment(config)
    everything = load_everything(experiment)
    cells = np.array(sorted(set(everything.cells)))
    kept = np.flatnonzero(everything.cells == cells[-1])
    stored = describe_split(everything, Split(kept[:0], kept[:0], kept))
    save_split(tmp_path, stored)
    (found,) = load_test_cells(experiment, tmp_path, data_set="ideogram", use_stored_split=False)
    assert found.name == cells[-1]
    # Of a cell that was read when the run started, an image is gone today.
    more = {"x": StoredImage(cells[-1], "x", 0, "x", "test")}
    save_split(tmp_path, StoredSplit({**stored.images, **more}, stored.drawing))
    with pytest.raises(ValueError, match="gone: 1 image: x"):
        load_test_cells(experiment, tmp_path, data_set="ideogram", use_stored_split=True)


def test_test_cells_are_those_of_the_split(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    experiment = build_experiment(config)
    load = functools.partial(load_test_cells, data_set="ideogram", use_stored_split=False)
    (found,) = load(experiment, tmp_path / "run")
    assert len(found.images) == len(found.labels) == 46
    config.split.protocol = "paper"
    with pytest.raises(ValueError, match="must be runs whose split keeps cells whole"):
        load(build_experiment(config), tmp_path / "run")
    with pytest.raises(ValueError, match="must be a data set that no run, and no network"):
        load_foreign_cells([(tmp_path, experiment)], "ideogram")


def test_foreign_cells_are_those_that_no_earlier_network_was_trained_on(
    tmp_path, monkeypatch, capsys
):
    image = np.zeros((2, 2), np.uint8)
    records = [
        ChromosomeRecord(image=image, label=0, cell=f"{case}.1", name="x", case=str(case))
        for case in range(20)
    ]
    monkeypatch.setattr(raw_cells, "_load_records", lambda *_: records)
    config = get_config("bioimage")
    assert len(load_foreign_cells([(tmp_path, build_experiment(config))], "gband")) == 20
    assert capsys.readouterr().out == ""
    # Of an earlier version, which drew its split from these.
    shutil.copytree(INCLUDED["gband"], tmp_path / "network")
    (tmp_path / "network" / TRAINED_FILE).unlink(missing_ok=True)
    config.model.init_from = str(tmp_path / "network" / "variables.npz")
    started = build_experiment(config)
    ((_, start),) = earlier_networks(started)
    assert start is not None
    cases = np.array([one.case for one in records])
    cells = np.array([one.cell for one in records])
    split = make_split(np.zeros(20, np.int32), cells, cases, settings=start.split)
    found = load_foreign_cells([(tmp_path, started)], "gband")
    assert {one.name for one in found} == set(cells[split.test])
    assert "16 of 20 cells of gband are left out" in capsys.readouterr().out
    # One that knows its images; here all are the same.
    save_trained(tmp_path / "network", hash_numbers([hash_image(image)]))
    with pytest.raises(ValueError, match="must be a data set that no run, and no network"):
        load_foreign_cells([(tmp_path, started)], "gband")
    config.data.dataset = "gband"
    with pytest.raises(ValueError, match="must be a data set that no run, and no network"):
        load_foreign_cells([(tmp_path, build_experiment(config))], "gband")


def test_foreign_cells_are_those_that_no_run_was_trained_on_under_another_name(
    tmp_path, monkeypatch, capsys
):
    """As the cells of `prepare_data.py --dataset=gband --write`, in an own folder."""
    records = [
        ChromosomeRecord(
            image=np.full((2, 2), 10 * number, np.uint8),
            label=0,
            cell=f"{number}",
            name="x",
            case="x",
        )
        for number in range(3)
    ]
    monkeypatch.setattr(raw_cells, "_load_records", lambda *_: records)
    experiment = build_experiment(get_config("bioimage"))
    assert experiment.init_from == ""
    save_trained(tmp_path, hash_numbers([hash_image(records[1].image)]))
    found = load_foreign_cells([(tmp_path / "other", experiment), (tmp_path, experiment)], "gband")
    assert [one.name for one in found] == ["0", "2"]
    assert "1 of 3 cells of gband are left out: a run, or" in capsys.readouterr().out


def test_a_split_that_is_drawn_again_tests_nothing_that_the_network_knows(tmp_path, monkeypatch):
    """As of an exported network whose own folder has grown."""
    records = [
        ChromosomeRecord(
            image=np.full((2, 2), number, np.uint8),
            label=0,
            cell=f"{number}",
            name=f"{number}/x",
            case=f"{number}",
        )
        for number in range(20)
    ]
    monkeypatch.setattr(raw_cells, "_load_records", lambda *_: records)
    config = get_config("own")
    config.data.own_folder = "cells"
    load = functools.partial(
        load_test_cells, build_experiment(config), tmp_path, data_set="own", use_stored_split=False
    )
    tested = load()
    others = {one.cell for one in records} - {one.name for one in tested}
    hashes = {one.cell: hash_image(one.image) for one in records}
    save_trained(tmp_path, np.sort(hash_numbers([hashes[cell] for cell in others])))
    assert [one.name for one in load()] == [one.name for one in tested]
    save_trained(tmp_path, hash_numbers([hashes[tested[0].name]]))
    with pytest.raises(ValueError, match=rf"1 of {len(tested)}, such as `{tested[0].name}/x`"):
        load()
    # A copy that trains is allowed by `data.own_twins=allow` alone.
    twins = [dataclasses.replace(one, image=np.zeros((2, 2), np.uint8)) for one in records]
    monkeypatch.setattr(raw_cells, "_load_records", lambda *_: twins)
    save_trained(tmp_path, hash_numbers([hash_image(twins[0].image)]))
    assert len(load()) == len(tested)


@pytest.fixture
def of_two_sets(tmp_path):
    """Return an experiment on drawn cells and a folder of ten, whose images are any way up."""
    drawn = draw_numbered_cell(0, seed=0, style="q", aneuploid_share=0.0).chromosomes
    for number in range(10):
        folder = tmp_path / "cells" / f"cell {number}"
        folder.mkdir(parents=True)
        for index in range(4):
            chosen = number + 10 * index
            name = f"chr{CLASS_NAMES[drawn[chosen].label]}.png"
            Image.fromarray(drawn[chosen].image).save(folder / name)
    config = get_config("own")
    config.update_from_flattened_dict(
        {
            "data.dataset": "ideogram,own",
            "data.data_dir": str(tmp_path),
            "data.ideogram_cells": 5,
            "data.own_folder": str(tmp_path / "cells"),
            "data.own_polarity": "any",
        }
    )
    return build_experiment(config)


@pytest.mark.parametrize("stored", [False, True])
def test_of_several_data_sets_one_is_tested(tmp_path, of_two_sets, stored):
    everything = load_everything(of_two_sets)
    split = draw_split(of_two_sets)(everything)
    if stored:
        save_split(tmp_path, describe_split(everything, split))
    tested = everything.take(split.test)
    for name, upright in (("ideogram", True), ("own", False)):
        found = load_test_cells(of_two_sets, tmp_path, data_set=name, use_stored_split=False)
        expected = set(tested.cells[tested.sources == name].tolist())
        assert {f"{name}/{one.name}" for one in found} == expected
        assert {one.upright for one in found} == {upright}


def test_what_is_tested_must_be_clear(of_two_sets):
    assert choose_data_set([of_two_sets], "own") == "own"
    with pytest.raises(ValueError, match="must be one of ideogram, own, on which the runs are"):
        choose_data_set([of_two_sets], "")
    drawn = dataclasses.replace(of_two_sets, dataset="ideogram", data_sets={"ideogram": {}})
    assert choose_data_set([drawn], "") == "ideogram"
    with pytest.raises(ValueError, match="must be a data set of all `--runs`, got 'own'"):
        choose_data_set([of_two_sets, drawn], "own")
