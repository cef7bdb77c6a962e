from __future__ import annotations

import threading

import pytest

from superxception_jax.training.hosts import liveness
from superxception_jax.training.hosts.cluster import Place


class Store:
    """The store of keys and values that the processes share, without processes."""

    def __init__(self):
        self.values: dict[str, str] = {}
        self.answers = True

    def key_value_set(self, key, value, *, allow_overwrite):
        self.values[key] = value

    def key_value_dir_get(self, folder):
        if not self.answers:
            raise RuntimeError("UNAVAILABLE")
        return [(key, text) for key, text in self.values.items() if key.startswith(folder)]


@pytest.fixture
def heard(monkeypatch):
    """Return a function that starts a watch and returns what it says."""
    monkeypatch.setattr(liveness, "_BEAT_SECONDS", 0.01)

    def listen(store, *, index=0, seconds=0.2, for_seconds=60.0):
        said, done = [], threading.Event()

        def lost(problem):
            said.append(problem)
            done.set()

        watch = liveness.Watch(store, Place("", 2, index), lost_after_seconds=seconds, lost=lost)
        done.wait(for_seconds)
        watch.end()
        return said

    return listen


def test_a_silent_process_is_named(heard):
    (problem,) = heard(Store())
    assert problem.startswith("process 1 of 2 has ended or hangs: no sign of life for")


def test_a_process_that_says_why_it_ends_is_heard_at_once(heard):
    store = Store()
    store.key_value_set("superxception/ended/1", "the disk is full", allow_overwrite=True)
    assert heard(store, seconds=10.0) == ["process 1 of 2 has ended (the disk is full)"]


def test_a_store_without_an_answer_is_the_computer_of_the_first_process(heard):
    store = Store()
    store.answers = False
    (problem,) = heard(store, index=1)
    assert problem.startswith("the computer of process 0 of 2 hasn't answered for")


def test_processes_that_give_signs_of_life_are_left_alone(heard):
    store, ended = Store(), threading.Event()

    def live():
        number = 0
        while not ended.wait(0.01):
            number += 1
            store.values["superxception/alive/1"] = str(number)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        assert heard(store, seconds=1.0, for_seconds=2.5) == []
    finally:
        ended.set()
        thread.join()
