from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.karyotyping import batch_tasks
from superxception_jax.karyotyping.folders import find_cells
from superxception_jax.karyotyping.prior import default_prior
from superxception_jax.karyotyping.result_files import REPORT_FILE
from tests.karyotyping.small_batch import NETWORKS, contents, run, write_images


def watch_reading(monkeypatch, function: str = "load_files") -> list[str]:
    """Return a list that gets the name of each cell whose files are read by a function."""
    read: list[str] = []
    original = getattr(batch_tasks, function)

    def watched(folder):
        read.append(folder.name)
        return original(folder)

    monkeypatch.setattr(batch_tasks, function, watched)
    return read


def test_a_batch_goes_on_where_it_was(tmp_path, monkeypatch):
    for name in ("a", "b", "c"):
        write_images(tmp_path / "batch" / name)
    cells = find_cells(tmp_path / "batch").cells
    whole = run(cells, tmp_path / "whole")
    assert whole.kept == 0
    read = watch_reading(monkeypatch)

    def stop(name):
        if name == "b":
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(cells, out, advance=stop)
    assert read == ["a", "b"]
    assert not (out / REPORT_FILE).exists()
    found = run(cells, out)
    assert read == ["a", "b", "c"]
    assert found.kept == 2
    # As if it had not been stopped.
    assert contents(out) == contents(tmp_path / "whole")
    assert [one.cell for one in found.karyotypes] == ["a", "b", "c"]
    for one, other in zip(found.karyotypes, whole.karyotypes, strict=True):
        assert_same(one, other)
    assert (found.twins, found.failed) == (whole.twins, whole.failed)


def assert_same(one, other):
    for field in dataclasses.fields(one):
        if field.name not in ("chromosomes", "log_likelihoods"):
            assert getattr(one, field.name) == getattr(other, field.name), field.name
    np.testing.assert_array_equal(one.log_likelihoods, other.log_likelihoods)
    for first, second in zip(one.chromosomes, other.chromosomes, strict=True):
        for field in dataclasses.fields(first):
            np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({}, []),
        ({"again": True}, ["a", "b"]),
        ({"turned_share": 0.3}, ["a", "b"]),
        ({"any_stain": True}, ["a", "b"]),
        ({"pictures": "svg"}, ["a", "b"]),
        ({"straightened": True}, ["a", "b"]),
        ({"program": "another"}, ["a", "b"]),
        ({"prior": default_prior()}, ["a", "b"]),
        ({"networks": dataclasses.replace(NETWORKS, identity="another")}, ["a", "b"]),
        ({"networks": dataclasses.replace(NETWORKS, background="dark")}, ["a", "b"]),
    ],
)
def test_a_cell_is_kept_only_if_nothing_changed(tmp_path, monkeypatch, change, again):
    for name in ("a", "b"):
        write_images(tmp_path / "batch" / name)
    cells = find_cells(tmp_path / "batch").cells
    run(cells, tmp_path / "out")
    read = watch_reading(monkeypatch)
    assert run(cells, tmp_path / "out", **change).kept == 2 - len(again)
    assert read == again


def test_files_are_compared_only_where_there_are_results(tmp_path, monkeypatch):
    write_images(tmp_path / "batch" / "a")
    compared = watch_reading(monkeypatch, "digest_files")
    run(find_cells(tmp_path / "batch").cells, tmp_path / "out")
    assert compared == []
    write_images(tmp_path / "batch" / "b")
    cells = find_cells(tmp_path / "batch").cells
    assert run(cells, tmp_path / "out").kept == 1
    assert compared == ["a"]
    run(cells, tmp_path / "out", again=True)
    assert compared == ["a"]


@pytest.mark.parametrize("name", ["karyotype.json", "state.json", "review.js"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1"])
def test_damaged_results_are_made_again(tmp_path, name, content):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    run(cells, tmp_path / "out")
    before = contents(tmp_path / "out")
    file = tmp_path / "out" / "cell" / name
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    if name == "karyotype.json":
        # Files that this program may not have written are not replaced.
        (reason,) = run(cells, tmp_path / "out").failed.values()
        assert "must not hold files of other programs" in reason
        return
    assert run(cells, tmp_path / "out").kept == 0
    assert contents(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["karyogram.png", "karyogram.svg", "assignments.csv"])
@pytest.mark.parametrize("content", [None, b""])
def test_missing_results_are_made_again(tmp_path, name, content):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    pictures = "svg" if name.endswith("svg") else "png"
    run(cells, tmp_path / "out", pictures=pictures)
    file = tmp_path / "out" / "cell" / name
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert run(cells, tmp_path / "out", pictures=pictures).kept == 0
    assert file.stat().st_size > 0
    assert run(cells, tmp_path / "out", pictures=pictures).kept == 1


def test_pictures_that_nobody_asked_for_may_be_missing(tmp_path):
    write_images(tmp_path / "cell")
    cells = find_cells(tmp_path / "cell").cells
    for pictures in ("none", "png"):
        run(cells, tmp_path / "out", pictures=pictures)
        assert run(cells, tmp_path / "out", pictures=pictures).kept == 1
