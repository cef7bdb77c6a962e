"""The real Padova set, where the user has it."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.bioimage.builder import build_bioimage
from superxception_jax.data.builders import load_records
from superxception_jax.data.splits import SplitSettings, make_split
from tests.paths import REAL_DATA

REAL = REAL_DATA / "bioimlab_qband.zip"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    if not REAL.exists():
        pytest.skip(f"{REAL} is not here: the real set may not be redistributed")
    data_dir = str(tmp_path_factory.mktemp("data"))
    return load_records(build_bioimage(data_dir=data_dir, manual_dir=str(REAL)), progress=False)


def test_real_archive_is_loaded_completely(real):
    assert len(real) == 5474
    assert len({one.cell for one in real}) == 119
    counts = np.bincount([one.label for one in real], minlength=24)
    np.testing.assert_array_equal(counts, (238,) * 22 + (193, 45))


def test_real_males_keep_their_sex_chromosomes(real):
    names = {one.name: one.label for one in real}
    bare = [name for name in names if name.endswith((" 23", " 24"))]
    assert len(bare) == 89
    assert all(names[name] == (22 if name.endswith(" 23") else 23) for name in bare)
    assert (names["79/79 23a"], names["79/79 24"]) == (22, 23)


def test_real_images_of_colour_are_grey(real):
    images = {one.name: one.image for one in real}
    for name in ("3/3 21b", "52/52 15b"):
        with zipfile.ZipFile(REAL) as archive:
            content = archive.read(f"single_chromosomes/{name}.bmp")
        red = np.asarray(Image.open(io.BytesIO(content)))[..., 0]
        assert images[name].shape == red.shape
        assert np.abs(images[name].astype(int) - red).max() <= 1


@pytest.mark.parametrize(
    ("protocol", "cell_counts"),
    [("cells", [85, 10, 24]), ("cases", [85, 10, 24]), ("poletti", [63, 7, 49])],
)
def test_no_real_cell_is_in_two_parts(real, protocol, cell_counts):
    cells, parts = split_real(real, protocol)
    groups = [set(cells[part]) for part in parts]
    assert [len(group) for group in groups] == cell_counts
    assert len(set().union(*groups)) == 119
    assert [len(part) for part in parts] == [46 * count for count in cell_counts]


def test_real_images_split_as_in_the_paper(real):
    _, parts = split_real(real, "paper")
    assert [len(part) for part in parts] == [4176, 360, 720]
    assert len(np.unique(np.concatenate(parts))) == 5256


def split_real(real, protocol):
    labels = np.array([one.label for one in real], np.int32)
    cells, cases = (np.array([getattr(one, field) for one in real]) for field in ("cell", "case"))
    settings = SplitSettings(
        protocol=protocol,
        seed=0,
        fold=0,
        folds=5,
        validation_share=0.1,
        training_share=1.0,
        sizes=(4176, 360, 720),
    )
    split = make_split(labels, cells, cases, settings=settings)
    return cells, list(vars(split).values())
