from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from superxception_jax import __version__
from superxception_jax.runs import provenance
from superxception_jax.runs.provenance import (
    Provenance,
    TrainingRecord,
    describe_provenance,
    find_commit,
)
from tests.runs.samples import PROVENANCE, TRAINING


def git(folder, *arguments):
    if shutil.which("git") is None:
        pytest.skip("needs git")
    # Hooks of git name their repository in the environment, and a user may sign every commit.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    alone |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    subprocess.run(command, cwd=folder, env=alone, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "outside" / "project"
    (folder / "superxception_jax").mkdir(parents=True)
    (folder / "superxception_jax" / "__init__.py").write_text("")
    return folder


def test_a_hook_or_a_key_of_the_user_touches_no_commit_of_these_tests(
    project, tmp_path, monkeypatch
):
    git(tmp_path, "init", "theirs")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "theirs" / ".git"))
    (tmp_path / "config").write_text("[commit]\ngpgsign = true\n[gpg]\nprogram = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "a")
    assert not any((tmp_path / "theirs" / ".git" / "refs" / "heads").iterdir())


def test_the_commit_is_that_of_the_projects_own_repository(project):
    page = project / "results" / "README.md"
    page.parent.mkdir()
    page.write_text("")
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "a")
    commit = find_commit(project)
    assert len(commit) == 12
    # The page of the table to which the run belongs.
    page.write_text("changed")
    assert find_commit(project) == commit
    (project / "superxception_jax" / "__init__.py").write_text("changed")
    assert find_commit(project) == f"{commit}-dirty"


def test_a_repository_that_git_refuses_is_no_release(project, monkeypatch):
    git(project, "init")
    # As git does in the folder of another user.
    monkeypatch.setattr(provenance, "_git", lambda *_: None)
    assert find_commit(project) == f"v{__version__}-unknown"


@pytest.mark.usefixtures("any_bytes")
def test_a_folder_of_any_bytes_has_a_commit(tmp_path, project):
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    project.rename(odd)
    git(odd, "init")
    git(odd, "add", ".")
    git(odd, "commit", "-m", "a")
    assert len(find_commit(odd)) == 12


def test_the_commit_is_never_that_of_a_repository_around_the_project(project, monkeypatch):
    version = f"v{__version__}"
    assert find_commit(project) == version
    git(project.parent, "init")
    git(project.parent, "commit", "--allow-empty", "-m", "something else")
    assert find_commit(project) == version
    # Even a repository that tracks a copy of the package says nothing about its origin.
    git(project.parent, "add", ".")
    git(project.parent, "commit", "-m", "with a copy")
    assert find_commit(project) == version
    # A git hook of another repository sets this.
    monkeypatch.setenv("GIT_DIR", str(project.parent / ".git"))
    assert find_commit(project) == version


def test_provenance_survives_json():
    for one in (PROVENANCE, describe_provenance()):
        assert Provenance.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert set(describe_provenance().versions) >= {"jax", "flax", "numpy"}
    assert describe_provenance().devices[0] == "cpu:cpu"


def test_a_commit_that_is_made_while_a_program_runs_is_not_its_own(monkeypatch):
    first = describe_provenance().commit
    monkeypatch.setattr("superxception_jax.runs.provenance.find_commit", lambda project: "later")
    assert describe_provenance().commit == first != "later"


def test_a_training_record_survives_json_and_loads_from_earlier_versions():
    record = TrainingRecord((TRAINING, PROVENANCE), {"seed": 1})
    assert TrainingRecord.from_json(json.loads(json.dumps(record.to_json()))) == record
    earlier = {**TRAINING.to_json(), "overrides": {"seed": 1}}
    assert TrainingRecord.from_json(earlier) == TrainingRecord((TRAINING,), {"seed": 1})
