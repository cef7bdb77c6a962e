"""The PDF that Chromium prints of a cell and of a case."""

from __future__ import annotations

import base64
import io
import unicodedata

import numpy as np
import pytest
from pypdf import PdfReader
from selenium.webdriver.common.keys import Keys

from superxception_jax.karyotyping.report.page import write_html_report
from tests.karyotyping.report.case_samples import counts_of, sample_case
from tests.karyotyping.report.conftest import shown_page
from tests.karyotyping.report.samples import sample_chromosome, sample_karyotype

PRINTED = "window.print = () => { document.body.dataset.printed = 'yes' }"


def print_pdf(page) -> list[str]:
    """Press Print, and return the texts of the pages that Chromium prints then."""
    page.driver.execute_script(PRINTED)
    page.driver.execute_script("delete document.body.dataset.printed")
    page.find("#print").click()
    page.wait("[data-printed]")
    options = {"preferCSSPageSize": True, "printBackground": False}
    found = page.driver.execute_cdp_cmd("Page.printToPDF", options)
    reader = PdfReader(io.BytesIO(base64.b64decode(found["data"])))
    width, height = reader.pages[0].mediabox.width, reader.pages[0].mediabox.height
    assert (round(width), round(height)) == (842, 595), "A4 landscape"
    # Fonts join letters: NFKC writes "fi" as two again.
    texts = (unicodedata.normalize("NFKC", one.extract_text()) for one in reader.pages)
    return [" ".join(text.split()) for text in texts]


