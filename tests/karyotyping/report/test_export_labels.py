"""Corrections in a report become the labels of the folder that was karyotyped."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.builders import load_records, make_builder
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.karyotyping.cell import karyotype_cell
from superxception_jax.karyotyping.folders import find_cells, load_cell
from superxception_jax.karyotyping.report.page import write_html_report
from tests.data.image_folders import own_options
from tests.karyotyping.known_cell import make_classifier
from tests.karyotyping.report.browser import Page

NODE = shutil.which("node")
PROGRAM = """
import { readFileSync } from "node:fs";
const { folder, cells, classes } = JSON.parse(readFileSync(0, "utf8"));
const { LABEL_COLUMNS, haveFiles, labelRows } = await import(`${folder}/labels.mjs`);
const { csvText } = await import(`${folder}/text.mjs`);
const table = csvText([LABEL_COLUMNS, ...labelRows(cells, classes)]);
process.stdout.write(JSON.stringify({ table, files: haveFiles(cells) }));
"""
COUNT = 8  # Images of a cell.
CELL_1, CELL_2 = 'Fälle, "alt"/cell 1', 'Fälle, "alt"/cell 2'
WRONG_CLASS, WRONG_WAY, ASIDE = "1.png", "3.png", "5.png"


def export_with_node(repository, cells):
    folder = repository / "superxception_jax" / "karyotyping" / "report" / "js"
    done = subprocess.run(
        [NODE or "node", "--input-type=module", "--eval", PROGRAM],
        input=json.dumps({"folder": folder.as_uri(), "cells": cells, "classes": CLASS_NAMES}),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def corrected(file, name, turned):
    return {"file": file, "class_corrected": name, "turned_corrected": turned}


@pytest.mark.skipif(NODE is None, reason="needs `node` (Debian: apt-get install nodejs)")
def test_rows_of_reviewed_cells(repository):
    chromosomes = [
        corrected('a, "1".png', "21", True),
        corrected("b.png", "set aside", False),
        corrected("ü/c.png", "X", None),
        corrected("d.png", "Y", False),
    ]
    cells = [
        {"cell": "P 1/c/d", "case": "P 1", "reviewed": True, "chromosomes": chromosomes},
        {"cell": "P 1/e", "case": "P 1", "reviewed": False, "chromosomes": chromosomes},
        {"cell": "P 1/f", "case": "", "reviewed": True, "chromosomes": chromosomes[3:]},
    ]
    cells = [{**cell, "has_files": True} for cell in cells]
    found = export_with_node(repository, cells)
    assert found["files"] is True
    assert list(csv.reader(io.StringIO(found["table"]))) == [
        ["file", "class", "cell", "case", "turned"],
        ['a, "1".png', "21", "c/d", "P 1", "true"],
        ["ü/c.png", "X", "c/d", "P 1", ""],
        ["d.png", "Y", "c/d", "P 1", "false"],
        ["d.png", "Y", "P 1/f", "", "false"],
    ]
    memory = {**cells[2], "has_files": False}
    assert export_with_node(repository, [cells[0], memory])["files"] is False


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Write two drawn cells, every third image upside down; return the folder and the truth."""
    root = tmp_path_factory.mktemp("labels") / "lab"
    truth = {}
    for seed, cell in enumerate((CELL_1, CELL_2)):
        drawn = draw_numbered_cell(0, seed=seed, style="q", aneuploid_share=0.0)
        (root / cell).mkdir(parents=True)
        for index, one in enumerate(drawn.chromosomes[:COUNT]):
            image = one.image[::-1, ::-1] if index % 3 == 0 else one.image
            Image.fromarray(image).save(root / cell / f"{index}.png")
            truth[f"{cell}/{index}"] = one
    return root, truth


@pytest.fixture
def page(driver, lab, tmp_path):
    """Karyotype the cells with a network that is wrong twice, and open the report."""
    root, truth = lab
    (root / "labels.csv").unlink(missing_ok=True)

    karyotypes = []
    for folder in find_cells(root).cells:
        cell = load_cell(folder)
        labels = [truth[one.file.removesuffix(".png")].label for one in cell.images]
        down = {index for index in range(COUNT) if index % 3 == 0 and index != 3}
        wrong = {1: labels[1] + 10} if cell.name == CELL_1 else {}
        classifier = make_classifier(labels, turned=down, confused=wrong)
        karyotypes.append(karyotype_cell(cell, classifier=classifier))
    report = write_html_report(karyotypes, tmp_path / "report.html", facts={})
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    driver.get(report.as_uri())
    driver.execute_script("localStorage.clear()")
    driver.refresh()
    return Page(driver, tmp_path)


def load_lab(root, data):
    builder = make_builder(
        "own",
        dataset_options=own_options(root, polarity="any"),
        data_dir=data,
        manual_dir=data,
    )
    return {record.name: record for record in load_records(builder, progress=False)}


def test_a_corrected_cell_is_a_labelled_data_set(page, lab, tmp_path):
    root, truth = lab
    page.find(f"[data-cell$='{CELL_1[-6:]}']").click()
    assert page.text("#cell-head h2") == CELL_1
    page.find("#export-labels").click()
    assert page.text("#no-labels").startswith("There are no labels to export yet: tick")
    assert list(tmp_path.glob("*.csv")) == []
    right = CLASS_NAMES[truth[f"{CELL_1}/1"].label]
    assert WRONG_CLASS not in page.members(right)
    page.press(WRONG_CLASS, *right, Keys.ENTER)
    page.press(WRONG_WAY, "t")
    page.press(ASIDE, "a")
    page.find("#reviewed").click()
    assert page.text("#no-labels") == ""
    (root / "labels.csv").write_text(page.download("#export-labels", "labels.csv"), "utf-8")
    records = load_lab(root, tmp_path / "data")
    kept = [index for index in range(COUNT) if f"{index}.png" != ASIDE]
    assert list(records) == [f"{CELL_1}/{index}" for index in kept]
    for name, record in records.items():
        assert record.label == truth[name].label
        assert (record.case, record.cell, record.upright) == (
            CELL_1.partition("/")[0],
            CELL_1,
            True,
        )
        np.testing.assert_array_equal(record.image, truth[name].image)
    # The folder can be karyotyped as before: the other images are still there.
    again = find_cells(root)
    assert [len(cell.files) for cell in again.cells] == [COUNT, COUNT]
    assert "labels.csv is not used, because the folders define the same cells" in again.sentence


def test_images_in_memory_have_no_labels_to_export(driver, address, tmp_path):
    driver.get(address)
    button = Page(driver, tmp_path).find("#export-labels")
    assert not button.is_enabled()
    assert "not read from files" in button.get_attribute("title")
