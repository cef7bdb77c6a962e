from __future__ import annotations

import json

import numpy as np
import pytest

from superxception_jax.karyotyping.prior import (
    CountPrior,
    count_costs,
    default_prior,
    incomplete_prior,
    load_prior,
    prior_of_cell,
)


def write_json(path, values):
    path.write_text(json.dumps(values))
    return path


@pytest.mark.parametrize("prior", [default_prior(), incomplete_prior()])
def test_priors_are_probabilities(prior):
    np.testing.assert_allclose(prior.autosomes.sum(axis=1), 1.0)
    assert sum(prior.sexes.values()) == pytest.approx(1.0)


def test_costs_by_hand():
    costs = count_costs(np.array([0.1, 0.2, 0.4, 0.2, 0.1]))
    np.testing.assert_allclose(costs, -np.log([0.1, 0.2, 0.8, 1.2, 2.4]))


def test_every_count_up_to_two_costs_the_same_in_an_incomplete_cell():
    costs = count_costs(incomplete_prior().autosomes)
    np.testing.assert_allclose(costs[:, 1:3], costs[:, :1].repeat(2, axis=1))


def test_only_whole_cells_get_the_prior_of_whole_cells():
    whole = default_prior()
    assert [prior_of_cell(total, whole=whole) is whole for total in (10, 41, 42, 50, 51)] == [
        False, False, True, True, False,
    ]  # fmt: skip
    part = prior_of_cell(10, whole=whole)
    np.testing.assert_array_equal(part.autosomes, incomplete_prior().autosomes)


def test_a_prior_from_a_file(tmp_path):
    changes = {"autosomes": {"21": {"3": 0.2}}, "sexes": {"X": 0.1}}
    prior, default = load_prior(write_json(tmp_path / "p.json", changes)), default_prior()
    assert prior.autosomes[20, 3] == 0.2
    assert prior.autosomes[20, 2] == pytest.approx(0.8, abs=0.003)
    others = np.arange(22) != 20
    np.testing.assert_array_equal(prior.autosomes[others], default.autosomes[others])
    assert prior.sexes["X"] == 0.1
    assert prior.sexes["XX"] == prior.sexes["XY"] == pytest.approx(0.445, abs=0.001)
    assert prior.sexes["XYY"] == default.sexes["XYY"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ([], r"must hold the prior as a JSON object, got a damaged file \(a JSON list"),
        ({"autosomes": {"X": {}}}, r"autosomes: must use the names '1', .*, got 'X'"),
        ({"autosom": {}}, r"must use the names 'sexes', 'autosomes', got 'autosom'"),
        ({"autosomes": {"21": {"2": 0.5}}}, r"21: must use the names '0', '1', '3', '4', got '2'"),
        ({"autosomes": {"21": {"3": 1.5}}}, r"21, 3 copies: must be a probability .*, got 1.5"),
        ({"sexes": {"XX": 0.5}}, r"sexes: must use the names '', 'X', .*, got 'XX'"),
        ({"sexes": {"X": 0.6, "XXY": 0.6}}, r"`sexes` must be positive and sum to 1"),
    ],
)
def test_a_broken_prior_is_one_sentence(changes, text, tmp_path):
    with pytest.raises(ValueError, match=text):
        load_prior(write_json(tmp_path / "p.json", changes))


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_a_prior_that_is_no_json(tmp_path, content):
    (tmp_path / "p.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"p.json` must hold the prior as a JSON object, got a"):
        load_prior(tmp_path / "p.json")


def test_bad_priors_are_refused():
    prior = default_prior()
    with pytest.raises(ValueError, match="`autosomes` must be f64"):
        CountPrior(autosomes=np.ones((2, 2)), sexes=prior.sexes)
    with pytest.raises(ValueError, match="`autosomes` must be positive and sum to 1"):
        CountPrior(autosomes=prior.autosomes * 2, sexes=prior.sexes)
    with pytest.raises(ValueError, match="`sexes` must be spelled like XXY, got 'YX'"):
        CountPrior(autosomes=prior.autosomes, sexes={"YX": 1.0})
    table = prior.autosomes.copy()
    table[4] = (0.3, 0.1, 0.3, 0.2, 0.1)
    with pytest.raises(ValueError, match="for chromosome 5; lower the probabilities of the rarest"):
        CountPrior(autosomes=table, sexes=prior.sexes)
