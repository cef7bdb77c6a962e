from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from quick import QUICK

from superxception_jax.models.cell_context import CellContext

MODEL = CellContext(width=8, layers=1, heads=2, dropout_rate=0.5)


@pytest.fixture(scope="module")
def cell():
    """Return features, log-probabilities and presence of a cell of five with two for padding."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(1, 7, 6)).astype(np.float32)
    logits = generator.normal(size=(1, 7, 4)).astype(np.float32)
    present = np.array([[True] * 5 + [False] * 2])
    return features, np.asarray(jax.nn.log_softmax(logits)), present


@pytest.fixture(scope="module")
def params(cell):
    return jax.jit(
        lambda *cell: MODEL.init(jax.random.key(0), *cell, train=False)["params"],
        compiler_options=QUICK,
    )(*cell)


@pytest.fixture(scope="module")
def moved(params):
    """Return parameters away from the identity."""
    leaves, tree = jax.tree.flatten(params)
    generator = np.random.default_rng(1)
    changed = [np.asarray(x + 0.3 * generator.normal(size=x.shape), np.float32) for x in leaves]
    return jax.tree.unflatten(tree, changed)


@pytest.fixture(scope="module")
def apply():
    return jax.jit(
        lambda params, *cell: MODEL.apply({"params": params}, *cell, train=False),
        compiler_options=QUICK,
    )


def test_it_starts_as_the_identity(cell, params, apply):
    np.testing.assert_array_equal(apply(params, *cell), cell[1])


def test_the_order_of_the_chromosomes_means_nothing(cell, moved, apply):
    order = np.array([3, 0, 4, 2, 1, 5, 6])
    there = apply(moved, *(one[:, order] for one in cell))
    np.testing.assert_allclose(there, apply(moved, *cell)[:, order], atol=1e-5)
    assert np.abs(apply(moved, *cell) - cell[1]).max() > 0.1


def test_padding_is_no_chromosome_and_every_other_one_is_looked_at(cell, moved, apply):
    features, logits, present = cell
    before = apply(moved, *cell)[0, :5]
    other = features.copy()
    other[0, 5:] = 9.0
    np.testing.assert_array_equal(apply(moved, other, logits, present)[0, :5], before)
    # A uniform shift would be taken out by the normalisation.
    other[0, 4] = -2.0 * features[0, 4]
    assert np.abs(apply(moved, other, logits, present)[0, 0] - before[0]).max() > 1e-4


def test_without_layers_each_is_read_alone(cell):
    alone = CellContext(width=8, layers=0, heads=2, dropout_rate=0.0)
    features, logits, present = cell
    other = features.copy()
    other[0, 1:] *= -3.0

    def read_both(*cells):
        params = alone.init(jax.random.key(0), *cell, train=False)["params"]
        params = jax.tree.map(lambda leaf: leaf + 0.1, params)
        return [alone.apply({"params": params}, *one, train=False) for one in cells]

    one, two = jax.jit(read_both, compiler_options=QUICK)(
        *((x, logits, present) for x in (features, other))
    )
    np.testing.assert_array_equal(one[0, 0], two[0, 0])


def test_wrong_shapes_are_refused(cell, params):
    features, logits, present = cell
    with pytest.raises(ValueError, match="log_probabilities"):
        MODEL.apply({"params": params}, features, logits[:, :3], present, train=False)
    with pytest.raises(TypeError, match="present"):
        MODEL.apply({"params": params}, features, logits, jnp.ones((1, 7)), train=False)
