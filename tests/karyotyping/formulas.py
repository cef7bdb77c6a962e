"""Counts of the formulas that tests write."""

from __future__ import annotations

import re

from superxception_jax.karyotyping.iscn import AUTOSOMES, draft_iscn, ploidy

_FORM = re.compile(r"(\d+),(X+Y*|Y+|\?)((?:,[+-]\d+)*)")


def parse_iscn(text: str) -> tuple[int, ...]:
    """Return the chromosome counts of a formula as `draft_iscn` writes it; it is the inverse."""
    match = _FORM.fullmatch(text)
    assert match, text
    counts = [ploidy(int(match[1]))] * AUTOSOMES + [match[2].count("X"), match[2].count("Y")]
    for change in match[3].split(",")[1:]:
        counts[int(change[1:]) - 1] += 1 if change[0] == "+" else -1
    assert draft_iscn(counts) == text
    return tuple(counts)