def test_a_case_with_its_karyograms(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    page.find("#reviewer").send_keys("A. Reviewer")
    texts = print_pdf(page)
    first = texts[0]
    expected = (
        "case 7",
        "47,XX,+21",
        "probability 98.7 %",
        "Cell lines",
        "Review first",
        "Research use only. Not for diagnosis.",
        "verified by a cytogeneticist",
    )
    for words in expected:
        assert words in first
    assert "Export JSON" not in "".join(texts)
    whole = "".join(texts)
    assert "Copies of each class" in whole
    assert "3 more cells exclude a mosaic" in whole
    last = texts[-3:]
    for cell, text in zip((cells[1], cells[0], cells[2]), last, strict=True):
        assert text.startswith(f"{cell.cell} {cell.iscn}")
        assert "Reviewer: A. Reviewer, not reviewed." in text
        copies = " ×3" if cell.iscn == "47,XX,+21" else ""
        assert f"20 F 21{copies} 22 Y G" in text
    page.wait_until(lambda: page.all("#printed-cells img") == [])


def test_a_cell(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    page.find(f"[data-cell='{cells[0].cell}']").click()
    page.wait(".chromosome")
    (text,) = print_pdf(page)
    assert f"{cells[0].cell} 47,XX,+21" in text
    assert "reviewer: not given · not reviewed" in text
    assert "case 7/cell 1" not in text
    page.find("#reviewer").send_keys("A. Reviewer")
    assert "reviewer: A. Reviewer · not reviewed" in print_pdf(page)[0]


def test_a_reviewed_cell_names_who_reviewed_it(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    page.find("#reviewer").send_keys("A. Reviewer")
    page.find(f"[data-cell='{cells[0].cell}']").click()
    page.wait(".chromosome")
    page.find("#reviewed").click()
    page.find("#reviewer").send_keys(Keys.CONTROL, "a")
    page.find("#reviewer").send_keys("B. Other")
    assert "reviewer: A. Reviewer · reviewed on 20" in print_pdf(page)[0]
    page.find("#to-case").click()
    sheets = {text[: len(cells[0].cell)]: text for text in print_pdf(page)[-3:]}
    assert "Reviewer: A. Reviewer, reviewed on 20" in sheets[cells[0].cell]
    assert "Reviewer: B. Other, not reviewed." in sheets[cells[1].cell]


@pytest.fixture
def large_images(driver, tmp_path):
    """Show a case of eleven cells of one line, with images of a camera of high resolution."""
    counts = counts_of()
    chromosomes = [
        sample_chromosome(
            f"{label}-{copy}", label=label, image=np.full((260 - 8 * label, 60), 90, np.uint8)
        )
        for label in range(24)
        for copy in range(counts[label])
    ]
    cells = [
        sample_karyotype(f"line/cell {number:02d}", *chromosomes, case="line")
        for number in range(11)
    ]
    change = {"cell": cells[5].cell, "change": "-7", "text": "most likely lost in preparation"}
    conclusions = sample_case("line", cells, formula="46,XX[11]", single_changes=[change])
    path = write_html_report(cells, tmp_path / "report.html", facts={}, cases=[conclusions])
    yield from shown_page(driver, path.as_uri(), tmp_path)


def test_what_is_folded_is_printed_and_each_karyogram_is_one_page(large_images):
    page, names = large_images, [f"cell {number:02d}" for number in range(11)]
    texts = print_pdf(page)
    case, sheets = "".join(texts[:-11]), texts[-11:]
    assert [text[: len("line/cell 00")] for text in sheets] == [f"line/{name}" for name in names]
    assert all("22 Y G" in text for text in sheets)
    assert all(name in case for name in names)
    assert "show the cells" not in case
    assert "cell 05: -7, most likely lost in preparation" in case
    page.wait_until(lambda: page.all("#case-page details[open]") == [])
    page.find(".lines summary").click()
    assert [one.text for one in page.all(".lines [data-link]")] == names
    page.find("#first-cell").click()
    page.wait(".chromosome")
    assert len(print_pdf(page)) == 1


def test_the_keys_print_the_same_from_a_field(case_page):
    page = case_page
    page.driver.execute_script(PRINTED)
    page.find("#reviewer").send_keys("A. Reviewer")
    page.chord(Keys.CONTROL, key="p")
    page.wait("[data-printed]")
    assert len(page.all("#printed-cells .printed-cell")) == 3
    page.driver.execute_script("dispatchEvent(new Event('afterprint'))")


def test_a_cell_is_printed_once_its_images_are_there(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    count = "window.print = () => { window.drawn = document.images.length }"
    page.driver.execute_script(f"{count}; delete window.drawn")
    shown = f"document.querySelector(`[data-cell='{cells[4].cell}']`).click()"
    page.driver.execute_script(f"{shown}; document.getElementById('print').click()")
    page.wait_until(lambda: page.driver.execute_script("return window.drawn") is not None)
    assert page.driver.execute_script("return window.drawn") >= len(cells[4].chromosomes)


COUNTED = """
    window.prints = [];
    const texts = (selector) =>
      [...document.querySelectorAll(selector)].map((one) => one.textContent);
    window.print = () => window.prints.push(texts("#case-page h2, .printed-cell h2"));
    for (const id of arguments[0]) document.getElementById(id).click()"""


def test_a_second_request_while_the_karyograms_are_prepared(case_page, case_samples):
    page, (cells, _) = case_page, case_samples
    page.driver.execute_script(COUNTED, ["print", "print"])
    page.wait_until(lambda: page.driver.execute_script("return prints.length > 0"))
    # Another page: the first request ends, that of the new page is done.
    page.driver.execute_script("dispatchEvent(new Event('afterprint'))")
    (first,) = page.driver.execute_script("return prints")
    assert (first[0], sorted(first[1:])) == ("case 7", [one.cell for one in cells[:3]])
    page.driver.execute_script(COUNTED, ["print", "next-case", "print"])
    page.wait_until(lambda: page.driver.execute_script("return prints.length > 0"))
    page.driver.execute_script("dispatchEvent(new Event('afterprint'))")
    (second,) = page.driver.execute_script("return prints")
    assert (second[0], sorted(second[1:])) == ("case 8", [one.cell for one in cells[3:]])


def test_another_page_while_the_karyograms_are_prepared(case_page):
    page = case_page
    page.driver.execute_script(COUNTED, ["print", "next-case", "previous-case", "first-cell"])
    page.wait(".chromosome")
    page.driver.execute_script("document.getElementById('print').click()")
    page.wait_until(lambda: page.driver.execute_script("return prints.length > 0"))
    assert page.driver.execute_script("return prints") == [["case 7"]]
    page.wait_until(lambda: page.all(".printed-cell") == [])
