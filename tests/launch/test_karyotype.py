"""Whole cells from folders to karyograms, as a laboratory starts it."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from superxception_jax.runs.reader import load_classifier
from tests.launch.programs import REPOSITORY, run

CONFIG = f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:smoke"


@pytest.fixture(scope="module")
def workdir(folder, flags):
    """Train a network that reads polarity, for a moment."""
    done = run(
        "main.py",
        CONFIG,
        *flags,
        "--config.model.implementation=plain",
        f"--workdir={folder / 'run'}",
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "run" / "results.json").read_text())
    assert set(results["polarity"]) == {"upright", "turned_at_random"}
    return folder / "run"


def write_cell(path, number, count=46):
    path.mkdir(parents=True)
    drawn = draw_numbered_cell(number, seed=1, style="q", aneuploid_share=0.0)
    for index, chromosome in enumerate(drawn.chromosomes[:count]):
        Image.fromarray(chromosome.image).save(path / f"{index}.png")


def test_a_batch_of_cells(workdir, folder, flags):
    write_cell(folder / "batch" / "cell 1", 3)
    write_cell(folder / "batch" / "cell 2", 2, count=1)
    (folder / "batch" / "cell 1" / "broken.png").write_bytes(b"no picture")
    (folder / "batch" / "cell 3").mkdir()
    (folder / "batch" / "cell 3" / "x.png").write_bytes(b"")
    done = run(
        "karyotype.py",
        f"--images={folder / 'batch'}",
        f"--workdir={workdir}",
        f"--out={folder / 'out'}",
        "--pictures=svg",
        flags[1],
        folder=folder,
    )
    # Cell 3 could not be read; the others are written.
    assert done.returncode == 1, done.stderr
    assert "cell `cell 3`: no image could be read; x.png: the file is empty" in done.stderr
    assert "3 cells (one folder per cell), 49 images" in done.stdout
    # An image could not be read, so a chromosome may be missing.
    assert "cell 1: 46 chromosomes, no ISCN formula (1 image could not be read)" in done.stdout
    assert "  dark background (level 0.0" in done.stdout
    assert "could not be read: broken.png: the image can't be read" in done.stdout
    assert "cell 2: 1 chromosome, no ISCN formula" in done.stdout
    for name in ("cell 1", "cell 2"):
        out = folder / "out" / name
        with Image.open(out / "karyogram.png") as image:
            assert min(image.size) > 200
        assert (out / "karyogram.svg").read_text().count("<svg") == 1
        values = json.loads((out / "karyotype.json").read_text())
        with (out / "assignments.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(values["chromosomes"]) == sum(values["counts"].values())
    assert "cell 1" in (folder / "out" / "report.html").read_text()
    assert not (folder / "out" / "cell 3").exists()


def test_a_second_run_leaves_nothing_of_the_first(workdir, folder, flags):
    """A cell that is now damaged and alone: neither its karyogram nor the report stays."""
    write_cell(folder / "again" / "cell 1", 1, count=2)
    arguments = [
        f"--images={folder / 'again'}", f"--workdir={workdir}", f"--out={folder / 'twice'}",
        flags[1],
    ]  # fmt: skip
    done = run("karyotype.py", *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (folder / "twice").iterdir()} == {
        *("cell 1", "report.html", "state.json")
    }
    for file in (folder / "again" / "cell 1").iterdir():
        file.write_bytes(b"damaged")
    done = run("karyotype.py", *arguments, folder=folder)
    assert done.returncode == 1
    assert "no cell could be karyotyped: no report was written. Earlier results of" in done.stderr
    assert list((folder / "twice").iterdir()) == []


def test_an_exported_network_predicts_the_same(workdir, folder, flags):
    out = folder / "exported"
    done = run("export.py", f"--workdir={workdir}", f"--out={out}", flags[1], folder=folder)
    assert done.returncode == 0, done.stderr
    names = {
        "config.json",
        "environment.json",
        "calibration.json",
        "results.json",
        "trained_on.npy",
    }
    assert {path.name for path in out.iterdir()} == names | {"variables.npz", "MODEL_CARD.md"}
    card = (out / "MODEL_CARD.md").read_text()
    assert "synthetic cells" in card
    assert "Orientation correct, images turned at random" in card
    canvases = np.random.default_rng(0).integers(0, 255, size=(3, 50, 50, 1)).astype(np.uint8)
    one, other = (load_classifier(path).predict(canvases) for path in (workdir, out))
    assert one.shape == (3, 48)
    np.testing.assert_allclose(other, one, atol=0.02)
    assert not np.array_equal(other, one)
    config = json.loads((out / "config.json").read_text())
    config["model"]["width_multiplier"] = 0.25
    (out / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="must hold the network of its config"):
        load_classifier(out)


def test_bad_input_is_one_sentence(folder, flags):
    (folder / "empty").mkdir(exist_ok=True)
    if not (folder / "single").exists():
        write_cell(folder / "single", 3, count=1)
    bad = {
        ("nowhere", "run"): "`--images` must be a folder of chromosome images, got `nowhere`",
        ("empty", "run"): "empty` must hold images",
        ("single", "elsewhere"): "`--workdir` must be the folder of a finished run",
    }
    calls = [[f"--images={images}", f"--workdir={run}", flags[1]] for images, run in bad]
    calls.append(["--images=single", "--out=single/results", flags[1]])
    (folder / "a file").write_text("mine")
    calls.append(["--images=single", "--out=a file", flags[1]])
    texts = [
        *bad.values(),
        "`--out` must be a folder apart from `--images`",
        "`--out` must be a folder that can be written, got",
    ]
    for call, text in zip(calls, texts, strict=True):
        done = run("karyotype.py", *call, folder=folder)
        assert done.returncode == 2
        assert text in done.stderr
        assert "Traceback" not in done.stderr
