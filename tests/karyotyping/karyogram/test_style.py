from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from superxception_jax.karyotyping.karyogram.style import (
    CONFIDENCES,
    PALETTES,
    confidence_colour,
    rgb,
)
from superxception_jax.karyotyping.report.review_order import DOUBTFUL_CONFIDENCE, SURE_CONFIDENCE
from tests.paths import REPOSITORY


def test_colours_follow_the_confidence_and_differ_for_everyone():
    assert [confidence_colour(share) for share in (1.0, 0.99, 0.989, 0.9, 0.899, 0.2, 0.0)] == [
        CONFIDENCES[place][1] for place in (0, 0, 1, 1, 2, 2, 2)
    ]
    # All but one person in ten thousand can distinguish blue from red and green.
    blue = [int(colour[5:], 16) - int(colour[1:3], 16) for _, colour, _ in CONFIDENCES]
    assert blue[0] > 100
    assert max(blue[1:]) < -100
    # The other two differ in brightness.
    green = [int(colour[3:5], 16) for _, colour, _ in CONFIDENCES]
    assert green[1] - green[2] > 50
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"`confidence` must be in 0\.\.1"):
            confidence_colour(wrong)


def test_a_colour_means_the_same_in_the_karyogram_and_on_the_report_page():
    css = REPOSITORY / "superxception_jax" / "karyotyping" / "report" / "css" / "base.css"
    # The first of each are those of the bright page, on which karyograms are.
    found = re.findall(r"--(sure|fair|doubtful): (#\w{6});", css.read_text(encoding="utf-8"))[:3]
    limits = {"sure": SURE_CONFIDENCE, "fair": DOUBTFUL_CONFIDENCE, "doubtful": 0.0}
    page = {colour.upper(): limits[name] for name, colour in found}
    assert page == {colour: least for least, colour, _ in CONFIDENCES}


def test_the_first_picture_of_the_readme_shows_every_colour():
    """Shrinking it to few colours loses the rare ones, of bars and markers."""
    path = REPOSITORY / "results" / "stripnet-embedded" / "karyogram.png"
    with Image.open(path) as picture:
        pixels = np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0).astype(int)
    for colour in (*(colour for _, colour, _ in CONFIDENCES), PALETTES["print"].marker):
        assert np.abs(pixels - rgb(colour)).sum(axis=1).min() <= 40, colour
