from __future__ import annotations

import errno
import os

import pytest

from superxception_jax.data.folders.folder_layout import recognize_cells
from superxception_jax.data.folders.folder_tree import DEPTH, read_tree
from tests.data.image_folders import put_names


def images(folder) -> list[str]:
    tree = read_tree(folder)
    return [image.relative_to(folder).as_posix() for image in tree.root.all_images]


def left_out(folder) -> dict[str, str]:
    found = read_tree(folder).left_out
    return {one.path.relative_to(folder).as_posix(): one.reason for one in found}


def test_images_are_found_in_natural_order(tmp_path):
    put_names(tmp_path, ["c10/1.png", "c9/b 10.TIF", "c9/b 9.jpeg", "c9/deep/1.bmp"])
    assert images(tmp_path) == ["c9/b 9.jpeg", "c9/b 10.TIF", "c9/deep/1.bmp", "c10/1.png"]


def test_what_is_no_image_is_listed(tmp_path):
    put_names(tmp_path, ["c/1.png", "c/2.xyz", "c/README", "c/._1.png", "c/Thumbs.db"])
    put_names(tmp_path, [".hidden/1.png", "__MACOSX/c/1.png", "c/@eaDir/1.png", "c/~$x.png"])
    put_names(tmp_path, ["LABELS.csv", "c/labels.csv"])
    assert images(tmp_path) == ["c/1.png"]
    system = "hidden or system files"
    names = (".hidden", "__MACOSX", "c/._1.png", "c/@eaDir", "c/Thumbs.db", "c/~$x.png")
    assert left_out(tmp_path) == dict.fromkeys(names, system) | {
        "c/2.xyz": "no image: .xyz",
        "c/README": "no image",
        "c/labels.csv": "no image: .csv",
    }
    assert [table.name for table in read_tree(tmp_path).tables] == ["LABELS.csv"]


def test_an_empty_folder_is_listed(tmp_path):
    put_names(tmp_path, ["c1/1.png", "c3/Thumbs.db"])
    (tmp_path / "c2").mkdir()
    assert left_out(tmp_path) == dict.fromkeys(("c2", "c3"), "no image: an empty folder")
    layout = recognize_cells(tmp_path)
    assert "left out: 2 no image: an empty folder (`c2`, `c3`)" in layout.sentence
    # In the folder of a cell it is no image that the cell may lack.
    (tmp_path / "c1" / "old").mkdir()
    assert [one.left_out for one in recognize_cells(tmp_path).cells] == [()]


def test_results_and_runs_are_no_input(tmp_path):
    put_names(tmp_path, ["cell 1/1.png", "cell 1/karyogram.png", "cell 1/karyotype.json"])
    put_names(tmp_path, ["out/cell 1/karyogram.png", "out/cell 1/karyotype.json"])
    put_names(tmp_path, ["run/config.json", "run/metrics.jsonl", "run/cell.png"])
    assert images(tmp_path) == ["cell 1/1.png"]
    assert left_out(tmp_path)["out/cell 1/karyogram.png"] == "a result of karyotyping"
    assert left_out(tmp_path)["run"] == "a run of training"


def test_links_are_followed_once(tmp_path):
    lab = put_names(tmp_path / "lab", ["a/1.png"])
    elsewhere = put_names(tmp_path / "elsewhere", ["1.png", "more/2.png"])
    (lab / "b").symlink_to(elsewhere)
    (lab / "c").symlink_to(lab / "a")
    (lab / "d").symlink_to(elsewhere / "more")
    (lab / "a" / "2.png").symlink_to(elsewhere / "1.png")
    assert images(lab) == ["a/1.png", "a/2.png", "b/1.png", "b/more/2.png"]
    assert read_tree(lab).links == 2
    once = "a link to a folder that is read itself"
    assert left_out(lab) == {"c": once, "d": once}


def test_links_never_loop(tmp_path):
    lab = put_names(tmp_path / "lab", ["a/1.png"])
    (lab / "a" / "up").symlink_to(lab)
    (lab / "out").symlink_to(tmp_path)
    (lab / "self.png").symlink_to("self.png")
    (lab / "gone").symlink_to(tmp_path / "nothing")
    assert images(lab) == ["a/1.png"]
    above = "a link to a parent folder"
    assert left_out(lab) == {
        "a/up": above,
        "out": above,
        "self.png": "a broken link",
        "gone": "a broken link",
    }
    one, other = tmp_path / "one", tmp_path / "other"
    put_names(tmp_path, ["one/1.png", "other/1.png"])
    (one / "to").symlink_to(other)
    (other / "back").symlink_to(one)
    assert images(one) == ["1.png", "to/1.png"]
    # A linked folder is read like one that lies there.
    (tmp_path / "alias").symlink_to(lab)
    assert images(tmp_path / "alias") == ["a/1.png"]


def test_a_folder_that_may_not_be_read_is_listed(tmp_path, monkeypatch):
    put_names(tmp_path, ["a/1.png", "b/1.png"])
    scan = os.scandir

    def refuse(folder):
        if folder == tmp_path / "b":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert images(tmp_path) == ["a/1.png"]
    assert left_out(tmp_path) == {"b": "a folder that can't be opened (Permission denied)"}


def test_pipes_and_deep_folders_are_listed(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    deep = "/".join("abcdefghij"[: DEPTH + 1])
    put_names(tmp_path, [f"{deep}/1.png", "1.png"])
    assert images(tmp_path) == ["1.png"]
    assert left_out(tmp_path) == {"pipe.png": "not a regular file", deep: "too deep"}


def test_a_table_that_would_never_end_is_no_table(tmp_path):
    put_names(tmp_path, ["a/1.png"])
    os.mkfifo(tmp_path / "labels.csv")
    assert read_tree(tmp_path).tables == ()
    assert left_out(tmp_path) == {"labels.csv": "not a regular file"}
    (tmp_path / "labels.csv").unlink()
    (tmp_path / "Labels.csv").symlink_to("/dev/zero")
    assert read_tree(tmp_path).tables == ()
    assert left_out(tmp_path) == {"Labels.csv": "not a regular file"}


@pytest.mark.usefixtures("any_bytes")
def test_names_that_are_not_utf8_are_read(tmp_path):
    name = os.fsdecode(b"caf\xe9/1.png")
    put_names(tmp_path, [name])
    (image,) = read_tree(tmp_path).root.all_images
    assert image.read_bytes()
