from __future__ import annotations

import pytest

from superxception_jax.karyotyping.karyogram.style import CONFIDENCES, confidence_colour


def test_colours_follow_the_confidence_and_differ_for_everyone():
    assert [confidence_colour(share) for share in (1.0, 0.99, 0.96, 0.8, 0.6, 0.2, 0.0)] == [
        CONFIDENCES[place][1] for place in (0, 0, 1, 2, 3, 4, 4)
    ]
    # All but one person in ten thousand can distinguish blue from red and green.
    blue = [int(colour[5:], 16) - int(colour[1:3], 16) for _, colour, _ in CONFIDENCES]
    assert blue[0] > 100 < blue[1]
    assert max(blue[2:]) < -100
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"`confidence` must be in 0\.\.1"):
            confidence_colour(wrong)
