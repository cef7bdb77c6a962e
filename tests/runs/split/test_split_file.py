"""A stored split says which images are added, gone or changed, and never tests what trained."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superxception_jax.data.source import Chromosomes
from superxception_jax.data.splits import Split
from superxception_jax.runs.split.split_file import (
    DRAWING,
    PARTS,
    SPLIT_FILE,
    StoredImage,
    StoredSplit,
    check_images,
    describe_difference,
    describe_images,
    describe_split,
    load_split,
    save_split,
)

PART_OF = {"a": "train", "b": "train", "c": "validation", "d": "test", "e": "unused"}
IMAGES = {
    name: StoredImage(f"cell {name}", "P1", 22, f"hash {name}", part, upright=True)
    for name, part in PART_OF.items()
}
STORED = StoredSplit(IMAGES, DRAWING)


def compare(tmp_path, now, *, needed=PARTS, use_stored_split=False):
    check_images(now, STORED, workdir=tmp_path, needed=needed, use_stored_split=use_stored_split)


def chromosomes(names):
    count = len(names)
    return Chromosomes(
        images=np.zeros((count, 1, 1, 1), np.uint8),
        labels=np.full(count, 22, np.int32),
        cells=np.array([f"cell {name}" for name in names]),
        cases=np.full(count, "P1"),
        names=np.array(names),
        lengths_px=np.ones(count, np.float32),
        hashes=np.array([f"hash {name}" for name in names]),
        upright=np.ones(count, bool),
        sources=np.full(count, "own"),
    )


def test_it_survives_its_file_and_is_small(tmp_path):
    split = Split(train=np.array([0, 1]), validation=np.array([2]), test=np.array([3]))
    stored = describe_split(chromosomes(list("abcde")), split)
    assert stored == STORED
    path = save_split(tmp_path, stored)
    content = path.read_bytes()
    assert load_split(tmp_path) == stored
    assert save_split(tmp_path, stored).read_bytes() == content
    # As large as the Padova data set.
    many = {
        f"{n // 46}/{n // 46} {n % 46}a": StoredImage(str(n // 46), "", n % 24, f"{n:016x}", "test")
        for n in range(5474)
    }
    assert save_split(tmp_path, StoredSplit(many, DRAWING)).stat().st_size < 150_000


def test_a_run_without_one_has_none_and_a_damaged_one_is_named(tmp_path):
    assert load_split(tmp_path) is None
    whole = save_split(tmp_path, STORED).read_bytes()
    values = json.loads(gzip.decompress(whole))
    wrong = [{**values, "parts": ["x"] * 5}, {**values, "names": ["a"]}, {"names": []}]
    wrong += [
        {**values, "pixels": [7] * 5},
        {**values, "drawing": ["a"]},
        {**values, "upright": [1] * 5},
        {**values, "upright": [True]},
        {**values, "cases": "ppppp"},
        {name: column for name, column in values.items() if name != "upright"},
    ]
    for content in (
        b"", whole[:-20], b"no archive", gzip.compress(b"[" * 200_000),
        *(gzip.compress(json.dumps(x).encode()) for x in wrong)
    ):  # fmt: skip
        (tmp_path / SPLIT_FILE).write_bytes(content)
        with pytest.raises(ValueError, match=r"split\.json\.gz` must hold the split of a run"):
            load_split(tmp_path)


def test_an_unchanged_data_set_is_accepted_in_silence(tmp_path, capsys):
    compare(tmp_path, describe_images(chromosomes(list("edcba"))))
    assert capsys.readouterr().out == ""
    found = STORED.find(np.array(list("ebacd")))
    parts = [getattr(found, part).tolist() for part in PARTS]
    assert parts == [[1, 2], [3], [4]]


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("pixels", "x", "pixels"),
        ("label", 3, "class"),
        ("cell", "x", "cell"),
        ("case", "x", "case"),
        ("upright", False, "orientation"),
    ],
)
def test_a_changed_image_is_refused_by_name_with_what_changed(tmp_path, field, value, word):
    now = {**IMAGES, "d": dataclasses.replace(IMAGES["d"], **{field: value})}
    for use_stored_split in (False, True):
        with pytest.raises(ValueError, match="got a data set that has changed") as caught:
            compare(tmp_path, now, use_stored_split=use_stored_split)
        assert f"changed: 1 image: d ({word})" in str(caught.value)
        assert "--use_stored_split" not in str(caught.value)  # it would not help


def test_added_images_are_refused_or_left_out_and_said(tmp_path, capsys):
    cell = dataclasses.replace(IMAGES["a"], cell="cell of its own")
    more = {f"new {number}": cell for number in range(12)}
    with pytest.raises(ValueError, match="--use_stored_split") as caught:
        compare(tmp_path, {**IMAGES, **more})
    assert "added: 12 images: new 0, new 1, " in str(caught.value)
    assert "new 9 and 2 more" in str(caught.value)
    assert "gone" not in str(caught.value)
    compare(tmp_path, {**IMAGES, **more}, use_stored_split=True)
    out = capsys.readouterr().out
    assert "its stored split is kept, and what was added is left out" in out
    assert "added: 12 images" in out
    found = STORED.find(np.array([*IMAGES, *more]))
    assert sum(len(getattr(found, part)) for part in PARTS) == 4


@pytest.mark.parametrize("change", ["added", "gone", "changed"])
def test_another_image_of_a_cell_changes_how_its_images_are_drawn(tmp_path, change):
    one = dataclasses.replace(IMAGES["a"], part="unused")
    stored = StoredSplit({**IMAGES, "more": one}, DRAWING)
    before, now = {
        "added": (STORED, stored.images),
        "gone": (stored, IMAGES),
        "changed": (stored, {**IMAGES, "more": dataclasses.replace(one, pixels="x")}),
    }[change]
    for needed, refused in ((PARTS, True), (("test",), False)):
        expected = pytest.raises(ValueError, match="with all of their cells, which are scaled")
        with expected if refused else contextlib.nullcontext():
            check_images(now, before, workdir=tmp_path, needed=needed, use_stored_split=True)


def test_another_class_changes_no_other_image_of_the_cell(tmp_path):
    unused = dataclasses.replace(IMAGES["a"], part="unused", label=5)
    stored = StoredSplit({**IMAGES, "more": unused}, DRAWING)
    now = {**stored.images, "more": dataclasses.replace(unused, label=6)}
    check_images(now, stored, workdir=tmp_path, needed=PARTS, use_stored_split=True)


def test_an_image_that_changes_its_cell_changes_both(tmp_path):
    unused = StoredSplit({**IMAGES, "e": dataclasses.replace(IMAGES["e"], cell="x")}, DRAWING)
    now = {**unused.images, "e": dataclasses.replace(unused.images["e"], cell="cell d")}
    with pytest.raises(ValueError, match=r"changed: 1 image: e \(cell\)"):
        check_images(now, unused, workdir=tmp_path, needed=("test",), use_stored_split=True)


def test_gone_images_are_refused_only_where_they_are_needed(tmp_path, capsys):
    now = {name: one for name, one in IMAGES.items() if name != "d"}
    with pytest.raises(ValueError, match=r"its train, validation, test images as they were"):
        compare(tmp_path, now, use_stored_split=True)
    needed = ("train", "validation")
    with pytest.raises(ValueError, match="--use_stored_split"):
        compare(tmp_path, now, needed=needed)
    compare(tmp_path, now, needed=needed, use_stored_split=True)
    assert "gone: 1 image: d" in capsys.readouterr().out


def test_a_split_of_the_first_versions_has_the_first_curled_copies(tmp_path):
    save_split(tmp_path, StoredSplit(IMAGES, DRAWING[:2]))
    stored = load_split(tmp_path)
    assert stored is not None
    assert stored.drawing == (*DRAWING[:2], 1)


def test_another_drawing_is_refused(tmp_path):
    older = StoredSplit(IMAGES, (1, 2))
    with pytest.raises(ValueError, match=r"of version 1\.2, not"):
        check_images(IMAGES, older, workdir=tmp_path, needed=PARTS, use_stored_split=True)


IMAGE = st.builds(
    StoredImage,
    cell=st.sampled_from("12"),
    case=st.just("P"),
    label=st.integers(0, 1),
    pixels=st.sampled_from("xy"),
    part=st.sampled_from((*PARTS, "unused")),
)
IMAGE_SETS = st.dictionaries(st.sampled_from("abcdef"), IMAGE)


@settings(max_examples=60, deadline=None)
@given(before=IMAGE_SETS, now=IMAGE_SETS)
def test_what_is_accepted_never_moves_an_image_between_parts(tmp_path_factory, before, now):
    stored = StoredSplit(before, DRAWING)
    same = {name: dataclasses.replace(one, part="") for name, one in before.items()} == {
        name: dataclasses.replace(one, part="") for name, one in now.items()
    }
    assert (describe_difference(before, now) == "") == same
    for use_stored_split in (False, True):
        try:
            check_images(
                now,
                stored,
                workdir=tmp_path_factory.getbasetemp(),
                needed=PARTS,
                use_stored_split=use_stored_split,
            )
        except ValueError:
            assert not same
            continue
        assert same or use_stored_split
        names = np.array(list(now), dtype=str)
        for part in PARTS:
            found = names[getattr(stored.find(names), part)].tolist()
            assert set(found) == {name for name, one in before.items() if one.part == part}
