from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from superxception_jax.evaluation.plots import save_figure
from superxception_jax.evaluation.predictions import Predictions, save_predictions
from superxception_jax.files import (
    check_writable,
    load_json,
    replacing,
    write_json,
    write_text,
)
from superxception_jax.karyotyping.report.cell_part import load_head, write_report_cell
from superxception_jax.runs.exported.weights_file import save_variables
from tests.karyotyping.report.samples import sample_karyotype

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


def test_files_are_replaced_whole(tmp_path):
    path = tmp_path / "results.json"
    write_json(path, {"first": 1})
    assert write_json(path, {"second": "é"}) == path
    assert json.loads(path.read_text(encoding="utf-8")) == {"second": "é"}
    with pytest.raises(TypeError):
        write_json(path, {"broken": object()})
    assert json.loads(path.read_text(encoding="utf-8")) == {"second": "é"}
    write_text(tmp_path / "a.csv", "x\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "results.json"]


def test_a_failure_keeps_the_old_file_and_leaves_nothing_behind(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_lines_end_in_the_same_way_on_every_system(tmp_path, monkeypatch):
    plain = Path.open

    def opened(path, mode="r", buffering=-1, encoding=None, errors=None, newline=None):
        if "b" not in mode and newline is None:
            newline = "\r\n"  # as on Windows
        return plain(path, mode, buffering, encoding, errors, newline)

    monkeypatch.setattr(Path, "open", opened)
    (tmp_path / "plain.txt").write_text("a\n")
    assert (tmp_path / "plain.txt").read_bytes() == b"a\r\n"
    assert write_text(tmp_path / "a.csv", "a\nb\n").read_bytes() == b"a\nb\n"
    assert b"\r" not in write_json(tmp_path / "a.json", {"a": 1}).read_bytes()
    part = write_report_cell(sample_karyotype(), tmp_path / "review.js")
    assert load_head(part)["cell"] == sample_karyotype().cell


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nowhere" / "a.txt", "text")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.dictionaries(st.text(), VALUES))
def test_json_values_survive_a_file(tmp_path, values):
    path = write_json(tmp_path / "values.json", values)
    assert json.loads(path.read_text(encoding="utf-8")) == values


def test_names_that_are_not_utf_8_survive_json(tmp_path):
    name = os.fsdecode(b"b\xff.png")
    path = write_json(tmp_path / "names.json", {name: [name]})
    path.read_bytes().decode("utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == {name: [name]}


def _load(path):
    return load_json(path, content="the config of a run", remedy="restore it", keys=("model",))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Expecting value"),
        (b'{"model": {"name": "x"', "delimiter"),
        (b"[1, 2]", "a JSON list instead of an object"),
        (b"null", "a JSON NoneType instead of an object"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "can't decode byte"),
        (b"\x00" * 64, "Expecting value"),
        (b"[" * 100_000, "recursion"),
        (b'{"other": 1}', "`model` missing"),
    ],
)
def test_damaged_json_is_named_with_the_problem_and_the_remedy(content, problem, tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=rf"^`{path}` must hold the config of a run, got a damaged.*; restore it.$"
    ) as found:
        _load(path)
    assert problem in str(found.value)
    assert "\n" not in str(found.value)


def test_missing_json_and_folders_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config.json` must hold.*no such file; restore"):
        _load(tmp_path / "config.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=r"folder` must hold.*Is a directory"):
        _load(tmp_path / "folder")
    # Some editors put a mark at the beginning.
    (tmp_path / "marked.json").write_text('{"model": 1}', encoding="utf-8-sig")
    assert _load(tmp_path / "marked.json") == {"model": 1}


def test_writable_folders_are_found_before_long_work(tmp_path, monkeypatch):
    check_writable(tmp_path / "new" / "folder", name="--out")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match=r"`--out` must be a folder that can.*file/a`: "):
        check_writable(tmp_path / "file" / "a", name="--out")

    tried = []

    def refuse(path, *_):
        tried.append(path)
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    # On Windows, `tempfile` would try thousands of names.
    monkeypatch.setattr(os, "access", lambda *_, **__: True)
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    for folder in (tmp_path, tmp_path / "new"):
        with pytest.raises(OSError, match=r"`--out` must .*: Read-only file .*; choose another"):
            check_writable(folder, name="--out")
    assert len(tried) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_which_only_folders_can_be_made_is_writable(tmp_path, monkeypatch):
    opened = Path.open

    def refuse(path, *arguments, **settings):
        if path.parent == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *arguments, **settings)

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: refuse(dir / "x"))
    check_writable(tmp_path / "new", name="--out")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PermissionError, match="Permission denied"):
        check_writable(tmp_path, name="--out")


