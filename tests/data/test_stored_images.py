from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from superxception_jax.data import stored_images
from superxception_jax.data.stored_images import (
    ImageWriter,
    JoinedImages,
    StoredImages,
    TurnedImages,
)

COUNT, SIDE = 23, 12


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 1), np.uint8)


@pytest.fixture(scope="module")
def file(tmp_path_factory, images):
    path = tmp_path_factory.mktemp("stored") / "images.array_record"
    with ImageWriter(path) as writer:
        writer.write(images[:5])
        writer.write(images[5:])
    return path


@pytest.fixture(scope="module")
def stored(file):
    return StoredImages(file, count=COUNT, side_px=SIDE)


INDICES = st.one_of(
    hnp.basic_indices((COUNT,), allow_ellipsis=False, allow_newaxis=False).map(
        # The empty index stands for everything.
        lambda one: (*one, slice(None))[0] if isinstance(one, tuple) else one
    ),
    hnp.arrays(np.bool_, COUNT),
    hnp.arrays(np.int64, st.integers(0, 40), elements=st.integers(-COUNT, COUNT - 1)),
    st.lists(st.integers(-COUNT, COUNT - 1), min_size=1),
)


@given(INDICES)
def test_an_index_means_what_it_means_for_an_array(images, stored, index):
    read = stored[index]
    np.testing.assert_array_equal(read, images[index])
    assert (read.dtype, read.shape) == (images.dtype, images[index].shape)


@given(INDICES.filter(lambda one: not isinstance(one, int)), st.data())
def test_a_selection_of_a_selection_is_that_of_an_array(images, stored, first, data):
    taken, expected = stored.take(first), images[first]
    assert (taken.shape, taken.dtype, len(taken), taken.ndim) == (
        expected.shape, expected.dtype, len(expected), expected.ndim,
    )  # fmt: skip
    np.testing.assert_array_equal(taken[:], expected)
    mask = data.draw(hnp.arrays(np.bool_, len(expected)))
    np.testing.assert_array_equal(taken.take(mask)[:], expected[mask])


@pytest.mark.parametrize("index", [COUNT, -COUNT - 1, [COUNT], (0, 0), np.ones(COUNT + 1, bool)])
def test_what_is_no_index_of_an_array_is_none_here(stored, index):
    with pytest.raises(IndexError):
        stored[index]


def test_to_select_reads_nothing(stored, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(StoredImages, "_read", None)
        taken = stored.take(np.arange(COUNT)[::2])
    assert len(taken) == 12


def test_everything_is_never_read_by_accident(stored):
    with pytest.raises(TypeError, match=r"`images` must be indexed, .*; read `images\[indices\]`"):
        np.asarray(stored)
    with pytest.raises(TypeError, match="`images` must be indexed"):
        stored + np.uint8(1)


def test_large_selections_are_read_in_blocks(stored, images, monkeypatch):
    sizes = []
    read = StoredImages._read

    def count(self, rows):
        sizes.append(len(rows))
        return read(self, rows)

    monkeypatch.setattr(stored_images, "_BLOCK", 10)
    monkeypatch.setattr(StoredImages, "_read", count)
    np.testing.assert_array_equal(stored[:], images)
    assert sizes == [10, 10, 3]


def test_threads_read_at_once(stored, images):
    generator = np.random.default_rng(1)
    wanted = [generator.integers(0, COUNT, 9) for _ in range(200)]
    with ThreadPoolExecutor(4) as pool:
        for indices, read in zip(wanted, pool.map(stored.__getitem__, wanted), strict=True):
            np.testing.assert_array_equal(read, images[indices])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda content: b"", "0 images of 23 can be read"),
        (lambda content: content[:-70_000], "0 images of 23 can be read"),
        (lambda content: b"x" * len(content), "0 images of 23 can be read"),
    ],
)
def test_a_damaged_file_is_named(file, tmp_path, change, problem):
    path = tmp_path / "images.array_record"
    path.write_bytes(change(file.read_bytes()))
    with pytest.raises(ValueError, match=rf"`.*images.array_record` must hold .*\({problem}\)"):
        StoredImages(path, count=COUNT, side_px=SIDE)


def test_another_number_of_images_and_a_missing_file_are_named(file, tmp_path):
    with pytest.raises(ValueError, match=r"23 images of 24 can be read\); delete it and run the"):
        StoredImages(file, count=COUNT + 1, side_px=SIDE)
    with pytest.raises(ValueError, match="must hold prepared images, got a damaged file"):
        StoredImages(tmp_path / "absent", count=COUNT, side_px=SIDE)


def test_a_changed_byte_is_found_when_its_image_is_read(file, images, tmp_path):
    path = tmp_path / "images.array_record"
    content = bytearray(file.read_bytes())
    content[content.index(images[3].tobytes()[:50])] ^= 1
    path.write_bytes(content)
    changed = StoredImages(path, count=COUNT, side_px=SIDE)
    np.testing.assert_array_equal(changed[[0, 20]], images[[0, 20]])
    with pytest.raises(
        ValueError, match=r"must hold prepared images, .*hash mismatch.*; delete it"
    ):
        changed[3]


def test_images_of_another_size_are_refused(file):
    with pytest.raises(ValueError, match="an image of 144 bytes"):
        StoredImages(file, count=COUNT, side_px=SIDE + 1)[0]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "absent" / "images.array_record"
    with pytest.raises(FileNotFoundError, match=r"absent/images.array_record"):
        ImageWriter(path)


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    path = tmp_path / "images.array_record"
    with ImageWriter(path) as writer:

        class Full:
            def write(self, record):
                raise RuntimeError("write() failed: No space left on device; writing images")

            close = writer._writer.close

        monkeypatch.setattr(writer, "_writer", Full())
        with pytest.raises(OSError, match=r"No space left on device: '.*images.array_record'"):
            writer.write(np.zeros((1, SIDE, SIDE, 1), np.uint8))


def test_turned_images_are_turned_once_they_are_read(stored, images):
    turned = np.arange(COUNT) % 3 == 0
    expected = images.copy()
    expected[turned] = np.rot90(images[turned], 2, axes=(1, 2))
    indices = np.array([6, 1, 0, 22])
    for one in (images, stored):
        view = TurnedImages(one, turned)
        assert (view.shape, view.dtype) == (images.shape, np.uint8)
        np.testing.assert_array_equal(view[indices], expected[indices])


@given(INDICES, st.data())
def test_joined_images_are_one_array(images, stored, index, data):
    """Of which the middle is in a file."""
    joined = JoinedImages([images[:5], stored.take(np.arange(5, 11)), images[11:]])
    assert (joined.shape, joined.dtype, len(joined), joined.ndim) == (
        images.shape, images.dtype, len(images), images.ndim,
    )  # fmt: skip
    np.testing.assert_array_equal(joined[index], images[index])
    mask = data.draw(hnp.arrays(np.bool_, COUNT))
    np.testing.assert_array_equal(joined.take(mask)[:], images[mask])
    with pytest.raises(TypeError, match="must be indexed"):
        np.asarray(joined)
