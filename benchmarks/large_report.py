"""Measure the report of a thousand cells in Chromium: how soon it is usable, how it scrolls.

One synthetic cell is repeated under other names: once without cases, and once as ten cases of
twenty cells and one case of all the rest. Needs Chromium and its driver.

Example:
  python benchmarks/large_report.py --cells 1000 --out runs/large_report
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from selenium import webdriver

from superxception_jax.commands import run_guarded
from superxception_jax.karyotyping.report.cell_part import write_report_cell
from superxception_jax.karyotyping.report.page import write_report_of_parts
from tests.karyotyping.report.browser import start_browser
from tests.karyotyping.report.case_samples import sample_case
from tests.karyotyping.report.samples import sample_cell

CELLS_OF_A_CASE = 20
SMALL_CASES = 10
LONG_FRAME_MS = 50
SCROLLED_FRAMES = 300
# What frames take on this machine where there is nothing to do.
PLAIN_PAGE = """<!doctype html><title>plain</title><style>li { height: 96px }</style>
<ol id="cells" style="height: 800px; overflow-y: auto"></ol><script>
for (let n = 0; n < 1000; n += 1)
  document.getElementById("cells").append(Object.assign(document.createElement("li"),
    { textContent: `cell ${n}` }));
</script>"""
FIRST_CELL = "#karyogram .chromosome img"
FIRST_CASE = "#case-formula"
# The time from the start of the loading until the frame after an element was there.
USABLE = """
const [selector, done] = arguments;
(function look() {
  if (document.querySelector(selector)) {
    requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  } else setTimeout(look, 5);
})();
"""
# The time from a click until the frame in which another element is drawn.
SHOWN = """
const [button, selector, done] = arguments;
const start = performance.now();
document.querySelector(button).click();
(function look() {
  if (document.querySelector(selector)) {
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
  } else setTimeout(look, 1);
})();
"""
# Scrolls by a number of pixels each frame, and returns how long the frames took.
SCROLL = """
const [selector, frames, step, done] = arguments;
const area = selector === "" ? document.scrollingElement : document.querySelector(selector);
area.scrollTop = 0;
const times = [];
requestAnimationFrame(function next(time) {
  times.push(time);
  area.scrollTop += step;
  if (times.length <= frames) requestAnimationFrame(next);
  else done([times.slice(1).map((one, place) => one - times[place]), area.scrollTop]);
});
"""


def write_reports(folder: Path, count: int) -> dict[str, Path]:
    """Write a report without and one with cases; return them by name."""
    drawn = sample_cell(1, karyotype="46,XX")
    large = f"case {SMALL_CASES + 1}"
    cells = []
    for number in range(count):
        place = number // CELLS_OF_A_CASE
        case = f"case {place + 1}" if place < SMALL_CASES else large
        cells.append(replace(drawn, cell=f"{case}/cell {number}", case=case))
    started = time.perf_counter()
    parts = []
    with tempfile.TemporaryDirectory(dir=folder) as encoded:
        for number, cell in enumerate(cells):
            parts.append(write_report_cell(cell, Path(encoded) / f"{number}.js"))
        written = time.perf_counter()
        cases = [
            sample_case(name, [one for one in cells if one.case == name], formula="46,XX")
            for name in dict.fromkeys(one.case for one in cells)
        ]
        # Each name of a report has its own folder of cells.
        reports = {
            "without cases": write_report_of_parts(parts, folder / "plain.html", facts={}),
            "with cases": write_report_of_parts(
                parts, folder / "cases.html", facts={}, cases=cases
            ),
        }
    ended = time.perf_counter()
    print(f"cells written in {1000 * (written - started) / count:.1f} ms each, ", end="")
    print(f"two reports of them in {ended - written:.1f} s")
    return reports


def busy_seconds(driver: webdriver.Chrome) -> float:
    """Return the processor time that the thread of the page has taken."""
    driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    metrics = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return {one["name"]: one["value"] for one in metrics}["TaskDuration"]


def measure_scrolling(driver: webdriver.Chrome, area: str, *, step_px: int) -> dict[str, Any]:
    """Scroll an area, the page itself if it is empty, and return what the frames took."""
    busy = busy_seconds(driver)
    times, reached_px = driver.execute_async_script(SCROLL, area, SCROLLED_FRAMES, step_px)
    return {
        "scrolled_px": reached_px,
        "median_frame_ms": round(statistics.median(times), 1),
        "longest_frame_ms": round(max(times), 1),
        # Of the thread of the page, which other programs on the machine don't lengthen.
        "processor_ms_per_frame": round(1000 * (busy_seconds(driver) - busy) / len(times), 1),
        "long_frames": sum(one > LONG_FRAME_MS for one in times),
        "frames": len(times),
    }


def measure(driver: webdriver.Chrome, report: Path, first: str) -> dict[str, Any]:
    """Open a report, and return what a person waits for."""
    driver.get(report.as_uri())
    found: dict[str, Any] = {
        "page_bytes": report.stat().st_size,
        "usable_ms": round(driver.execute_async_script(USABLE, first)),
        "list": measure_scrolling(driver, "#cells", step_px=100),
    }
    if first == FIRST_CASE:
        large = f"li:has(> [data-case='case {SMALL_CASES + 1}']) > button"
        shown = driver.execute_async_script(SHOWN, large, ".thumbnail")
        found["large_case_ms"] = round(shown)
        found["thumbnails"] = measure_scrolling(driver, "", step_px=60)
    cell = "#cells li:nth-last-child(3) > .cell"
    found["other_cell_ms"] = round(driver.execute_async_script(SHOWN, cell, FIRST_CELL))
    driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    used = driver.execute_cdp_cmd("Runtime.getHeapUsage", {})["usedSize"]
    found["heap_mib"] = round(used / 2**20, 1)
    return found


def main() -> None:
    """Write the reports and measure them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("runs/large_report"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    reports = write_reports(arguments.out, arguments.cells)
    with tempfile.TemporaryDirectory() as profile:
        driver = start_browser(Path(profile))
        driver.set_script_timeout(120)
        plain = arguments.out / "plain_list.html"
        plain.write_text(PLAIN_PAGE, encoding="utf-8")
        driver.get(plain.as_uri())
        print("plain list", json.dumps(measure_scrolling(driver, "#cells", step_px=100)))
        driver.execute_script("document.getElementById('cells').style = ''")
        print("plain page", json.dumps(measure_scrolling(driver, "", step_px=60)))
        for name, report in reports.items():
            first = FIRST_CASE if name == "with cases" else FIRST_CELL
            print(name, json.dumps(measure(driver, report, first), indent=2))
        driver.quit()


if __name__ == "__main__":
    run_guarded(main)
