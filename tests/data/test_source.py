from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data import prepared_files, source
from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.normalization.curl import curl_chromosome
from superxception_jax.data.normalization.measure import measure_cell
from superxception_jax.data.normalization.normalize import draw_cell
from superxception_jax.data.own import folder
from superxception_jax.data.source import Chromosomes
from tests.data.normalized import normalize_cell
from tests.data.small_lab import FOUND, NOTICE, SETTINGS, assert_equal, caches, load


def test_chromosomes_come_by_cell_and_name_in_natural_order(lab):
    everything = load(lab)
    assert everything.names.tolist() == ["9/1a", "9/2a", "9/10a", "10/1a", "10/2a", "10/10a"]
    assert everything.cells.tolist() == ["9"] * 3 + ["10"] * 3
    assert everything.cases.tolist() == everything.cells.tolist()
    assert everything.labels.tolist() == [0, 1, 9, 0, 1, 9]
    assert everything.labels.dtype == np.int32
    assert (everything.images.shape, everything.images.dtype) == ((6, 16, 16, 1), np.uint8)


def test_every_cell_is_normalised_as_a_whole(lab, normalized_cells):
    everything = load(lab)
    assert normalized_cells == [["9/1a", "9/2a", "9/10a"], ["10/1a", "10/2a", "10/10a"]]
    raw = [np.asarray(Image.open(lab / f"{name}.png")) for name in normalized_cells[1]]
    expected = normalize_cell(raw, names=normalized_cells[1], settings=SETTINGS)
    np.testing.assert_array_equal(everything.images[3:], expected)
    measured = measure_cell(raw, names=normalized_cells[1], background="auto")
    np.testing.assert_allclose(
        everything.lengths_px[3:], [one.length_px for one in measured], rtol=1e-6
    )


def test_second_call_loads_the_cache(lab, normalized_cells, capsys):
    first = load(lab)
    out = capsys.readouterr().out
    assert out.startswith(f"{FOUND}Preparing own/lab-")
    assert out.endswith(f" ...\n{NOTICE}")
    normalized_cells.clear()
    assert_equal(first, load(lab))
    assert normalized_cells == []
    assert capsys.readouterr().out == FOUND + NOTICE
    assert [path.suffix for path in caches(lab)] == [".npz"]


def test_curled_images_have_a_cache_of_their_own(lab, normalized_cells):
    plain = load(lab)
    curled = load(lab, curled=True)
    for field in ("labels", "cells", "cases", "names", "hashes", "sources"):
        np.testing.assert_array_equal(getattr(curled, field), getattr(plain, field))
    assert plain.upright.all()
    assert not curled.upright.any()
    assert (np.asarray(curled.images) != plain.images).any(axis=(1, 2, 3)).all()
    # The scale and the grey of a cell are those of its chromosomes as they are.
    cell = plain.cells[0]
    rows = np.flatnonzero(plain.cells == cell)
    names = plain.names[rows].tolist()
    images = [np.asarray(Image.open(lab / f"{name}.png")) for name in names]
    measured = measure_cell(images, names=names, background=SETTINGS.background)
    seen = [
        curl_chromosome(one, name=f"own/{cell}/{name}")
        for one, name in zip(measured, names, strict=True)
    ]
    expected = draw_cell(seen, settings=SETTINGS, scaled_as=measured)
    np.testing.assert_array_equal(curled.images[rows], expected)
    normalized_cells.clear()
    assert_equal(curled, load(lab, curled=True))
    assert_equal(plain, load(lab))
    assert normalized_cells == []
    assert len(caches(lab)) == 2


def test_known_patients_need_no_notice(lab, capsys):
    rows = "file,class,case\n9/1a.png,1,P1\n9/2a.png,2,P1\n10/1a.png,1,P2\n"
    (lab / "labels.csv").write_text(rows)
    assert load(lab).cases.tolist() == ["P1", "P1", "P2"]
    assert "own: " not in capsys.readouterr().out


def test_the_cache_alone_is_enough(lab):
    first = load(lab)
    (lab.parent / "data" / "own").rename(lab.parent / "elsewhere")
    assert_equal(first, load(lab))


@pytest.mark.parametrize(
    "change",
    [{"length": "none"}, {"length_exponent": 0.5}, {"tilt": "remove"}, {"image_px": 20}],
)
def test_every_setting_has_a_cache_of_its_own(lab, change, normalized_cells):
    first = load(lab)
    other = load(lab, dataclasses.replace(SETTINGS, **change))
    assert len(normalized_cells) == 4
    assert len(caches(lab)) == 2
    assert other.images.shape[1] == change.get("image_px", 16)
    assert_equal(first, load(lab))


