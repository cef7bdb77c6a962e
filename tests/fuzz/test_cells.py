from __future__ import annotations

import dataclasses
import functools
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.data.normalization.crop import KINDS
from superxception_jax.karyotyping.batch import KaryotypedFolder
from superxception_jax.karyotyping.cell import Classifier
from superxception_jax.karyotyping.folders import find_cells
from superxception_jax.karyotyping.result_files import CELL_FILES, REPORT_FILE
from tests.data.picture_versions import png
from tests.fuzz.bounds import check_message, count, examples, within
from tests.fuzz.damage import DAMAGES, damage
from tests.fuzz.pictures import WRITERS, files
from tests.karyotyping import small_batch
from tests.karyotyping.known_cell import NORMALIZATION

SECONDS = 60.0
_GOOD = st.tuples(st.sampled_from("qg"), st.integers(0, 45), st.sampled_from(sorted(WRITERS)))
_BAD = st.tuples(files(), DAMAGES)


def predict(canvases: np.ndarray) -> np.ndarray:
    """Return sure classes that depend on the canvas."""
    logits = np.zeros((len(canvases), 48))
    for row, canvas in enumerate(canvases):
        logits[row, int(canvas.sum()) % 48] = 12.0
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


CLASSIFIER = Classifier(
    predict=predict,
    normalization=NORMALIZATION,
    polarity="read",
    temperature=1.0,
    class_shares=np.full(24, 1 / 24),
    about={},
)
NETWORKS = dataclasses.replace(
    small_batch.NETWORKS,
    normalizations=dict.fromkeys(KINDS, NORMALIZATION),
    load=lambda kind: CLASSIFIER,
    identity="sums",
)
WRITTEN = sorted(one for one in CELL_FILES if not one.startswith("karyogram."))


@functools.cache
def chromosomes(style: str) -> tuple[np.ndarray, ...]:
    drawn = draw_numbered_cell(0, seed=1, style=style, aneuploid_share=0.0)
    return tuple(one.image for one in drawn.chromosomes)


@pytest.fixture
def shelf(tmp_path) -> Path:
    return tmp_path


def write_cell(folder: Path, good: list, bad: list, *, whole: str) -> None:
    folder.mkdir(parents=True)
    for index, image in enumerate(chromosomes(whole) if whole else ()):
        (folder / f"w{index}.png").write_bytes(png(image))
    for index, (style, number, writer) in enumerate(good):
        image = chromosomes(style)[number % len(chromosomes(style))]
        ending = "tif" if "tiff" in writer or "bit" in writer else "png"
        (folder / f"g{index}.{ending}").write_bytes(WRITERS[writer](image))
    for index, (content, damages) in enumerate(bad):
        (folder / f"b{index}.{('png', 'jpg', 'tif', 'lsm')[index % 4]}").write_bytes(
            damage(content, damages)
        )


def karyotype(batch: Path, out: Path) -> KaryotypedFolder:
    # No karyogram is drawn, which would take most of the time of a cell.
    cells = find_cells(batch).cells
    return small_batch.run(cells, out, networks=NETWORKS, any_stain=True, pictures="none")


def check_outputs(batch: Path, out: Path, found: KaryotypedFolder) -> None:
    done = {one.cell for one in found.karyotypes}
    assert done.isdisjoint(found.failed)
    assert done | set(found.failed) == {one.name for one in find_cells(batch).cells}
    for reason in found.failed.values():
        check_message(ValueError(reason))
    assert {path.name for path in out.iterdir()} == done | ({REPORT_FILE} if done else set())
    for one in found.karyotypes:
        count("cells karyotyped")
        folder = out / one.cell
        assert sorted(path.name for path in folder.iterdir()) == WRITTEN
        values = json.loads((folder / "karyotype.json").read_text("utf-8"))
        assert values["cell"] == one.cell
        rows = (folder / "assignments.csv").read_text("utf-8").splitlines()
        assert len(rows) >= 1 + len(one.chromosomes)
        if one.unread or one.set_aside:
            assert one.iscn == ""
            assert one.withheld
        aside = [*one.unread, *one.set_aside]
        names = Counter([*(c.name for c in one.chromosomes), *(name for name, _ in aside)])
        written = {path.name for path in (batch / one.cell).iterdir()}
        assert names == dict.fromkeys(written, 1), f"{names} of {written}"
        for _, reason in aside:
            check_message(ValueError(reason))
        for chromosome in one.chromosomes:
            np.testing.assert_allclose(chromosome.probabilities.sum(), 1, atol=1e-5)


CELL = st.tuples(
    st.lists(_GOOD, max_size=6),
    st.lists(_BAD, max_size=5),
    st.sampled_from(("", "", "", "q", "g")),
).filter(lambda cell: bool(cell[0] or cell[1] or cell[2]))


@examples(short=10, long=100)
@given(st.lists(CELL, min_size=1, max_size=3), st.booleans())
def test_each_file_of_a_cell_is_read_or_named(shelf, cells, again):
    batch, out = shelf / "batch", shelf / "out"
    for folder in (batch, out):
        shutil.rmtree(folder, ignore_errors=True)
    for index, (good, bad, whole) in enumerate(cells):
        write_cell(batch / f"cell {index}", good, bad, whole=whole)
    with within(SECONDS):
        try:
            found = karyotype(batch, out)
        except (ValueError, FileNotFoundError) as error:
            check_message(error)
            return
    check_outputs(batch, out, found)
    if again:
        # A second run whose first cell is rubbish keeps nothing of the first run.
        for file in (batch / "cell 0").iterdir():
            file.write_bytes(b"rubbish")
        with within(SECONDS):
            check_outputs(batch, out, karyotype(batch, out))
