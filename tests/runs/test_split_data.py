"""Images come from memory or from a file, and cells that none could assign are refused."""

from __future__ import annotations

import numpy as np
import pytest

from configs.stripnet import get_config
from superxception_jax.data.stored_images import StoredImages
from superxception_jax.karyotyping.assignment import MOST_CHROMOSOMES
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.split_data import check_cells, draw_split, load_everything
from superxception_jax.runs.split_file import describe_split


def test_the_largest_cell_that_can_be_assigned_is_accepted():
    check_cells(np.array(["a"] * MOST_CHROMOSOMES + ["b"]))


def test_a_larger_cell_is_named():
    count = MOST_CHROMOSOMES + 1
    with pytest.raises(ValueError, match=rf"at most 88 images, got {count} of cell `p2`; give"):
        check_cells(np.array(["p1"] * 46 + ["p2"] * count))
    with pytest.raises(ValueError, match=r"of cell `a` and 1 more such cells"):
        check_cells(np.array(["a"] * count + ["b"] * count))


def test_the_share_of_the_memory_decides_where_images_are_and_nothing_else(tmp_path):
    config = get_config("smoke")
    config.data.data_dir = str(tmp_path)
    config.data.ideogram_cells = 5
    found = []
    for memory_share in (0.0, 0.5):
        config.data.memory_share = memory_share
        experiment = build_experiment(config)
        everything = load_everything(experiment)
        found.append((everything, draw_split(experiment)(everything)))
    (streamed, split), (in_memory, same) = found
    assert isinstance(streamed.images, StoredImages)
    assert isinstance(in_memory.images, np.ndarray)
    assert describe_split(streamed, split) == describe_split(in_memory, same)
    for part in ("train", "validation", "test"):
        one, other = streamed.take(getattr(split, part)), in_memory.take(getattr(same, part))
        np.testing.assert_array_equal(one.images[:], other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
