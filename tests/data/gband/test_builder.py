"""The real G-band karyograms, where the user has them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.builders import load_records
from superxception_jax.data.gband.archive import GBAND_COUNTS
from superxception_jax.data.gband.builder import build_gband
from superxception_jax.data.splits import SplitSettings, make_split
from tests.data.normalized import normalize_cell
from tests.karyotyping.known_cell import NORMALIZATION
from tests.paths import REAL_DATA

REAL = REAL_DATA / "gband_karyograms.zip"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    if not REAL.exists():
        pytest.skip(f"{REAL} is not here: the real set may not be redistributed")
    data_dir = str(tmp_path_factory.mktemp("data"))
    return load_records(build_gband(data_dir=data_dir, manual_dir=str(REAL)), progress=False)


def test_real_archive_is_loaded_completely(real):
    found = (len({one.cell for one in real}), len({one.case for one in real}), len(real))
    assert found == (GBAND_COUNTS.cells, GBAND_COUNTS.cases, GBAND_COUNTS.images)
    differences = np.bincount([one.label for one in real], minlength=24) - 2 * GBAND_COUNTS.cells
    changed = {CLASS_NAMES[one]: int(differences[one]) for one in np.flatnonzero(differences)}
    assert changed == {
        "2": -2,
        "3": -2,
        "4": -1,
        "8": -1,
        "11": -1,
        "12": -2,
        "16": -1,
        "18": 3,
        "20": -1,
        "21": 5,
        "22": -1,
        "X": 447 - 588,
        "Y": 142 - 588,
    }
    sizes = Counter(Counter(one.cell for one in real).values())
    assert sizes == {46: 271, 45: 13, 47: 10}


def test_real_aneuploidies_are_there(real):
    counts = Counter((one.cell, CLASS_NAMES[one.label]) for one in real)
    trisomies = {key for key, count in counts.items() if count == 3}
    assert {name for _, name in trisomies} == {"18", "21"}
    assert len(trisomies) == 8
    assert (counts["97002573.12", "X"], counts["97002573.12", "Y"]) == (2, 1)
    assert (counts["97002553.17", "X"], counts["97002553.17", "Y"]) == (1, 2)
    assert (counts["98000165.5", "X"], counts["98000165.5", "Y"]) == (1, 0)


def test_real_images_are_dark_on_white(real):
    assert all(one.image.max() == 255 for one in real)
    borders = [
        np.concatenate([one.image[[0, -1]].ravel(), one.image[1:-1, [0, -1]].ravel()])
        for one in real
    ]
    assert min(np.median(border) for border in borders) > 180


def test_a_real_cell_becomes_canvases(real):
    cell = [one for one in real if one.cell == "97002223.66"]  # Two of its images are RGBA.
    canvases = normalize_cell(
        [one.image for one in cell], names=[one.name for one in cell], settings=NORMALIZATION
    )
    assert len(canvases) == 46
    edges = np.concatenate([canvases[:, [0, -1]].ravel(), canvases[:, :, [0, -1]].ravel()])
    assert edges.max() < 0.12 * 255  # The fringe of the longest; nothing is cut.
    assert canvases[:, 20:30, 20:30].mean() > 60


def split_real(real, **changes):
    labels = np.array([one.label for one in real], np.int32)
    cells, cases = (np.array([getattr(one, field) for one in real]) for field in ("cell", "case"))
    values = {"seed": 0, "fold": 0, "folds": 5, "validation_share": 0.1, "training_share": 1.0}
    settings = SplitSettings(**{**values, "sizes": (4176, 360, 720), **changes})
    split = make_split(labels, cells, cases, settings=settings)
    return labels, cells, cases, list(vars(split).values())


def test_no_real_patient_is_in_two_parts(real):
    tested: set[str] = set()
    for fold in range(5):
        _, _, cases, parts = split_real(real, protocol="cases", fold=fold)
        train, validation, test = (set(cases[part]) for part in parts)
        assert (len(train), len(validation), len(test)) == (133, 15, 37)
        assert len(train | validation | test) == 185
        assert not tested & test
        tested |= test
    assert len(tested) == 185


def test_no_real_cell_is_in_two_parts(real):
    _, cells, cases, parts = split_real(real, protocol="cells")
    counts = [len(set(cells[part])) for part in parts]
    assert counts == [211, 24, 59]
    assert sum(counts) == len(set(cells))
    assert set(cases[parts[0]]) & set(cases[parts[2]])  # Which is why `cases` is the preset's.


def test_real_images_split_as_in_the_paper(real):
    labels, _, _, parts = split_real(real, protocol="paper")
    assert [len(part) for part in parts] == [4176, 360, 720]
    assert len(np.unique(np.concatenate(parts))) == 5256
    quota = 720 * np.bincount(labels) / len(labels)
    assert np.abs(np.bincount(labels[parts[2]]) - quota).max() < 1.5


def test_the_split_of_padova_does_not_fit(real):
    with pytest.raises(ValueError, match="`cells` must be 119 for the split `poletti`, got 294"):
        split_real(real, protocol="poletti")
