from __future__ import annotations

import dataclasses

import pytest

from superxception_jax.studies.scaling.case import COMPILED, TOO_LARGE, Compiled
from superxception_jax.studies.scaling.scaling_plan import (
    check_request,
    next_size,
    parse_slices,
    plan_cases,
    switches_of,
)
from tests.studies.scaling.scaling_samples import REQUEST, case_of


def test_the_first_chip_and_precision_come_first():
    cases = plan_cases(REQUEST)
    assert len(set(cases)) == len(cases)
    assert cases[:3] == [case_of(chips=n, images=32 * n) for n in (1, 4, 256)]
    # The fourth is strong scaling, where one chip takes all images.
    assert cases[3:6] == [case_of(chips=n, images=256) for n in (1, 4, 256)]
    assert cases[6].precision == "bfloat16"
    switches = [case for case in cases if case.accumulation_steps > 1]
    assert {case.chips for case in switches} == {1}
    assert cases.index(switches[0]) < cases.index(case_of(chip="v5p"))
    assert cases[-1] == case_of(chip="v5p", images=64, precision="bfloat16")


def test_the_switches_of_a_network():
    assert switches_of("alexnet") == (("none", 4),)
    assert switches_of("super_xception") == (
        ("middle_flow", 1),
        ("blocks", 1),
        ("none", 4),
        ("blocks", 4),
    )
    plain = plan_cases(dataclasses.replace(REQUEST, switches=()))
    assert {(case.rematerialization, case.accumulation_steps) for case in plain} == {("none", 1)}


def test_slices_of_a_flag():
    texts = ["v5e:1", "4", "256", "v6e:16"]
    assert parse_slices(texts) == {"v5e": (1, 4, 256), "v6e": (16,)}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["v9:1"],
            r"`--chips` must be such as v5e:1,4,16 with a chip of v5e, v5p, v6e, got `v9:1`",
        ),
        (["4"], "`--chips` must be such as"),
        (["v5e:four"], "must have whole numbers, got `v5e:four`"),
        (["v5e:48"], "must be powers of two, got 48; choose 64"),
    ],
)
def test_slices_that_are_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        parse_slices(texts)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images_per_step": 32}, "`--global_batch` must be a multiple of the 256 chips, got 32"),
        ({"scalings": ("week",)}, "`--scaling` must be of weak, strong, got `week`"),
        ({"precisions": ("int8",)}, "`--precisions` must be of float32, bfloat16, got `int8`"),
    ],
)
def test_requests_that_are_refused(changes, message):
    check_request(REQUEST)
    with pytest.raises(ValueError, match=message):
        check_request(dataclasses.replace(REQUEST, **changes))


def test_the_largest_batch_is_sought_along_a_line_and_by_halves():
    def fits(images):
        return case_of(images=images), Compiled(COMPILED, needed_bytes=1000 + 100 * images)

    def refused(images):
        return case_of(images=images), Compiled(TOO_LARGE, message="does not fit")

    sizes = [fits(32), fits(64)]
    # 1000 + 100 · 115 = 12500, in steps of eight.
    assert next_size(sizes, memory_bytes=12_500) == case_of(images=112)
    # Where the line ends, the compiler may still find room.
    sizes.append(fits(112))
    assert next_size(sizes, memory_bytes=12_500) == case_of(images=224)
    sizes.append(refused(224))
    assert next_size(sizes, memory_bytes=12_500) == case_of(images=168)
    sizes.append(refused(168))
    assert next_size(sizes, memory_bytes=12_500) == case_of(images=136)
    # Close enough: an eighth.
    assert next_size([*sizes, refused(126)], memory_bytes=12_500) is None
    assert next_size([fits(32)], memory_bytes=12_500) == case_of(images=64)
    assert next_size([refused(32)], memory_bytes=12_500) is None
