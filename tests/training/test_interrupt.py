from __future__ import annotations

import os
import signal

import jax
import pytest

from superxception_jax.system import STOP_SIGNALS, Stopped, stop_at_signals
from superxception_jax.training.compile import make_mesh
from superxception_jax.training.interrupt import agreed, stop_signals


@pytest.fixture(autouse=True)
def python_handles_signals():
    """A process started in the background ignores some; what is tested must not depend on it."""
    before = {one: signal.signal(one, signal.SIG_DFL) for one in STOP_SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_first_signal_is_a_request(number):
    with stop_signals() as stop_requested:
        assert stop_requested() == ""
        os.kill(os.getpid(), number)
        assert stop_requested() == signal.Signals(number).name


@pytest.mark.parametrize("first", ["SIGINT", "SIGTERM"])
def test_ctrl_c_after_a_signal_acts_at_once(first):
    with stop_signals() as stop_requested:
        os.kill(os.getpid(), signal.Signals[first])
        assert stop_requested() == first
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(("first", "second"), [("SIGTERM", "SIGTERM"), ("SIGTERM", "SIGHUP")])
def test_several_signals_of_a_system_are_one_request(first, second):
    """As when a session ends, or when a cluster warns a program and the one that started it."""
    with stop_at_signals(), stop_signals() as stop_requested:
        os.kill(os.getpid(), signal.Signals[first])
        os.kill(os.getpid(), signal.Signals[second])
        assert stop_requested() == first


def test_handlers_are_restored():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_signals():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_that_nohup_ignores_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stop_signals() as stop_requested:
        os.kill(os.getpid(), signal.SIGHUP)
        assert stop_requested() == ""
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_within_a_program_ctrl_c_after_a_signal_ends_it_with_its_own_name():
    def work():
        with stop_signals() as stop_requested:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert stop_requested() == "SIGUSR1"
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped, match="stopped by SIGINT"), stop_at_signals():
        work()


def test_a_single_process_agrees_with_itself():
    def asked() -> str:
        return "SIGTERM"

    assert agreed(asked, make_mesh(1)) is asked


def test_several_processes_answer_what_was_heard_up_to_the_call_before(monkeypatch):
    mesh = make_mesh(2)
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    words = iter(["", "SIGTERM", "", ""])
    stop_requested = agreed(lambda: next(words), mesh)
    assert [stop_requested() for _ in range(4)] == ["", "", "SIGTERM", ""]
