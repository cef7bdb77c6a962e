"""The page of a case in a real Chromium: conclusions, thumbnails, corrections, audit, keyboard."""

from __future__ import annotations

import csv
import io
import json

import pytest
from selenium.webdriver.common.keys import Keys

from superxception_jax.karyotyping.report.case_values import CASE_KEYS, check_cases

COPY = "the same images as `case 8/cell 3` (46 of them)"
CASE = "#case-page"
# How the cells come does not matter to these.
ONE_FILE = pytest.mark.parametrize("case_address", ["one file"], indirect=True)


@ONE_FILE
def test_what_a_case_says(case_page, case_samples):
    page, (_, cases) = case_page, case_samples
    assert page.text(f"{CASE} h2") == "case 7"
    assert page.text("#case-formula") == "47,XX,+21"
    assert page.text("#case-posterior") == "probability 98.7 %"
    assert "verified by a cytogeneticist" in page.text(f"{CASE} .draft")
    assert "3 cells · 3 analysed · 0 set aside" in page.text(f"{CASE} .numbers")
    assert page.text(".alternatives tbody") == "46,XX 1.1 %"
    assert "XX 99.0 %" in page.text(".alternatives .quiet")
    assert [row.text for row in page.all(".lines tbody tr")] == [
        "47,XX,+21 2 cell 0, cell 1",
        "46,XX 1 cell 2",
    ]
    assert page.text(".clones tbody") == "+21 2 cell 0, cell 1"
    assert page.text(".review-first li") == "cell 0: differs from the other cells"
    assert page.text(".more-cells p") == cases[0]["more_cells"]["text"]
    assert [one.text for one in page.all(".unusual-count")] == ["2 !"]
    header = [one.text for one in page.all(".counts thead th")]
    rows = [[cell.text for cell in row.find_elements("css selector", "th, td")]
            for row in page.all(".counts tbody tr")]  # fmt: skip
    column = header.index("21")
    assert {row[0]: row[column] for row in rows} == {
        "0 copies": "·", "2 copies": "1", "3 copies": "2 !",
    }  # fmt: skip
    page.find("#next-case").click()
    assert page.text(f"{CASE} h2") == "case 8"
    assert page.text(".set-aside-cells li") == f"cell 4: {COPY}"
    assert page.text("#case-formula") == "no formula: only 1 cell is complete"
    assert page.all("#case-posterior") == []


def test_cells_are_small_karyograms(case_page, case_samples):
    cells, _ = case_samples
    page = case_page
    shown = [one.get_attribute("data-thumbnail") for one in page.all(".thumbnail")]
    assert sorted(shown) == [cell.cell for cell in cells[:3]]
    ink = """
        const canvas = document.querySelector(`[data-thumbnail='${arguments[0]}'] canvas`);
        if (canvas.drawnAt === undefined) return null;
        const copy = new OffscreenCanvas(canvas.width, canvas.height);
        const context = copy.getContext("2d", { willReadFrequently: true });
        context.drawImage(canvas, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let bright = 0;
        for (let place = 0; place < data.length; place += 4) bright += data[place] < 215;
        return bright / (canvas.width * canvas.height)"""
    name = cells[0].cell
    page.driver.execute_script(
        "document.querySelector(`[data-thumbnail='${arguments[0]}']`).scrollIntoView()", name
    )
    page.wait_until(lambda: page.driver.execute_script(ink, name) is not None)
    assert 0.05 < page.driver.execute_script(ink, name) < 0.6
    page.find(f"[data-thumbnail='{name}']").click()
    page.wait(".chromosome")
    assert page.text("#cell-head h2") == name
    assert not page.find(CASE).is_displayed()
    # A thumbnail that nobody sees holds no pixels.
    width = "return document.querySelector('.thumbnail canvas').width"
    page.wait_until(lambda: page.driver.execute_script(width) == 0)


