"""What the page marks: usual counts of a mosaic, corrected cells, cases without any cell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from selenium.webdriver.common.keys import Keys

from superxception_jax.karyotyping.case.case_json import case_json
from superxception_jax.karyotyping.case.conclude import conclude_case
from superxception_jax.karyotyping.report.page import write_html_report
from tests.karyotyping.report.case_samples import sample_case
from tests.karyotyping.report.conftest import shown_page
from tests.karyotyping.report.samples import sample_cell
from tests.karyotyping.report.test_print import print_pdf

REASON = "no image could be read"
TRISOMY = "3 copies of chromosome 21"
DOUBTFUL = "another assignment of the cell cannot be ruled out"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    cells = [
        replace(sample_cell(number, karyotype=text), cell=f"mosaic/{number}", case="mosaic")
        for number, text in enumerate(("45,X", "45,X", "46,XX", "46,XX"))
    ]
    cells[3] = replace(cells[3], margin=1.0)
    conclusions = sample_case(
        "mosaic",
        cells,
        formula="mos 45,X[2]/46,XX[2]",
        sex={"X/XX": 0.98, "XX": 0.02},
        review_first=[{"cell": "mosaic/3", "reason": DOUBTFUL}],
    )
    failed = case_json(conclude_case("failed", [], {"failed/1": REASON}))
    path = tmp_path_factory.mktemp("marks") / "report.html"
    write_html_report(cells, path, facts={}, cases=[failed, conclusions])
    return path.as_uri()


@pytest.fixture
def page(driver, address, tmp_path):
    yield from shown_page(driver, address, tmp_path)


def test_the_counts_of_all_lines_of_a_mosaic_are_usual(page):
    assert page.text("#case-page h2") == "mosaic"
    assert page.all(".unusual-count") == []


def test_a_corrected_cell_is_doubtful_no_more(page):
    assert page.text(".review-first li") == f"3: {DOUBTFUL}"
    page.show("mosaic/3")
    page.wait(".chromosome")
    page.press(page.members("5")[0], "6", Keys.ENTER)
    page.type("o")
    assert page.all(".lines tbody tr") != []
    assert DOUBTFUL not in page.text(".review-first")


def test_only_decisions_in_the_case_draw_its_conclusions_again(page):
    page.show("mosaic/3")
    page.wait(".chromosome")
    first, second = page.members("5")
    page.press(first, "6", Keys.ENTER)
    page.driver.execute_script("window.before = karyotypeReport.caseNow('mosaic')")
    same = "return window.before === karyotypeReport.caseNow('mosaic')"
    page.press(second, "c", "t")
    assert page.driver.execute_script(same)
    page.press(second, "a")
    assert not page.driver.execute_script(same)


@pytest.fixture
def doubted(driver, tmp_path):
    """Show a case with two cells of 47,XX,+21 that fit 46,XX as well, which its formula is."""
    cells = [
        replace(sample_cell(number, karyotype=text), cell=f"doubted/{number}", case="doubted")
        for number, text in enumerate(("47,XX,+21", "47,XX,+21", "46,XX", "46,XX"))
    ]
    cells[0] = replace(cells[0], flags=(TRISOMY,))
    conclusions = sample_case("doubted", cells, formula="46,XX[4]")
    for number in (0, 1):
        conclusions["evidence"][f"doubted/{number}"] = [0.0, -2.0, -30.0]
    path = tmp_path / "report.html"
    write_html_report(cells, path, facts={}, cases=[conclusions])
    yield from shown_page(driver, path.as_uri(), tmp_path)


def test_the_counts_of_a_reviewed_cell_are_certain(doubted):
    page = doubted
    formulas = []
    for number in (0, 1):
        page.show(f"doubted/{number}")
        page.wait(".chromosome")
        page.type("v")
        formulas.append(page.text("[data-case='doubted'] .iscn"))
    assert formulas == ["46,XX[4]", "mos 47,XX,+21[2]/46,XX[2]"]
    page.type("o")
    assert page.text("#case-automatic") == "automatic result: 46,XX[4] · 2 cells reviewed"
    assert page.text(".clones tbody") == "+21 2 0, 1"
    # A cell that is opened again is as doubtful as before.
    page.show("doubted/1")
    page.wait(".chromosome")
    page.find("#reviewed").click()
    assert page.text("[data-case='doubted'] .iscn") == "46,XX[4]"


def test_flags_of_a_corrected_cell_are_said_to_be_those_of_the_automatic_result(doubted):
    page, heading = doubted, "Flags of the automatic result:"
    page.show("doubted/0")
    page.wait(".chromosome")
    shown = ("#cell-head", "[data-cell='doubted/0']")
    assert all(heading not in page.text(where) for where in shown)
    assert all(TRISOMY in page.text(where) for where in shown)
    page.press(page.members("21")[0], "2", "2", Keys.ENTER)
    assert page.text("#iscn") == "47,XX,+22"
    assert f"{heading}\n⚑ {TRISOMY}" in page.text("#cell-head")
    assert page.text("[data-cell='doubted/0'] .reason") == heading
    page.type("o")
    sheets = {text.split()[0]: text for text in print_pdf(page)[-4:]}
    assert "automatic result: 47,XX,+21" in sheets["doubted/0"]
    assert f"{heading} ⚑ {TRISOMY}" in sheets["doubted/0"]
    assert not any("automatic result" in sheets[f"doubted/{number}"] for number in (1, 2, 3))
    page.type("o")
    page.chord(Keys.CONTROL, key="z")
    assert all(heading not in page.text(where) for where in shown)


def test_a_case_of_which_all_cells_failed(page):
    entry = page.find("[data-case='failed']")
    assert [part.text for part in entry.find_elements("css selector", "span")] == [
        "failed",
        "no formula: no cell could be analysed",
        f"failed/1: {REASON}",
    ]
    page.chord(Keys.SHIFT, key="N")
    assert page.text("#case-page h2") == "failed"
    assert page.text(".set-aside-cells li") == f"failed/1: {REASON}"
    page.type("r")
    assert "No other chromosome is left to review" in page.text("#live")
    page.type("n")
    assert page.text("#case-page h2") == "failed"
    page.chord(Keys.SHIFT, key="P")
    assert page.text("#case-page h2") == "mosaic"
    page.chord(Keys.SHIFT, key="N")
    page.type("p")
    page.wait_for_text(
        "#cell-head h2", page.all("#cells [data-cell]")[-1].get_attribute("data-cell")
    )
    page.find("#filter-text").send_keys("read")
    assert [one.get_attribute("data-case") for one in page.all("#cells [data-case]")] == ["failed"]
