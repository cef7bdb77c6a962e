from __future__ import annotations

from superxception_jax.data.screening.equal_images import Fingerprint
from superxception_jax.karyotyping.shared_images import find_shared_images


def found(cells: dict[str, str], case_of: dict[str, str]):
    """Return what cells share whose images are single letters."""
    images = [
        Fingerprint(cell, f"{cell}/{place}", digest)
        for cell, digests in cells.items()
        for place, digest in enumerate(digests)
    ]
    return find_shared_images(images, portraits={}, case_of=case_of)


def test_a_quarter_of_the_smaller_cell_makes_two_cells_one():
    cells = {"a": "abcdefgh", "b": "abijklmn", "c": "aopqrstu"}
    shared = found(cells, dict.fromkeys(cells, "case"))
    assert shared.copies == {"a": {"b": 2}, "b": {"a": 2}}
    assert shared.lines == ("`a/0`, `b/0`, `c/0`", "`a/1`, `b/1`")


def test_cells_of_other_cases_and_of_none_are_only_named():
    cells = {"a": "abcd", "b": "abcd", "c": "abcd"}
    shared = found(cells, {"a": "1", "b": "2", "c": ""})
    assert shared.copies == {}
    assert shared.lines == ("4 images of `a` are in `b`, `c`",)
    assert found(cells, dict.fromkeys(cells, "")).copies == {}


def test_an_image_that_is_twice_in_a_cell_counts_once():
    cells = {"a": "aabcde", "b": "afghij"}
    shared = found(cells, dict.fromkeys(cells, "case"))
    assert shared.copies == {}
    assert shared.lines == ("`a/0`, `b/0`",)
    assert found({"a": "aabb"}, {"a": "case"}) == found({}, {})
