from __future__ import annotations

import numpy as np

from benchmarks.kill_runs import differences


def test_predictions_are_compared_bit_for_bit(tmp_path):
    values = {"labels": np.arange(3), "shares": np.array([0.1, 0.2])}
    changed = {
        "same": values,
        "digit": {**values, "shares": np.nextafter(values["shares"], 1)},
        "type": {**values, "labels": np.arange(3, dtype=np.int32)},
        "more": {**values, "assigned": np.arange(3)},
    }
    for name, arrays in changed.items():
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / "predictions.npz", **arrays)
    found = {name: differences(tmp_path / "same", tmp_path / name) for name in changed}
    assert found == {"same": [], "digit": ["shares"], "type": ["labels"], "more": ["assigned"]}
