from __future__ import annotations

import numpy as np

from superxception_jax.data.describe import describe_counts
from superxception_jax.data.record import ChromosomeRecord

IMAGE = np.zeros((2, 2), np.uint8)


def record(cell: str, label: int, case: str = "p") -> ChromosomeRecord:
    return ChromosomeRecord(IMAGE, label, cell=cell, case=case, name=f"{cell} {label}")


def test_counts_by_hand():
    records = [record("9", 0), record("9", 23), record("10", 0), record("11", 12, "q")]
    assert describe_counts(records).splitlines() == [
        "4 chromosomes, 3 cells, 2 cases",
        "class      1    2    3    4    5    6    7    8    9   10   11   12",
        "images     2    0    0    0    0    0    0    0    0    0    0    0",
        "class     13   14   15   16   17   18   19   20   21   22    X    Y",
        "images     1    0    0    0    0    0    0    0    0    0    0    1",
        "1 chromosome in 2 cells: 10, 11",
        "2 chromosomes in 1 cell: 9",
    ]


def test_long_lists_and_large_counts_stay_readable():
    records = [record(str(number), 5) for number in range(12345)]
    lines = describe_counts(records).splitlines()
    assert lines[0] == "12,345 chromosomes, 12,345 cells, 1 case"
    assert lines[2].split()[6] == "12,345"
    assert len(lines[1]) == len(lines[2])
    assert lines[-1] == "1 chromosome in 12,345 cells: 0, 1, 2, 3, 4, 5, ..."
