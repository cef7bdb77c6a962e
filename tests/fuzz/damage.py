"""Damage to the content of files: bytes that are flipped, lost, added or of another file."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from hypothesis import strategies as st

_NUMBERS = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 4096, 32767, 32768, 65535, 65536, 2**24)
_EXTREMES = (2**31 - 1, 2**31, 2**32 - 1)
_PLACE = st.floats(0, 1, exclude_max=True)
_PNG_START = b"\x89PNG\r\n\x1a\n"
_DAMAGE = st.one_of(
    st.tuples(st.just("flip"), _PLACE, st.integers(1, 255)),
    st.tuples(st.just("head"), _PLACE, st.integers(1, 255)),
    st.tuples(st.just("cut"), _PLACE, st.just(0)),
    st.tuples(st.just("lose"), _PLACE, st.integers(1, 64)),
    st.tuples(st.just("repeat"), _PLACE, st.integers(1, 64)),
    st.tuples(st.just("number"), _PLACE, st.sampled_from(_NUMBERS + _EXTREMES)),
    st.tuples(st.just("field"), _PLACE, st.sampled_from(_NUMBERS + _EXTREMES)),
    st.tuples(st.just("noise"), _PLACE, st.integers(0, 2**16)),
)
DAMAGES = st.lists(_DAMAGE, max_size=4)


def damage(content: bytes, damages: list[tuple[str, float, int]], *, other: bytes = b"") -> bytes:
    """Return the content with damages, one after the other, and the end of another file."""
    for kind, place, value in damages:
        content = _damaged(content, kind, int(place * len(content)), value)
    if other:
        content = content[: len(content) // 2] + other[len(other) // 2 :]
    return content


def _damaged(content: bytes, kind: str, place: int, value: int) -> bytes:
    if not content:
        return content
    if kind == "field":
        return _with_field(content, place, value)
    if kind == "cut":
        return content[:place]
    if kind == "lose":
        return content[:place] + content[place + value :]
    if kind == "repeat":
        return content[: place + value] + content[place:]
    if kind == "noise":
        noise = np.random.default_rng(value).bytes(24)
        return content[:place] + noise + content[place + len(noise) :]
    changed = bytearray(content)
    if kind == "number":
        changed[place : place + 4] = struct.pack("<I" if value % 2 else ">I", value)
    else:
        changed[place % 64 % len(changed) if kind == "head" else place] ^= value
    return bytes(changed)


def _with_field(content: bytes, place: int, value: int) -> bytes:
    """Return a file whose header says something else and is consistent in itself."""
    if content[:4] == b"II*\0" and len(content) > 8:
        return _with_tag(content, place, value)
    if content[:8] == _PNG_START:
        return _with_chunk(content, place, value)
    at = place % min(64, len(content))
    return content[:at] + struct.pack("<H", value % 2**16) + content[at + 2 :]


def _with_tag(content: bytes, place: int, value: int) -> bytes:
    start = struct.unpack_from("<I", content, 4)[0]
    if start + 2 > len(content):
        return content
    count = struct.unpack_from("<H", content, start)[0]
    entry = start + 2 + 12 * (place % max(count, 1))
    if entry + 12 > len(content):
        return content
    changed = bytearray(content)
    at, form = ((0, "<H"), (2, "<H"), (4, "<I"), (8, "<I"), (8, "<I"), (8, "<I"))[place % 6]
    struct.pack_into(form, changed, entry + at, value % 2 ** (8 * struct.calcsize(form)))
    return bytes(changed)


def _with_chunk(content: bytes, place: int, value: int) -> bytes:
    """Change a byte of a chunk of a PNG file, and its check sum accordingly."""
    at, chunks = 8, []
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        chunks.append((at, length))
        at += length + 12
    if not chunks:
        return content
    at, length = chunks[place % len(chunks)]
    changed = bytearray(content)
    if length and at + length + 12 <= len(content):
        changed[at + 8 + place % length] = value % 256
        check = zlib.crc32(changed[at + 4 : at + 8 + length])
        changed[at + 8 + length : at + 12 + length] = check.to_bytes(4, "big")
    return bytes(changed)
