"""What was entered for a cell is found again as long as the cell is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from selenium.webdriver.common.keys import Keys

from superxception_jax.karyotyping.report.page import write_html_report
from tests.karyotyping.report.conftest import shown_page

FACTS = {"commit": "abc"}


@pytest.fixture
def path(cells, tmp_path):
    return write_html_report(cells[:3], tmp_path / "report.html", facts=FACTS)


@pytest.fixture
def page(driver, path, tmp_path):
    yield from shown_page(driver, path.as_uri(), tmp_path)


def audited(page):
    report = page.driver.execute_script("return karyotypeReport.correctedReport()")
    return [(one["cell"], one["action"], one["reviewer"]) for one in report["audit"]]


def test_cells_that_did_not_change_keep_what_was_entered(page, path, cells):
    page.find("#reviewer").send_keys("A. Reviewer")
    page.show("Cell 001")
    image = cells[1].of_class("21")[0].name
    page.press(image, "2", "2", Keys.ENTER)
    page.show("Cell 002")
    page.press(cells[2].of_class("X")[0].name, "a")
    page.find("#reviewed").click()
    page.show("Cell 001")
    page.press(image, "a")
    page.chord(Keys.CONTROL, key="z")
    before = audited(page)
    # A new cell came, one went, and one has other results.
    changed = replace(cells[2], margin=1.0)
    write_html_report([cells[1], changed, cells[3]], path, facts=FACTS)
    page.driver.refresh()
    assert page.find("#reviewer").get_attribute("value") == "A. Reviewer"
    page.show("Cell 001")
    assert page.text("#iscn") == "47,XY,+22"
    assert audited(page) == [one for one in before if one[0] == "Cell 001"]
    assert [one[1] for one in audited(page)] == ["move", "move", "undo"]
    page.chord(Keys.CONTROL, Keys.SHIFT, key="z")
    assert page.members("set aside") == [image]
    page.chord(Keys.CONTROL, key="z")
    page.chord(Keys.CONTROL, key="z")
    assert page.text("#iscn") == "47,XY,+21"
    assert page.all("#outdated") == []
    page.show("Cell 002")
    assert page.text("#iscn") == "45,X"
    assert not page.find("#reviewed").is_selected()
    said = "because the images of this cell, their names or its results have changed since; the"
    assert page.text("#outdated").startswith(f"2 earlier changes not applied, {said}")
    assert page.text("#outdated").endswith("by A. Reviewer.")
    # What is entered now is that of the new results.
    page.press(cells[2].of_class("1")[0].name, "c")
    assert page.all("#outdated") == []
    page.show("Cell 003")
    assert page.all("#outdated") == []
    # The cell as it was is found with what was entered for it.
    write_html_report(cells[:3], path, facts=FACTS)
    page.driver.refresh()
    page.show("Cell 002")
    assert page.find("#reviewed").is_selected()
    assert len(page.members("set aside")) == 1


def test_a_cell_of_the_same_name_elsewhere_is_another_one(page, cells, tmp_path):
    page.find("#reviewer").send_keys("A. Reviewer")
    page.show("Cell 001")
    page.press(cells[1].of_class("21")[0].name, "a")
    (tmp_path / "other").mkdir()
    other = write_html_report(
        [replace(cells[0], cell="Cell 001"), cells[2]], tmp_path / "other/report.html", facts=FACTS
    )
    first = page.driver.current_url
    page.driver.get(other.as_uri())
    page.show("Cell 001")
    assert page.text("#iscn") == "46,XX"
    assert page.all("#outdated") == []
    assert audited(page) == []
    assert page.find("#reviewer").get_attribute("value") == ""
    page.press(cells[0].of_class("1")[0].name, "a")
    page.driver.get(first)
    page.show("Cell 001")
    assert page.text("#iscn") == "46,XY"
    assert audited(page) == [("Cell 001", "move", "A. Reviewer")]
    page.driver.get_log("performance")  # The other report is none of this one's files.
    page.driver.refresh()


def test_changes_of_a_renamed_cell_are_said_and_not_applied(page, path, cells, tmp_path):
    page.find("#reviewer").send_keys("A. Reviewer")
    page.show("Cell 001")
    page.press(cells[1].of_class("21")[0].name, "a")
    # The folder around it is karyotyped.
    around = [replace(cells[0], cell="day 1/Cell 000"), replace(cells[1], cell="day 1/Cell 001")]
    page.driver.execute_script("localStorage.setItem('karyotype-cell-damaged', '{')")
    write_html_report(around, tmp_path / "around.html", facts=FACTS)
    first = page.driver.current_url
    page.driver.get((tmp_path / "around.html").as_uri())
    page.show("day 1/Cell 001")
    assert page.text("#iscn") == "47,XY,+21"
    said = "entered for the same images under another name, Cell 001; the last"
    assert page.text("#outdated").startswith(f"1 earlier change not applied, {said}")
    page.show("day 1/Cell 000")
    assert page.all("#outdated") == []
    page.show("day 1/Cell 001")
    page.press(cells[1].of_class("1")[0].name, "c")
    assert page.all("#outdated") == []
    # The cell as it was has its own changes.
    page.driver.get(first)
    page.show("Cell 001")
    assert page.text("#iscn") == "46,XY"
    assert page.all("#outdated") == []
    page.driver.get_log("performance")  # The other report is none of this one's files.
    page.driver.refresh()


DAMAGED = (
    *("{", "7", "null", '{"audit": 1}', '{"audit": []}', '{"audit": [], "done": [], "undone": 1}'),
    *('{"audit": [], "done": [{}], "undone": []}', '{"audit": [], "done": [], "undone": [null]}'),
    *('{"audit": [null], "done": [], "undone": []}', '{"audit": [{}], "done": [], "undone": []}'),
    '{"audit": [], "done": [{"steps": [null]}], "undone": []}',
)


def test_a_damaged_entry_costs_its_cell_only(page, cells):
    keys = "return Object.keys(localStorage).filter((one) => one.startsWith('karyotype-cell-'))"
    page.show("Cell 002")
    page.press(cells[2].of_class("X")[0].name, "a")
    (key,) = page.driver.execute_script(keys)
    page.show("Cell 001")
    page.press(cells[1].of_class("21")[0].name, "a")
    page.driver.refresh()
    assert not page.find("#damaged").is_displayed()
    for text in DAMAGED:
        page.driver.execute_script("localStorage.setItem(...arguments)", key, text)
        page.driver.refresh()
        page.wait("body[data-page]")
        said = "What this browser stored for 1 cell is damaged and was left out: Cell 002."
        assert page.text("#damaged").startswith(said), text
        assert not page.find("#notice").is_displayed()
        page.show("Cell 001")
        assert page.text("#iscn") == "46,XY"
        page.show("Cell 002")
        assert page.text("#iscn") == "45,X"
    page.press(cells[2].of_class("X")[0].name, "a")
    page.driver.execute_script(
        "localStorage.setItem(`karyotype-page-${location.pathname}`, '{\"corrected\": null}')"
    )
    page.driver.refresh()
    page.wait("body[data-page]")
    assert not page.find("#damaged").is_displayed()
    assert sorted(one[0] for one in audited(page)) == ["Cell 001", "Cell 002"]


FILL = """
    let number = 0;
    const fill = (values) => {
      const text = JSON.stringify(values);
      try {
        for (;; number += 1) localStorage.setItem(`karyotype-cell-${number}`, text);
      } catch {
        return number;
      }
    };
    const audit = ["2020-01-02T08:00:00+01:00", "2024-05-06T08:00:00+02:00"]
      .map((time) => ({ time }));
    fill({ audit: audit.slice(0, 1), done: "x".repeat(2 ** 19) });
    fill({ audit, done: "x".repeat(2 ** 12) });
    return fill({})"""


def test_a_full_browser_makes_room_for_this_report(page, path, cells):
    # Of an earlier result of the same cell, the page still says what was entered.
    page.show("Cell 002")
    page.press(cells[2].of_class("X")[0].name, "a")
    write_html_report([*cells[:2], replace(cells[2], margin=1.0)], path, facts=FACTS)
    page.driver.refresh()
    page.show("Cell 001")
    page.press(cells[1].of_class("1")[0].name, "c")
    count = page.driver.execute_script(FILL)
    first, second = (one.name for one in cells[1].of_class("21")[:2])
    page.press(first, "2", "2", Keys.ENTER)
    assert "cannot save the changes made on this page (QuotaExceededError)" in page.text("#notice")
    page.show("Cell 000")
    page.press(cells[0].of_class("1")[0].name, "a")
    page.find("#make-room").click()
    asked = page.driver.switch_to.alert
    assert f"{count} cells of other reports" in asked.text
    assert "last changed between 2020-01-02 and 2024-05-06?" in asked.text
    asked.dismiss()
    assert page.find("#notice").is_displayed()
    page.find("#make-room").click()
    page.driver.switch_to.alert.accept()
    page.wait_until(lambda: not page.find("#notice").is_displayed())
    page.show("Cell 001")
    page.press(second, "a")
    page.driver.refresh()
    page.wait("body[data-page]")
    page.show("Cell 001")
    assert page.text("#iscn") == "46,XY,-21,+22"
    assert [one[1] for one in audited(page)] == ["check", "move", "move", "move"]
    page.show("Cell 002")
    assert "1 earlier change not applied" in page.text("#outdated")
    keys = page.driver.execute_script("return Object.keys(localStorage)")
    assert len([key for key in keys if key.startswith("karyotype-cell-")]) == 3
