from __future__ import annotations

import dataclasses

import numpy as np

from superxception_jax.studies.condition import UNDAMAGED, ConditionResult, RobustnessResults
from superxception_jax.studies.robustness_report import plot_robustness, robustness_markdown
from tests.studies.samples import PROVENANCE

CLEAN = ConditionResult(UNDAMAGED, 0.0, 2, 2, 92, 92, 92, 92, 0)
NOISY = ConditionResult("noise", 3.0, 2, 1, 92, 46, 92, 69, 3)


def test_curves_start_at_the_undamaged_cells():
    figure = plot_robustness([CLEAN, NOISY])
    line = figure.axes[0].lines[0]
    assert np.asarray(line.get_xdata()).tolist() == [0.0, 3.0]
    assert np.asarray(line.get_ydata()).tolist() == [100.0, 50.0]


def test_a_gain_of_one_is_no_damage():
    gain = ConditionResult("gain", 0.4, 2, 1, 92, 46, 92, 69, 3)
    line = plot_robustness([CLEAN, gain]).axes[0].lines[0]
    assert np.asarray(line.get_xdata()).tolist() == [0.4, 1.0]
    assert np.asarray(line.get_ydata()).tolist() == [50.0, 100.0]


def test_markdown():
    results = RobustnessResults(
        name="r",
        dataset="ideogram",
        networks=1,
        own=(CLEAN, NOISY),
        foreign={"gband": CLEAN},
        provenance=PROVENANCE,
    )
    text = robustness_markdown(results)
    assert "| noise | 3 (standard deviation, grey levels) | 2 | 92 | 50.00 | 100.00 |" in text
    assert "| 100.00 | 50.0 | 75.00 | 3 |" in text
    assert "| gband | 2 | 92 | 100.00 |" in text
    assert "## Reproduce\n\n```sh\npython launch/robustness.py\n```\n\nCommit `abc`." in text
    assert "![Accuracy under damage](r.png)" in text
    assert "upright" not in text
    assert "networks are added up" not in text
    several = robustness_markdown(dataclasses.replace(results, networks=5))
    assert "The counts of 5 networks are added up: a cell counts once for each network" in several


def test_a_polarity_that_is_not_read_is_not_claimed():
    blind = [dataclasses.replace(one, correct_polarity=None) for one in (CLEAN, NOISY)]
    results = RobustnessResults(
        name="r", dataset="ideogram", networks=1, own=(*blind,), foreign={}, provenance=PROVENANCE
    )
    text = robustness_markdown(results)
    assert "| 100.00 | 50.0 | – | 3 |" in text
    assert "–: the network takes every image as upright" in text
