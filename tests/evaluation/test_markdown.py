from __future__ import annotations

import pytest

from superxception_jax.evaluation.markdown import markdown_grid


@pytest.mark.parametrize("row", [["1"], ["1", "2", "3"]])
def test_a_row_of_another_width_is_refused(row):
    with pytest.raises(ValueError, match=f"a row must have 2 cells, got {len(row)}"):
        markdown_grid(["a", "b"], [["1", "2"], row])
