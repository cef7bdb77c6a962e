from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.builders import load_records
from superxception_jax.data.own import folder
from superxception_jax.data.own.builder import Builder, build_own
from superxception_jax.data.own.folder import load_folder, read_folder
from superxception_jax.data.prepare import prepare_dataset
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.source import load_chromosomes
from tests.data.image_folders import own_options, put, put_names
from tests.data.small_lab import SETTINGS


def build(lab: Path, data_dir: str, twins: str, **changes: str) -> Builder:
    return build_own(data_dir=data_dir, **own_options(lab, twins=twins, **changes))


def load(path: Path, background: str = "auto") -> list[ChromosomeRecord]:
    return load_folder(
        read_folder(path, twins="refuse"), twins="refuse", polarity="upright", background=background
    )


@pytest.fixture
def lab(tmp_path) -> Path:
    root = tmp_path / "my lab (2024)"
    for name in ("c10/scan 7 1a.png", "c9/anything 23.tif", "c9/12.jpg"):
        put(root, name)
    return root


def test_a_changed_folder_is_prepared_again(lab, tmp_path):
    first = build(lab, str(tmp_path / "data"), "refuse")
    assert first.info.full_name.startswith("own/my_lab_2024-")
    assert len(load_records(first, progress=False)) == 3
    put(lab, "c9/anything 7.png")
    second = build(lab, str(tmp_path / "data"), "refuse")
    assert second.info.full_name != first.info.full_name
    records = load_records(second, progress=False)
    assert [one.name for one in records] == [one.name for one in load(lab)]
    np.testing.assert_array_equal(records[0].image, load(lab)[0].image)


def test_nothing_is_written_for_a_folder_with_problems(lab, tmp_path):
    (lab / "c9" / "broken 1a.png").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"broken 1a\.png"):
        load_records(
            build(lab, str(tmp_path / "data"), "refuse"),
            progress=False,
        )
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_a_preparation_with_twins_is_not_taken_where_they_are_refused(lab, tmp_path):
    data_dir = str(tmp_path / "data")
    put(lab, "c10/twin 5a.png")
    (lab / "c9" / "twin 5a.png").write_bytes((lab / "c10" / "twin 5a.png").read_bytes())
    allowed = build(lab, data_dir, "allow")
    assert len(load_records(allowed, progress=False)) == 5
    assert [text.partition(":")[0] for text in allowed.notices] == ["my lab (2024)", "own"]
    with pytest.raises(ValueError, match="are the same image in several cells"):
        build(lab, data_dir, "refuse")
    with pytest.raises(ValueError, match="`twins` must be one of refuse, allow, got 'keep'"):
        build(lab, data_dir, "keep")
    # Equal pixels in different files are found while preparing, which leaves nothing behind.
    (lab / "c10" / "twin 5a.png").unlink()
    Image.open(lab / "c9" / "twin 5a.png").save(lab / "c10" / "twin 5a.bmp")
    assert len(load_records(build(lab, data_dir, "allow"), progress=False)) == 5
    with pytest.raises(ValueError, match="are the same image in several cells"):
        load_records(build(lab, data_dir, "refuse"), progress=False)


def test_a_table_may_have_cells_as_large_as_karyotyping_reads(tmp_path):
    names = [f"large/{index}.png" for index in range(93)]
    put_names(tmp_path, [*names, "small/1.png"])
    rows = "".join(f"{name},1\n" for name in [*names[:92], "small/1.png"])
    (tmp_path / "labels.csv").write_text(f"file,class\n{rows}")
    read = read_folder(tmp_path, twins="refuse")
    assert [len(cell.files) for cell in read.layout.cells] == [92, 1]
    (tmp_path / "labels.csv").write_text(f"file,class\n{rows}{names[92]},1\n")
    with pytest.raises(ValueError, match=r"`large`: 93 images can't be .* one cell \(at most 92\)"):
        read_folder(tmp_path, twins="refuse")


def test_what_is_unknown_of_the_orientation_is_another_data_set(lab, tmp_path):
    data_dir = str(tmp_path / "data")
    rows = "c10/scan 7 1a.png,1,\nc9/anything 23.tif,X,false\nc9/12.jpg,12,true\n"
    (lab / "labels.csv").write_text(f"file,class,turned\n{rows}")
    names = {}
    for polarity, unstated in (("upright", True), ("any", False)):
        builder = build(lab, data_dir, "refuse", polarity=polarity)
        names[polarity] = builder.info.full_name.split("/")[1]
        records = load_records(builder, progress=False)
        assert [one.name for one in records] == ["c9/12", "c9/anything 23", "c10/scan 7 1a"]
        assert [one.upright for one in records] == [True, True, unstated]
    assert names["any"] == f"{names['upright']}-any"
    with pytest.raises(ValueError, match="`polarity` must be one of upright, any, got 'up'"):
        build(lab, data_dir, "refuse", polarity="up")


