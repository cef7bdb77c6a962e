"""The script and the style of a report: modules, joined to one text each."""

from __future__ import annotations

import re
from pathlib import Path

# The script consists of ECMAScript modules: each imports by name what it uses, so that an editor,
# `node --check` and a test can work with it alone. A page from a file can't load one module from
# another, because a browser refuses that without a server; so they are joined, in this order,
# each after those it imports, to the one module script of the page. In it all names share one
# scope, therefore the imports and the word `export` are left out, and no name may occur twice.
SCRIPT_MODULES = (
    "data",
    "text",
    "dom",
    "formula",
    "state",
    "view",
    "cells",
    "edits",
    "list",
    "chromosome",
    "tip",
    "details",
    "drag",
    "scale",
    "karyogram",
    "film",
    "head",
    "frame",
    "keyboard",
    "export",
    "start",
)
# In the order of the cascade.
STYLE_SHEETS = ("base", "layout", "karyogram", "side", "media")

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.mjs";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|function|let) )", re.MULTILINE)


def load_script() -> str:
    """Return the script of the page, the text of one module."""
    texts = (_load(f"js/{name}.mjs") for name in SCRIPT_MODULES)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)


def load_style() -> str:
    """Return the style sheet of the page."""
    return "\n".join(_load(f"css/{name}.css") for name in STYLE_SHEETS)


def load_template() -> str:
    """Return the page with the places of `string.Template` for script, style and data."""
    return _load("template.html")


def _load(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
