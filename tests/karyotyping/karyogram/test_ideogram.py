from __future__ import annotations

import numpy as np
import pytest

from superxception_jax.karyotyping.karyogram.centromere import expected_centromere
from superxception_jax.karyotyping.karyogram.ideogram import expected_arms_in, ideogram_shapes


@pytest.mark.parametrize("label", range(24))
def test_ideograms_have_their_length_and_their_centromere_at_the_origin(label: int):
    outline, bands = ideogram_shapes(label, length_in=1.5, width_in=0.13)
    p_arm, q_arm = expected_arms_in(label, length_in=1.5)
    assert p_arm / 1.5 == pytest.approx(expected_centromere(label))
    assert outline[:, 1].min() == pytest.approx(-p_arm)
    assert outline[:, 1].max() == pytest.approx(q_arm)
    assert np.abs(outline[:, 0]).max() == pytest.approx(0.065, rel=0.02)
    at_centromere = np.abs(outline[np.abs(outline[:, 1]) < 0.005, 0])
    assert at_centromere.min() < 0.5 * 0.065
    tops = [band.outline[:, 1].min() for band in bands]
    assert tops == sorted(tops)
    assert {band.density for band in bands} <= {0.0, 0.25, 0.35, 0.5, 0.75, 1.0}
