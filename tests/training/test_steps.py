from __future__ import annotations

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superxception_jax.training import compile as compilation
from superxception_jax.training.optimizers import make_optimizer
from superxception_jax.training.settings import AugmentationSettings
from superxception_jax.training.state import init_state
from superxception_jax.training.steps import global_norm, make_train_step
from tests.quick import QUICK
from tests.training.tiny import (
    AUGMENTATION,
    BATCH,
    CLASSES,
    OPTIMIZER,
    SIDE,
    TinyNetwork,
    compile_quickly,
    make_data,
    make_training,
)


@pytest.fixture(scope="module")
def training():
    """Return the first state and the compiled step, which all tests share."""
    _, _, step, state = make_training()
    return state, jax.jit(step, compiler_options=QUICK)


def _batch():
    images, labels = make_data()
    return images[:BATCH], labels[:BATCH]


def test_step_counts_and_changes_everything_that_it_should(training):
    state, step = training
    images, labels = _batch()
    new, metrics = step(state, images, labels, jax.random.key(1))
    assert int(new.step) == 1
    for before, after in zip(
        jax.tree.leaves((state.params, state.batch_stats)),
        jax.tree.leaves((new.params, new.batch_stats)),
        strict=True,
    ):
        if before.size > CLASSES:
            assert float(jnp.abs(before - after).max()) > 0
    assert set(metrics) == {"loss", "correct", "gradient_norm"}
    assert 0 <= float(metrics["correct"]) <= BATCH
    assert float(metrics["gradient_norm"]) > 0


def test_uniform_logits_give_the_logarithm_of_the_classes():
    class Uniform(TinyNetwork):
        def __call__(self, images, *, train):
            return 0.0 * super().__call__(images, train=train)

    _, _, step, state = make_training(model=Uniform())
    _, metrics = jax.jit(step, compiler_options=QUICK)(state, *_batch(), jax.random.key(1))
    assert float(metrics["loss"]) == pytest.approx(np.log(CLASSES), rel=1e-5)


def test_key_and_step_change_the_draws(training):
    state, step = training
    images, labels = _batch()
    losses = {
        float(step(one, images, labels, jax.random.key(seed))[1]["loss"])
        for one, seed in ((state, 1), (state, 2), (state.replace(step=state.step + 5), 1))
    }
    again = float(step(state, images, labels, jax.random.key(1))[1]["loss"])
    assert len(losses) == 3
    assert again in losses


def test_label_smoothing_changes_the_loss(training):
    state, step = training
    _, _, smoother, _ = make_training(label_smoothing=0.3)
    one, other = (
        float(step(state, *_batch(), jax.random.key(1))[1]["loss"])
        for step in (step, jax.jit(smoother, compiler_options=QUICK))
    )
    assert one != other


def test_same_result_on_one_two_and_four_devices():
    images, labels = _batch()
    results = []
    for count in (1, 2, 4):
        _, _, step, state = make_training()
        mesh = compilation.make_mesh(count)
        compiled = compile_quickly(step, mesh)
        state = compilation.place_replicated(state, mesh)
        key = compilation.place_replicated(jax.random.key(1), mesh)
        for _ in range(3):
            placed = compilation.place_batch(images, mesh)
            state, metrics = compiled(state, placed, compilation.place_batch(labels, mesh), key)
        results.append(jax.device_get((state, metrics)))
    for other in results[1:]:
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), results[0], other
        )


class _Smooth(nn.Module):
    """A network without BatchNorm and dropout, for which the parts of a batch are independent."""

    @nn.compact
    def __call__(self, images, *, train):
        x = jnp.tanh(nn.Conv(4, (3, 3))(images)).mean(axis=(1, 2))
        return nn.Dense(CLASSES)(x)


def _step_once(*, count=1, **options):
    """Return the state and metrics after one step on so many devices, and the program."""
    _, _, step, state = make_training(**options)
    mesh = compilation.make_mesh(count)
    arguments = (
        compilation.place_replicated(state, mesh),
        *(compilation.place_batch(array, mesh) for array in _batch()),
        compilation.place_replicated(jax.random.key(1), mesh),
    )
    compiled = jax.jit(step, compiler_options=QUICK).lower(*arguments).compile()
    return jax.device_get(compiled(*arguments)), compiled.as_text()


def test_an_accumulated_step_is_that_of_the_whole_batch_on_any_number_of_devices():
    model = _Smooth()
    whole, _ = _step_once(model=model)
    for count, parts in ((1, 4), (4, 2)):
        divided, program = _step_once(model=model, count=count, accumulation_steps=parts)
        jax.tree.map(
            lambda one, two: np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5),
            whole,
            divided,
        )
        # Gradients are added over the devices, but no image moves to another device.
        assert ("all-reduce" in program) == (count > 1)
        for exchange in ("all-gather", "all-to-all", "collective-permute"):
            assert f" {exchange}" not in program


