"""A report in a real Chromium: opened as a file, used with mouse and keyboard."""

from __future__ import annotations

import csv
import io
import json

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from superxception_jax.karyotyping.report.page import RESEARCH_NOTE
from superxception_jax.karyotyping.report.review_order import review_reasons


def test_overview(page, cells):
    shown = [one.get_attribute("data-cell") for one in page.all("#cells .cell")]
    assert sorted(shown) == [cell.cell for cell in cells]
    assert shown[-1] == "Cell 000"
    reasons = [one.text for one in page.all("[data-cell='Cell 002'] .reason")]
    assert reasons == list(review_reasons(cells[2]))
    assert [one.text for one in page.all(".research")] == [RESEARCH_NOTE] * 2
    page.show("Cell 001")
    assert page.text("#iscn") == "47,XY,+21"
    assert "verified by a cytogeneticist" in page.text(".formula")
    for name in ("1", "12", "21", "X", "Y"):
        assert page.members(name) == [one.name for one in cells[1].of_class(name)]
    assert "commit abc" in page.text("#facts")
    order = [slot.get_attribute("data-class") for slot in page.all(".slot")]
    assert order[:12] == [str(n) for n in range(1, 13)]
    assert order[12:] == ["X", *map(str, range(13, 23)), "Y", "set aside"]
    loaded = "return [...document.images].every((one) => one.complete && one.naturalWidth > 0)"
    assert page.driver.execute_script(loaded)


def test_flags_need_no_mouse(page, cells):
    page.show("Cell 001")
    one = next(one for one in cells[1].chromosomes if one.flags)
    label = page.chromosome(one.name).get_attribute("aria-label")
    assert one.flags[0] in label
    assert f"confidence {100 * one.confidence:.1f} %" in label
    page.press(one.name)
    assert one.flags[0] in page.text("#details")
    assert len(page.all("#details .likely tbody tr")) == 3
    ActionChains(page.driver).move_to_element(page.chromosome(one.name)).perform()
    assert one.flags[0] in page.text("#tip")


def test_what_was_left_out_and_decided_is_said(page):
    assert page.text("#cell-head h2") == "Cell 005", "a foreign stain comes first"
    decided = "light background (level 0.80, 12 bits), stain foreign (score 0.31)"
    assert page.text(".decided") == decided
    assert page.text(".cell-head .flag").startswith("⚑ foreign stain")
    page.press(page.members("1")[0])
    assert "orientation not checked by this network" in page.text("#details")
    assert "upright" not in page.text("#details")
    page.show("Cell 004")
    unread, aside = page.all(".left-out")
    assert unread.text.splitlines()[0] == "3 images could not be read"
    assert "2.png: the file is empty" in unread.text
    assert aside.text == "1 image set aside by the program\nbar.png: a scale bar, not a chromosome"
    order = [one.get_attribute("data-cell") for one in page.all("#cells .cell")]
    assert order[:2] == ["Cell 005", "Cell 004"]
    (stored,) = page.corrected("Cell 004")["set_aside"]
    assert stored["name"] == "bar.png"


def test_an_orientation_that_was_not_checked_is_exported_as_unknown(page, cells):
    page.show("Cell 005")
    first, second = (one.name for one in cells[5].of_class("1"))
    page.press(first, "t")
    cell = page.corrected("Cell 005")
    assert {one["turned_read"] for one in cell["chromosomes"]} == {None}
    turned = {one["name"]: one["turned_corrected"] for one in cell["chromosomes"]}
    assert (turned[first], turned[second]) == (True, None)
    page.press(first, "t")
    cell = page.corrected("Cell 005")
    assert {one["turned_corrected"] for one in cell["chromosomes"]} == {None}