def test_the_stated_background_goes_before_the_vote(lab, tmp_path, monkeypatch):
    data_dir = str(tmp_path / "data")
    light = 255 - np.asarray(Image.open(lab / "c9" / "12.jpg"))
    Image.fromarray(light).save(lab / "c9" / "light 7.png")
    grey = 170 - np.asarray(Image.open(lab / "c9" / "anything 23.tif")) // 2
    (lab / "c11").mkdir()
    Image.fromarray(grey.astype(np.uint8)).save(lab / "c11" / "grey 9.png")
    names = {}
    for background in ("auto", "light", "dark"):
        builder = build(lab, data_dir, "refuse", background=background)
        names[background] = builder.info.full_name.split("/")[1]
        found = {one.name: one.image for one in load(lab, background)}
        monkeypatch.setattr(folder, "_KEPT_BYTES", 0)  # They are decoded again.
        for one in load_records(builder, progress=False):
            np.testing.assert_array_equal(one.image, found[one.name])
        monkeypatch.undo()
        assert found["c11/grey 9"][0, 0] == (170 if background == "dark" else 255)
    assert names["light"] == f"{names['auto']}-light"
    assert names["dark"] == f"{names['auto']}-dark"
    with pytest.raises(ValueError, match="`background` must be one of auto, dark, light, got 'q'"):
        build(lab, data_dir, "refuse", background="q")


def test_a_large_folder_is_decoded_again_to_the_same_images(lab, monkeypatch):
    expected = load(lab)
    sizes = [one.image.nbytes for one in expected]
    # The second cell of the folder doesn't fit, then none does.
    for kept_bytes in (sum(sizes[:2]), 0):
        monkeypatch.setattr(folder, "_KEPT_BYTES", kept_bytes)
        for one, other in zip(load(lab), expected, strict=True):
            np.testing.assert_array_equal(one.image, other.image)
            assert dataclasses.replace(one, image=other.image) == other
    records = folder.iterate_folder(
        read_folder(lab, twins="refuse"),
        twins="refuse",
        polarity="upright",
        background="auto",
        tell=None,
    )
    (lab / "c9" / "12.jpg").write_bytes(b"changed")
    with pytest.raises(ValueError, match=r"must be a sound data set, got 1 problem.*\n  c9/12.jpg"):
        list(records)


def test_a_data_set_has_the_name_of_its_folder_however_the_path_is_written(lab, monkeypatch):
    monkeypatch.chdir(lab / "c9")
    for path in ("..", lab / "c9" / "..", lab):
        built = build(Path(path), "data", "refuse")
        assert built.info.full_name.startswith("own/my_lab_2024-")
        assert built.notices[0].startswith("my lab (2024): 2 cells ")


def test_images_that_are_no_single_chromosome_are_set_aside_by_name(lab, tmp_path, capsys):
    bar = np.zeros((30, 20), np.uint8)
    bar[4:26, 7:13] = 200
    two = np.zeros((30, 40), np.uint8)
    for column in (6, 25):
        two[5:25, column : column + 8] = np.random.default_rng(column).integers(90, 200, (20, 8))
        two[5:25:19, column : column + 8 : 7] = 0
    Image.fromarray(bar).save(lab / "c9" / "bar 3a.png")
    Image.fromarray(two).save(lab / "c10" / "two 4a.png")
    speck = np.zeros((30, 20), np.uint8)
    speck[8, 9:12] = 150
    Image.fromarray(speck).save(lab / "c9" / "speck 5a.png")
    data_dir = str(tmp_path / "data")
    records = load_records(build(lab, data_dir, "refuse"), progress=False)
    assert [one.name for one in records] == ["c9/12", "c9/anything 23", "c10/scan 7 1a"]
    text = capsys.readouterr().out
    assert "own: images that can't be one chromosome of their cell, which are set aside" in text
    assert "trained on nor tested: 3\n" in text
    assert "  c9/bar 3a.png: straight edges: probably a scale bar" in text
    assert "  c10/two 4a.png: two separate pieces of chromosome size" in text
    assert "  c9/speck 5a.png: shows no chromosome: nothing of" in text
    # It is kept with the prepared data, for all who use them later.
    line = "  c9/bar 3a.png: straight edges: probably a scale bar"
    for _ in range(2):
        load_chromosomes(
            build(lab, data_dir, "refuse"),
            data_dir=data_dir,
            normalization=SETTINGS,
            memory_share=0.5,
            progress=False,
        )
        assert capsys.readouterr().out.count(line) == 1
    described = prepare_dataset(
        "own",
        dataset_options=own_options(lab),
        data_dir=data_dir,
        manual_dir=data_dir,
        images_dir=None,
        progress=False,
    )
    assert described.count(line) == 1
    # Images of a large folder are decoded again, and set aside again.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "_KEPT_BYTES", 0)
        again = load_records(build(lab, str(tmp_path / "again"), "refuse"), progress=False)
    assert [one.name for one in again] == [one.name for one in records]
    for name in ("c9/12.jpg", "c9/anything 23.tif", "c10/scan 7 1a.png"):
        (lab / name).unlink()
    with pytest.raises(ValueError, match=r"got 3 problems.*\n  c9/bar 3a.png: straight"):
        load_records(build(lab, data_dir, "refuse"), progress=False)
