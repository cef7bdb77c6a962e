from __future__ import annotations

import dataclasses
import functools
import json
import re
import shutil

import numpy as np
import pytest

from configs.stripnet import get_config
from superxception_jax.data.joined import join_chromosomes
from superxception_jax.data.source import concatenate
from superxception_jax.data.splits import Split
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.exported.trained_images import (
    TRAINED_FILE,
    hash_numbers,
    load_trained,
    save_trained,
)
from superxception_jax.runs.included import INCLUDED
from superxception_jax.runs.reader import export_classifier
from superxception_jax.runs.split.lineage import (
    check_unseen,
    collect_trained,
    earlier_networks,
    trained_cells,
    was_trained_on,
)
from superxception_jax.runs.split.split_data import draw_split
from superxception_jax.runs.split.split_file import describe_split
from tests.runs.samples import sample_laboratory

laboratory = functools.partial(sample_laboratory, cases=20)


def experiment(preset="gband", **fields):
    config = get_config(preset)
    config.update_from_flattened_dict({name.replace("__", "."): x for name, x in fields.items()})
    return build_experiment(config)


def columns(images):
    names = ("labels", "cells", "cases", "hashes")
    return {name: getattr(images, name) for name in names}


def own_network(tmp_path, images):
    """Return the weights of a network trained on half of an own folder, and its experiment."""
    folder = tmp_path / "network"
    shutil.copytree(INCLUDED["gband"], folder)
    of_own = experiment("own", data__own_folder=str(tmp_path / "cells"), model__init_from="none")
    (folder / "config.json").write_text(json.dumps(of_own.config))
    stored = describe_split(images, draw_split(of_own)(images))
    save_trained(folder, collect_trained(of_own, stored, None))
    return str(folder / "variables.npz"), of_own


def test_networks_are_followed_to_the_first(tmp_path):
    assert [name for name, _ in earlier_networks(experiment(model__init_from="qband"))] == [
        "qband",
        "gband",
    ]
    assert list(earlier_networks(experiment())) == []
    # Those of another computer, and of Keras.
    (tmp_path / "xception.keras").touch()
    for weights in (tmp_path / "gone" / "variables.npz", tmp_path / "xception.keras"):
        started = dataclasses.replace(experiment(), init_from=str(weights))
        assert list(earlier_networks(started)) == []
    # Weights without a config, and with one of something else.
    weights = str(tmp_path / "variables.npz")
    (tmp_path / "variables.npz").touch()
    for content in ("", '{"architectures": ["Xception"]}'):
        if content:
            (tmp_path / "config.json").write_text(content)
        assert list(earlier_networks(experiment(model__init_from=weights))) == [(weights, None)]
    shutil.copytree(INCLUDED["gband"], tmp_path / "exported")
    path = str(tmp_path / "exported" / "variables.npz")
    reads = experiment(data__unlabelled_reader=path, data__unlabelled_folder=str(tmp_path))
    assert [one for one, _ in earlier_networks(reads)] == [path]


def test_the_test_images_of_an_earlier_network_are_unseen_and_the_others_are_not(
    tmp_path, earlier_version
):
    images = laboratory("gband")
    started = experiment(model__init_from=earlier_version)
    ((weights, earlier),) = earlier_networks(started)
    assert earlier is not None
    network = (weights, earlier)
    seen = was_trained_on(network, "gband", {}, **columns(images))
    split = draw_split(earlier)(images)
    assert set(np.flatnonzero(seen)) == {*split.train, *split.validation}
    assert set(np.flatnonzero(~seen)) == set(split.test)
    assert not was_trained_on(network, "bioimage", {}, **columns(images)).any()
    only_tested = (weights, dataclasses.replace(earlier, test_only=("gband",)))
    assert not was_trained_on(only_tested, "gband", {}, **columns(images)).any()
    few = laboratory("gband").take(np.arange(4))
    assert not was_trained_on(network, "gband", {}, **columns(few)).any()
    own = earlier.data_sets["own"]
    # An export of an earlier version has the name of the own folder, a later one has none.
    for theirs, folder, same in (
        ("cells", "/elsewhere/cells", True),
        ("cells", "/elsewhere/others", False),
        ("OWN_FOLDER", "/elsewhere/OWN_FOLDER", False),
    ):
        data_sets = {**earlier.data_sets, "own": {**own, "folder": theirs}}
        one = (weights, dataclasses.replace(earlier, data_sets=data_sets))
        found = was_trained_on(one, "own", {**own, "folder": folder}, **columns(images))
        assert found.any() == same
    unseen = set(images.cells) - set(images.cells[split.test])
    assert trained_cells([(tmp_path, started)], "gband", **columns(images)) == unseen
    assert trained_cells([(tmp_path, experiment())], "gband", **columns(images)) == set()


