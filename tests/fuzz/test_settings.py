from __future__ import annotations

import functools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_collections import ConfigDict

from configs import stripnet
from superxception_jax.karyotyping.prior import CountPrior, load_prior
from superxception_jax.runs.config.checks import CHOICES, LISTS, RANGES, TEXTS, find_problems
from superxception_jax.runs.experiment import Experiment, build_experiment
from tests.fuzz.bounds import check_message, count, examples, loaded, within
from tests.fuzz.damage import DAMAGES, damage
from tests.fuzz.values import JUNK

SECONDS = 20.0
FIELDS = sorted({**CHOICES, **RANGES, **LISTS, **TEXTS})


def numbers_of(path: str) -> st.SearchStrategy[Any]:
    """Return values of the right kind for a field, also just out of its range."""
    if path in CHOICES:
        return st.sampled_from(CHOICES[path])
    if path in RANGES:
        low, high = RANGES[path]
        near = st.sampled_from((low, high, math.nextafter(low, -math.inf), high * 2, low - 1))
        return near | st.floats(low, high) | st.integers(math.floor(low), math.ceil(high))
    return JUNK


OVERRIDES = st.lists(
    st.sampled_from(FIELDS).flatmap(lambda path: st.tuples(st.just(path), numbers_of(path) | JUNK)),
    min_size=1,
    max_size=4,
)


def with_overrides(overrides: list[tuple[str, Any]]) -> ConfigDict:
    # Past the checks of kinds that a command line makes: a stored file has none.
    values = stripnet.get_config().copy_and_resolve_references().to_dict()
    for path, value in overrides:
        section, _, name = path.rpartition(".")
        # A dictionary would be a section; its names are those of a stored config, tested below.
        value = str(value) if isinstance(value, dict) else value
        (values[section] if section else values)[name] = value
    return ConfigDict(values)


@examples(short=150, long=1000)
@given(
    OVERRIDES.filter(
        lambda given: not any(isinstance(v, dict) and any("." in k for k in v) for _, v in given)
    )
)
def test_overrides_build_a_sound_experiment_or_are_refused(overrides):
    config = with_overrides(overrides)
    with within(SECONDS):
        try:
            experiment = build_experiment(config)
        except ValueError as error:
            check_message(error, lines=0)
            assert len(find_problems(config)) >= 1
        else:
            count("sound")
            check_experiment(experiment, config)


def check_experiment(experiment: Experiment, config: ConfigDict) -> None:
    values = json.loads(json.dumps(experiment.config, allow_nan=False))
    assert values == json.loads(config.to_json())
    fields = config.to_dict()
    for path, (low, high) in RANGES.items():
        value = functools.reduce(lambda place, name: place[name], path.split("."), fields)
        assert low <= value <= high
        assert not isinstance(value, bool)
    assert experiment.split.fold < experiment.split.folds
    assert experiment.data_dir.is_absolute()


PROBABILITIES = st.floats(0, 1) | st.floats(1e-12, 0.3) | JUNK
PRIORS = st.fixed_dictionaries(
    {},
    optional={
        "autosomes": st.dictionaries(
            st.sampled_from(("1", "13", "21", "22", "X", "0", "chr1")),
            st.dictionaries(st.sampled_from(("0", "1", "3", "4", "2", "x")), PROBABILITIES) | JUNK,
            max_size=3,
        )
        | JUNK,
        "sexes": st.dictionaries(
            st.sampled_from(("", "X", "Y", "XXY", "XYY", "XX", "YX")), PROBABILITIES, max_size=3
        )
        | JUNK,
    },
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@examples(short=100, long=1000)
@given(PRIORS, DAMAGES)
def test_a_prior_is_sound_or_refused(shelf, values, damages):
    path = shelf / "prior.json"
    text = json.dumps(values).encode()
    path.write_bytes(damage(text, damages) if len(text) % 3 == 0 else text)
    prior: CountPrior | None = loaded(lambda: load_prior(path), file=path)
    if prior is not None:
        assert (prior.autosomes > 0).all()
        np.testing.assert_allclose(prior.autosomes.sum(axis=1), 1, atol=1e-6)
        assert math.isclose(sum(prior.sexes.values()), 1, abs_tol=1e-6)
