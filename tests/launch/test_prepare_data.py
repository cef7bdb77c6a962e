from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superxception_jax.data.ideogram.builder import draw_numbered_cell
from tests.launch import programs


def run(where: Path, *arguments: str) -> subprocess.CompletedProcess:
    return programs.run("prepare_data.py", *arguments, folder=where)


def chromosome() -> np.ndarray:
    image = np.zeros((50, 30), np.uint8)
    image[5:45, 10:20] = 60
    image[10:14, 10:20] = image[25:33, 10:20] = 180
    return image


@pytest.fixture
def lab(tmp_path) -> Path:
    (tmp_path / "lab" / "c1").mkdir(parents=True)
    for level, name in enumerate(("a 1a", "a 1b", "a X", "a Y")):
        image = chromosome()
        image[5 + level * 9 : 12 + level * 9, 10:20] = 140
        image[5:45:39, 10:20:9] = 0  # A rectangle would be a scale bar.
        Image.fromarray(image).save(tmp_path / "lab" / "c1" / f"{name}.png")
    return tmp_path / "lab"


def test_own_folder_is_prepared_and_counted(lab, tmp_path):
    result = run(tmp_path, "--dataset", "own", "--folder", "lab")
    assert result.returncode == 0, result.stderr
    first, *lines = result.stdout.splitlines()
    assert first == "lab: 1 cell (one folder per cell), 4 images"
    assert lines[0].startswith("Preparing own/lab-")
    assert lines[1].startswith("own/lab-")
    assert lines[2] == "4 chromosomes, 1 cell, 1 case"
    assert lines[4].split()[:3] == ["images", "2", "0"]
    assert lines[6].split()[-2:] == ["1", "1"]
    assert lines[7] == "4 chromosomes in 1 cell: c1"
    assert lines[8].startswith("own: 1 cell without a patient (column `case` of `labels.csv`)")
    assert result.stderr == ""
    assert list((tmp_path / "data" / "own").rglob("*.array_record*"))


def test_twins_are_refused_unless_the_flag_allows_them(lab, tmp_path):
    (lab / "c2").mkdir()
    (lab / "c2" / "b 1a.png").write_bytes((lab / "c1" / "a 1a.png").read_bytes())
    command = ("--dataset", "own", "--folder", "lab")
    refused = run(tmp_path, *command)
    assert refused.returncode == 2
    assert "`c1/a 1a.png`, `c2/b 1a.png` are the same image in several cells" in refused.stderr
    allowed = run(tmp_path, *command, "--twins", "allow", "--polarity", "any")
    assert allowed.returncode == 0, allowed.stderr
    assert "-twins-any/" in allowed.stdout
    assert allowed.stdout.splitlines()[1].startswith("own: 1 image is in several cells, so that")


def test_synthetic_cells_take_the_flags(tmp_path):
    result = run(
        tmp_path, "--dataset", "ideogram", "--cells", "1", "--seed", "3", "--data_dir", "d"
    )
    assert result.returncode == 0, result.stderr
    assert "46 chromosomes in 1 cell" in result.stdout
    assert "cells1_seed3" in result.stdout
    assert (tmp_path / "d" / "ideogram").is_dir()


def test_images_are_written_and_come_back_as_an_own_set(tmp_path):
    asked = ("--dataset", "ideogram", "--cells", "1", "--write", "drawn")
    result = run(tmp_path, *asked)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == f"wrote {tmp_path / 'drawn'}"
    cell, table = sorted((tmp_path / "drawn").iterdir())
    assert table.name == "labels.csv"
    drawn = draw_numbered_cell(0, seed=0, style="q", aneuploid_share=0.0).chromosomes
    assert len(list(cell.iterdir())) == len(drawn) == 46
    image = np.asarray(Image.open(cell / f"{cell.name} {drawn[0].name}.png"))
    np.testing.assert_array_equal(image, drawn[0].image)
    counted = run(tmp_path, "--dataset", "own", "--folder", "drawn")
    assert "46 chromosomes, 1 cell" in counted.stdout
    again = run(tmp_path, *asked)
    assert again.returncode == 2
    assert "`--write` must be a new or empty folder, got 'drawn'" in again.stderr


