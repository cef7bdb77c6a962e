"""A data set that is larger than the memory is the one in memory."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from superxception_jax.data import source
from superxception_jax.data.prepared_files import prepared_files
from superxception_jax.data.source import Chromosomes
from superxception_jax.data.stored_images import StoredImages
from superxception_jax.files import replacing
from tests.data.small_lab import (
    FOUND,
    NOTICE,
    SETTINGS,
    assert_equal,
    caches,
    load,
    make_lab,
    watch_raw_images,
)


def load_streamed(lab: Path) -> Chromosomes:
    everything = load(lab, memory_share=0.0)
    assert isinstance(everything.images, StoredImages)
    return everything


def assert_same_content(one: Chromosomes, other: Chromosomes) -> None:
    for field, array in vars(one).items():
        np.testing.assert_array_equal(array[:], getattr(other, field)[:])


@pytest.mark.parametrize(
    ("stored", "now", "taken"),
    [
        ({"files": "a"}, {"files": "a"}, True),
        ({"files": "a"}, {"files": "b"}, False),
        # The folder that was unpacked, and another zip file with equal names and sizes.
        ({"files": "a", "contents": "c"}, {"files": "a"}, True),
        ({"files": "a", "contents": "c"}, {"files": "a", "contents": "d"}, False),
        # On a computer without the archive.
        ({"files": "a"}, {}, True),
        # Made by an earlier version, or of data that one prepared.
        (None, {}, True),
        (None, {"files": "a"}, False),
        ({}, {"files": "a"}, False),
    ],
)
def test_images_of_another_archive_are_not_taken(tmp_path, stored, now, taken):
    def files(archive):
        return prepared_files(
            "gband/1", dataset="gband", data_dir=tmp_path, normalization=SETTINGS, archive=archive
        )

    assert files(stored or {}).cache == files(now).cache
    head = files(stored or {}).head()
    if stored is None:
        del head["archive"]
    with contextlib.nullcontext() if taken else pytest.raises(ValueError, match="another archive"):
        files(now).check_head(head)


def test_a_set_beyond_the_memory_is_the_same_in_a_file(lab, capsys):
    streamed = load_streamed(lab)
    assert capsys.readouterr().out.endswith(f" ...\n{NOTICE}")
    assert streamed.names.tolist() == ["9/1a", "9/2a", "9/10a", "10/1a", "10/2a", "10/10a"]
    assert [path.suffix for path in caches(lab)] == [".npz", ".array_record"]
    # From the same files in memory, and prepared in memory.
    in_memory = load(lab)
    assert isinstance(in_memory.images, np.ndarray)
    assert len(caches(lab)) == 2
    for path in caches(lab):
        path.unlink()
    whole = load(lab)
    assert_equal(whole, in_memory)
    assert_same_content(whole, streamed)
    chosen = np.array([4, 0, 5])
    assert_same_content(whole.take(chosen), streamed.take(chosen))
    mask = whole.labels == 9
    assert_same_content(whole.take(mask), streamed.take(mask))


@pytest.mark.parametrize("memory_share", [0.0, 0.5])
def test_few_raw_images_are_in_memory_at_a_time(tmp_path, monkeypatch, memory_share):
    lab = make_lab(tmp_path, cells=("1", "2", "3", "4"))
    in_memory = watch_raw_images(monkeypatch, source)
    assert len(load(lab, memory_share=memory_share).labels) == 12
    assert in_memory == [3, 6, 6, 6]


def test_a_set_beyond_the_memory_is_prepared_cell_by_cell(lab, normalized_cells):
    load_streamed(lab)
    assert normalized_cells == [["9/1a", "9/2a", "9/10a"], ["10/1a", "10/2a", "10/10a"]]
    normalized_cells.clear()
    # The files alone are enough.
    (lab.parent / "data" / "own").rename(lab.parent / "elsewhere")
    load_streamed(lab)
    assert normalized_cells == []


def test_a_cache_that_no_longer_fits_is_left_on_the_disk(lab, monkeypatch):
    whole = load(lab)
    assert_same_content(whole, load_streamed(lab))
    assert len(caches(lab)) == 3
    # Exactly what fits is loaded.
    monkeypatch.setattr(source, "memory_bytes", lambda: 2 * whole.images[:].nbytes)
    assert isinstance(load(lab, memory_share=0.5).images, np.ndarray)
    assert isinstance(load(lab, memory_share=0.49).images, StoredImages)


@pytest.mark.parametrize("damage", ["truncated", "empty", "gone", "index", "another"])
def test_broken_files_of_a_large_set_are_made_again_with_a_notice(lab, damage, capsys):
    first = load(lab)
    caches(lab)[0].unlink()
    load_streamed(lab)
    index, images = caches(lab)
    if damage == "truncated":
        images.write_bytes(images.read_bytes()[:-70_000])
    elif damage == "empty":
        images.write_bytes(b"")
    elif damage == "gone":
        images.unlink()
    elif damage == "index":
        index.write_bytes(index.read_bytes()[:-100])
    else:
        with np.load(index) as stored:
            np.savez(index, **{**stored, "fingerprint": np.array("another")})
    capsys.readouterr()
    assert_same_content(first, load_streamed(lab))
    assert f"Preparing {index} again: it can't be used" in capsys.readouterr().out
    assert_same_content(first, load_streamed(lab))
    assert capsys.readouterr().out == FOUND + NOTICE


def test_a_stop_while_storing_leaves_nothing(lab, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(source, "hash_image", stop)
        with pytest.raises(KeyboardInterrupt):
            load_streamed(lab)
        assert caches(lab) == []
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez_compressed", stop)
        with pytest.raises(KeyboardInterrupt):
            load_streamed(lab)
        assert [path.suffix for path in caches(lab)] == [".array_record"]
    assert_same_content(load_streamed(lab), load(lab))


def test_two_of_one_number_write_the_same_file(tmp_path):
    # As the first processes of two containers do.
    path = tmp_path / "a.txt"
    with replacing(path) as one, replacing(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]