def test_a_correction_changes_the_case(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    for cell in cells[:2]:
        page.find(f"[data-cell='{cell.cell}']").click()
        page.wait(".chromosome")
        page.press(cell.of_class("21")[0].name, "a")
        assert page.text("#iscn") == "46,XX"
    assert page.text("[data-case='case 7'] .iscn") == "46,XX[3]"
    page.find("#to-case").click()
    assert page.text("#case-formula") == "46,XX[3]"
    assert page.text("#case-automatic") == "automatic result: 47,XX,+21 · 2 cells corrected"
    assert [row.text for row in page.all(".lines tbody tr")] == ["46,XX 3 cell 0, cell 1, cell 2"]
    assert page.text(".clones p") == "No change is clonal."
    assert "No other formula has a probability of 0.1 % or more." in page.text(".alternatives")
    page.type("o")
    page.chord(Keys.CONTROL, key="z")
    page.type("o")
    values = json.loads(page.download("#export-json", "corrected.json"))
    first, second = values["cases"]
    assert (first["read"]["formula"], first["corrected"]["formula"]) == ("47,XX,+21", "46,XX[3]")
    assert sorted(len(one["cells"]) for one in first["corrected"]["lines"]) == [1, 2]
    assert second["read"] == second["corrected"]
    assert "evidence" not in second["read"]


@ONE_FILE
def test_the_first_cell_is_that_of_the_case_whatever_is_listed(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    page.find(f"[data-cell='{cells[4].cell}']").click()
    page.wait(".chromosome")
    page.press(cells[4].of_class("1")[0].name, "a")
    page.find("[data-case='case 7']").click()
    page.find("#filter-kind option[value='corrected']").click()
    page.find("#first-cell").click()
    page.wait(".chromosome")
    assert page.text("#cell-head h2") in [one.cell for one in cells[:3]]


def test_of_a_cell_and_its_copy_one_counts_after_each_correction(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    page.find(f"[data-cell='{cells[4].cell}']").click()
    page.wait(".chromosome")
    page.press(cells[4].of_class("1")[0].name, "2", Keys.ENTER)
    page.find("#to-case").click()
    assert page.text(".set-aside-cells li") == f"cell 4: {COPY}"
    assert "1 analysed · 1 set aside" in page.text(f"{CASE} .numbers")
    # Once the first is incomplete, the copy counts.
    page.find(f"[data-cell='{cells[3].cell}']").click()
    page.wait(".chromosome")
    for one in cells[3].chromosomes[:5]:
        page.press(one.name, "a")
    page.find("#to-case").click()
    assert page.text(".set-aside-cells li") == "cell 3: fewer than 42 chromosomes (41)"
    assert "1 analysed · 1 set aside" in page.text(f"{CASE} .numbers")
    assert "cell 3: set aside" in page.text(".review-first")
    # What was reviewed is not left to review.
    for cell, left in (
        (3, "No cell needs review before the others."),
        (4, "All cells are reviewed."),
    ):
        page.find(f"[data-cell='{cells[cell].cell}']").click()
        page.wait(".chromosome")
        page.find("#reviewed").click()
        page.find("#to-case").click()
        assert page.text(".review-first p") == left


@ONE_FILE
def test_audit_trail_with_what_the_cell_overruled(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    (one,) = [one for one in cells[0].chromosomes if int(one.probabilities.argmax()) != one.label]
    page.find("#reviewer").send_keys("A. Reviewer")
    page.find("#overruled summary").click()
    page.wait("#overruled li")
    line = page.text("#overruled li")
    assert f"{cells[0].cell}, {one.name}" in line
    assert f"cell {one.class_name} (" in line
    page.find(f"[data-cell='{cells[0].cell}']").click()
    page.wait(".chromosome")
    page.press(one.name, "a")
    page.type("v", "o")
    assert "Audit trail of this case (2 of 2)" in page.text("#trail h3")
    moved = page.all("#trail > ol li")[1].text
    assert f"A. Reviewer\nclass change: {cells[0].cell}, {one.name}" in moved
    rows = list(csv.DictReader(io.StringIO(page.download("#export-audit", "audit.csv"))))
    assert [row["action"] for row in rows] == ["move", "review", "overruled"]
    last = rows[-1]
    assert (last["reviewer"], last["image"], last["to"]) == ("program", one.name, one.class_name)
    assert float(last["probability_from"]) == pytest.approx(one.probabilities.max(), abs=1e-6)
    assert float(last["probability_to"]) == pytest.approx(one.confidence, abs=1e-6)
    cell = page.corrected(cells[0].cell)
    assert [label["name"] for label in cell["overruled"]] == [one.name]


def test_keyboard_through_a_case(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    heading = "#cell-head h2"
    page.type("n")
    page.wait(".chromosome")
    assert page.text(heading) == "case 7/cell 1"
    page.type("r")
    focused = "return document.activeElement.dataset.image ?? null"
    seen = []
    left = {
        (cell.cell, one.name)
        for cell in cells[:3]
        for one in cell.chromosomes
        if one.flags or one.confidence < 0.9
    }
    for _ in range(len(left)):
        page.wait_until(lambda: page.driver.execute_script(focused) is not None)
        seen.append((page.text(heading), page.driver.execute_script(focused)))
        page.type("c", "r")
        page.wait(".chromosome")
    assert set(seen) == left
    assert "No other chromosome is left to review" in page.text("#live")
    page.type("v")
    assert page.find("#reviewed").is_selected()
    page.type("v")
    assert page.text("#live") == "Cell is already marked as reviewed."
    page.type("n")
    page.wait_for_text(heading, "case 8/cell 4")
    page.chord(Keys.SHIFT, key="P")
    assert page.text(f"{CASE} h2") == "case 7"
    page.chord(Keys.SHIFT, key="N")
    assert page.text(f"{CASE} h2") == "case 8"
    assert page.driver.execute_script("return document.activeElement.checkVisibility()")


@ONE_FILE
def test_help_and_single_keys(case_page):
    page = case_page
    page.type("?")
    page.wait_until(lambda: page.find("#help").is_displayed())
    page.type("n")
    assert page.find(CASE).is_displayed(), "behind the overlay nothing moves"
    page.find("#single-keys").click()
    page.type(Keys.ESCAPE)
    assert not page.find("#help").is_displayed()
    page.driver.execute_script("document.activeElement.blur()")
    page.type("n")
    assert page.find(CASE).is_displayed()
    page.find("#first-cell").click()
    image = page.wait(".chromosome").get_attribute("data-image")
    page.press(image, "n")
    page.wait_for_text("#cell-head h2", "case 7/cell 0")


def test_refused_cases(case_samples):
    _, cases = case_samples
    assert [one["case"] for one in check_cases(cases[::-1])] == ["case 7", "case 8"]
    with pytest.raises(ValueError, match="got \\['case 7'\\] more than once"):
        check_cases([cases[0], cases[0]])
    short = {key: value for key, value in cases[0].items() if key != "lines"}
    with pytest.raises(ValueError, match="got 'case 7' without lines"):
        check_cases([short])
    with pytest.raises(ValueError, match="`cases` must be JSON values"):
        check_cases([{**cases[0], "posterior": float("nan")}])
    assert set(CASE_KEYS) == set(cases[0])
