from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.builders import load_records
from superxception_jax.data.own.builder import build_own
from superxception_jax.data.own.folder import load_folder


def put(file: Path) -> None:
    image = np.zeros((14, 9), np.uint8)
    image[2:-2, 2:-2] = 100
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(file)


@pytest.fixture
def lab(tmp_path) -> Path:
    root = tmp_path / "my lab (2024)"
    for name in ("c10/scan 7 1a.png", "c9/anything 23.tif", "c9/12.jpg"):
        put(root / name)
    return root


def test_a_changed_folder_is_prepared_again(lab, tmp_path):
    first = build_own(data_dir=str(tmp_path / "data"), folder=str(lab))
    assert first.info.full_name.startswith("own/my_lab_2024-")
    assert len(load_records(first, progress=False)) == 3
    put(lab / "c9" / "anything 7.png")
    second = build_own(data_dir=str(tmp_path / "data"), folder=str(lab))
    assert second.info.full_name != first.info.full_name
    records = load_records(second, progress=False)
    assert [one.name for one in records] == [one.name for one in load_folder(lab)]
    np.testing.assert_array_equal(records[0].image, load_folder(lab)[0].image)


def test_nothing_is_written_for_a_folder_with_problems(lab, tmp_path):
    (lab / "c9" / "broken 1.png").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"broken 1\.png"):
        load_records(build_own(data_dir=str(tmp_path / "data"), folder=str(lab)), progress=False)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
