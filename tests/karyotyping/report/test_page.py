"""The file of a report: self-contained, and safe with any name."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.report import page as report_page
from superxception_jax.karyotyping.report.assets import load_script, load_style
from superxception_jax.karyotyping.report.page import (
    RESEARCH_NOTE,
    script_json,
    write_html_report,
)
from superxception_jax.karyotyping.report.review_order import review_reasons
from superxception_jax.karyotyping.stain import StainVerdict
from tests.karyotyping.report.page_data import report_payload
from tests.karyotyping.report.samples import sample_chromosome, sample_karyotype

HOSTILE = "</script><!--<script>alert(1)</script> & $data {style} \u2028 é"


class _Page(HTMLParser):
    """Collects the elements of a page with their attributes and the text inside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self._is_open = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside.append("")
        self._is_open = True

    def handle_endtag(self, tag):
        self._is_open = False

    def handle_data(self, data):
        if self._is_open:
            self.inside[-1] += data

    def texts(self, tag: str) -> list[str]:
        pairs = zip(self.elements, self.inside, strict=True)
        return [text for (name, _), text in pairs if name == tag]


def _euploid(cell: str = "whole", **changes):
    labels = [label for label in range(22) for _ in range(2)] + [22, 22]
    some = [sample_chromosome(f"{n}", label=label) for n, label in enumerate(labels)]
    return sample_karyotype(cell, *some, **changes)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    image = np.arange(24, dtype=np.uint8).reshape(6, 4)
    one = sample_chromosome(HOSTILE, image=image, flags=(HOSTILE,))
    cell = sample_karyotype(HOSTILE, one, flags=(HOSTILE,), unread=((HOSTILE + "2", HOSTILE),))
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert write_html_report([cell], path, facts={"weights": HOSTILE}) == path
    assert [other.name for other in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


def test_hostile_names_stay_data(page):
    parsed = _Page(page)
    assert [tag for tag, _ in parsed.elements].count("script") == 2
    data = json.loads(parsed.texts("script")[0])
    assert data["facts"] == {"weights": HOSTILE}
    (cell,) = data["cells"]
    assert cell["cell"] == HOSTILE
    assert cell["chromosomes"][0]["name"] == HOSTILE
    assert cell["chromosomes"][0]["flags"] == [HOSTILE]


def test_images_are_embedded_unchanged(page):
    (one,) = json.loads(_Page(page).texts("script")[0])["cells"][0]["chromosomes"]
    kind, _, content = one["image"].partition(",")
    assert kind == "data:image/png;base64"
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    np.testing.assert_array_equal(image, np.arange(24, dtype=np.uint8).reshape(6, 4))
    assert (one["height_px"], one["width_px"]) == (6, 4)


def test_nothing_comes_from_elsewhere(page):
    parsed = _Page(page)
    for _, attributes in parsed.elements:
        assert not {"src", "href", "srcset", "action", "style"} & set(attributes)
    assert "http://" not in page
    assert "https://" not in page


def test_policy_admits_only_the_script_and_style_of_the_page(page):
    parsed = _Page(page)
    policies = [a["content"] or "" for _, a in parsed.elements if "http-equiv" in a]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policies[0]
    assert (parsed.texts("style")[0], parsed.texts("script")[1]) == (load_style(), load_script())
    for kind, text in (("style", load_style()), ("script", load_script())):
        content_hash = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{content_hash}'" in policies[0]


def test_header_and_footer_exclude_diagnosis(page):
    parsed = _Page(page)
    assert parsed.texts("p").count(RESEARCH_NOTE) == 2


def test_digest_is_that_of_the_cells():
    first = report_payload([_euploid()], facts={"commit": "a"})
    again = report_payload([_euploid()], facts={"commit": "b"})
    other = report_payload([_euploid("other")], facts={"commit": "a"})
    assert first["digest"] == again["digest"] != other["digest"]
    assert first["classes"] == list(CLASS_NAMES)
    assert first["complete_cell"] == {"least": 42, "most": 50}
    assert [group["name"] for group in first["groups"]] == list("ABCDEFG")


def test_cells_to_review_come_first():
    sure = _euploid("cell 2", margin=math.inf)
    tight = _euploid("cell 10", margin=0.4)
    odd = sample_karyotype("cell 9", margin=0.4, flags=("blurred",), unread=(("x", "empty"),))
    payload = report_payload([sure, _euploid("cell 1"), tight, odd], facts={})
    assert [cell["cell"] for cell in payload["cells"]] == ["cell 9", "cell 10", "cell 1", "cell 2"]


def test_cells_whose_counts_mean_little_come_first_of_all():
    foreign = _euploid("cell 4", stain=StainVerdict("foreign", 0.1), withheld="foreign stain")
    aside = _euploid(
        "cell 3", set_aside=(("bar.png", "a scale bar"),), withheld="1 image set aside", iscn=""
    )
    odd = sample_karyotype("cell 2", margin=0.4, flags=("a", "b", "c", "d"))
    payload = report_payload([odd, _euploid("cell 1"), aside, foreign], facts={})
    names = [cell["cell"] for cell in payload["cells"]]
    assert names == ["cell 4", "cell 3", "cell 2", "cell 1"]
    assert "1 image not classified" in review_reasons(aside)
    assert payload["cells"][1]["decided"] == (
        "dark background (level 0.00, 8 bits), stain not checked (too few)"
    )


def test_a_page_shows_unchecked_images_as_they_are():
    cell = sample_karyotype("c", sample_chromosome("a", checked=False))
    (one,) = report_payload([cell], facts={})["cells"][0]["chromosomes"]
    assert (one["turned"], one["turned_probability"]) == (False, None)


def test_reasons_of_a_review():
    assert review_reasons(_euploid()) == ()
    cell = sample_karyotype(
        "c",
        sample_chromosome("a", confidence=0.52, flags=("look",)),
        margin=1.25,
        flags=("blurred",),
        unread=(("b", "empty"),),
    )
    assert review_reasons(cell) == (
        "blurred",
        "abnormal counts (1 chromosome)",
        "1 image not classified",
        "1 flagged chromosome",
        "small margin (1.2 nats)",
        "lowest confidence 52.0 %",
    )


def test_refused_batches(tmp_path):
    path = tmp_path / "report.html"
    with pytest.raises(ValueError, match="`karyotypes` must be at least one cell"):
        write_html_report([], path, facts={})
    with pytest.raises(ValueError, match="got \\['cell 1'\\] more than once"):
        write_html_report([sample_karyotype(), sample_karyotype()], path, facts={})
    for fact in (math.nan, path):
        with pytest.raises(ValueError, match="`facts` must be JSON values"):
            write_html_report([sample_karyotype()], path, facts={"fact": fact})
    empty = sample_chromosome(image=np.zeros((0, 3), np.uint8))
    with pytest.raises(ValueError, match="`image` must hold pixels"):
        write_html_report([sample_karyotype("c", empty)], path, facts={})
    assert list(tmp_path.iterdir()) == []


def test_a_report_replaces_an_older_one(tmp_path):
    path = tmp_path / "report.html"
    write_html_report([sample_karyotype("first")], path, facts={})
    write_html_report([sample_karyotype("second")], path, facts={})
    assert "second" in path.read_text(encoding="utf-8")
    assert "first" not in json.dumps(json.loads(_Page(path.read_text()).texts("script")[0]))


def test_script_json_keeps_values():
    values = {"<a>": ["&", "</script>", 1.5, None, True]}
    text = script_json(values)
    assert not set("<>&") & set(text)
    assert json.loads(text) == values
    assert report_page.REPORT_FORMAT == 1
