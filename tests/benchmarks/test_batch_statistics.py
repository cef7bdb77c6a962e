from __future__ import annotations

import numpy as np
import pytest

from benchmarks.batch_statistics import (
    BATCH_SIZE,
    batches,
    fresh_statistics,
    make_read_batch,
)
from superxception_jax.commands import build_config
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.runs.setup import set_up
from superxception_jax.training import compile as compilation
from superxception_jax.training.compile import place_batch
from tests.quick import QUICK


@pytest.fixture(autouse=True)
def compiled_quickly(monkeypatch):
    monkeypatch.setattr(compilation, "compiler_options", lambda platform: QUICK)


def setup_of(config, folder):
    overrides = [f"data.data_dir={folder}", f"evaluation.batch_size={BATCH_SIZE}"]
    overrides += ["model.implementation=plain", "training.devices=1"]  # compiled faster
    return set_up(build_experiment(build_config(config, overrides=overrides)))


def test_with_statistics_of_a_batch_it_is_read_as_with_its_own(tmp_path):
    setup = setup_of("configs/xception.py:smoke", tmp_path)
    variables = setup.fresh_state(setup.key).variables
    read, train = make_read_batch(setup), setup.splits["train"]
    seen: list[int] = []
    fresh = fresh_statistics(setup, variables, read, most=BATCH_SIZE, advance=seen.append)
    assert seen == [BATCH_SIZE]
    (places,) = batches(setup, train, most=BATCH_SIZE)
    images = place_batch(train.images[places], setup.mesh)
    own = np.asarray(read(variables, images)[0])
    again = np.asarray(setup.predict({**variables, "batch_stats": fresh}, images))
    np.testing.assert_allclose(again, own, atol=1e-4)
    # The first averages are another thing.
    assert np.abs(np.asarray(setup.predict(variables, images)) - own).max() > 0.01


def test_statistics_are_those_of_the_images_of_all_batches(tmp_path):
    setup = setup_of("configs/xception.py:smoke", tmp_path)
    most = 2 * BATCH_SIZE + 1  # what fills no batch is left out
    # Of batches that are further apart than networks' are.
    values = np.arange(BATCH_SIZE * 2.0, dtype=np.float32).reshape(2, BATCH_SIZE) ** 2
    parts = iter(values)

    def read(_variables, _images):
        part = next(parts)
        return None, {"bn": {"mean": part.mean(keepdims=True), "var": part.var(keepdims=True)}}

    fresh = fresh_statistics(setup, {}, read, most=most, advance=lambda count: None)
    np.testing.assert_allclose(fresh["bn"]["mean"], [values.mean()], rtol=1e-5)
    np.testing.assert_allclose(fresh["bn"]["var"], [values.var()], rtol=1e-5)
    assert fresh["bn"]["var"].dtype == np.float32


@pytest.mark.parametrize("config", ["configs/deep_cnn.py:smoke", "configs/stripnet.py:smoke"])
def test_networks_without_such_statistics_are_refused(tmp_path, config):
    with pytest.raises(ValueError, match="`--workdir` must be of a"):
        make_read_batch(setup_of(config, tmp_path))
