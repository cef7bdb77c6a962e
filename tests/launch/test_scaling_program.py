from __future__ import annotations

import importlib.util
import json

import pytest

from tests.launch.programs import run
from tests.paths import REPOSITORY

CONFIG = f"--config={REPOSITORY / 'configs' / 'deep_cnn.py'}:paper"
TINY = "--overrides=model.width_multiplier=0.0625;model.input_px=64"
COMPILER = importlib.util.find_spec("libtpu") is not None
BAD_INPUT = [
    (["--chips=v9:1"], "`--chips` must be such as v5e:1,4,16"),
    (["--chips=v5e:3"], "`--chips` must be powers of two, got 3"),
    (["--global_batch=100"], "`--global_batch` must be a multiple of the 256 chips, got 100"),
    (["--scaling=week"], "`--scaling` must be of weak, strong, got `week`"),
    (["--precisions=int8"], "`--precisions` must be of float32, bfloat16, got `int8`"),
    (["--chips=none", "--gpus=h99"], "`--gpus` must be of"),
    (["--chips=none", "--measure=two"], "`--measure` must have whole numbers from 1, got `two`"),
    (["--chips=none", "--overrides=model.input_px=5"], "`model.input_px` must be"),
    (["--chips=none", "--name=a/b"], "`--name` must consist of letters, digits"),
    (["--chips=none", "--results=/dev/null/x"], "`--results` must be a folder that can be written"),
]


def test_bad_input_is_one_sentence(tmp_path):
    for arguments, text in BAD_INPUT:
        done = run("scaling.py", CONFIG, *arguments, folder=tmp_path)
        assert done.returncode == 2
        assert text in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_page_from_what_is_known(tmp_path):
    chips = "--chips=v5e:1,4" if COMPILER else "--chips=none"
    arguments = (CONFIG, TINY, chips, "--compile=none", "--gpus=h100", "--precisions=float32")
    done = run("scaling.py", *arguments, "--name=known", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "results" / "scaling" / "known.md").read_text(encoding="utf-8")
    stored = json.loads((tmp_path / "results" / "scaling" / "known.json").read_text("utf-8"))
    assert "| h100 | cuda | float32 | 32 | yes, " in page
    assert stored["lowered"][0]["counted_flops"] > 0
    if COMPILER:
        assert "compilations are left; the same command continues." in done.stderr
        assert {row["status"] for row in stored["compiled"]} == {"pending"}


@pytest.mark.skipif(COMPILER, reason="the compiler is installed")
def test_a_missing_compiler_is_named(tmp_path):
    done = run("scaling.py", CONFIG, "--chips=v5e:1", folder=tmp_path)
    assert done.returncode == 2
    assert 'pip install -r requirements.txt "jax[tpu]"' in done.stderr
