"""Signs of life of the processes of a run: when one ends or freezes, the others end too.

A collective operation would wait for it for ever, and JAX itself aborts without a reason that a
user can act on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from superxception_jax.training.hosts.cluster import Place, name_process

_BEAT_SECONDS = 1.0
_ALIVE, _ENDED = "superxception/alive/", "superxception/ended/"


class Ledger:
    """When each process was last heard of, by the clock of this one.

    >>> ledger = Ledger(2, now=0.0)
    >>> ledger.note({0: "1", 1: "1"}, now=1.0)
    >>> ledger.note({0: "2", 1: "1"}, now=9.0)
    >>> ledger.silent(now=12.0)
    (1, 11.0)
    """

    def __init__(self, count: int, *, now: float) -> None:
        """Start with processes that have all been heard of just now.

        Args:
            count: Number of processes.
            now: Seconds since any fixed moment.
        """
        self._heard = {index: ("", now) for index in range(count)}

    def note(self, beats: dict[int, str], *, now: float) -> None:
        """Note the latest beat of each process.

        Args:
            beats: Any text by process, a new one for each sign of life.
            now: Seconds since the same moment.
        """
        for index, beat in beats.items():
            if self._heard[index][0] != beat:
                self._heard[index] = beat, now

    def silent(self, *, now: float) -> tuple[int, float]:
        """Return the process that has been silent for longest, and for how many seconds."""
        index = min(self._heard, key=lambda one: self._heard[one][1])
        return index, now - self._heard[index][1]


class Watch:
    """Threads that give signs of life and look for those of the others."""

    def __init__(
        self, client: Any, place: Place, *, lost_after_seconds: float, lost: Callable[[str], object]
    ) -> None:
        """Start the threads.

        Args:
            client: JAX's client of the store that all processes share.
            place: This process.
            lost_after_seconds: Seconds of silence after which a process counts as ended.
            lost: Called once, in a thread, with a clause about the process that has ended.
        """
        self._client, self._place, self._limit = client, place, lost_after_seconds
        self._lost = lost
        self._ended = threading.Event()
        self._ledger = Ledger(place.count, now=time.monotonic())
        self._answered = time.monotonic()
        self.beat(0)
        for work in (self._beat, self._guard):
            threading.Thread(target=work, name="liveness", daemon=True).start()

    def end(self) -> None:
        """Stop looking: this process leaves in order, or has said why it ends."""
        self._ended.set()

    def report(self, problem: str) -> None:
        """Tell the others why this process ends.

        Args:
            problem: One line.
        """
        self._client.key_value_set(f"{_ENDED}{self._place.index}", problem, allow_overwrite=True)

    def beat(self, number: int) -> None:
        """Give a sign of life.

        Args:
            number: A new one each time.
        """
        self._client.key_value_set(
            f"{_ALIVE}{self._place.index}", str(number), allow_overwrite=True
        )

    def problem(self) -> str:
        """Return a clause about a process that has ended; empty if all are there."""
        ended = self._entries(_ENDED)
        self._ledger.note(self._entries(_ALIVE), now=time.monotonic())
        self._answered = time.monotonic()
        ended.pop(self._place.index, None)
        if ended:
            index = min(ended)
            return f"{name_process(index, self._place.count)} has ended ({ended[index]})"
        index, seconds = self._ledger.silent(now=self._answered)
        if seconds > self._limit and index != self._place.index:
            return (
                f"{name_process(index, self._place.count)} has ended or hangs: no sign of life "
                f"for {seconds:.0f} s"
            )
        return ""

    def _entries(self, folder: str) -> dict[int, str]:
        found = self._client.key_value_dir_get(folder)
        return {int(key.rpartition("/")[2]): text for key, text in found}

    def _beat(self) -> None:
        number = 0
        while not self._ended.wait(_BEAT_SECONDS):
            number += 1
            try:
                self.beat(number)
                problem = self.problem()
            except RuntimeError:  # The store doesn't answer, on which `_guard` keeps an eye.
                continue
            if problem:
                self._say(problem)

    def _guard(self) -> None:
        """Look whether the store answers: a call to it may never return."""
        looked = time.monotonic()
        while not self._ended.wait(_BEAT_SECONDS):
            now, earlier = time.monotonic(), looked
            looked = now
            if now - earlier > 3 * _BEAT_SECONDS:
                self._answered = now  # This process itself was frozen.
            seconds = now - self._answered
            if seconds > self._limit:
                first = name_process(0, self._place.count)
                self._say(f"the computer of {first} hasn't answered for {seconds:.0f} s")

    def _say(self, problem: str) -> None:
        if not self._ended.is_set():
            self._ended.set()
            self._lost(problem)