def test_drag_undo_and_redo(page, cells):
    page.show("Cell 001")
    image = cells[1].of_class("21")[0].name
    page.drag(image, "22")
    assert image in page.members("22")
    assert page.text("#iscn") == "47,XY,+22"
    assert page.text("[data-cell='Cell 001'] .corrections") == "1 correction"
    assert page.text(".title .quiet") == "automatic result: 47,XY,+21"
    value = cells[1].of_class("21")[0].confidence
    confidence = "> 99.9 %" if value > 0.999 else f"{100 * value:.1f} %"
    assert page.text("#details .confidence") == f"moved manually · automatic call 21 ({confidence})"
    assert page.text("#live") == f"{image} moved to class 22. Draft: 47,XY,+22."
    assert "22 ×3" in page.text(".slot[data-class='22'] .number")
    page.chord(Keys.CONTROL, key="z")
    assert page.text("#iscn") == "47,XY,+21"
    assert image in page.members("21")
    assert page.text("#live") == "Undone: class change. Draft: 47,XY,+21."
    page.chord(Keys.CONTROL, Keys.SHIFT, key="z")
    assert page.text("#iscn") == "47,XY,+22"
    assert page.text("#live") == "Redone: class change. Draft: 47,XY,+22."
    page.find("#undo").click()
    page.drag(image, "set aside")
    assert page.text("#iscn") == "46,XY"
    assert page.members("set aside") == [image]
    page.find("#reset").click()
    assert page.text("#live") == "Cell restored to the automatic result. Draft: 47,XY,+21."
    assert page.text("#iscn") == "47,XY,+21"
    page.find("#undo").click()
    assert page.text("#iscn") == "46,XY"


def test_a_drag_can_be_stopped(page, cells):
    page.show("Cell 001")
    image = cells[1].of_class("21")[0].name
    actions = ActionChains(page.driver, duration=20).click_and_hold(page.chromosome(image))
    actions.move_to_element(page.find(".slot[data-class='1']")).perform()
    assert len(page.all(".ghost")) == 1
    page.type(Keys.ESCAPE)
    ActionChains(page.driver).release().perform()
    assert page.text("#iscn") == "47,XY,+21"
    assert page.all(".ghost") == []


def test_keyboard(page, cells):
    page.show("Cell 000")
    first, second = (one.name for one in cells[0].of_class("1"))
    page.press(first, Keys.ARROW_RIGHT)
    focused = "return document.activeElement.dataset.image"
    assert page.driver.execute_script(focused) == second
    page.type(Keys.ARROW_DOWN)
    down = page.driver.execute_script(focused)
    assert down in {one.name for name in ("6", "7") for one in cells[0].of_class(name)}
    page.type(Keys.ARROW_UP)
    assert page.driver.execute_script(focused) in {first, second}
    page.press(second, "2", "1")
    assert "21" in page.text("#typed")
    page.type(Keys.ENTER)
    assert page.text("#iscn") == "46,XX,-1,+21"
    assert page.driver.execute_script(focused) == second
    page.type("y")
    assert page.text("#iscn") == "46,XXY,-1"
    page.type("9", "9", Keys.ENTER)
    assert page.text("#iscn") == "46,XXY,-1"
    page.type("t", "c")
    classes = page.find(f"[data-image='{second}'] img").get_attribute("class")
    assert "upside-down" in classes
    assert "checked" in page.chromosome(second).get_attribute("aria-label")
    page.type("a")
    assert page.members("set aside") == [second]
    assert page.text("#live") == f"{second} set aside. Draft: 45,XX,-1."
    page.type("p")
    assert page.text("#cell-head h2") != "Cell 000"
    page.type("n")
    assert page.text("#cell-head h2") == "Cell 000"


def test_audit_trail_survives_a_reload(page, cells):
    page.find("#reviewer").send_keys("A. Reviewer")
    page.show("Cell 002")
    image = cells[2].of_class("X")[0].name
    page.press(image, "a")
    page.chord(Keys.CONTROL, key="z")
    page.press(image, "y")
    page.find("#reviewed").click()
    page.driver.refresh()
    page.show("Cell 002")
    assert page.text("#iscn") == "45,Y"
    assert page.find("#reviewed").is_selected()
    assert page.find("#reviewer").get_attribute("value") == "A. Reviewer"
    assert len(page.all("#trail li")) == 4
    rows = list(csv.DictReader(io.StringIO(page.download("#export-audit", "audit.csv"))))
    assert [(r["action"], r["from"], r["to"]) for r in rows] == [
        ("move", "X", "set aside"),
        ("undo", "set aside", "X"),
        ("move", "X", "Y"),
        ("review", "false", "true"),
    ]
    assert {row["reviewer"] for row in rows} == {"A. Reviewer"}
    assert {row["cell"] for row in rows} == {"Cell 002"}
    assert [row["image"] for row in rows] == [image] * 3 + [""]
    page.press(image, "x")
    assert not page.find("#reviewed").is_selected(), "a change must open the cell again"


