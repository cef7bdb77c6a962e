from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.ideogram.builder import draw_numbered_cell
from tests.launch.programs import REPOSITORY, run

CONFIG = f"--config={REPOSITORY / 'configs' / 'stripnet.py'}:own"
SMALL = (
    "--config.model.implementation=plain",
    "--config.model.width_multiplier=0.125",
    "--config.model.middle_modules=1",
    "--config.model.input_px=50",
    "--config.training.epochs=1",
    "--config.evaluation.bootstrap_resamples=50",
)


@pytest.fixture(scope="module")
def laboratory(folder):
    """Write five drawn cells as a laboratory would hand them over."""
    for number in range(5):
        write_cell(folder / "laboratory", number)
    return folder / "laboratory"


def write_cell(laboratory, number):
    cell = laboratory / f"patient {number}"
    cell.mkdir(parents=True)
    drawn = draw_numbered_cell(number, seed=0, style="g", aneuploid_share=0.0)
    for index, chromosome in enumerate(drawn.chromosomes):
        name = f"scan{index} {CLASS_NAMES[chromosome.label]}.png"
        Image.fromarray(chromosome.image).save(cell / name)
    return cell


def test_a_laboratory_trains_and_tests_on_its_own_folder(laboratory, folder, flags):
    own = f"--config.data.own_folder={laboratory.name}"  # relative to the current directory
    workdir = folder / "run"
    done = run("main.py", CONFIG, own, *SMALL, *flags, f"--workdir={workdir}", folder=folder)
    assert done.returncode == 0, done.stderr
    results = json.loads((workdir / "results.json").read_text())
    assert (results["dataset"], results["protocol"], results["images"]) == ("own", "cells", 46)
    # StripNet has no super-resolution layers to show.
    assert not (workdir / "super_resolution.png").exists()
    assert (workdir / "cell.png").exists()


def test_cells_added_later_are_never_tested_in_silence(laboratory, folder, flags, tmp_path):
    """Follows the test above, whose run it evaluates from another directory."""
    workdir = folder / "run"
    before = json.loads((workdir / "results.json").read_text())
    assert before["finished"] is True
    added = write_cell(laboratory, 9)
    calls = [[f"--workdir={workdir}", flags[1]], [f"--workdir={workdir}", flags[1]]]
    calls[1].append("--use_stored_split")
    refused, accepted = (run("evaluate.py", *one, folder=tmp_path) for one in calls)
    resumed = run("main.py", *calls[0], folder=tmp_path)
    shutil.rmtree(added)
    for done in (refused, resumed):
        assert done.returncode == 2
        assert "added: 46 images: patient 9/scan0 1, patient 9/scan1 1," in done.stderr
        assert "and 36 more" in done.stderr
        assert "--use_stored_split" in done.stderr
    assert accepted.returncode == 0, accepted.stderr
    after = json.loads((workdir / "results.json").read_text())
    for name in ("accuracy", "images", "loss", "recall", "calibration"):
        assert after[name] == before[name]


def test_an_unreadable_image_is_named_and_nothing_is_left(laboratory, folder, flags):
    broken = laboratory / "patient 0" / "scan99 7.png"
    broken.write_bytes(b"no picture")
    own = f"--config.data.own_folder={laboratory}"
    workdir = folder / "broken"
    done = run("main.py", CONFIG, own, *SMALL, *flags, f"--workdir={workdir}", folder=folder)
    broken.unlink()
    assert done.returncode == 2
    assert "scan99 7.png" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workdir / "checkpoints").exists()