def test_changed_files_and_changed_code_are_prepared_again(lab, monkeypatch):
    load(lab)
    Image.fromarray(np.asarray(Image.open(lab / "9" / "1a.png"))[::-1]).save(lab / "9" / "3b.png")
    assert len(load(lab).labels) == 7
    monkeypatch.setattr(prepared_files, "PREPARATION_VERSION", 0)
    load(lab)
    assert len(caches(lab)) == 3


@pytest.mark.parametrize("damage", ["truncated", "empty", "other", "missing array", "bad shape"])
def test_broken_cache_is_rebuilt_with_a_notice(lab, damage, capsys):
    first = load(lab)
    (cache,) = caches(lab)
    with np.load(cache) as stored:
        arrays = dict(stored)
    if damage == "truncated":
        cache.write_bytes(cache.read_bytes()[:-200])
    elif damage == "empty":
        cache.write_bytes(b"")
    elif damage == "other":
        np.savez(cache, **{**arrays, "fingerprint": np.array("another")})
    elif damage == "missing array":
        np.savez(cache, **{name: array for name, array in arrays.items() if name != "cells"})
    else:
        np.savez(cache, **{**arrays, "labels": arrays["labels"][:-1]})
    capsys.readouterr()
    assert_equal(first, load(lab))
    assert f"Preparing {cache} again: it can't be used" in capsys.readouterr().out
    assert_equal(first, load(lab))
    assert capsys.readouterr().out == FOUND + NOTICE


def test_a_stop_while_writing_leaves_no_cache(lab, monkeypatch):
    def stop(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", stop)
    with pytest.raises(KeyboardInterrupt):
        load(lab)
    assert caches(lab) == []


def test_an_image_that_cannot_be_normalised_is_named(lab, monkeypatch):
    image = np.zeros((20, 20), np.uint8)
    image[3, 3] = 255
    Image.fromarray(image).save(lab / "9" / "speck 5.png")
    # As in data that an earlier version prepared; now it is set aside before.
    monkeypatch.setattr(folder, "screen_files", lambda *_: ({}, []))
    with pytest.raises(ValueError, match="9/speck 5"):
        load(lab)
    assert not (lab.parent / "data" / "prepared").exists()


def test_take_selects_in_order():
    everything = Chromosomes(
        images=np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1),
        labels=np.array([5, 6, 7], np.int32),
        cells=np.array(["a", "b", "c"]),
        cases=np.array(["p", "p", "q"]),
        names=np.array(["x", "y", "z"]),
        lengths_px=np.array([1, 2, 3], np.float32),
        hashes=np.array(["1", "2", "3"]),
        upright=np.array([True, True, False]),
        sources=np.array(["own", "own", "tseng"]),
    )
    some = everything.take(np.array([2, 0]))
    assert some.names.tolist() == ["z", "x"]
    assert some.labels.tolist() == [7, 5]
    assert some.upright.tolist() == [False, True]
    assert some.cells.tolist() == ["c", "a"]
    assert some.cases.tolist() == ["q", "p"]
    assert some.images[:].ravel().tolist() == [2, 0]
    assert some.lengths_px.tolist() == [3.0, 1.0]
    assert some.hashes.tolist() == ["3", "1"]


def test_a_hash_is_that_of_the_raw_image(lab):
    first = load(lab)
    assert len(set(first.hashes)) == len(first.hashes) == 6
    # Whatever the canvases look like.
    other = load(lab, dataclasses.replace(SETTINGS, image_px=20, length="none"))
    np.testing.assert_array_equal(first.hashes, other.hashes)
    file = lab / "9" / "1a.png"
    image = np.array(Image.open(file))
    image[10, 7] += 1
    Image.fromarray(image).save(file)
    changed = load(lab)
    assert changed.names[changed.hashes != first.hashes].tolist() == ["9/1a"]


def test_a_hash_depends_on_shape_and_depth():
    image = np.zeros((4, 6), np.uint8)
    variants = (image, image.T, image.astype(np.uint16), image + np.uint8(1))
    assert len({hash_image(one) for one in variants}) == 4
    # A view of the same pixels is the same image.
    assert hash_image(image[::-1]) == hash_image(image)


def test_several_processes_prepare_the_same(lab, monkeypatch):
    first = load(lab)
    for path in caches(lab):
        path.unlink()
    monkeypatch.setattr(source, "_MANY_IMAGES", 1)
    monkeypatch.setattr(source, "usable_cores", lambda: 2)
    here = []
    monkeypatch.setattr(source, "draw_cell", lambda *one, **others: here.append(one))
    assert_equal(first, load(lab))
    assert here == []  # nothing was drawn in this process
