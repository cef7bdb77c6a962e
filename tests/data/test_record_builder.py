from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from superxception_jax.data import record_builder
from superxception_jax.data.builders import load_records
from superxception_jax.data.own.builder import Builder
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.record_builder import RecordConfig, example, record_features


def blob(level: int) -> np.ndarray:
    image = np.zeros((12, 9), np.uint8)
    image[2:-2, 2:-2] = level
    return image


RECORDS = [
    ChromosomeRecord(blob(100 + number), number, cell="c", case="P", name=f"c/{number}")
    for number in range(12)
]


def make(data_dir: Path, load=lambda: RECORDS, digest=dict) -> Builder:
    config = RecordConfig(name="tiny", load=load, digest=digest)
    return Builder(data_dir=data_dir, config=config, file_format="array_record")


def test_example_fits_the_features_in_both_directions():
    image = np.arange(6, dtype=np.uint8).reshape(3, 2)
    record = ChromosomeRecord(image, 23, cell="7", case="P", name="7/7 24")
    features = record_features()
    assert set(example(record)) == set(features)
    encoded = features.encode_example(example(record))
    decoded = features.decode_example_np(encoded)
    np.testing.assert_array_equal(decoded["image"][..., 0], image)
    assert decoded["label"] == 23
    assert features["label"].int2str(22) == "X"


def test_records_survive_the_builder(tmp_path, capsys):
    builder = make(tmp_path)
    records = load_records(builder, progress=False)
    assert capsys.readouterr().out.startswith("Preparing own/tiny/1.1.0 in ")
    for read, direct in zip(records, RECORDS, strict=True):
        texts = (read.name, read.label, read.cell, read.case)
        assert texts == (direct.name, direct.label, direct.cell, direct.case)
        np.testing.assert_array_equal(read.image, direct.image)
    assert list(builder.info.splits) == ["chromosomes"]
    assert builder.info.splits["chromosomes"].filenames.pop().count("array_record") == 1


def test_once_prepared_the_source_is_needed_no_more(tmp_path, capsys):
    def gone():
        raise FileNotFoundError("the archive is gone")

    load_records(make(tmp_path), progress=False)
    capsys.readouterr()
    assert len(load_records(make(tmp_path, load=gone), progress=False)) == 12
    assert capsys.readouterr().out == ""


def test_of_which_archive_they_are_is_known_also_when_another_program_prepares_them(tmp_path):
    one, other = (make(tmp_path, digest=lambda: {"a.zip": "1"}) for _ in range(2))
    one.download_and_prepare()
    assert one.archive == other.archive == {"a.zip": "1"}


def test_nothing_is_written_for_a_source_with_problems(tmp_path):
    def broken():
        raise ValueError("files are damaged")

    with pytest.raises(ValueError, match="files are damaged"):
        make(tmp_path, load=broken).download_and_prepare()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_incomplete_is_left_behind(tmp_path, monkeypatch, error):
    calls = []

    def stop(record):
        calls.append(record)
        if len(calls) == 5:
            raise error("stopped")
        return example(record)

    monkeypatch.setattr(record_builder, "example", stop)
    with pytest.raises(error):
        make(tmp_path).download_and_prepare()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not list(tmp_path.rglob("*incomplete*"))
    monkeypatch.undo()
    assert len(load_records(make(tmp_path), progress=False)) == 12
