from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.runs.exported.trained_images import TRAINED_FILE, load_trained, save_trained


def test_hashes_survive_their_file_and_those_that_no_memory_holds_are_damaged(tmp_path):
    numbers = np.array([1, 2**64 - 1], np.uint64)
    save_trained(tmp_path, numbers)
    np.testing.assert_array_equal(np.asarray(load_trained(tmp_path)), numbers)
    with (tmp_path / TRAINED_FILE).open("wb") as file:
        values = {"descr": "<u8", "fortran_order": False, "shape": (2**45,)}
        np.lib.format.write_array_header_1_0(file, values)
    with pytest.raises(ValueError, match=r"must hold hashes of the images .* got a damaged file"):
        load_trained(tmp_path)
