from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from superxception_jax.training.hosts import processes
from superxception_jax.training.hosts.cluster import Place
from superxception_jax.training.hosts.connecting import Prefixed
from tests.paths import REPOSITORY
from tests.training.process_worker import train_tiny

# The rounding of sums that are split in another way; Adam enlarges it.
TOLERANCE = 1e-4


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _run(folder, *, count, devices, stop_step):
    """Train in several processes, and return what each has."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob("came-*"):
        path.unlink()
    port = str(free_port())
    environment = os.environ | {
        "PYTHONPATH": str(REPOSITORY),
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
    }
    running = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.training.process_worker"),
                *(port, str(count), str(index), str(folder), str(stop_step)),
            ],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(count)
    ]
    for one in running:
        _, error = one.communicate(timeout=300)
        assert one.returncode == 0, error
    results = [json.loads((folder / f"{index}.json").read_text()) for index in range(count)]
    for one in results[1:]:
        assert one == results[0]
    return results[0]


def _difference(one, other):
    one, other = np.asarray(one), np.asarray(other)
    return np.linalg.norm(one - other) / np.linalg.norm(other)


def test_a_training_in_one_process_then_two_then_one_is_that_of_one(tmp_path):
    step, params, outputs = train_tiny(tmp_path / "whole" / "checkpoints", devices=1)
    begun = train_tiny(tmp_path / "run" / "checkpoints", devices=1, stop_step=1)
    assert begun[0] == 1
    stopped = _run(tmp_path / "run", count=2, devices=2, stop_step=2)
    # The last process asked after step 2; the answer comes one step later, in both.
    assert stopped["step"] == 3
    done = train_tiny(tmp_path / "run" / "checkpoints", devices=4)
    assert done[0] == step
    assert _difference(done[1], params) < TOLERANCE
    np.testing.assert_allclose(done[2], outputs, atol=1e-3)


def test_a_single_process_is_the_first_and_waits_for_nobody():
    assert processes.is_first()
    assert processes.process_count() == jax.process_count() == 1
    assert processes.tell(lambda: (1, 2)) == (1, 2)
    with processes.first_alone():
        processes.meet()
    processes.advise("nothing")
    processes.end_failed(3, problem="none")
    processes.leave()


@pytest.mark.parametrize(("platform", "kept"), [("cpu", True), ("tpu", True), ("gpu", False)])
def test_processes_on_gpus_compile_at_the_same_time(monkeypatch, platform, kept):
    updates: dict[str, object] = {}
    monkeypatch.setattr(jax.config, "update", updates.__setitem__)
    monkeypatch.setattr(jax, "devices", lambda: [SimpleNamespace(platform=platform)])
    monkeypatch.setattr(processes, "_run", None)
    for name in ("connect", "Watch"):
        monkeypatch.setattr(processes, name, lambda *_, **options: None)
    monkeypatch.setattr(processes, "serving", lambda *_, **options: contextlib.nullcontext())
    processes.join(Place("a:1", 2, 0), start_seconds=1.0, lost_after_seconds=1.0)
    assert updates.get("jax_enable_compilation_cache", True) == kept
    assert processes.keeps_cache(platform, 1)


def test_what_the_others_say_names_them(capsys):
    stream = Prefixed(sys.stderr, "process 1 of 2: ")
    print("error: one line\n\nand another", file=stream)
    print("half ", end="", file=stream)
    print("a line", file=stream)
    assert capsys.readouterr().err == (
        "process 1 of 2: error: one line\n\nprocess 1 of 2: and another\n"
        "process 1 of 2: half a line\n"
    )


def test_a_wait_has_an_end():
    with pytest.raises(TimeoutError, match="another one took longer than 0 s; start all again"):
        processes._poll(lambda: False, limit_seconds=0.01)
