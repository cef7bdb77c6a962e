from __future__ import annotations

import dataclasses
import functools
import shutil

import numpy as np
import pytest

from configs.stripnet import get_config
from superxception_jax.data.joined import join_chromosomes
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.included import INCLUDED
from superxception_jax.runs.lineage import (
    check_unseen,
    earlier_networks,
    trained_cells,
    was_trained_on,
)
from superxception_jax.runs.split_data import draw_split
from tests.runs.samples import sample_laboratory

laboratory = functools.partial(sample_laboratory, cases=20)


def experiment(preset="gband", **fields):
    config = get_config(preset)
    config.update_from_flattened_dict({name.replace("__", "."): x for name, x in fields.items()})
    return build_experiment(config)


def columns(images):
    return {"labels": images.labels, "cells": images.cells, "cases": images.cases}


def test_networks_are_followed_to_the_first(tmp_path):
    assert [name for name, _ in earlier_networks(experiment(model__init_from="qband"))] == [
        "qband",
        "gband",
    ]
    assert list(earlier_networks(experiment())) == []
    # Those of another computer, and weights without a config.
    (tmp_path / "variables.npz").touch()
    for folder in (tmp_path / "gone", tmp_path):
        weights = str(folder / "variables.npz")
        assert list(earlier_networks(experiment(model__init_from=weights))) == []
    # A config of something else.
    (tmp_path / "config.json").write_text('{"architectures": ["Xception"]}')
    assert list(earlier_networks(experiment(model__init_from=weights))) == []
    shutil.copytree(INCLUDED["gband"], tmp_path / "exported")
    path = str(tmp_path / "exported" / "variables.npz")
    reads = experiment(data__unlabelled_reader=path, data__unlabelled_folder=str(tmp_path))
    assert [one for one, _ in earlier_networks(reads)] == [path]


def test_the_test_images_of_an_earlier_network_are_unseen_and_the_others_are_not():
    images = laboratory("gband")
    ((_, earlier),) = earlier_networks(experiment(model__init_from="gband"))
    seen = was_trained_on(earlier, "gband", {}, **columns(images))
    split = draw_split(earlier)(images)
    assert set(np.flatnonzero(seen)) == {*split.train, *split.validation}
    assert set(np.flatnonzero(~seen)) == set(split.test)
    assert not was_trained_on(earlier, "bioimage", {}, **columns(images)).any()
    only_tested = dataclasses.replace(earlier, test_only=("gband",))
    assert not was_trained_on(only_tested, "gband", {}, **columns(images)).any()
    few = laboratory("gband").take(np.arange(4))
    assert not was_trained_on(earlier, "gband", {}, **columns(few)).any()
    own = earlier.data_sets["own"]
    for folder, same in (("/elsewhere/" + own["folder"], True), ("/elsewhere/others", False)):
        found = was_trained_on(earlier, "own", {**own, "folder": folder}, **columns(images))
        assert found.any() == same
    unseen = set(images.cells) - set(images.cells[split.test])
    assert trained_cells([experiment(model__init_from="gband")], "gband", **columns(images)) == (
        unseen
    )
    assert trained_cells([experiment()], "gband", **columns(images)) == set()


@pytest.mark.parametrize("joined", [False, True])
def test_a_run_must_not_test_what_its_start_was_trained_on(joined):
    images = laboratory("gband")
    fields = {"model__init_from": "gband", "data__dataset": "gband"}
    if joined:
        images = join_chromosomes([images, laboratory("tseng")])
        fields["data__dataset"] = "gband,tseng"
    same = experiment(**fields)
    check_unseen(same, images, draw_split(same)(images).test)
    other = experiment(**fields, split__fold=1)
    test = draw_split(other)(images).test
    with pytest.raises(ValueError, match="must be unknown to `gband`") as found:
        check_unseen(other, images, test)
    of_gband = int((images.sources[test] == "gband").sum())
    assert f"got {of_gband} of {len(test)} that it was trained or validated on" in str(found.value)
    assert "--config.split.protocol=cases --config.split.seed=0 --config.split.fold=0" in str(
        found.value
    )
    # From random weights any fold may test.
    check_unseen(experiment(split__fold=1), images, test)
