"""The page drafts the same formula as Python from the same counts."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.karyotyping.iscn import ploidy
from superxception_jax.karyotyping.report.page import report_payload
from tests.karyotyping.report.counts import (
    MOST_CHROMOSOMES,
    python_formulas,
    sample_counts,
    with_names,
)
from tests.karyotyping.report.samples import sample_karyotype

NODE = shutil.which("node")
PROGRAM = """
import { readFileSync } from "node:fs";
const { module, report, cells } = JSON.parse(readFileSync(0, "utf8"));
const { draftIscn, draftFormula } = await import(module);
const formulas = cells.map((counts) => {
  const isEmpty = report.classes.every((name) => counts[name] === 0);
  return [isEmpty ? null : draftIscn(counts, report.classes), draftFormula(counts, report)];
});
process.stdout.write(JSON.stringify(formulas));
"""


def test_the_samples_are_what_they_are_for():
    cells = sample_counts()
    assert len(cells) > 250
    assert {sum(counts) for counts in cells} == set(range(MOST_CHROMOSOMES + 1))
    assert {ploidy(sum(counts)) for counts in cells} == {1, 2, 3, 4}
    formulas = [python_formulas(counts) for counts in cells]
    assert sum(whole != "" for _, whole in formulas) > 50
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
    }
    done = subprocess.run(
        [NODE or "node", "--input-type=module", "--eval", PROGRAM],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [python_formulas(counts) for counts in cells]
    assert given["report"]["classes"] == list(CLASS_NAMES)
