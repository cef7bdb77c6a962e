"""A report whose cells are files beside it: complete at any moment, loaded when they are shown."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import replace

import pytest

from superxception_jax.karyotyping.report import page as report_page
from superxception_jax.karyotyping.report import part_folder
from superxception_jax.karyotyping.report.cell_part import (
    cell_payload,
    load_cell_text,
    load_head,
    write_report_cell,
)
from superxception_jax.karyotyping.report.page import write_html_report, write_report_of_parts
from superxception_jax.karyotyping.report.review_order import names_to_review
from superxception_jax.karyotyping.result_files import remove_report, replacing_results
from tests.karyotyping.report.browser import Page
from tests.karyotyping.report.page_data import payload_of, report_payload
from tests.karyotyping.report.samples import sample_chromosome, sample_karyotype

# Of the first version of the page.
DIGEST_OF_A_SAMPLE = "ba40677d33ebb62eb245b577c643473f4f8ec2d3412ce330ae1096b5c0a13b2a"
# Characters that have another meaning in an address.
LARGE_PAGE = "case #12.html"


def folders_of(path):
    return sorted(one.name for one in path.parent.iterdir() if one.is_dir())


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(report_page, "MOST_INLINE_BYTES", 0)


@pytest.fixture
def parts(cells, tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    return [write_report_cell(one, folder / f"{n}.js") for n, one in enumerate(cells)]


def test_a_part_holds_one_cell(parts, cells):
    for part, cell in zip(parts, cells, strict=True):
        assert json.loads(load_cell_text(part)) == cell_payload(cell)
        head = load_head(part)
        assert (head["cell"], head["total"]) == (cell.cell, len(cell.chromosomes))
        assert "chromosomes" not in head
        assert len(json.dumps(head)) < 4000


def test_a_damaged_part_is_refused(parts, tmp_path):
    whole = parts[0].read_bytes()
    for content in (whole[:-20], b"", b"karyotypeReportCell(\n{" + whole[100:]):
        parts[0].write_bytes(content)
        with pytest.raises(ValueError, match="must hold the part of a report"):
            write_report_of_parts(parts, tmp_path / "report.html", facts={})
    assert [one.name for one in tmp_path.iterdir()] == ["parts"]


def test_both_forms_have_the_same_digest_and_cells(parts, cells, tmp_path, monkeypatch):
    one = write_report_of_parts(parts, tmp_path / "one.html", facts={"commit": "a"})
    expected = payload_of(one)
    assert [cell["cell"] for cell in expected["cells"]]
    monkeypatch.setattr(report_page, "MOST_INLINE_BYTES", 0)
    many = write_report_of_parts(parts, tmp_path / "many.html", facts={"commit": "a"})
    found = payload_of(many)
    assert found["digest"] == expected["digest"]
    assert found["folder"] == f"many_cells-{found['digest'][:8]}"
    for small, whole in zip(found["cells"], expected["cells"], strict=True):
        text = load_cell_text(tmp_path / found["folder"] / small.pop("part"))
        assert json.loads(text)["chromosomes"] == whole["chromosomes"]
        assert small == {name: value for name, value in whole.items() if name != "chromosomes"}
    assert many.stat().st_size < one.stat().st_size / 2


def test_digest_is_that_of_the_list_of_cells(cells):
    # Corrections that browsers stored under earlier versions are found under it.
    sample = sample_karyotype("c", sample_chromosome("a"))
    assert report_payload([sample], facts={})["digest"] == DIGEST_OF_A_SAMPLE


def test_a_new_report_removes_the_folder_of_the_old_one(cells, tmp_path, large):
    path = write_html_report(cells, tmp_path / "report.html", facts={})
    (first,) = folders_of(path)
    write_html_report(cells, path, facts={"commit": "other"})
    assert folders_of(path) == [first]
    (tmp_path / first / "notes.txt").write_text("mine")
    (tmp_path / "report_cells-other").mkdir()
    write_html_report(cells[:2], path, facts={})
    assert len(folders_of(path)) == 3
    assert [one.name for one in (tmp_path / first).iterdir()] == ["notes.txt"]
    shutil.rmtree(tmp_path / first)
    remove_report(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["report_cells-other"]


def test_parts_are_copied_where_a_file_cannot_have_two_names(cells, tmp_path, large, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "not permitted")

    monkeypatch.setattr(part_folder.os, "link", refuse)
    path = write_html_report(cells, tmp_path / "report.html", facts={})
    values = payload_of(path)
    for cell in values["cells"]:
        assert load_head(tmp_path / values["folder"] / cell["part"])["digest"] == cell["digest"]


def test_files_are_never_moved_out_of_a_folder_of_their_owner(cells, tmp_path, large, monkeypatch):
    """On Windows, they would be those of the owner alone, wherever they are."""
    modes, sources, make = {}, set(), os.mkdir

    def note_mode(path, mode=0o777, **settings):
        modes[os.fspath(path)] = mode
        make(path, mode, **settings)

    def note_source(act):
        def acted(source, target, **settings):
            sources.add(os.path.dirname(source))
            act(source, target, **settings)

        return acted

    monkeypatch.setattr(os, "mkdir", note_mode)
    monkeypatch.setattr(os, "link", note_source(os.link))
    monkeypatch.setattr(os, "replace", note_source(os.replace))
    write_html_report(cells, tmp_path / "report.html", facts={})
    with replacing_results(tmp_path, "a", cell="a") as folder:
        (folder / "karyotype.json").write_text("{}")
    made = sources & modes.keys()
    assert sorted(os.path.basename(one).partition("-")[0] for one in made) == [
        ".karyotype",
        ".report",
        ".report_cells",
    ]
    assert {modes[one] for one in made} == {0o777}


@pytest.mark.parametrize("stop_at", ["link", "replace", "page"])
def test_a_stopped_run_leaves_the_old_report_complete(cells, tmp_path, large, monkeypatch, stop_at):
    path = write_html_report(cells[:2], tmp_path / "report.html", facts={})
    before = payload_of(path)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if stop_at == "link":
            patch.setattr(part_folder.os, "link", stop)
        elif stop_at == "replace":
            patch.setattr(part_folder.os, "replace", stop)
        else:
            patch.setattr(report_page, "write_text", stop)
        with pytest.raises(KeyboardInterrupt):
            write_html_report(cells, path, facts={})
    assert payload_of(path) == before
    for cell in before["cells"]:
        assert load_head(tmp_path / before["folder"] / cell["part"])["digest"] == cell["digest"]
    # What a killed process could not remove goes with the next report.
    (tmp_path / ".report_cells-abcd1234").mkdir()
    (tmp_path / ".report_cells-abcd1234" / "0001.js").write_text("half")
    write_html_report(cells, path, facts={})
    assert folders_of(path) == [payload_of(path)["folder"]]


@pytest.fixture
def large_page(driver, cells, tmp_path, large):
    # More cells than the page keeps.
    many = [
        replace(cells[0], cell=f"Copy {number:02d}", margin=9.0 + number / 100)
        for number in range(45)
    ]
    path = write_html_report([*cells, *many], tmp_path / LARGE_PAGE, facts={})
    driver.get(path.as_uri())
    driver.execute_script("localStorage.clear()")
    driver.refresh()
    page = Page(driver, tmp_path)
    page.wait(".chromosome")
    yield page
    driver.get("about:blank")
    driver.get_log("browser")


def test_cells_are_loaded_when_they_are_shown(large_page, cells):
    page = large_page
    scripts = "return performance.getEntriesByType('resource').map((one) => one.name)"
    loaded = page.driver.execute_script(scripts)
    assert len([one for one in loaded if one.endswith(".js")]) <= 2, "the shown one and the next"
    page.show("Cell 001")
    page.wait(f".chromosome[data-image='{cells[1].chromosomes[0].name}']")
    image = cells[1].of_class("21")[0].name
    page.press(image, "a")
    assert page.text("#iscn") == "46,XY"
    # An export loads all cells, and the corrections of those that were dropped stay.
    cell = page.corrected("Cell 001")
    assert cell["iscn_corrected"] == "46,XY"
    report = page.driver.execute_script("return karyotypeReport.correctedReport()")
    assert len(report["cells"]) == len(cells) + 45
    assert all(len(one["chromosomes"]) >= 40 for one in report["cells"])
    kept = """
        const text = document.getElementById("report-data").textContent;
        return [JSON.parse(text).cells.length, karyotypeReport.loadedCells()]"""
    count, held = page.driver.execute_script(kept)
    assert count == len(cells) + 45
    assert held <= 41
    page.driver.refresh()
    page.show("Cell 001")
    page.wait(".chromosome")
    assert page.text("#iscn") == "46,XY"


def test_an_export_is_of_one_moment(large_page, cells):
    page = large_page
    page.show("Cell 001")
    image = cells[1].of_class("21")[0].name
    page.wait(f".chromosome[data-image='{image}']")
    script = """
        const [button, done] = arguments;
        const exported = karyotypeReport.correctedReport();
        button.focus();
        const wait = () => {
          if (karyotypeReport.loadedCells() < 20) return setTimeout(wait, 1);
          button.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
          exported.then(done);
        };
        wait();"""
    report = page.driver.execute_async_script(script, page.chromosome(image))
    (cell,) = (one for one in report["cells"] if one["cell"] == "Cell 001")
    assert [(one["image"], one["to"]) for one in report["audit"]] == [(image, "set aside")]
    now = {one["name"]: one["class_corrected"] for one in cell["chromosomes"]}
    assert (now[image], cell["iscn_corrected"]) == ("set aside", "46,XY")


def test_the_next_to_review_is_found_while_the_images_load(large_page, cells):
    page = large_page
    names = names_to_review(cells[2])
    script = """
        const press = (key) => document.body.dispatchEvent(
          new KeyboardEvent("keydown", { key, bubbles: true }));
        document.querySelector("[data-cell='Cell 002']").click();
        const text = document.getElementById("karyogram").textContent;
        for (let time = 0; time < arguments[0]; time += 1) press("r");
        return text;"""
    for times in (1, 2):
        page.driver.refresh()
        page.wait(".chromosome")
        assert page.driver.execute_script(script, times) == "Loading the images …"
        page.wait(f".chromosome.selected[data-image='{names[times - 1]}']")
        assert page.text("#cell-head h2") == "Cell 002"


def test_a_missing_or_foreign_part_is_named(large_page, tmp_path):
    page = large_page
    found = payload_of(tmp_path / LARGE_PAGE)
    by_name = {cell["cell"]: tmp_path / found["folder"] / cell["part"] for cell in found["cells"]}
    by_name["Copy 20"].unlink()
    os.replace(by_name["Copy 21"], by_name["Copy 25"])
    for cell in ("Copy 20", "Copy 25"):
        page.driver.execute_script("document.getElementById('missing-part').hidden = true")
        page.show(cell)
        page.wait_until(lambda: page.find("#missing-part").is_displayed())
        assert page.text("#missing-part").startswith(f"The images of cell {cell} must be in the")
        assert page.text("#karyogram") == "Loading the images …"
        assert page.text("#iscn") == "46,XX"
    page.find("#export-csv").click()
    page.wait_until(lambda: page.find("#missing-part").is_displayed())
    assert list(tmp_path.glob("*.csv")) == []


def test_the_policy_of_a_large_report_lets_only_its_files_in(large_page):
    page = large_page
    script = """
        const done = arguments[0];
        const tries = [];
        for (const [tag, rule] of [["script", "script"], ["img", "img"], ["iframe", "frame"]]) {
          tries.push(new Promise((told) => {
            const element = document.createElement(tag);
            document.addEventListener("securitypolicyviolation", (event) => {
              if (event.effectiveDirective.startsWith(rule)) told(event.effectiveDirective);
            });
            element.src = `http://127.0.0.1:9/${tag}`;
            document.body.append(element);
          }));
        }
        tries.push(fetch("http://127.0.0.1:9/").then(() => "reached", (error) => error.name));
        Promise.all(tries).then(done)"""
    found = page.driver.execute_async_script(script)
    assert found == ["script-src-elem", "img-src", "frame-src", "TypeError"]