def test_exports(page, cells):
    page.show("Cell 001")
    image = cells[1].of_class("21")[0].name
    page.press(image, "t", "1", "3", Keys.ENTER)
    values = json.loads(page.download("#export-json", "corrected.json"))
    assert values["facts"] == {"commit": "abc", "weights": "none"}
    by_name = {cell["cell"]: cell for cell in values["cells"]}
    assert len(by_name) == len(cells)
    cell = by_name["Cell 001"]
    assert (cell["iscn_read"], cell["iscn_corrected"]) == ("47,XY,+21", "47,XY,+13")
    assert cell["counts_corrected"]["13"] == 3
    truth = {one.name: one for one in cells[1].chromosomes}
    for one in cell["chromosomes"]:
        known = truth[one["name"]]
        assert one["class_read"] == known.class_name
        assert one["class_corrected"] == ("13" if one["name"] == image else known.class_name)
        assert (one["turned_corrected"] != one["turned_read"]) == (one["name"] == image)
        assert one["confidence"] == pytest.approx(known.confidence, abs=1e-6)
    assert [entry["action"] for entry in values["audit"]] == ["turn", "move"]
    assert values["audit"][1] | {"time": ""} == {
        "time": "", "reviewer": "", "cell": "Cell 001", "image": image,
        "action": "move", "field": "class", "from": "21", "to": "13",
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(page.download("#export-csv", "corrected.csv"))))
    assert len(rows) == sum(len(cell.chromosomes) for cell in cells)
    (row,) = (row for row in rows if row["image"] == image)
    assert (row["class_read"], row["class_corrected"]) == ("21", "13")
    assert row["flags"] == "; ".join(truth[image].flags)


def test_filter(page):
    page.find("#filter-text").send_keys("+21")
    assert [one.get_attribute("data-cell") for one in page.all("#cells .cell")] == ["Cell 001"]
    assert "1 of 6 cells" in page.text("#cells-summary")


def test_page_can_reach_no_network(page):
    script = (
        "const done = arguments[0];"
        "fetch('http://127.0.0.1:9/').then(() => done('reached'), (error) => done(error.name))"
    )
    assert page.driver.execute_async_script(script) == "TypeError"
    refused = [entry["message"] for entry in page.driver.get_log("browser")]
    assert any("Content Security Policy" in text for text in refused)
    # The refused request is in the log, which the end of the test expects to be empty.
    page.driver.get_log("performance")
    page.driver.refresh()


def test_the_menu_of_classes_can_be_undone(page, cells):
    page.show("Cell 001")
    image = cells[1].of_class("21")[0].name
    page.press(image)
    page.find("#class-choice option[value='22']").click()
    assert image in page.members("22")
    page.find("#class-choice").send_keys(Keys.NULL)
    page.chord(Keys.CONTROL, key="z")
    assert image in page.members("21")


def test_what_could_not_be_stored_stays_when_another_tab_stores(page, cells):
    page.show("Cell 001")
    error = "new DOMException('full', 'QuotaExceededError')"
    page.driver.execute_script(f"Storage.prototype.setItem = () => {{ throw {error} }}")
    image = cells[1].of_class("21")[0].name
    page.press(image, "a")
    key = "`karyotype-page-${location.pathname}`"
    page.driver.execute_script(f"dispatchEvent(new StorageEvent('storage', {{ key: {key} }}))")
    assert image in page.members("set aside")
    # The page now asks before it is closed; the next test must not meet that question.
    page.chord(Keys.CONTROL, key="z")
    page.driver.get("about:blank")


def test_blocked_storage_is_reported(page):
    block = "Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError') }"
    page.driver.execute_script(block)
    page.press(page.members("1")[0], "c")
    assert "cannot save the changes" in page.text("#notice")
    # The page now asks before it is closed; the next test must not meet that question.
    page.chord(Keys.CONTROL, key="z")
    page.driver.get("about:blank")
