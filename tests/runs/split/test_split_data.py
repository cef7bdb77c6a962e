"""Images come from memory or from a file, and cells that none could assign are refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from configs import super_xception
from configs.stripnet import get_config
from superxception_jax.chromosomes import MOST_CHROMOSOMES
from superxception_jax.data.joined import join_chromosomes
from superxception_jax.data.splits import SplitSettings, make_split
from superxception_jax.data.stored_images import StoredImages
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.split import split_data
from superxception_jax.runs.split.split_data import (
    check_apart,
    check_cells,
    check_polarity,
    choose_to_curl,
    draw_split,
    find_builders,
    load_curled,
    load_everything,
    repeat_images,
    split_sources,
)
from superxception_jax.runs.split.split_file import describe_split
from tests.runs.samples import sample_laboratory


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> str:
    """Return a folder whose prepared data the tests share."""
    return str(tmp_path_factory.mktemp("data"))


def test_the_largest_cell_that_can_be_assigned_is_accepted():
    check_cells(np.array(["a"] * MOST_CHROMOSOMES + ["b"]))


def test_a_larger_cell_is_named():
    count = MOST_CHROMOSOMES + 1
    with pytest.raises(ValueError, match=rf"at most 92 images, got {count} of cell `p2`; give"):
        check_cells(np.array(["p1"] * 46 + ["p2"] * count))
    with pytest.raises(ValueError, match=r"of cell `a` and 1 more such cells"):
        check_cells(np.array(["a"] * count + ["b"] * count))


def test_the_share_of_the_memory_decides_where_images_are_and_nothing_else(data_dir):
    config = get_config("smoke")
    config.data.data_dir = data_dir
    config.data.ideogram_cells = 5
    found = []
    for memory_share in (0.0, 0.5):
        config.data.memory_share = memory_share
        experiment = build_experiment(config)
        everything = load_everything(experiment)
        found.append((everything, draw_split(experiment)(everything)))
    (streamed, split), (in_memory, same) = found
    assert isinstance(streamed.images, StoredImages)
    assert isinstance(in_memory.images, np.ndarray)
    assert describe_split(streamed, split) == describe_split(in_memory, same)
    for part in ("train", "validation", "test"):
        one, other = streamed.take(getattr(split, part)), in_memory.take(getattr(same, part))
        np.testing.assert_array_equal(one.images[:], other.images)
        np.testing.assert_array_equal(one.labels, other.labels)


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_copies_of_a_share_of_the_training_images_are_curled(data_dir, share):
    config = get_config("smoke")
    config.data.data_dir = data_dir
    config.data.curled_share = share
    experiment = build_experiment(config)
    everything = load_everything(experiment)
    train = everything.take(draw_split(experiment)(everything).train)
    (curled,) = load_curled(experiment, find_builders(experiment), choose_to_curl(train, share))
    assert len(curled.labels) == int(share * len(train.labels))
    originals = train.take(np.flatnonzero(np.isin(train.names, curled.names)))
    for field in ("names", "labels", "cells"):
        np.testing.assert_array_equal(getattr(curled, field), getattr(originals, field))
    assert not curled.upright.any()
    assert (np.asarray(curled.images) != originals.images).any(axis=(1, 2, 3)).all()


def test_copies_of_several_data_sets_are_found_by_name(tmp_path, monkeypatch):
    asked, shares = [], []

    def load(builders, *, curled, memory_share, **_):
        asked.append((*builders, curled))
        shares.append(memory_share)
        return join_chromosomes([one for one in two_laboratories() if one.sources[0] in builders])

    monkeypatch.setattr(split_data, "load_data_sets", load)
    config = get_config("laboratories")
    config.data.dataset, config.data.own_folder = "gband,own", str(tmp_path)
    experiment = build_experiment(config)
    builders: Any = dict.fromkeys(("gband", "own"), "none is needed")
    everything = load_everything(experiment, builders)
    # Backwards, and of the second laboratory alone.
    train = everything.take(np.flatnonzero(everything.sources == "own")[::-1])
    (curled,) = load_curled(experiment, builders, choose_to_curl(train, 0.5))
    assert asked == [("gband", "own", False), ("own", True)]
    # Together, also with the copies of the other one, they take what they may.
    assert shares == [experiment.memory_share / 2, experiment.memory_share / 4]
    assert [f"own/{name}" for name in curled.names] == choose_to_curl(train, 0.5)["own"]
    assert (np.asarray(curled.images) == 2).all()


def test_each_class_has_its_share_of_copies():
    # In the order of their names, every second image of such cells is one homologue, and every Y.
    images = [f"{number}{copy}" for number in range(1, 23) for copy in "ab"] + ["23a", "24a"]
    names = np.array([f"{cell}/{image}" for cell in range(40) for image in images])
    labels = np.array([int(name.partition("/")[2][:-1]) - 1 for name in names], np.int32)
    train = sample_laboratory("bioimage", cases=len(names) // 2)
    train = dataclasses.replace(train, names=names, labels=labels)
    (chosen,) = choose_to_curl(train, 0.5).values()
    counts = np.bincount(labels[np.isin(names, chosen)], minlength=24)
    np.testing.assert_allclose(counts, np.bincount(labels) / 2, atol=1)
    assert 0.4 < np.mean([name.endswith("a") for name in chosen]) < 0.6


def two_laboratories():
    """Return ten cases of two cells each from `gband` and as many from `own`, with equal names."""
    return (
        sample_laboratory("gband", cases=10, shade=1),
        sample_laboratory("own", cases=10, shade=2, upright=False),
    )


SPLIT = SplitSettings(
    protocol="cases",
    seed=3,
    fold=1,
    folds=5,
    validation_share=0.2,
    training_share=1.0,
    sizes=(1, 1, 1),
)


def test_each_data_set_is_split_as_it_is_by_itself():
    one, other = two_laboratories()
    joined = join_chromosomes([one, other])
    assert set(joined.cases) == {
        f"{name}/{case}" for name in ("gband", "own") for case in range(10)
    }
    split = split_sources(joined, settings=SPLIT, test_only=())
    alone = make_split(one.labels, one.cells, one.cases, settings=SPLIT)
    for part in ("train", "validation", "test"):
        chosen = joined.take(getattr(split, part))
        for source, images in (("gband", one), ("own", other)):
            expected = images.names[getattr(alone, part)]
            found = chosen.names[chosen.sources == source]
            assert found.tolist() == [f"{source}/{name}" for name in expected]


def test_a_laboratory_that_is_only_tested_has_no_part_in_training():
    joined = join_chromosomes(two_laboratories())
    split = split_sources(joined, settings=SPLIT, test_only=("own",))
    whole = split_sources(joined, settings=SPLIT, test_only=())
    np.testing.assert_array_equal(split.test, whole.test)
    for part in ("train", "validation"):
        assert set(joined.sources[getattr(split, part)]) == {"gband"}
    assert set(joined.sources[split.test]) == {"gband", "own"}


def test_training_images_are_repeated_by_data_set():
    one, other = two_laboratories()
    joined = join_chromosomes([one, other])
    repeated = repeat_images(joined, {"gband": 3, "own": 1})
    assert len(repeated.labels) == 3 * len(one.labels) + len(other.labels)
    assert (repeated.sources == "gband").sum() == 3 * len(one.labels)
    assert repeat_images(joined, {"gband": 1, "own": 1}) is joined


def test_an_image_of_two_data_sets_is_not_trained_and_tested():
    one, other = two_laboratories()
    joined = join_chromosomes(
        [dataclasses.replace(one, hashes=np.char.add("x", one.hashes)), other]
    )
    split = split_sources(joined, settings=SPLIT, test_only=())
    splits = {part: joined.take(getattr(split, part)) for part in ("train", "validation", "test")}
    check_apart(splits)
    train, tested = splits["train"], splits["test"]
    place = int(np.flatnonzero(tested.sources == "own")[0])
    hashes = train.hashes.astype(object)
    hashes[int(np.flatnonzero(train.sources == "gband")[0])] = tested.hashes[place]
    twin = {**splits, "train": dataclasses.replace(train, hashes=hashes.astype(str))}
    with pytest.raises(
        ValueError, match=rf"got 1 for training .* `{tested.names[place]}`; leave one"
    ):
        check_apart(twin)


def test_images_of_any_orientation_need_a_network_that_reads_it():
    joined = join_chromosomes(two_laboratories())
    check_polarity(joined, build_experiment(get_config("smoke")))
    with pytest.raises(ValueError, match=r"must be read, got given with 20 training images that"):
        check_polarity(joined, build_experiment(super_xception.get_config("smoke")))
