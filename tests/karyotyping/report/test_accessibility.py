"""The page by the rules of WCAG 2.1 AA that axe-core can check, light and dark."""

from __future__ import annotations

import pytest
from axe_core_python.base import AXE_SCRIPT

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
PROGRAM = """
const done = arguments[arguments.length - 1];
axe.run(document, { runOnly: arguments[0] }).then(({ violations, passes }) => done([
  violations.map((one) => [one.id, one.help, one.nodes.map((node) => node.html.slice(0, 200))]),
  passes.map((one) => one.id),
]))"""


def check(page):
    """Return the rules that hold; fail with what breaks one."""
    if not page.driver.execute_script("return 'axe' in window"):
        page.driver.execute_script(AXE_SCRIPT)
    violations, passes = page.driver.execute_async_script(PROGRAM, RULES)
    assert violations == []
    return set(passes)


@pytest.fixture
def scheme(request, driver):
    feature = {"name": "prefers-color-scheme", "value": request.param}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    yield request.param
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("case_address", ["one file"], indirect=True)
# No colour depends on the width.
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)], indirect=["scheme"])
def test_page_cell_and_dialog(case_page, case_samples, scheme, width):
    page, (cells, _) = case_page, case_samples
    size = {"width": width, "height": 960, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.wait(".thumbnail")
        assert {"color-contrast", "button-name", "label", "html-has-lang"} <= check(page)
        page.find("#overruled summary").click()
        page.wait("#overruled li")
        check(page)
        # On a phone the list is above the cell.
        page.driver.execute_script(
            "document.querySelector(`[data-cell='${arguments[0]}']`).click()", cells[0].cell
        )
        page.wait(".chromosome")
        image = cells[0].of_class("21")[0].name
        page.press(image, "2", "2")
        page.type("\ue007", "c", "t")
        page.type("v")
        assert {"color-contrast", "select-name"} <= check(page)
        page.driver.execute_script("document.getElementById('film').click()")
        check(page)
        page.type("?")
        assert page.find("#help").is_displayed()
        check(page)
        page.type("\ue00c")
        page.driver.execute_script("document.getElementById('missing-part').hidden = false")
        page.driver.execute_script("document.getElementById('missing-part').textContent = 'x'")
        check(page)
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("case_address", ["one file"], indirect=True)
def test_focus_is_visible_and_goes_everywhere(case_page):
    page = case_page
    outline = """
        const style = getComputedStyle(document.activeElement);
        return [document.activeElement.id || document.activeElement.className,
                style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2]"""
    seen = {}
    for _ in range(40):
        page.type("\ue004")
        name, is_visible = page.driver.execute_script(outline)
        seen[name] = is_visible
    assert {"reviewer", "export-json", "show-help", "filter-text", "next-case", "link"} <= set(seen)
    assert {"cell case", "cell", "thumbnail"} <= set(seen)
    seen.pop("", None)  # The page itself, between its last and its first element.
    assert all(seen.values()), seen
