from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.data.stored_images import ImageWriter, StoredImages
from superxception_jax.evaluation.predict import predict_all


def _predict(variables, images):
    pixels = images.reshape(len(images), -1).astype(np.float32)
    return pixels @ variables


@pytest.mark.parametrize("batch_sizes", [(1,), (3,), (7,), (64,), (4, 6)])
def test_equal_for_any_batch_size_and_without_padding(batch_sizes):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 255, size=(10, 4, 4, 1)).astype(np.uint8)
    variables = generator.normal(size=(16, 3)).astype(np.float32)
    done: list[int] = []
    shapes: set[tuple[int, ...]] = set()

    def place(images, indices):
        shapes.add(images[indices].shape)
        return images[indices]

    outputs = predict_all(
        images,
        variables=variables,
        predict=_predict,
        place=place,
        batch_sizes=batch_sizes,
        advance=done.append,
    )
    np.testing.assert_allclose(outputs, _predict(variables, images), rtol=1e-5)
    assert shapes == {(size, 4, 4, 1) for size in batch_sizes}
    assert sum(done) == 10


def test_images_in_a_file_are_read_batch_by_batch_to_the_same_outputs(tmp_path, monkeypatch):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 255, size=(10, 4, 4, 1)).astype(np.uint8)
    with ImageWriter(tmp_path / "images.array_record") as writer:
        writer.write(images)
    stored = StoredImages(tmp_path / "images.array_record", count=10, side_px=4)
    read, sizes = StoredImages._read, []

    def count(self, rows):
        sizes.append(len(rows))
        return read(self, rows)

    monkeypatch.setattr(StoredImages, "_read", count)

    def place(images, indices):
        return images[indices]

    def outputs(images):
        return predict_all(
            images,
            variables=np.eye(16, dtype=np.float32),
            predict=_predict,
            place=place,
            batch_sizes=(4,),
            advance=lambda count: None,
        )

    np.testing.assert_array_equal(outputs(stored), outputs(images))
    assert sizes == [4, 4, 4]
