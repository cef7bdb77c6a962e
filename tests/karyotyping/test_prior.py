from __future__ import annotations

import json

import numpy as np
import pytest

from superxception_jax.karyotyping.prior import default_prior, load_prior


def write_json(path, values):
    path.write_text(json.dumps(values))
    return path


def test_a_prior_from_a_file(tmp_path):
    changes = {"autosomes": {"21": {"3": 0.2}}, "sexes": {"X": 0.1}}
    prior, usual = load_prior(write_json(tmp_path / "p.json", changes)), default_prior()
    assert prior.autosomes[20, 3] == 0.2
    assert prior.autosomes[20, 2] == pytest.approx(0.8, abs=0.003)
    others = np.arange(22) != 20
    np.testing.assert_array_equal(prior.autosomes[others], usual.autosomes[others])
    assert prior.sexes["X"] == 0.1
    assert prior.sexes["XX"] == prior.sexes["XY"] == pytest.approx(0.445, abs=0.001)
    assert prior.sexes["XYY"] == usual.sexes["XYY"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ([], r"must be an object with names of 'sexes', 'autosomes', got \[\]"),
        ({"autosomes": {"X": {}}}, r"autosomes: must have names of '1', .*, got 'X'"),
        ({"autosom": {}}, r"must have names of 'sexes', 'autosomes', got 'autosom'"),
        ({"autosomes": {"21": {"2": 0.5}}}, r"21: must have names of '0', '1', '3', '4', got '2'"),
        ({"autosomes": {"21": {"3": 1.5}}}, r"21, 3 copies: must be a probability .*, got 1.5"),
        ({"sexes": {"XX": 0.5}}, r"sexes: must have names of '', 'X', .*, got 'XX'"),
        ({"sexes": {"X": 0.6, "XXY": 0.6}}, r"`sexes` must be positive and sum to 1"),
    ],
)
def test_a_broken_prior_is_one_sentence(changes, text, tmp_path):
    with pytest.raises(ValueError, match=text):
        load_prior(write_json(tmp_path / "p.json", changes))


def test_a_prior_that_is_no_json(tmp_path):
    (tmp_path / "p.json").write_text("{")
    with pytest.raises(ValueError, match=r"p.json` must be JSON, got"):
        load_prior(tmp_path / "p.json")
