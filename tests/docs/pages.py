"""The documentation as the tests read it: pages, code blocks and command lines."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.paths import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = (
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted(DOCS.glob("*.md")),
)


def code_blocks(path: Path, language: str) -> list[str]:
    """Return the code blocks of a page in one language."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands(path: Path) -> list[str]:
    """Return the shell commands of a page, one by one: without comments, joined lines, `&&`."""
    found = []
    for block in code_blocks(path, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words: list[str] = []
            for word in [*shlex.split(line, comments=True), "&&"]:
                if word != "&&":
                    words.append(word)
                elif words:
                    found.append(shlex.join(words))
                    words = []
    return found


def all_commands() -> list[str]:
    """Return the shell commands of all pages, each once."""
    return list(dict.fromkeys(command for path in PAGES for command in commands(path)))
