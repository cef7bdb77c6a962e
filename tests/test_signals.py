"""Signals that ask a program to stop, also where Python loses what their handlers raise."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import threading
import time

import pytest

from superxception_jax import system
from superxception_jax.system import Stopped, heeded_signals, stop_at_signals
from superxception_jax.training.checkpoint_files import quiet_failures


def test_ignored_signals_stay_ignored_and_a_second_one_is_not_caught(heeds_all):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert signal.SIGHUP not in heeded_signals()
    handlers = []

    def work():
        os.kill(os.getpid(), signal.SIGHUP)
        handlers.append(signal.getsignal(signal.SIGHUP))
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            handlers.append(signal.getsignal(signal.SIGTERM))

    with pytest.raises(Stopped), stop_at_signals():
        work()
    assert handlers == [signal.SIG_IGN, signal.SIG_DFL]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("silenced", [False, True])
def test_a_stop_that_python_ignores_is_asked_for_again(
    heeds_all, silenced, lost, capsys, monkeypatch
):
    """Python ignores what is raised in a finaliser or a callback of the garbage collection.

    A signal that comes just before the program waits doesn't end the waiting: it is `lost`.
    """
    asked = []

    def ask(number):
        asked.append(number)
        if len(asked) > lost:
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    monkeypatch.setattr(system, "_signal_main_thread", ask)

    def signal_itself(*_):
        gc.callbacks.remove(signal_itself)
        os.kill(os.getpid(), signal.SIGHUP)

    def work():
        gc.callbacks.append(signal_itself)
        gc.collect()
        time.sleep(30)

    began = time.monotonic()
    silence = quiet_failures() if silenced else contextlib.nullcontext()
    with pytest.raises(Stopped, match="stopped by SIGHUP"), stop_at_signals(), silence:
        work()
    assert time.monotonic() - began < 30  # it woke the program up
    assert capsys.readouterr().err == ""


def test_a_stop_that_is_asked_for_while_it_is_noted_is_not_lost(heeds_all, capsys, monkeypatch):
    """What is raised while Python reports that it ignores an error is lost as well."""
    monkeypatch.setattr(system, "_AGAIN_SECONDS", 0.01)

    class Slow(system._Asker):
        def start(self):
            super().start()
            time.sleep(0.1)

    monkeypatch.setattr(system, "_Asker", Slow)

    class Freed:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)

    def work():
        Freed()
        time.sleep(30)

    with pytest.raises(Stopped, match="stopped by SIGTERM"), stop_at_signals():
        work()
    assert capsys.readouterr().err == ""


def test_other_handlers_get_one_signal_for_one_stop(heeds_all, monkeypatch):
    """A training's own handlers take the second SIGINT for an impatient user's."""
    monkeypatch.setattr(system, "_AGAIN_SECONDS", 0.02)
    heard = []

    class Freed:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)

    with stop_at_signals():
        Freed()
        signal.signal(signal.SIGINT, lambda *_: heard.append(1))
        time.sleep(0.2)
    assert heard == [1]