def test_no_array_library_of_the_networks_is_loaded():
    code = (
        "import sys; sys.path.insert(0, '.'); import launch.prepare_data;"
        "sys.exit(bool({'jax', 'flax', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=programs.REPOSITORY, check=False)
    assert done.returncode == 0


def test_missing_archive_is_one_message_without_traceback(tmp_path):
    result = run(tmp_path, "--dataset", "bioimage")
    assert result.returncode == 2
    assert result.stderr.startswith("error: `manual_dir` must hold the Padova Q-band set")
    assert str(tmp_path / "data" / "manual") in result.stderr
    assert "Traceback" not in result.stderr


def test_show_draws_every_step(lab, tmp_path):
    result = run(
        tmp_path, "--show", "lab/c1/a 1a.png", "--out", "picture.png",
        "--normalization", "straightening=medial_axis", "image_px=40",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"wrote {tmp_path / 'picture.png'}\n"
    with Image.open(tmp_path / "picture.png") as picture:
        assert picture.width > 3 * picture.height / 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab", "picture.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "one of the arguments --dataset --show is required"),
        (("--dataset", "bioimages"), "invalid choice: 'bioimages'"),
        (("--dataset", "bioimage", "--cells", "3"), "`--cells` must be left out with --dataset b"),
        (("--dataset", "own", "--folder", "nowhere"), "`folder` must be a folder of chromosome"),
        (("--show", "nowhere.png"), "`--show` must be an image file, got 'nowhere.png'"),
        (
            ("--show", "lab/c1/a 1a.png", "--background", "light"),
            "`--background` must be left out with --show, got a value; write "
            "`--normalization background=light` instead.",
        ),
        (
            ("--show", "lab/c1/a 1a.png", "--polarity", "any", "--cells", "2"),
            "`--cells, --polarity` must be left out with --show, got a value; see --help.",
        ),
        (("--show", "lab/c1/a 1a.png", "--write", "x"), "`--write` must be left out with --show"),
        (
            ("--show", "lab/c1/a 1a.png", "--curled", "--cell_length_px", "90"),
            "`--cell_length_px` must be left out with --curled",
        ),
        (
            ("--dataset", "ideogram", "--out", "x.png", "--curled", "--normalization", "tilt=keep"),
            "`--out, --curled, --normalization` must be left out with --dataset",
        ),
        (("--show", "text.png"), "text.png: the image can't be read"),
        (
            ("--show", "lab/c1/a 1a.png", "--normalization", "tlit=keep"),
            "must be NAME=VALUE with",
        ),
        (("--show", "lab/c1/a 1a.png", "--normalization", "tilt=up"), "`tilt` must be one of"),
        (("--show", "lab/c1/a 1a.png", "--out", "x.nonsense"), "Format 'nonsense' is not supp"),
    ],
)
def test_bad_input_is_one_sentence(lab, tmp_path, arguments, message, in_process):
    (tmp_path / "text.png").write_text("no image")
    status, stderr = in_process(arguments)
    assert status == 2
    assert message in stderr
    assert "Traceback" not in stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab", "text.png"]


@pytest.fixture
def in_process(tmp_path, monkeypatch, capsys):
    """Run the program in this process: starting one for each bad input takes too long."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(programs.REPOSITORY / "launch")
    import prepare_data

    def call(arguments):
        monkeypatch.setattr(sys, "argv", ["prepare_data.py", *arguments])
        with pytest.raises(SystemExit) as stop:
            prepare_data.main()
        return stop.value.code, capsys.readouterr().err

    return call


def test_help_names_every_option(in_process, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["prepare_data.py", "--help"])
    import prepare_data

    with pytest.raises(SystemExit) as stop:
        prepare_data.main()
    text = capsys.readouterr().out
    assert stop.value.code == 0
    for name in ("--dataset", "--manual_dir", "--folder", "--aneuploid_share", "--show", "--out"):
        assert name in text


def test_interrupt_is_no_traceback(in_process, monkeypatch):
    import prepare_data

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(prepare_data, "prepare_dataset", stop)
    status, stderr = in_process(("--dataset", "bioimage"))
    assert status == 130
    assert "stopped by SIGINT; every file is complete or as it was before" in stderr
