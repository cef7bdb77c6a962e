"""Relative links and pictures of the Markdown pages point to files that exist."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.paths import REPOSITORY

FOLDERS = ("docs", "results", "superxception_jax")
PAGES = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *(page for name in FOLDERS for page in (REPOSITORY / name).rglob("*.md")),
    ]
)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
# Inline links and pictures, reference definitions, and HTML.
LINKS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"\]\(\s*<?([^)\s>]+)",
        r"^\[[^\]]+\]:\s*(\S+)",
        r"(?:src|href)=\"([^\"]+)\"",
    )
)


def missing_targets(page: Path) -> list[str]:
    """Return the relative links of a page that point to no file."""
    # Links in code are no links, but code may be the text of a link.
    text = CODE.sub("code", page.read_text(encoding="utf-8"))
    targets = [target for link in LINKS for target in link.findall(text)]
    paths = [target.partition("#")[0] for target in targets if not re.match(r"\w+:", target)]
    return [path for path in paths if path and not (page.parent / unquote(path)).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_point_to_files(page):
    assert missing_targets(page) == []


def test_the_pages_that_people_read_first_are_checked():
    names = {str(page.relative_to(REPOSITORY)) for page in PAGES}
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md"} <= names
    assert "superxception_jax/weights/qband/MODEL_CARD.md" in names


def test_a_missing_target_is_found(tmp_path):
    page = tmp_path / "page.md"
    (tmp_path / "there.png").touch()
    page.write_text(
        "[a](gone.md) ![b](there.png) [`c`](lost/d.md#part) [e](https://x/gone) [f](#here)\n"
        '```\n[g](in_code.md)\n```\n`[h](in_code.md)`\n[i]: astray.md\n<img src="off.png">\n'
    )
    assert missing_targets(page) == ["gone.md", "lost/d.md", "astray.md", "off.png"]
