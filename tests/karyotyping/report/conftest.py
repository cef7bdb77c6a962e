"""One browser and one report for all tests of the page."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from selenium.common.exceptions import WebDriverException

from superxception_jax.data.normalization.background import CellBackground
from superxception_jax.karyotyping.report import page as report_page
from superxception_jax.karyotyping.report.page import write_html_report
from superxception_jax.karyotyping.stain import StainVerdict
from tests.karyotyping.report.browser import BROWSER, DRIVER, Page, start_browser
from tests.karyotyping.report.case_samples import sample_cases
from tests.karyotyping.report.samples import sample_cell


@pytest.fixture(scope="session")
def cells():
    texts = ("46,XX", "47,XY,+21", "45,X")
    found = [sample_cell(number, karyotype=text) for number, text in enumerate(texts)]
    part = found[0]
    return [
        *found,
        replace(part, cell="Cell 003", chromosomes=part.chromosomes[:40], iscn=""),
        replace(
            part,
            cell="Cell 004",
            chromosomes=part.chromosomes[3:],
            iscn="",
            unread=tuple((f"{number}.png", "the file is empty") for number in range(3)),
            set_aside=(("bar.png", "a scale bar, not a chromosome"),),
            withheld="3 images could not be read, 1 image set aside",
            flags=(
                "3 images could not be read: no ISCN formula drafted",
                "1 image set aside: no ISCN formula drafted",
            ),
        ),
        replace(
            part,
            cell="Cell 005",
            chromosomes=tuple(
                replace(one, turned=False, turned_probability=None) for one in part.chromosomes
            ),
            iscn="",
            background=CellBackground("light", 0.8, 12),
            stain=StainVerdict("foreign", 0.31),
            withheld="foreign stain",
            flags=("foreign stain (score 0.31 above the limit)",),
        ),
    ]


@pytest.fixture(scope="session")
def address(tmp_path_factory, cells) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_html_report(cells, path, facts={"commit": "abc", "weights": "none"})
    return path.as_uri()


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    if BROWSER is None or DRIVER is None:
        pytest.skip(
            "needs `chromium` and `chromedriver` (Debian: apt-get install chromium chromium-driver)"
        )
    try:
        driver = start_browser(tmp_path_factory.mktemp("profile"))
    except WebDriverException as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the browser does not start: {str(error.msg).splitlines()[0]}")
    driver.get("about:blank")  # Ends the requests of the browser's first page.
    yield driver
    driver.quit()


def shown_page(driver, address, downloads):
    """Yield a report without corrections; at the end, nothing but its own files was asked for."""
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    driver.get_log("performance")  # Drops the requests of the empty page.
    driver.get(address)
    if driver.execute_script("return localStorage.length"):
        driver.execute_script("localStorage.clear()")
        driver.refresh()
    page = Page(driver, downloads)
    page.wait("body[data-page]")  # The script has drawn it, and listens.
    yield page
    assert driver.get_log("browser") == []
    messages = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    requests = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    asked = {one["request"]["url"] for one in requests}
    assert address in asked
    own = (address, address.removesuffix(".html") + "_cells-", "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []


@pytest.fixture
def page(driver, address, tmp_path):
    yield from shown_page(driver, address, tmp_path)


@pytest.fixture(scope="session")
def case_samples():
    return sample_cases()


@pytest.fixture(scope="session", params=["one file", "folder"])
def case_address(request, tmp_path_factory, case_samples) -> str:
    """Write the report of two cases, once as one file and once with its cells beside it."""
    cells, cases = case_samples
    path = tmp_path_factory.mktemp("cases") / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "folder":
            patch.setattr(report_page, "MOST_INLINE_BYTES", 0)
        write_html_report(cells, path, facts={"commit": "abc"}, cases=cases)
    return path.as_uri()


@pytest.fixture
def case_page(driver, case_address, tmp_path):
    yield from shown_page(driver, case_address, tmp_path)