def _predictions(count):
    names = np.array([f"{number:032x}" for number in range(count)])
    shares = np.random.default_rng(0).dirichlet(np.ones(24), count)
    return Predictions(
        names=names,
        cells=names,
        cases=names,
        labels=np.zeros(count, np.int32),
        log_probabilities=np.log(shares).astype(np.float32),
        assigned=None,
    )


def _figure():
    figure = Figure()
    figure.subplots().imshow(np.random.default_rng(0).random((300, 300)))
    return figure


NOISE = np.random.default_rng(0).normal(size=(500, 500))
# Everything a run writes with `replacing`, larger than the disk below.
WRITERS = {
    "a.txt": lambda path: write_text(path, "x" * 200_000),
    "a.json": lambda path: write_json(path, {"a": "x" * 200_000}),
    "variables.npz": lambda path: save_variables(path, {"kernel": NOISE}),
    "predictions.npz": lambda path: save_predictions(path, _predictions(2000)),
    "figure.png": lambda path: save_figure(_figure(), path),
}


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """Mount a file system of 64 KiB."""
    folder = tmp_path_factory.mktemp("disk")
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this system doesn't let root mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_named_and_leaves_the_earlier_file(name, small_disk):
    _check_full(small_disk / name, WRITERS[name])


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_where_no_disk_can_be_mounted(name, tmp_path, monkeypatch):
    def full(_):
        # As written: without a name.
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    _check_full(tmp_path / name, WRITERS[name])


def _check_full(path: Path, write):
    path.write_text("earlier")
    with pytest.raises(OSError, match="No space left on device") as found:
        write(path)
    assert (found.value.errno, found.value.filename) == (errno.ENOSPC, str(path))
    assert path.read_text() == "earlier"
    assert list(path.parent.iterdir()) == [path]
    path.unlink()


def test_space_that_is_freed_is_used(small_disk):
    (small_disk / "filler").write_bytes(b"x" * 50_000)
    with pytest.raises(OSError, match="No space left"):
        write_text(small_disk / "a.txt", "x" * 20_000)
    (small_disk / "filler").unlink()
    write_text(small_disk / "a.txt", "x" * 20_000).unlink()


def test_a_full_or_read_only_disk_is_found_before_long_work(small_disk):
    (small_disk / "filler").write_bytes(b"x" * 65_536)
    with pytest.raises(OSError, match=r"must be a folder that can.*No space left.*free space or"):
        check_writable(small_disk / "run", name="--workdir")
    (small_disk / "filler").unlink()
    remount = ["mount", "-o", "remount,{}", str(small_disk)]
    subprocess.run([one.format("ro") for one in remount], check=True)
    try:
        with pytest.raises(OSError, match=r"--workdir` must be .*Read-only file system"):
            check_writable(small_disk / "run", name="--workdir")
    finally:
        subprocess.run([one.format("rw") for one in remount], check=True)


def test_content_reaches_the_disk_before_the_name(tmp_path, monkeypatch):
    order = []
    replace, sync = os.replace, os.fsync

    def note_sync(number):
        order.append("content")
        sync(number)

    def note_replace(*paths):
        order.append("name")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    write_text(tmp_path / "a.txt", "text")
    assert order == ["content", "name"]