def test_each_part_updates_the_running_statistics_and_draws_its_own_dropout():
    class Still(nn.Module):
        """Show BatchNorm the number of the image's brightest class, and dropout a constant."""

        @nn.compact
        def __call__(self, images, *, train):
            x = images.mean(axis=(1, 2))
            x = nn.BatchNorm(use_running_average=not train, momentum=0.9)(x)
            kept = nn.Dropout(0.5, deterministic=not train)(jnp.ones((len(x), 64)))
            counts = self.variable("batch_stats", "kept", lambda: jnp.zeros((64,)))
            if not self.is_initializing():
                counts.value = 10.0 * counts.value + kept[0]
            return nn.Dense(CLASSES)(x) + 0.0 * kept.sum()

    model, _, _, state = make_training(model=Still())
    still = AugmentationSettings(**dict.fromkeys(dataclasses.asdict(AUGMENTATION), 0.0))
    optimizer = make_optimizer(OPTIMIZER, frozen=(), batch_size=BATCH, epochs=2, steps_per_epoch=3)
    step = make_train_step(
        model,
        optimizer,
        input_px=SIDE,
        augmentation=still,
        label_smoothing=0.0,
        polarity="given",
        precision="float32",
        accumulation_steps=2,
    )
    images, labels = _batch()
    new, _ = jax.jit(step, compiler_options=QUICK)(state, images, labels, jax.random.key(1))
    mean = 0.0
    # Part 0 has the images 0, 2, 4 and 6, part 1 the others.
    for part in (images[::2], images[1::2]):
        mean = 0.9 * mean + 0.1 * part.mean() / 255.0
    np.testing.assert_allclose(new.batch_stats["BatchNorm_0"]["mean"], [mean], rtol=1e-4)
    kept = np.asarray(new.batch_stats["kept"])
    assert {0.0, 2.0, 20.0, 22.0} == set(kept.tolist())


def test_a_step_in_bfloat16_keeps_the_state_in_float32(training):
    first, step = training
    expected, _ = jax.device_get(step(first, *_batch(), jax.random.key(1)))
    (state, metrics), program = _step_once(precision="bfloat16")
    assert "bf16" in program
    for leaf, wide in zip(jax.tree.leaves(state), jax.tree.leaves(expected), strict=True):
        assert leaf.dtype == wide.dtype
    assert all(np.isfinite(list(metrics.values())))
    for leaf, wide in zip(
        jax.tree.leaves(state.batch_stats), jax.tree.leaves(expected.batch_stats), strict=True
    ):
        np.testing.assert_allclose(leaf, wide, rtol=1e-2, atol=1e-3)
        assert np.any(leaf != wide)


def test_wrong_dtypes_are_refused():
    _, _, step, state = make_training()
    images, labels = _batch()
    with pytest.raises(TypeError, match="images"):
        step(state, images.astype(np.float32), labels, jax.random.key(0))
    with pytest.raises(TypeError, match="targets"):
        step(state, images, labels.astype(np.float32), jax.random.key(0))


def test_polarity_is_learned_as_a_second_half_of_the_classes():
    """Only the rotation distinguishes the targets: bright rows above or below."""
    image = np.zeros((SIDE, SIDE, 1), np.uint8)
    image[: SIDE // 2] = 200
    images, labels = np.stack([image] * BATCH), np.zeros(BATCH, np.int32)

    class Halves(nn.Module):
        @nn.compact
        def __call__(self, inputs, *, train):
            rows = inputs.mean(axis=(2, 3))
            logits = nn.Dense(2)(rows - 0.5)
            # One class, upright and turned.
            return logits

    optimizer = make_optimizer(
        dataclasses.replace(OPTIMIZER, learning_rate=0.1),
        frozen=(),
        batch_size=BATCH,
        epochs=10,
        steps_per_epoch=6,
    )
    state = init_state(Halves(), optimizer, key=jax.random.key(0), input_px=SIDE)
    still = AugmentationSettings(**dict.fromkeys(dataclasses.asdict(AUGMENTATION), 0.0))
    step = jax.jit(
        make_train_step(
            Halves(),
            optimizer,
            input_px=SIDE,
            augmentation=still,
            label_smoothing=0.0,
            polarity="read",
            precision="float32",
            accumulation_steps=1,
        ),
        compiler_options=QUICK,
    )
    for _ in range(60):
        state, metrics = step(state, images, labels, jax.random.key(3))
    assert float(metrics["correct"]) == BATCH
    upright, turned = (
        np.asarray(Halves().apply(state.variables, jnp.asarray(one) / 255.0, train=False))
        for one in (images[:1], images[:1, ::-1, ::-1])
    )
    assert upright.argmax() == 0
    assert turned.argmax() == 1


def test_global_norm_by_hand():
    tree = {"one": jnp.asarray([3.0, 0.0]), "other": {"inner": jnp.full((2, 2), 2.0)}}
    assert float(global_norm(tree)) == pytest.approx(5.0)
