"""Every field of a config is checked, whatever it holds."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.base import get_base
from configs.super_xception import get_config
from superxception_jax.runs.config.checks import CHOICES, LISTS, RANGES, TEXTS, find_problems
from superxception_jax.runs.config.config_values import config_from_json
from superxception_jax.runs.experiment import build_experiment
from tests.runs.smoke_config import changed


def _leaves(values, prefix=""):
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


DEFAULTS = dict(_leaves(get_base().to_dict()))
FLOATS = sorted(path for path, value in DEFAULTS.items() if isinstance(value, float))
WHOLE = sorted(path for path, value in DEFAULTS.items() if isinstance(value, int))


def test_every_field_has_one_check_and_numbers_have_a_range():
    checks = [*CHOICES, *RANGES, *LISTS, *TEXTS]
    assert len(checks) == len(set(checks))
    assert set(checks) == set(DEFAULTS)
    assert set(RANGES) == {*FLOATS, *WHOLE}
    # A whole number has whole bounds, and only it.
    assert {path for path, (low, _) in RANGES.items() if isinstance(low, int)} == set(WHOLE)
    for low, high in RANGES.values():
        assert type(low) is type(high)
        assert -math.inf < low < high < math.inf


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, True, "1", None])
@pytest.mark.parametrize("path", FLOATS)
def test_a_float_out_of_range_is_refused_by_name(path, value):
    (problem,) = find_problems(changed(**{path: value}))
    assert problem.startswith(f"`{path}` must be ")


@pytest.mark.parametrize("value", [-1, 10**30, 1.5, math.nan, True, "1", None, [1]])
@pytest.mark.parametrize("path", WHOLE)
def test_a_whole_number_out_of_range_is_refused_by_name(path, value):
    problem, *_ = find_problems(changed(**{path: value}))
    assert problem.startswith(f"`{path}` must be ")


@pytest.mark.parametrize("path", ["seed", "split.seed", "data.ideogram_seed"])
def test_seeds_are_those_that_are_different(path):
    """JAX takes 2**32 for 0, and a seed beyond 64 bits is an error of NumPy or JAX."""
    for seed in (0, 2**32 - 1):
        assert build_experiment(changed(**{path: seed}))
    for seed in (-1, 2**32, 2**64):
        with pytest.raises(ValueError, match=f"`{path}` must be between 0 and 4294967295, got"):
            build_experiment(changed(**{path: seed}))


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "value", [[], [1], [1] * 4, [1, -1, 1], [1, math.nan, 1], [1, True], [0, 1], "ab", 3]
)
def test_a_list_of_the_wrong_length_or_content_is_refused(path, value):
    (problem,) = find_problems(changed(**{path: value}))
    assert problem.startswith(f"`{path}` must be ")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", ""),
        ("name", " "),
        ("name", "../x"),
        ("name", ".."),
        ("preset", "a/b"),
        ("data.data_dir", ""),
        ("data.data_dir", "~nobody_of_this_name/data"),
        ("data.own_folder", "a\0b"),
        ("model.name", 3),
        ("model.init_from", None),
    ],
)
def test_a_text_that_names_nothing_is_refused(path, value):
    (problem,) = find_problems(changed(**{path: value}))
    assert problem.startswith(f"`{path}` must be ")


def test_missing_and_unknown_fields_are_named():
    values = json.loads(get_config("smoke").to_json())
    del values["training"]["epochs"]
    values["training"]["epoch"] = 3
    values["training"]["empty"] = {}
    values["training"]["\x1b[2J"] = 3
    assert find_problems(config_from_json(values)) == [
        "`training.epochs` must be set, got nothing.",
        "`training.\\x1b[2J` must be a field of this version, got an unknown one.",
        "`training.empty` must be a field of this version, got an unknown one.",
        "`training.epoch` must be a field of this version, got an unknown one.",
    ]


@pytest.mark.parametrize("path", sorted(CHOICES))
def test_what_a_terminal_cannot_show_is_escaped(path):
    for problem in find_problems(changed(**{path: "\x1f"})):
        assert problem.isprintable()


@pytest.mark.parametrize("section", sorted({path.split(".")[0] for path in CHOICES}))
def test_any_two_choices_of_a_part_make_an_experiment_or_are_in_the_list_of_problems(section):
    """What a part of the experiment refuses by itself is in the list of all problems too."""
    choices = [
        (path, value)
        for path, values in sorted(CHOICES.items())
        for value in values
        if path.startswith(section)
    ]
    for (first, one), (second, other) in itertools.combinations(choices, 2):
        config = changed(**{first: one, second: other})
        if not find_problems(config):
            build_experiment(config)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.one_of(st.integers(-2, 99), st.floats()), max_size=4),
    st.sampled_from(sorted({name for names in CHOICES.values() for name in names})),
    st.floats(0, 1),
    st.integers(0, 100),
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(DEFAULTS)), ANYTHING, max_size=3))
def test_any_override_is_accepted_or_refused_by_the_name_of_a_field(fields):
    config = changed(**fields)
    try:
        experiment = build_experiment(config)
    except ValueError as error:
        head, *problems = str(error).splitlines()
        assert head == "the config has problems:"
        assert problems
        assert all(any(f"`{path}`" in one for path in DEFAULTS) for one in problems)
    else:
        assert json.loads(json.dumps(experiment.config)) == experiment.config
