from __future__ import annotations

import itertools

import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.bands import (
    BAND_LEVELS,
    STAINS,
    centromere_units,
    chromosome_length_units,
    load_bands,
)


@pytest.mark.parametrize(("level", "count"), [(400, 393), (550, 553), (850, 862)])
def test_levels_have_their_bands_and_the_same_length(level: int, count: int):
    tables = load_bands(level)
    assert tuple(sorted(tables)) == tuple(sorted(CLASS_NAMES))
    assert sum(len(bands) for bands in tables.values()) == count
    assert sum(chromosome_length_units(bands) for bands in tables.values()) == 182_500


@pytest.mark.parametrize("level", BAND_LEVELS)
def test_bands_follow_each_other_without_a_gap(level: int):
    for bands in load_bands(level).values():
        assert bands[0].start_units == 0
        assert all(a.stop_units == b.start_units for a, b in itertools.pairwise(bands))
        assert [band.arm for band in bands] == sorted(band.arm for band in bands)
        assert sum(band.length_units for band in bands) == chromosome_length_units(bands)


@pytest.mark.parametrize("level", BAND_LEVELS)
def test_stains_and_densities(level: int):
    for bands in load_bands(level).values():
        for band in bands:
            assert band.stain in STAINS
            assert (band.density in (25, 50, 75, 100)) == (band.stain == "gpos")


@pytest.mark.parametrize(
    ("chromosome", "level", "centromere", "length"),
    [
        ("1", 550, 7394, 15100),
        ("4", 400, 3095, 11170),
        ("21", 850, 1274, 3200),
        ("X", 550, 3241, 8610),
        ("Y", 400, 883, 3650),
    ],
)
def test_known_centromeres(chromosome: str, level: int, centromere: int, length: int):
    bands = load_bands(level)[chromosome]
    assert centromere_units(bands) == centromere
    assert chromosome_length_units(bands) == length


@pytest.mark.parametrize("level", BAND_LEVELS)
def test_centromere_is_between_the_two_acen_bands(level: int):
    for bands in load_bands(level).values():
        first, second = (band for band in bands if band.stain == "acen")
        assert first.stop_units == centromere_units(bands) == second.start_units


def test_acrocentrics_have_short_arms_with_stalks():
    tables = load_bands(550)
    stalks = {c for c, bands in tables.items() if any(b.stain == "stalk" for b in bands)}
    assert stalks == {"13", "14", "15", "21", "22"}


def test_gaps_of_the_table_are_shared_by_the_neighbours():
    bands = {band.arm + band.name: band for band in load_bands(550)["18"]}
    # The file says 77 to 208 and 623 to 1190.
    assert (bands["p11.31"].start_units, bands["p11.31"].stop_units) == (77, 415)
    assert (bands["p11.2"].start_units, bands["p11.2"].stop_units) == (415, 1190)


def test_unknown_level_is_refused():
    with pytest.raises(ValueError, match=r"`band_level` must be one of \(400, 550, 850\), got 300"):
        load_bands(300)
