from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import pytest

from superxception_jax.commands import build_config
from superxception_jax.runs.experiment import build_experiment
from superxception_jax.studies.scaling import measure_process, measuring
from superxception_jax.studies.scaling.lowering import find_cards, lower_cards, lower_for
from superxception_jax.studies.scaling.measuring import Measured
from superxception_jax.studies.scaling.program import count_step_flops, lower_step
from superxception_jax.training.compile import make_mesh
from tests.paths import REPOSITORY
from tests.studies.scaling.scaling_samples import REQUEST, case_of

TINY = ("model.width_multiplier=0.0625", "model.input_px=64", "model.implementation=plain")


def experiment_of_images(images, *overrides):
    config = str(REPOSITORY / "configs" / "deep_cnn.py:paper")
    fields = (*TINY, *case_of(images=images).overrides, *overrides)
    return build_experiment(build_config(config, overrides=fields))


@pytest.mark.parametrize("card", ["h100", "mi300x"])
def test_the_step_lowers_for_gpus(card):
    experiment = experiment_of_images(4)
    lowered = lower_for(case_of(card, images=4), experiment)
    assert lowered.operations > 100
    assert lowered.counted_flops == count_step_flops(experiment, make_mesh(1))
    # Parameters, and two moments of each.
    half = lower_for(case_of(card, images=2), experiment_of_images(2))
    assert half.state_bytes == lowered.state_bytes > 0
    assert half.counted_flops == pytest.approx(lowered.counted_flops / 2, rel=0.05)


def test_each_device_computes_its_share():
    one, both = make_mesh(1), make_mesh(2)
    experiment = experiment_of_images(4)
    whole, share = count_step_flops(experiment, one), count_step_flops(experiment, both)
    assert share == pytest.approx(whole / 2, rel=0.05)
    text = lower_step(experiment, both).as_text()
    assert "mhlo.num_partitions = 2" in text
    assert "tf.aliasing_output" in text or "jax.buffer_donor" in text


def test_steps_are_timed_after_those_that_warm_up(monkeypatch):
    calls = []

    def compile_train_step(_step, mesh):
        def run(state, images, labels, _key):
            calls.append((images.shape, labels.shape, mesh.size))
            return state, {"loss": jnp.zeros(())}

        return run

    monkeypatch.setattr(measure_process.compilation, "compile_train_step", compile_train_step)
    monkeypatch.setattr(measure_process, "init_state", lambda *_, key, input_px: key)
    times = measure_process.measure(experiment_of_images(4).config, devices=2, seconds=0.0)
    assert len(times) == measure_process.LEAST_STEPS
    assert len(calls) == measure_process.LEAST_STEPS + measure_process.WARM_UP_STEPS
    assert set(calls) == {((4, 50, 50, 1), (4,), 2)}
    measured = Measured("strong", 2, 1, 8, step_s=0.5, steps=5)
    assert measured.time.images_per_s == 16.0


def test_each_number_of_devices_is_measured_in_one_and_in_several_processes(monkeypatch):
    called = []

    def measure_case(scaling, experiment, *, devices, processes, seconds, limit_s):
        called.append((scaling, experiment, devices, processes))
        return Measured(scaling, devices, processes, experiment, 1.0, 5)

    monkeypatch.setattr(measuring, "measure_case", measure_case)

    def measure(counts):
        return measuring.measure_counts(
            counts,
            REQUEST,
            experiment_of=lambda case: case.images,
            seconds=0.0,
            limit_s=1.0,
            show=list,
        )

    assert len(measure(measuring.parse_counts(["4", "1"]))) == 6
    weak = [("weak", 32, 1, 1), ("weak", 128, 4, 1), ("weak", 128, 4, 4)]
    assert called[:3] == weak
    assert called[3:] == [("strong", 256, *rest) for _, _, *rest in weak]
    with pytest.raises(ValueError, match="`--global_batch` must be a multiple of the 3 devices"):
        measure([3])
    with pytest.raises(ValueError, match="`--measure` must have whole numbers from 1, got `0`"):
        measuring.parse_counts(["0"])


def test_the_cards_of_a_platform_share_a_program():
    asked = []

    def experiment_of(case, *, implementation):
        asked.append((case, implementation))
        return experiment_of_images(case.images_per_chip)

    request = dataclasses.replace(REQUEST, images_per_chip=2, precisions=("float32",))
    lowered = lower_cards(
        find_cards(["a100-80", "h100"]), request, experiment_of=experiment_of, show=list
    )
    assert [one.case.chip for one in lowered] == ["a100-80", "h100"]
    assert len(asked) == 1
    assert asked[0][1] == "plain"


def test_cards_of_a_flag():
    assert find_cards(["none"]) == []
    assert [chip.name for chip in find_cards(["h100", "l4"])] == ["h100", "l4"]
    for wrong in ("v5e", "h99"):
        with pytest.raises(ValueError, match=rf"`--gpus` must be of .*, or none, got `{wrong}`"):
            find_cards([wrong])


def test_a_case_changes_the_experiment():
    case = dataclasses.replace(case_of(images=8), precision="bfloat16", accumulation_steps=2)
    config = str(REPOSITORY / "configs" / "super_xception.py:paper")
    experiment = build_experiment(build_config(config, overrides=case.overrides))
    assert experiment.batch_size == 8
    assert experiment.precision == "bfloat16"
    assert experiment.accumulation_steps == 2