@pytest.mark.parametrize("joined", [False, True])
def test_a_run_must_not_test_what_its_start_was_trained_on(joined, earlier_version):
    images = laboratory("gband")
    fields = {"model__init_from": earlier_version, "data__dataset": "gband"}
    if joined:
        images = join_chromosomes([images, laboratory("tseng")])
        fields["data__dataset"] = "gband,tseng"
    same = experiment(**fields)
    check_unseen(same, images, draw_split(same)(images))
    other = experiment(**fields, split__fold=1)
    split = draw_split(other)(images)
    with pytest.raises(ValueError, match=r"must be unknown to `.*variables\.npz`") as found:
        check_unseen(other, images, split)
    of_gband = int((images.sources[split.test] == "gband").sum())
    assert f"got {of_gband} of {len(split.test)} that it was trained or validated on" in str(
        found.value
    )
    assert "--config.split.protocol=cases --config.split.seed=0 --config.split.fold=0" in str(
        found.value
    )
    # From random weights any fold may test.
    check_unseen(experiment(split__fold=1), images, split)


def test_the_images_of_a_folder_that_has_grown_are_known(tmp_path):
    images = laboratory("own")
    weights, of_own = own_network(tmp_path, images)
    fields = {"data__own_folder": str(tmp_path / "cells"), "model__init_from": weights}
    again = experiment("own", **fields)
    check_unseen(again, images, draw_split(again)(images))
    # The folder has grown: its split, drawn again, tests cells that trained.
    grown = sample_laboratory("own", cases=30)
    split = draw_split(again)(grown)
    was_trained = np.isin(grown.cells, images.cells[draw_split(of_own)(images).train])
    assert was_trained[split.test].any()
    with pytest.raises(ValueError, match="must be unknown to") as found:
        check_unseen(again, grown, split)
    # No split of today's folder is that of the network.
    assert str(found.value).endswith(
        "; start from other weights, or give a folder that holds only cells that it doesn't know."
    )
    added = grown.take(~np.isin(grown.cells, images.cells))
    check_unseen(again, added, draw_split(again)(added))


def test_the_same_images_are_known_in_a_data_set_of_another_name(tmp_path):
    images = laboratory("own")
    weights, of_own = own_network(tmp_path, images)
    split = draw_split(of_own)(images)
    trained = set(images.cells) - set(images.cells[split.test])
    started = experiment("bioimage", model__init_from=weights)
    assert trained_cells([(tmp_path, started)], "tseng", **columns(laboratory("tseng"))) == trained
    elsewhere = experiment(
        "own", data__own_folder=str(tmp_path / "renamed"), model__init_from=weights, split__fold=1
    )
    drawn = draw_split(elsewhere)(images)
    with pytest.raises(ValueError, match="must be unknown to") as found:
        check_unseen(elsewhere, images, drawn)
    settings = of_own.split
    flags = re.search(r"take its split \((.*?)\), or start from other weights\.", str(found.value))
    assert flags is not None
    assert f"split.fold={settings.fold}" in flags[1]
    same = experiment("own", data__own_folder=str(tmp_path / "renamed"), model__init_from=weights)
    check_unseen(same, images, draw_split(same)(images))


