"""Karyotype, correct in the browser, export, adapt: the network has learned the laboratory."""

from __future__ import annotations

import json
import re

import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from tests.karyotyping.report.browser import Page
from tests.launch.programs import REPOSITORY, run

CELLS, UNLABELLED = 5, 2
# As large as the preset, but shorter, and with a rate that shows in so few steps.
SHORT = (
    "--config.training.epochs=3",
    "--config.optimizer.learning_rate=1e-3",
    "--config.evaluation.bootstrap_resamples=50",
)


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """Write drawn cells, which the included network doesn't know; return the folder and truth."""
    folder = tmp_path_factory.mktemp("laboratory")
    truth = {}
    for number in range(CELLS + UNLABELLED):
        cell = folder / ("cells" if number < CELLS else "unlabelled") / f"cell {number}"
        cell.mkdir(parents=True)
        drawn = draw_numbered_cell(number, seed=0, style="g", aneuploid_share=0.0)
        for index, one in enumerate(drawn.chromosomes):
            image = Image.fromarray(one.image)
            (image.rotate(180) if index % 2 else image).save(cell / f"{index}.png")
            if number < CELLS:
                truth[cell.name, f"{index}.png"] = (CLASS_NAMES[one.label], bool(index % 2))
    return folder, truth


def correct(page, cell, truth):
    """Move every wrong chromosome of a cell to its class, rotate it if needed, and close it."""
    corrections = 0
    for one in cell["chromosomes"]:
        name, turned = truth[cell["cell"], one["name"]]
        if one["class"] != name:
            page.press(one["name"], *((*name, Keys.ENTER) if name.isdigit() else name.lower()))
            corrections += 1
        if one["turned"] != turned:
            page.press(one["name"], "t")
            corrections += 1
    page.find("#reviewed").click()
    return corrections


def test_a_reviewed_batch_teaches_the_network(driver, laboratory, tmp_path, compiled):
    folder, truth = laboratory
    cache = f"--compilation_cache={compiled}"
    done = run("karyotype.py", "--images=cells", "--out=read", "--any_stain", cache, folder=folder)
    assert done.returncode == 0, done.stderr
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    driver.get((folder / "read" / "report.html").as_uri())
    page = Page(driver, tmp_path)
    corrections = 0
    for number in range(CELLS):
        page.find(f"[data-cell='cell {number}']").click()
        values = json.loads((folder / "read" / f"cell {number}" / "karyotype.json").read_text())
        corrections += correct(page, values, truth)
    assert corrections > 5
    labels = page.download("#export-labels", "labels.csv")
    assert len(labels.splitlines()) == 1 + len(truth)
    (folder / "cells" / "labels.csv").write_text(labels, "utf-8")
    done = run(
        "main.py",
        f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:adapt",
        "--config.data.own_folder=cells",
        "--workdir=adapted",
        cache,
        *SHORT,
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "adapted" / "results.json").read_text("utf-8"))
    assert results["start"]["images"] == results["images"] == 46
    assert results["accuracy"] > results["start"]["accuracy"]
    assert results["progress"]["best_step"] > 0
    before = f"before the training: {results['start']['accuracy']:.2%} of 46 images"
    assert before in done.stdout
    # The table says which way up each image is, so the orientation is learned and tested, too.
    assert results["polarity"]["turned_at_random"]["polarity_accuracy"] > 0.7
    learn_without_labels(folder, cache)


def learn_without_labels(folder, cache):
    """Adapt the adapted network once more, to further cells by what it reads in them."""
    done = run("export.py", "--workdir=adapted", "--out=network", cache, folder=folder)
    assert done.returncode == 0, done.stderr
    done = run(
        "main.py",
        f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:adapt",
        "--config.data.own_folder=cells",
        "--config.data.unlabelled_folder=unlabelled",
        "--config.model.init_from=network/variables.npz",
        "--workdir=again",
        cache,
        *SHORT,
        "--config.training.epochs=1",
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    said = re.search(r"unlabelled: (\d+) of 92 images of 2 cells", done.stdout)
    assert said is not None, done.stdout
    assert int(said[1]) > 46
    assert re.search(r"138 train, 46 validation, 46 test, \d+ pseudo-labelled", done.stdout)
    results = json.loads((folder / "again" / "results.json").read_text("utf-8"))
    assert results["images"] == 46
