from __future__ import annotations

import numpy as np

from superxception_jax.data.images.image_file import hash_image
from superxception_jax.data.screening.equal_images import (
    Fingerprint,
    find_equal_images,
    twin_problems,
)


def test_pixels_types_and_shapes_are_told_apart():
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    same = np.asfortranarray(image)
    assert hash_image(image) == hash_image(same)
    others: list[np.ndarray] = [
        image.reshape(3, 2),
        image.astype(np.uint16),
        image + 1,
        image[:, ::-1],
    ]
    assert len({hash_image(one) for one in [image, *others]}) == 5


def test_groups_within_a_cell_and_across_cells():
    images = [
        Fingerprint("a", "a/1", "x"),
        Fingerprint("a", "a/2", "x"),
        Fingerprint("b", "b/1", "y"),
        Fingerprint("c", "c/1", "y"),
        Fingerprint("c", "c/2", "z"),
    ]
    within, across = find_equal_images(images)
    assert (within, across) == (["`a/1`, `a/2`"], ["`b/1`, `c/1`"])
    problems, notice = twin_problems(within, across, twins="refuse")
    assert problems[0] == "`a/1`, `a/2` are the same image in one cell; delete all but one"
    assert problems[1].startswith("`b/1`, `c/1` are the same image in several cells, so that")
    assert notice == ""
    problems, notice = twin_problems(within, across * 5, twins="allow")
    assert len(problems) == 1
    assert notice.startswith("own: 5 images are in several cells")
    assert notice.endswith("`c/1`; ...")
    assert twin_problems([], [], twins="allow") == ([], "")
