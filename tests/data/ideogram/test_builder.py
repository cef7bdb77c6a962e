from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from superxception_jax.data.ideogram.builder import build_ideogram, draw_numbered_cell
from tests.paths import REPOSITORY

SETTINGS = {"cells": 2, "seed": 5, "style": "q", "aneuploid_share": 0.25}


def build(folder: Path, **changes):
    return build_ideogram(data_dir=str(folder), **{**SETTINGS, **changes})


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    builder = build(tmp_path_factory.mktemp("ideogram"))
    builder.download_and_prepare()
    return builder


def test_round_trip_gives_every_drawn_chromosome(prepared):
    source = prepared.as_data_source("all")
    read = {example["name"].decode(): example for example in source}
    drawn = {}
    for number in range(2):
        cell = draw_numbered_cell(number, seed=5, style="q", aneuploid_share=0.25)
        for chromosome in cell.chromosomes:
            drawn[f"{number:04d} {chromosome.name}"] = chromosome
    assert len(source) == len(drawn)
    assert read.keys() == drawn.keys()
    for name, chromosome in drawn.items():
        np.testing.assert_array_equal(read[name]["image"][..., 0], chromosome.image)
        assert read[name]["label"] == chromosome.label
        assert read[name]["cell"].decode() == read[name]["case"].decode() == name[:4]


def test_files_are_array_records_of_this_data_set(prepared):
    folder = Path(prepared.data_dir)
    assert folder.parts[-3:] == ("ideogram", "q_cells2_seed5_aneuploid0.25", "1.1.0")
    assert len(list(folder.glob("*.array_record-*"))) == 1
    assert not list(folder.parent.glob("incomplete*"))


def test_every_setting_has_a_folder_of_its_own(tmp_path):
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"cells": 3},
        {"seed": 6},
        {"style": "g"},
        {"aneuploid_share": 0.250001},
        {"aneuploid_share": 0},
    )
    folders = {build(tmp_path, **change).data_dir for change in changes}
    assert len(folders) == len(changes)
    assert (
        build(tmp_path, aneuploid_share=1).data_dir == build(tmp_path, aneuploid_share=1.0).data_dir
    )


def test_nothing_is_written_before_it_is_prepared(tmp_path):
    build(tmp_path)
    assert not list(tmp_path.rglob("*.array_record*"))


def test_readme_and_licence_name_the_source_of_the_tables():
    folder = REPOSITORY / "superxception_jax" / "data"
    text = (folder / "ideogram" / "README.md").read_text(encoding="utf-8")
    assert "1.53.0" in text
    assert "CC0-1.0" in text
    assert "CC0 1.0 Universal" in (folder / "band_tables" / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cells": 0}, r"`cells` must be in 1..100000, got 0; change it"),
        ({"cells": 100_001}, r"`cells` must be in 1..100000, got 100001"),
        ({"seed": -1}, r"`seed` must be at least 0, got -1; choose a whole number from 0"),
        ({"style": "c"}, r"`style` must be one of \('q', 'g'\), got 'c'"),
        ({"aneuploid_share": 2.0}, r"`aneuploid_share` must be in 0..1, got 2.0; give a prob"),
    ],
)
def test_settings_outside_their_range_are_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        build(tmp_path, **change)


def test_negative_cell_numbers_are_refused():
    with pytest.raises(ValueError, match="`seed` and `number` must be at least 0, got 0 and -1"):
        draw_numbered_cell(-1, seed=0, style="q", aneuploid_share=0.0)


def test_the_config_is_named_after_every_setting(tmp_path):
    config = build(tmp_path, cells=7, seed=1, style="g", aneuploid_share=0).builder_config
    assert config.name == "g_cells7_seed1_aneuploid0.0"
