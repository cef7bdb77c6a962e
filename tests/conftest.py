"""Settings of all tests: four CPU devices, strict shapes, no accelerator."""

from __future__ import annotations

import os
import signal

# Before jax and keras are imported anywhere. What a user has set must not decide a test: other
# numbers, errors with a traceback, or a proxy even for this machine.
for _name in list(os.environ):
    if _name.startswith("JAX_") or _name.lower().endswith("_proxy"):
        del os.environ[_name]
os.environ.pop("SUPERXCEPTION_TRACEBACK", None)
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.3"

from pathlib import Path

import jax
import pytest

from superxception_jax.system import STOP_SIGNALS

jax.config.update("jax_num_cpu_devices", 4)
jax.config.update("jax_numpy_rank_promotion", "raise")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory) -> Path:
    """Keep what takes long to compile for all tests of this process and its programs."""
    folder: Path = tmp_path_factory.mktemp("compiled")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    return folder


@pytest.fixture
def any_bytes(tmp_path_factory) -> None:
    """Skip where a file's name must be UTF-8, as on macOS."""
    try:
        (tmp_path_factory.mktemp("names") / os.fsdecode(b"\xe9")).touch()
    except OSError as error:
        pytest.skip(f"names of files must be UTF-8 here ({error.strerror})")


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture
def heeds_all():
    """A process started in the background ignores some signals; tests must not depend on it."""
    before = {one: signal.signal(one, signal.SIG_DFL) for one in STOP_SIGNALS}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)
