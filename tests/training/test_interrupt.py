from __future__ import annotations

import os
import signal

import pytest

from superxception_jax.training.interrupt import stop_signals


@pytest.fixture(autouse=True)
def python_handles_interrupts():
    """A process started in the background ignores SIGINT; what is tested must not depend on it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_is_a_request(number):
    with stop_signals() as stop_requested:
        assert stop_requested() == ""
        os.kill(os.getpid(), number)
        assert stop_requested() == signal.Signals(number).name


def test_second_signal_acts_at_once():
    with stop_signals() as stop_requested:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop_requested() == "SIGINT"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_handlers_are_restored():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_signals():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
