from __future__ import annotations

import json
import shutil

import pytest

from superxception_jax.runs.exported import portable
from superxception_jax.runs.exported.portable import portable_command
from superxception_jax.runs.included import INCLUDED
from superxception_jax.runs.reader import export_classifier

SECRET = "smith_anna"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python launch/main.py --config=configs/stripnet.py:own", None),
        ("python launch/main.py --workdir=runs/mine --config.seed=3", None),
        ("python /home/x/launch/main.py --workdir=/home/x/mine", "python main.py --workdir=mine"),
        ("main.py --own_folder=smith_anna", "main.py --own_folder=OWN_FOLDER"),
        ("main.py --own_folder a/smith_anna --profile", "main.py --own_folder OWN_FOLDER "
         "--profile"),
        ("main.py -config.data.own_folder=smith_anna", "main.py -config.data.own_folder="
         "OWN_FOLDER"),
        ("main.py --config.data.unlabelled_folder '/a/smith anna' --config.seed=1",
         "main.py --config.data.unlabelled_folder UNLABELLED_FOLDER --config.seed=1"),
        ("main.py --own_folder= --config.data.unlabelled_folder=", None),
        ("main.py --own_folder=OWN_FOLDER --coordinator=HOST:PORT", None),
        ("main.py --coordinator=node1:8476", "main.py --coordinator=HOST:PORT"),
        ("main.py --coordinator node1:8476 --process_count=2", "main.py --coordinator HOST:PORT "
         "--process_count=2"),
        ("main.py --config.data.manual_dir='a b/c d'", "main.py '--config.data.manual_dir=c d'"),
        ("main.py --config.model.init_from=gband", None),
        ("main.py --config.model.init_from=x/variables.npz", "main.py --config.model.init_from="
         "variables.npz"),
        ("main.py --runs=~/x/y ../data", "main.py --runs=y data"),
        ("main.py --config.super_resolution.features=64,32", None),
    ],
)  # fmt: skip
def test_a_command_names_no_folder_of_cells_and_no_path(command, expected):
    assert portable_command(command) == (expected or command)


def test_an_exported_network_names_no_folder_and_no_cell(tmp_path):
    run = tmp_path / "run"
    shutil.copytree(INCLUDED["gband"], run)

    def plant(name, change):
        values = json.loads((run / name).read_text())
        change(values)
        (run / name).write_text(json.dumps(values))

    def hide_in_config(values):
        values["data"] |= {
            "data_dir": f"/lab/{SECRET}/data",
            "manual_dir": f"/lab/{SECRET}/data",
            "own_folder": f"/lab/{SECRET}",
            "unlabelled_folder": f"/lab/{SECRET}",
        }
        values["model"]["init_from"] = f"/lab/{SECRET}/variables.npz"

    command = (
        f"python /home/{SECRET}/launch/main.py --config.data.own_folder=lab/{SECRET} "
        f"--config.data.unlabelled_folder {SECRET} --coordinator={SECRET}:8476 "
        f"--manual_dir /lab/{SECRET}/archives --workdir=/lab/{SECRET}/run --config.seed=0"
    )

    def hide_in_provenance(values):
        values["trainings"][0]["command"] = command
        if "evaluation" in values:
            values["evaluation"]["command"] = command
            values["cells_withheld"] = f"got 92 images of cell `{SECRET}/cell 1`"
        else:
            values["overrides"] |= {
                "data.own_folder": SECRET,
                "data.unlabelled_folder": f"lab/{SECRET}",
                "data.unlabelled_reader": f"{SECRET}/variables.npz",
            }

    plant("config.json", hide_in_config)
    for name in ("environment.json", "results.json"):
        plant(name, hide_in_provenance)
    files = export_classifier(run, tmp_path / "out")
    assert {file.name for file in files} == {file.name for file in (tmp_path / "out").iterdir()}
    for file in files:
        assert SECRET.encode() not in file.read_bytes(), file.name
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert (
        "python main.py --config.data.own_folder=OWN_FOLDER --config.data.unlabelled_folder "
        "UNLABELLED_FOLDER --coordinator=HOST:PORT --manual_dir archives --workdir=run" in card
    )
    assert "a cell has more images than can be assigned" in card


def test_an_export_without_a_model_card_leaves_the_earlier_one(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise ValueError("no text for this data set")

    first = export_classifier(INCLUDED["gband"], tmp_path)
    before = {file: file.read_bytes() for file in first}
    monkeypatch.setattr(portable, "write_model_card", refuse)
    with pytest.raises(ValueError, match="no text for this data set"):
        export_classifier(INCLUDED["gband"], tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", INCLUDED)
def test_the_included_networks_are_as_an_export_would_write_them(name, tmp_path):
    export_classifier(INCLUDED[name], tmp_path)
    for file in ("config.json", "environment.json", "results.json"):
        stored = json.loads((INCLUDED[name] / file).read_text())
        assert json.loads((tmp_path / file).read_text()) == stored
