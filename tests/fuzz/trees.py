"""Random folders of files: cells, cases, class folders, links, service files and tables."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st

ODD = os.fsdecode(b"caf\xe9")
FOLDERS = (
    *("cell 1", "cell 2", "case 7", "case 8", "1", "2", "7", "X", "chr7", "chr 8", "batch 1.1"),
    *("batch 1.2", " a", "a ", "A", "é", unicodedata.normalize("NFD", "é"), ODD, "a.png", "con"),
    *(".ipynb_checkpoints", "__MACOSX", "@eaDir", "a\nb", "labels.csv", "karyogram.png", "..."),
    *("-", "metaphase 3", "\u202egnp"),
)
STEMS = (
    *("1", "2", "3", "3a", "3b", "Xa", "X", "Y", "img 12", "scan41 21 2", "scan copy", "chr1"),
    *("é", unicodedata.normalize("NFD", "é"), ODD, "karyogram", " ", "a\nb", "set 3 of 7", "-1"),
    *("0", "99", "7 (1)", "…"),
)
ENDINGS = (
    *(".png", ".png", ".png", ".PNG", ".tif", ".jpg", ".bmp", ".gif", ".webp", ".jp2", ".txt"),
    *(".json", "", ".csv", ".png.tmp"),
)
OTHERS = (
    *("labels.csv", "Labels.CSV", "labels.xlsx", "karyotype.json", "report.html", "config.json"),
    *("metrics.jsonl", "Thumbs.db", ".DS_Store", "desktop.ini", "assignments.csv"),
)
_FOLDER = st.sampled_from(FOLDERS) | st.text(min_size=1, max_size=5).map(
    lambda text: text.replace("/", "_").replace("\0", "_")
)
_FILE = st.one_of(
    st.tuples(st.sampled_from(STEMS), st.sampled_from(ENDINGS)).map("".join),
    st.sampled_from(OTHERS),
    st.binary(min_size=1, max_size=6).map(lambda name: os.fsdecode(name.replace(b"/", b"_"))),
)
_PATH = st.builds(
    lambda folders, name: "/".join([*folders, name]), st.lists(_FOLDER, max_size=4), _FILE
)
_DEEP = st.integers(8, 11).map(lambda count: "/".join(["d"] * count) + "/1.png")
_CELL = st.builds(
    lambda folder, count, pattern: [f"{folder}/{pattern.format(i)}" for i in range(count)],
    st.lists(_FOLDER, min_size=1, max_size=3).map("/".join),
    st.sampled_from((2, 5, 9, 46, 61)),
    st.sampled_from(("{}.png", "{} 3a.png", "img {}.tif", "s{}_Xa.png", "chr{}.png")),
)
_LINK = st.tuples(_PATH, st.sampled_from((".", "..", "cell 1", "nowhere", "1.png", "/", "case 7")))


@dataclass(frozen=True)
class Tree:
    """What a folder shall hold.

    Attributes:
        files: Paths of files below it; a path that a file blocks is passed over.
        links: Paths of links, and what they lead to, below the folder.
        equal: Whether some files have equal content.
        table: Rows of a table for each file: their columns; None for none.
    """

    files: Sequence[str]
    links: Sequence[tuple[str, str]]
    equal: bool
    table: Sequence[tuple[str, str, str]] | None


_ROW = st.tuples(
    st.sampled_from(("1", "3", "X", "chr7", "01", "", "25", "x y", "Y")),
    st.sampled_from(("a", "A", "b", "cell 1", "", "c/1", "..", "é")),
    st.sampled_from(("", "case 7", "p", "P")),
)
TREES = st.builds(
    Tree,
    files=st.builds(
        lambda single, cells, deep: [*single, *(one for cell in cells for one in cell), *deep],
        st.lists(_PATH, max_size=8),
        st.lists(_CELL, max_size=3),
        st.lists(_DEEP, max_size=1),
    ),
    links=st.lists(_LINK, max_size=2),
    equal=st.booleans(),
    table=st.none() | st.none() | st.lists(_ROW, min_size=1, max_size=6),
)


def plant(root: Path, tree: Tree) -> list[Path]:
    """Write a tree, and return its files but for links."""
    root.mkdir()
    for index, name in enumerate(tree.files):
        file = root / name
        with contextlib.suppress(OSError, ValueError):  # It lies below a file, or has no name.
            file.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(file):
                file.write_bytes(b"same" if tree.equal and index % 2 else str(index).encode())
    for name, target in tree.links:
        link = root / name
        with contextlib.suppress(OSError, ValueError):
            link.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(link) and ".." not in Path(name).parts:
                link.symlink_to(root.parent / "lab" / target if target != ".." else root.parent)
    files = sorted(Path(folder) / name for folder, _, names in os.walk(root) for name in names)
    files = [file for file in files if not file.is_symlink()]
    if tree.table is not None:
        _write_table(root, files, tree.table)
    return files


def _write_table(root: Path, files: Sequence[Path], rows: Sequence[tuple[str, str, str]]) -> None:
    table = root / "labels.csv"
    if table.is_dir():
        return
    lines = ["file,class,cell,case"]
    for index, file in enumerate(files):
        name = file.relative_to(root).as_posix().replace('"', '""')
        lines.append(f'"{name}",' + ",".join(rows[index % len(rows)]))
    table.write_text("\n".join(lines), encoding="utf-8", errors="backslashreplace")
