from __future__ import annotations

import pytest

from superxception_jax.training.chips import CHIPS, find_chip, find_chip_by_name


def test_a_name_of_jax_finds_its_chip():
    assert find_chip("NVIDIA H100 80GB HBM3") is find_chip_by_name("h100")
    assert find_chip("TPU v6 lite") is find_chip_by_name("v6e")
    assert find_chip("Apple M1") is None


def test_names_are_those_of_one_chip():
    kinds = [kind for chip in CHIPS for kind in chip.kinds]
    assert len(set(kinds)) == len(kinds)
    assert len({chip.name for chip in CHIPS}) == len(CHIPS)
    assert {chip.platform for chip in CHIPS} == {"tpu", "cuda", "rocm"}


def test_published_peaks():
    v5e = find_chip_by_name("v5e")
    assert v5e.peak_flops("bfloat16") == 197e12
    # One pass in bfloat16 is the default precision of a float32 product there.
    assert v5e.peak_flops("float32") == 197e12
    # 1600 Gbit/s over four links.
    assert v5e.interconnect_bandwidth == 1600e9 / 8
    h100 = find_chip_by_name("h100")
    # The data sheet states 1979 with sparsity, and 900 GB/s in both directions.
    assert h100.peak_flops("bfloat16") == pytest.approx(1979e12 / 2, rel=0.001)
    assert h100.peak_flops("float32") == pytest.approx(h100.peak_flops("bfloat16") / 2)
    assert h100.interconnect_bandwidth == 900e9 / 2
    mi300x = find_chip_by_name("mi300x")
    # An eighth, as the data sheet has it for its float32 matrix units; half is xf32, unused by XLA.
    assert mi300x.peak_flops("float32") == pytest.approx(mi300x.bfloat16_flops / 8, rel=0.001)


def test_figures_have_the_right_size():
    for chip in CHIPS:
        assert 1e13 < chip.float32_flops <= chip.bfloat16_flops < 1e16
        assert 1e10 < chip.memory_bytes < 1e12
        assert 1e11 < chip.memory_bandwidth < 1e13
        assert 1e10 < chip.interconnect_bandwidth < chip.memory_bandwidth
        assert 1 <= chip.host_chips <= 8


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"`chip` must be one of v4, v5e.*got 'v9'; choose"):
        find_chip_by_name("v9")
    with pytest.raises(ValueError, match="`precision` must be one of"):
        find_chip_by_name("v5e").peak_flops("int8")
