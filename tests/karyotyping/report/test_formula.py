"""The page drafts the same formula as Python from the same counts."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from selenium.webdriver.common.keys import Keys

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.iscn import draft_formula, ploidy
from tests.karyotyping.report.counts import (
    MOST_CHROMOSOMES,
    python_formulas,
    sample_counts,
    with_names,
    withheld_of,
)
from tests.karyotyping.report.page_data import report_payload
from tests.karyotyping.report.samples import sample_karyotype

NODE = shutil.which("node")
PROGRAM = """
import { readFileSync } from "node:fs";
const { module, report, cells, withheld } = JSON.parse(readFileSync(0, "utf8"));
const { draftIscn, draftFormula } = await import(module);
const formulas = cells.map((counts, place) => {
  const isEmpty = report.classes.every((name) => counts[name] === 0);
  const formula = draftFormula(counts, report, withheld[place]);
  return [isEmpty ? null : draftIscn(counts, report.classes), formula];
});
process.stdout.write(JSON.stringify(formulas));
"""


def drafts_of(cells):
    return [
        python_formulas(counts, withheld=withheld_of(place)) for place, counts in enumerate(cells)
    ]


def test_the_samples_are_what_they_are_for():
    cells = sample_counts()
    assert len(cells) > 250
    assert {sum(counts) for counts in cells} == set(range(MOST_CHROMOSOMES + 1))
    assert {ploidy(sum(counts)) for counts in cells} == {1, 2, 3, 4}
    formulas = drafts_of(cells)
    assert sum(whole != "" for _, whole in formulas) > 40
    assert sum(whole == "" for _, whole in formulas) > 50
    texts = {text for text, _ in formulas}
    assert {"23,X", "46,XX", "46,XY", "44,?", "69,XXX", "92,XXYY"} <= texts


@pytest.mark.skipif(NODE is None, reason="needs `node` (Debian: apt-get install nodejs)")
def test_javascript_drafts_what_python_drafts(repository):
    folder = repository / "superxception_jax" / "karyotyping" / "report" / "js"
    cells = sample_counts()
    given = {
        "module": (folder / "formula.mjs").as_uri(),
        "report": report_payload([sample_karyotype()], facts={}),
        "cells": [with_names(counts, aside=place % 4) for place, counts in enumerate(cells)],
        "withheld": [withheld_of(place) for place in range(len(cells))],
    }
    done = subprocess.run(
        [NODE or "node", "--input-type=module", "--eval", PROGRAM],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == drafts_of(cells)
    assert given["report"]["classes"] == list(CLASS_NAMES)


def test_the_page_drafts_what_python_drafts(page):
    cells = sample_counts()
    script = """
        return arguments[0].map((counts, place) => [
          karyotypeReport.draftIscn(counts),
          karyotypeReport.draftFormula(counts, arguments[1][place]),
        ])"""
    given = [with_names(counts, aside=place % 4) for place, counts in enumerate(cells)]
    withheld = [withheld_of(place) for place in range(len(cells))]
    found = page.driver.execute_script(script, given, withheld)
    for (iscn, formula), drafts in zip(drafts_of(cells), found, strict=True):
        assert drafts[1] == formula
        assert iscn in (drafts[0], None)


def test_an_incomplete_cell_has_no_formula(page, cells):
    page.show("Cell 003")
    assert page.text("#iscn") == "no formula: fewer than 42 chromosomes (40)"
    assert page.text("[data-cell='Cell 003'] .iscn") == page.text("#iscn")
    first, second = (one.name for one in cells[3].of_class("1"))
    page.press(first, "2", Keys.ENTER)
    assert page.text("#iscn") == "no formula: fewer than 42 chromosomes (40)"
    page.press(second, "a")
    assert page.text("#iscn") == "no formula: fewer than 42 chromosomes (39)"
    assert "no formula: fewer than 42 chromosomes (39)" in page.text("#live")
    cell = page.corrected("Cell 003")
    assert (cell["iscn_read"], cell["iscn_corrected"]) == ("", "")


@pytest.mark.parametrize(
    ("name", "place", "why"),
    [
        ("Cell 004", 4, "3 images could not be read, 1 image set aside"),
        ("Cell 005", 5, "foreign stain"),
    ],
)
def test_no_correction_drafts_a_formula_that_is_withheld(page, cells, name, place, why):
    page.show(name)
    assert page.text("#iscn") == f"no formula: {why}"
    image = cells[place].of_class("5")[0].name
    page.drag(image, "4")
    assert page.text("#iscn") == f"no formula: {why}"
    page.press(image, "a")
    assert page.text("#iscn") == f"no formula: {why}"
    assert f"no formula: {why}" in page.text("#live")
    cell = page.corrected(name)
    assert (cell["iscn_read"], cell["iscn_corrected"]) == ("", "")
    assert cell["withheld"] == why
    page.find("#reset").click()
    assert page.text("#iscn") == f"no formula: {why}"


def test_chromosomes_set_aside_leave_the_formula_of_the_rest(page, cells):
    page.show("Cell 000")
    images = [one.name for number in ("1", "2", "3") for one in cells[0].of_class(number)]
    drafts = []
    for image in images[:5]:
        page.press(image, "a")
        cell = page.corrected("Cell 000")
        counts = [cell["counts_corrected"][name] for name in CLASS_NAMES]
        assert cell["iscn_corrected"] == draft_formula(counts)
        drafts.append(page.text("#iscn"))
    assert drafts == [
        "45,XX,-1",
        "44,XX,-1,-1",
        "43,XX,-1,-1,-2",
        "42,XX,-1,-1,-2,-2",
        "no formula: fewer than 42 chromosomes (41)",
    ]
    page.chord(Keys.CONTROL, key="z")
    assert page.text("#iscn") == "42,XX,-1,-1,-2,-2"
