from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from superxception_jax.data.bands import Band, load_bands
from superxception_jax.data.ideogram.profile import draw_profile
from superxception_jax.data.ideogram.styles import STYLES

PLACES_PER_UNIT = 0.02


def profiles(chromosome: str, style: str, count: int = 40):
    bands = load_bands(550)[chromosome]
    return [
        draw_profile(
            np.random.default_rng(i),
            bands,
            style=STYLES[style],
            places_per_unit=PLACES_PER_UNIT,
        )
        for i in range(count)
    ]


def span(profile, start: float, stop: float) -> float:
    """Return the mean stain between two shares of the length."""
    size = profile.stain.size
    return float(profile.stain[int(start * size) : int(stop * size)].mean())


def test_a_dark_band_between_light_ones_stands_out_at_its_place():
    bands = tuple(
        Band("5", arm, str(i), 1000 * i, 1000 * (i + 1), stain, density)
        for i, (arm, stain, density) in enumerate(
            [("p", "gneg", 0), ("p", "gpos", 100), ("q", "gneg", 0), ("q", "gneg", 0)]
        )
    )
    profile = draw_profile(
        np.random.default_rng(0),
        bands,
        style=dataclasses.replace(STYLES["q"], regional_share=0.0),
        places_per_unit=0.1,
    )
    assert profile.stain.shape == profile.width.shape == (400,)
    assert profile.centromere == 0.5
    np.testing.assert_allclose(profile.stain[100:200], 1.0, atol=0.3)
    assert profile.stain[:100].max() < 0.3
    assert profile.stain[200:].max() < 0.3


def test_regional_share_smooths_and_keeps_the_mean():
    bands = load_bands(550)["5"]
    rough, smooth = (
        draw_profile(
            np.random.default_rng(0),
            bands,
            style=dataclasses.replace(STYLES["q"], regional_share=share),
            places_per_unit=PLACES_PER_UNIT,
        ).stain
        for share in (0.0, 0.8)
    )
    assert smooth.std() < 0.8 * rough.std()
    assert abs(smooth.mean() - rough.mean()) < 0.03


def test_centromere_is_where_the_table_says():
    for profile in profiles("5", "q", count=3):
        assert profile.centromere == pytest.approx(2845 / 10600)


def test_centromere_of_3_differs_between_homologues_in_q_only():
    q = [span(p, 0.47, 0.50) for p in profiles("3", "q")]
    g = [span(p, 0.47, 0.50) for p in profiles("3", "g")]
    five = [span(p, 0.255, 0.28) for p in profiles("5", "q")]
    assert np.std(q) > 1.5 * np.std(g)
    assert np.std(q) > 2.0 * np.std(five)


def test_satellites_of_21_differ_between_homologues():
    satellites = [span(p, 0.0, 0.08) for p in profiles("21", "q")]
    assert max(satellites) > 0.8
    assert min(satellites) < 0.3


def test_1q12_is_dull_and_yq12_bright_in_q():
    dull = np.mean([span(p, 0.51, 0.57) for p in profiles("1", "q")])
    assert dull < 0.6 * np.mean([span(p, 0.0, 1.0) for p in profiles("1", "q")])
    bright = [span(p, 0.7, 1.0) for p in profiles("Y", "q")]
    assert min(bright) > 0.9
    assert np.mean([span(p, 0.7, 1.0) for p in profiles("Y", "g")]) < 0.75


def test_heterochromatin_varies_in_length():
    sizes = [p.stain.size for p in profiles("Y", "q")]
    assert 0.03 < np.std(sizes) / np.mean(sizes) < 0.12
    assert len({p.stain.size for p in profiles("5", "q")}) == 1


def test_stalks_are_narrow():
    profile = profiles("14", "q", count=1)[0]
    assert profile.width.min() == 0.5
    assert profile.width[profile.stain.size // 2 :].min() == 1.0


def test_tiny_scale_still_gives_eight_places():
    profile = draw_profile(
        np.random.default_rng(0),
        load_bands(400)["21"],
        style=STYLES["q"],
        places_per_unit=1e-6,
    )
    assert profile.stain.size == 8


def test_scale_must_be_positive():
    with pytest.raises(ValueError, match="`places_per_unit` must be above 0, got 0"):
        draw_profile(
            np.random.default_rng(0),
            load_bands(400)["21"],
            style=STYLES["q"],
            places_per_unit=0.0,
        )
