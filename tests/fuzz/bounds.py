"""How many examples a property gets, how long one may take, and what a clear error is."""

from __future__ import annotations

import contextlib
import re
import signal
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings

LONG = "long"
# A picture of the largest allowed size takes several copies of 32 million numbers.
LARGEST_MIB = 2048.0
LARGEST_GROWTH_MIB = 1024.0
LONGEST_MESSAGE = 2000
# What speaks of the program or its libraries instead of the user's file.
_INTERNAL = re.compile(
    r"Traceback|object at 0x|NoneType|<class '|<\w+\.\w+|\b(?:tifffile|imagecodecs|numpy|"
    r"PIL|ndarray|dtype|int object|str object|subscriptable|argument|unpack|codec can't|"
    r"broadcast|operands|list index|unhashable|attribute|keyword)\b|__\w+__\b|\w+Error\b"
)
drawn: Counter[str] = Counter()


class Overrun(BaseException):
    """An example took too long; no handler of errors in between takes it for one."""


def examples(*, short: int, long: int) -> Callable[[Any], Any]:
    """Return the settings of a property with its numbers of examples in CI and in the long form."""
    is_long = settings.get_current_profile_name() == LONG
    return settings(
        max_examples=long if is_long else short,
        derandomize=not is_long,
        # `within` bounds the time, also where an example never ends.
        deadline=None,
        database=None,
        # Without the phase that explains, which takes longer than all others.
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Stop an example that takes too long, and count it."""

    def stop(*_: object) -> None:
        raise Overrun(f"it took more than {seconds} s")

    count("examples")
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def count(what: str) -> None:
    """Count an example for the summary."""
    drawn[what] += 1


def check_line(text: str) -> None:
    """Check that a text is one line that every terminal can show."""
    odd = {one for one in text if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not odd, ascii(text)  # Workers of pytest can't send surrogates.


def peak_mib() -> float:
    """Return the largest memory that the process has held."""
    import resource  # Absent on some systems, like the clock above; these tests are not for them.

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 1024**2


def check_message(error: BaseException, *, names: Path | None = None, lines: int = 1) -> None:
    """Check that an error says what is wrong to people who don't know the program.

    Args:
        error: The error.
        names: File or folder that the message must name.
        lines: Most lines; 0 for any number.
    """
    text = str(error)
    assert text.strip(), repr(error)
    for line in text.split("\n"):
        check_line(line)
    assert len(text) <= LONGEST_MESSAGE or lines != 1, ascii(text)
    assert lines == 0 or len(text.split("\n")) <= lines, ascii(text)
    assert names is None or names.name in text, ascii(text)
    # Longer ones quote names and values of the user, which can be any words.
    assert lines != 1 or not _INTERNAL.search(text), ascii(text)


def loaded(load: Callable[[], Any], *, file: Path, seconds: float = 20.0) -> Any:
    """Return what a loader returns; None for one clear error that names the file."""
    with within(seconds):
        try:
            found = load()
        except (ValueError, FileNotFoundError) as error:
            check_message(error, names=file, lines=0)
            return None
    count("sound")
    return found
