from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.data.ideogram.constitution import (
    chromosome_names,
    draw_karyotype,
    parse_karyotype,
)


@pytest.mark.parametrize(
    ("text", "total", "twenty_one", "x", "y"),
    [
        ("46,XX", 46, 2, 2, 0),
        ("46,XY", 46, 2, 1, 1),
        ("47,XX,+21", 47, 3, 2, 0),
        ("48,XXY,+21", 48, 3, 2, 1),
        ("45,X", 45, 2, 1, 0),
        ("47,XYY", 47, 2, 1, 2),
        ("47,XXX", 47, 2, 3, 0),
    ],
)
def test_counts_of_known_karyotypes(text: str, total: int, twenty_one: int, x: int, y: int):
    karyotype = parse_karyotype(text)
    assert len(karyotype.counts) == 24
    assert len(karyotype.labels) == sum(karyotype.counts) == total
    assert (karyotype.counts[20], karyotype.counts[22], karyotype.counts[23]) == (twenty_one, x, y)
    assert list(karyotype.labels) == sorted(karyotype.labels)


@pytest.mark.parametrize("text", ["46,XX,-21", "XX", "46,XX,+23", "46 XX", "47,XX,+0"])
def test_other_forms_are_refused(text: str):
    with pytest.raises(ValueError, match="`karyotype` must look like `47,XX,\\+21`, got"):
        parse_karyotype(text)


def test_wrong_number_is_refused():
    with pytest.raises(ValueError, match="number of chromosomes, 47, got '46,XX,\\+21'"):
        parse_karyotype("46,XX,+21")


def test_names_letter_the_copies():
    names = chromosome_names(parse_karyotype("47,XY,+21"))
    assert names[:3] == ("1a", "1b", "2a")
    assert names[-7:] == ("21a", "21b", "21c", "22a", "22b", "Xa", "Ya")
    assert len(set(names)) == 47


def test_share_zero_gives_normal_cells_of_which_62_per_cent_are_female():
    texts = [draw_karyotype(np.random.default_rng(i), aneuploid_share=0.0).text for i in range(600)]
    assert set(texts) == {"46,XX", "46,XY"}
    # Three standard deviations of a share of 600.
    assert abs(texts.count("46,XX") / 600 - 0.62) < 0.06


def test_share_one_gives_all_seven_kinds():
    texts = {draw_karyotype(np.random.default_rng(i), aneuploid_share=1.0).text for i in range(200)}
    trisomies = {f"47,{sex},+{k}" for sex in ("XX", "XY") for k in (13, 18, 21)}
    assert texts == trisomies | {"45,X", "47,XXY", "47,XXX", "47,XYY"}


def test_every_karyotype_takes_the_same_draws():
    states = []
    for share in (0.0, 1.0):
        generator = np.random.default_rng(3)
        draw_karyotype(generator, aneuploid_share=share)
        states.append(generator.random())
    assert states[0] == states[1]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_share_outside_0_to_1_is_refused(share: float):
    with pytest.raises(ValueError, match=r"`aneuploid_share` must be in 0\.\.1, got"):
        draw_karyotype(np.random.default_rng(0), aneuploid_share=share)


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 1.0))
def test_every_drawn_karyotype_survives_its_text(seed, share):
    karyotype = draw_karyotype(np.random.default_rng(seed), aneuploid_share=share)
    assert parse_karyotype(karyotype.text) == karyotype
    assert len(chromosome_names(karyotype)) == sum(karyotype.counts)
