from __future__ import annotations

import dataclasses

import pytest

from superxception_jax.studies.scaling.case import Collective
from superxception_jax.studies.scaling.roofline import (
    Estimate,
    chips_where_exchange_dominates,
    estimate,
    exchange_seconds,
)
from superxception_jax.training.chips import find_chip_by_name
from tests.studies.scaling.scaling_samples import case_of, compiled_of

V5E, H100 = find_chip_by_name("v5e"), find_chip_by_name("h100")


def test_a_step_by_hand():
    case = case_of(chips=4, images=128)
    compiled = dataclasses.replace(
        compiled_of(case),
        flops=1.97e12,
        bytes_accessed=16.38e9,
        collectives=(Collective("all-reduce", 10, 80_000_000),),
    )
    time = estimate(case, compiled)
    assert time.compute_s == pytest.approx(0.010)
    assert time.memory_s == pytest.approx(0.020)
    # Twice three quarters of 80 MB at 200 GB/s, and ten times around two rings of two.
    exchange_s = 1.5 * 80e6 / 200e9 + 10 * 4 * 1e-6
    assert time.exchange_s == pytest.approx(exchange_s)
    assert time.step_s == pytest.approx(0.020 + exchange_s)
    assert time.overlapped_s == pytest.approx(0.020)
    assert time.images_per_s == pytest.approx(128 / (0.020 + exchange_s))
    assert time.epoch_s(1280) == pytest.approx(10 * time.step_s)
    assert time.epoch_s(127) is None


def test_efficiency_is_relative_to_the_smallest_number():
    one = Estimate(1, 32, 0.010, 0.020, 0.0)
    four = Estimate(4, 128, 0.010, 0.020, 0.005)
    assert four.efficiency(one) == pytest.approx(0.8)
    assert one.efficiency(one) == 1.0


def test_exchange_by_kind_and_network():
    reduce = (Collective("all-reduce", 1, 10**9),)
    gather = (Collective("all-gather", 1, 10**9),)
    assert exchange_seconds(reduce, chip=V5E, chips=1) == 0.0
    assert exchange_seconds(reduce, chip=H100, chips=8) == pytest.approx(
        2 * 7 / 8 * 1e9 / 450e9 + 2e-6
    )
    gathered = exchange_seconds(gather, chip=H100, chips=8)
    assert gathered == pytest.approx(7 / 8 * 1e9 / 450e9 + 2e-6)
    # Each chip keeps an eighth of what is reduced.
    scatter = (Collective("reduce-scatter", 1, 10**9 // 8),)
    assert exchange_seconds(scatter, chip=H100, chips=8) == pytest.approx(gathered)


def test_where_the_exchange_dominates():
    case = case_of(chips=4, images=256)
    compiled = dataclasses.replace(
        compiled_of(case),
        flops=0.0,
        bytes_accessed=819e9 * 0.064,
        collectives=(Collective("all-reduce", 0, 80_000_000),),
    )
    # 64 ms of work on 4 chips are 2 ms on 128 and 1 ms on 256; the exchange takes 0.8 ms at most.
    assert chips_where_exchange_dominates(case, compiled, scaling="strong") is None
    slow = dataclasses.replace(compiled, collectives=(Collective("all-reduce", 0, 150_000_000),))
    assert chips_where_exchange_dominates(case, slow, scaling="strong") == 256
    assert chips_where_exchange_dominates(case, slow, scaling="weak") is None
