from __future__ import annotations

import json
from pathlib import Path

import pytest

from superxception_jax.files import write_json
from superxception_jax.studies.scaling import compiling
from superxception_jax.studies.scaling.case import COMPILED, FAILED, PENDING, TOO_LARGE, Compiled
from superxception_jax.studies.scaling.compile_process import explain
from tests.paths import REPOSITORY
from tests.studies.scaling.scaling_samples import case_of, compiled_of

CONFIG = str(REPOSITORY / "configs" / "super_xception.py:paper")
VERSIONS = {"jax": "1", "libtpu": "2"}
EXHAUSTED = (
    "RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. "
    "Used 37.12G of 15.75G hbm. Exceeded hbm capacity by 21.37G."
)


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "compiler_versions", lambda: VERSIONS)
    return compiling.Compiler(CONFIG, (), folder=tmp_path / "kept", limit_s=60.0)


def ending_with(monkeypatch, make):
    """Let the process of a compilation end as `make` says, from its case."""
    calls = []

    def run(modules, *, log, limit_s, environment):
        (_, task, result) = modules[0]
        calls.append(json.loads(Path(task).read_text(encoding="utf-8")))
        compiled = make()
        if isinstance(compiled, str):
            return compiled
        write_json(Path(result), {**calls[-1], "result": compiled.to_json()})
        return ""

    monkeypatch.setattr(compiling, "run_modules", run)
    return calls


def test_a_result_is_kept_and_belongs_to_its_case(compiler, monkeypatch):
    case = case_of(chips=4, images=128)
    calls = ending_with(monkeypatch, lambda: compiled_of(case))
    assert compiler.stored(case).status == PENDING
    assert compiler.compile(case) == compiled_of(case)
    assert compiler.stored(case) == compiled_of(case)
    assert compiler.stored(case_of()).status == PENDING
    assert calls[0]["config"]["training"]["batch_size"] == 128
    assert [path.suffix for path in compiler.folder.iterdir()] == [".json"]


def test_a_step_that_does_not_fit_is_a_result(compiler, monkeypatch):
    ending_with(monkeypatch, lambda: explain(EXHAUSTED))
    compiler.compile(case_of())
    stored = compiler.stored(case_of())
    assert stored.status == TOO_LARGE
    assert stored.message == "does not fit: needs 37.1 of 15.75 GiB"
    assert stored.needed_bytes == int(37.12 * 2**30)


@pytest.mark.parametrize(
    "made",
    ["ended with signal SIGKILL: no output", Compiled(FAILED, message="the compiler failed")],
)
def test_a_failure_is_not_kept(compiler, monkeypatch, made):
    ending_with(monkeypatch, lambda: made)
    failed = compiler.compile(case_of())
    assert failed.status == FAILED
    assert failed.message.startswith("the compiler ")
    assert compiler.stored(case_of()).status == PENDING
    assert list(compiler.folder.iterdir()) == []


def test_a_damaged_file_is_named(compiler, monkeypatch):
    ending_with(monkeypatch, lambda: compiled_of(case_of()))
    assert compiler.compile(case_of()).status == COMPILED
    (path,) = compiler.folder.iterdir()
    path.write_text("{")
    with pytest.raises(ValueError, match="must hold a compilation, got a damaged file"):
        compiler.stored(case_of())


def program_of(compiler):
    return compiling.describe_program(compiler.experiment(case_of()).config)


def test_fields_that_change_the_step_change_the_program():
    def program(*overrides):
        return program_of(compiling.Compiler(CONFIG, overrides, folder=Path(), limit_s=1.0))

    for field in compiling.LOOP_FIELDS:
        value = "last" if field == "kept" else 2
        assert program() == program(f"training.{field}={value}"), field
    assert program() != program("training.label_smoothing=0.1")
    assert program() != program("model.input_px=71")
    assert program() != program("augmentation.blur=0.5")


def test_a_field_that_is_added_to_the_training_changes_the_program(compiler):
    config = compiler.experiment(case_of()).config
    added = {**config, "training": {**config["training"], "loss": "focal"}}
    assert compiling.describe_program(added) != compiling.describe_program(config)


def test_a_changed_program_is_compiled_again(compiler, monkeypatch):
    ending_with(monkeypatch, lambda: compiled_of(case_of()))
    compiler.compile(case_of())
    assert compiler.stored(case_of()).status == COMPILED
    monkeypatch.setattr(compiling, "digest_program", lambda *rooms: "-".join(rooms))
    assert compiler.stored(case_of()).status == PENDING
    assert program_of(compiler)["source"] == "models-training"


def test_other_errors_of_the_compiler_keep_their_first_line():
    failed = explain("\nINTERNAL: no such operation\nmore")
    assert (failed.status, failed.message) == (
        FAILED,
        "the compiler failed: INTERNAL: no such operation",
    )
    assert explain("RESOURCE_EXHAUSTED: vmem").message == ("does not fit: RESOURCE_EXHAUSTED: vmem")