def test_a_copy_of_what_the_run_trains_on_is_no_leak_of_its_start(tmp_path):
    images = laboratory("own")
    first, last = (np.flatnonzero(images.cells == images.cells[place])[0] for place in (0, -1))
    split = Split(train=np.array([first]), validation=np.array([], int), test=np.array([last]))
    # As `data.own_twins=allow` admits it: one image in two cells.
    hashes = images.hashes.copy()
    hashes[last] = hashes[first]
    weights, _ = own_network(tmp_path, dataclasses.replace(images, hashes=hashes))
    again = experiment("own", data__own_folder=str(tmp_path / "c"), model__init_from=weights)
    known = load_trained(tmp_path / "network")
    assert known is not None
    assert hash_numbers(hashes[[last]])[0] in known
    check_unseen(again, dataclasses.replace(images, hashes=hashes), split)
    nothing = dataclasses.replace(split, train=np.array([], int))
    with pytest.raises(ValueError, match="must be unknown to"):
        check_unseen(again, dataclasses.replace(images, hashes=hashes), nothing)


def test_a_network_knows_its_images_and_those_of_the_networks_before_it(tmp_path):
    first, _ = own_network(tmp_path, laboratory("own"))
    started = experiment("gband", model__init_from=first)
    images = concatenate([sample_laboratory("gband", cases=30)])
    split = Split(train=np.array([50, 51]), validation=np.array([52]), test=np.array([53]))
    # Of cells without labels those train that the run doesn't know.
    hashes = [f"{images.hashes[53]} {1:016x}", f"{2:016x} {3:016x}"]
    unlabelled = images.take(np.array([53, 54]))
    unlabelled = dataclasses.replace(unlabelled, hashes=np.array(hashes))
    known = collect_trained(started, describe_split(images, split), unlabelled)
    before = np.asarray(load_trained(tmp_path / "network"))
    own = {*hash_numbers(images.hashes[50:53]).tolist(), 2, 3}
    assert set(known.tolist()) == {*before.tolist(), *own}


@pytest.mark.parametrize("config", ["", '{"architectures": ["Xception"]}'])
def test_images_are_known_without_a_config_that_can_be_read(tmp_path, capsys, config):
    images = laboratory("own")
    weights, of_own = own_network(tmp_path, images)
    (tmp_path / "network" / "config.json").unlink()
    if config:
        (tmp_path / "network" / "config.json").write_text(config)
    fields = {"data__own_folder": str(tmp_path / "cells"), "model__init_from": weights}
    other = experiment("own", **fields, split__fold=of_own.split.fold + 1)
    split = draw_split(other)(images)
    with pytest.raises(ValueError, match="must be unknown to") as found:
        check_unseen(other, images, split)
    assert "take its split" not in str(found.value)
    assert "start from other weights" in str(found.value)
    stored = describe_split(images, split)
    known = collect_trained(other, stored, None)
    assert set(np.asarray(load_trained(tmp_path / "network")).tolist()) <= set(known.tolist())
    assert "is not known" not in capsys.readouterr().out
    # Of weights alone nothing is known.
    (tmp_path / "network" / TRAINED_FILE).unlink()
    check_unseen(other, images, split)
    said = capsys.readouterr().out
    assert said.count(f"what `{weights}` was trained on is not known, because beside it") == 1


def test_an_exported_network_has_the_hashes_of_its_images_and_nothing_else(tmp_path):
    known = np.sort(hash_numbers(laboratory("own").hashes))
    folder = tmp_path / "network"
    shutil.copytree(INCLUDED["gband"], folder)
    save_trained(folder, known)
    files = export_classifier(folder, tmp_path / "out")
    assert tmp_path / "out" / TRAINED_FILE in files
    content = (tmp_path / "out" / TRAINED_FILE).read_bytes()
    assert content.endswith(known.astype("<u8").tobytes())
    assert len(content) < 8 * len(known) + 200
    assert np.asarray(load_trained(tmp_path / "out")).tolist() == known.tolist()
    # Another network that is exported to the same folder doesn't know its images.
    (folder / TRAINED_FILE).unlink()
    assert TRAINED_FILE not in {one.name for one in export_classifier(folder, tmp_path / "out")}
    assert load_trained(tmp_path / "out") is None


def test_damaged_hashes_are_named(tmp_path):
    path = save_trained(tmp_path, np.arange(9, dtype=np.uint64))
    whole = path.read_bytes()
    np.save(path, np.zeros(3))
    for content in (b"", whole[:-8], b"no array", path.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"trained_on\.npy` must hold hashes of the images"):
            load_trained(tmp_path)
