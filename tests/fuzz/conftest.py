"""Random files, folders and settings: each is read soundly, or refused in one clear sentence.

CI runs a few examples of each property, always the same ones. The long form draws new ones,
thousands of each, and says how many and how much memory they took:

    python -m pytest tests/fuzz --hypothesis-profile=long -n 2
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.fuzz.bounds import LARGEST_GROWTH_MIB, LARGEST_MIB, LONG, drawn, peak_mib

settings.register_profile(LONG, derandomize=False, print_blob=True)


@pytest.fixture(autouse=True)
def bounded_memory(request: pytest.FixtureRequest, record_property) -> Iterator[None]:
    """Bound the memory of the process, of which other tests may have taken some before."""
    before = peak_mib()
    drawn.clear()
    yield
    after = peak_mib()
    counts = ", ".join(f"{number:,} {what}" for what, number in drawn.items())
    record_property("fuzz", f"{counts or 'one example'}, peak memory {after:,.0f} MiB")
    assert after < max(LARGEST_MIB, before + LARGEST_GROWTH_MIB)


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    if config.getoption("--hypothesis-profile", None) != LONG:
        return
    terminalreporter.section("examples")
    for reports in terminalreporter.stats.values():
        for report in reports:
            # Properties of a fixture's end are in the report of the end.
            if getattr(report, "when", "") == "teardown":
                for name, text in report.user_properties:
                    if name == "fuzz":
                        terminalreporter.write_line(f"{report.nodeid}: {text}")
