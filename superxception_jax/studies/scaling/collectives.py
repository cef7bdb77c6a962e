"""The exchange of data between chips in a compiled program, read from its text."""

from __future__ import annotations

import re

from superxception_jax.studies.scaling.case import Collective

KINDS = ("all-reduce", "all-gather", "reduce-scatter", "all-to-all", "collective-permute")
# An operation: its name, the types of its results, and what it is. The second half of one that is
# split in two, `…-done`, doesn't match.
_OPERATION = re.compile(
    rf"^\s*(?:ROOT )?%?[\w.-]+ = (?P<results>.+?) (?P<kind>{'|'.join(KINDS)})(?P<start>-start)?\("
)
_ARRAY = re.compile(r"\b(?P<type>pred|[a-z]+\d+\w*)\[(?P<shape>[\d,]*)\]")
_BITS = re.compile(r"\d+")


def find_collectives(program: str) -> tuple[Collective, ...]:
    """Return the exchange of data in a compiled program, by kind.

    Args:
        program: Text of an optimised program, as `as_text` of a compiled function returns it.

    Returns:
        Count and bytes of each kind that occurs; bytes are those of the results on one chip. An
        operation that starts and ends separately counts once. One in the body of a loop counts
        once, however often the loop runs.
    """
    found: dict[str, tuple[int, int]] = {}
    for line in program.splitlines():
        match = _OPERATION.match(line)
        if match is None:
            continue
        sizes = [_bytes(*one) for one in _ARRAY.findall(match["results"])]
        # The results of a start list its operands as well, except for an all-reduce; what is
        # exchanged is the larger half.
        whole = match["start"] is None or match["kind"] == "all-reduce"
        size = sum(sizes) if whole else max(sizes, default=0)
        count, total = found.get(match["kind"], (0, 0))
        found[match["kind"]] = (count + 1, total + size)
    return tuple(Collective(kind, *found[kind]) for kind in KINDS if kind in found)


def _bytes(kind: str, shape: str) -> int:
    count = 1
    for length in filter(None, shape.split(",")):
        count *= int(length)
    bits = 8 if kind == "pred" else int(_BITS.findall(kind)[0])
    return -(-count * bits // 8)
