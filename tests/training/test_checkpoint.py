from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from superxception_jax.training import compile as compilation
from superxception_jax.training.checkpoint import BEST, LATEST, Checkpoints
from superxception_jax.training.progress import Progress
from tests.training.tiny import assert_trees_equal, state_at


@pytest.fixture
def checkpoints(tmp_path):
    with Checkpoints(tmp_path / "checkpoints") as opened:
        yield opened


def _variables(state, device_count=1):
    """Return the shapes and shardings of the variables, as a program without an optimiser has."""
    mesh = compilation.make_mesh(device_count)
    return compilation.with_replicated_sharding(jax.eval_shape(lambda: state.variables), mesh)


def test_round_trip_and_one_of_each_kind(checkpoints):
    checkpoints.save(BEST, state_at(1), progress=Progress(best_validation_loss=0.25, best_step=1))
    for step in (1, 2, 3):
        checkpoints.save(
            LATEST, state_at(step, scale=step), progress=Progress(training_seconds=step)
        )
    assert (checkpoints.step(BEST), checkpoints.step(LATEST)) == (1, 3)
    assert_trees_equal(checkpoints.load(LATEST, state_at(0)), state_at(3, scale=3.0))
    assert checkpoints.progress(BEST) == Progress(best_validation_loss=0.25, best_step=1)
    assert checkpoints.progress(LATEST) == Progress(training_seconds=3)


def test_another_process_reads_what_this_one_wrote(checkpoints, tmp_path):
    checkpoints.save(LATEST, state_at(2, scale=3.0), progress=Progress(training_seconds=5.0))
    with Checkpoints(tmp_path / "checkpoints") as reopened:
        assert_trees_equal(reopened.load(LATEST, state_at(0)), state_at(2, scale=3.0))
        assert reopened.progress(LATEST) == Progress(training_seconds=5.0)


def test_saved_on_four_devices_opens_on_one(checkpoints):
    wide, narrow = compilation.make_mesh(4), compilation.make_mesh(1)
    checkpoints.save(LATEST, compilation.place_replicated(state_at(4), wide), progress=Progress())
    like = compilation.with_replicated_sharding(state_at(0), narrow)
    restored = checkpoints.load(LATEST, like)
    assert_trees_equal(restored, state_at(4))
    assert {leaf.sharding.num_devices for leaf in jax.tree.leaves(restored)} == {1}


def test_variables_come_without_the_state_of_the_optimizer(checkpoints, tmp_path):
    state = state_at(4, scale=2.0)
    checkpoints.save(
        BEST, compilation.place_replicated(state, compilation.make_mesh(4)), progress=Progress()
    )
    with Checkpoints(tmp_path / "checkpoints") as reopened:
        variables = reopened.load_variables(BEST, _variables(state))
    assert type(variables) is dict
    assert_trees_equal(variables, state.variables)
    assert {leaf.sharding.num_devices for leaf in jax.tree.leaves(variables)} == {1}


def test_variables_of_a_network_without_batch_norm(checkpoints):
    state = state_at(1).replace(batch_stats={})
    checkpoints.save(BEST, state, progress=Progress())
    assert_trees_equal(
        checkpoints.load_variables(BEST, _variables(state)), {**state.variables, "batch_stats": {}}
    )


def test_an_earlier_step_replaces_a_later_one_of_a_killed_run(checkpoints):
    checkpoints.save(BEST, state_at(8), progress=Progress())
    checkpoints.save(BEST, state_at(5, scale=2.0), progress=Progress())
    assert checkpoints.step(BEST) == 5
    assert_trees_equal(checkpoints.load(BEST, state_at(0)).params, state_at(5, scale=2.0).params)


def test_missing(checkpoints):
    assert checkpoints.step(LATEST) is None
    with pytest.raises(FileNotFoundError, match=r"no latest checkpoint in .*train the run first"):
        checkpoints.load(LATEST, state_at(0))
    with pytest.raises(FileNotFoundError, match="no best checkpoint"):
        checkpoints.load_variables(BEST, _variables(state_at(0)))
    with pytest.raises(FileNotFoundError, match="no best checkpoint"):
        checkpoints.progress(BEST)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda leaf: leaf.astype(jnp.bfloat16),
            r"stored float32.*expected bfloat16.*config of its run",
        ),
        (
            lambda leaf: jnp.stack([leaf, leaf]),
            r"but 5 arrays differ, such as `params.*stored float32\[4\]",
        ),
    ],
    ids=["dtype", "shape"],
)
def test_another_dtype_or_shape_is_refused(checkpoints, change, text):
    checkpoints.save(LATEST, state_at(1), progress=Progress())
    like = state_at(0)
    like = like.replace(params=jax.tree.map(change, like.params))
    with pytest.raises(ValueError, match=text):
        checkpoints.load(LATEST, like)
    with pytest.raises(ValueError, match=text):
        checkpoints.load_variables(LATEST, _variables(like))


def test_arrays_that_are_missing_or_superfluous_are_named(checkpoints):
    state = state_at(1)
    checkpoints.save(LATEST, state, progress=Progress())
    with pytest.raises(ValueError, match=r"`batch_stats.*mean`: stored float32.*expected absent"):
        checkpoints.load_variables(LATEST, _variables(state.replace(batch_stats={})))
    more = state.replace(params={**state.params, "another": jnp.zeros(2)})
    with pytest.raises(ValueError, match=r"`params.another`: stored absent, expected float32"):
        checkpoints.load_variables(LATEST, _variables(more))
