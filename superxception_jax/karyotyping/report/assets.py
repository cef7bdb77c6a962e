"""The script, the style sheet and the template of a report, joined from their modules."""

from __future__ import annotations

import re
from pathlib import Path

# The script consists of ECMAScript modules. Each imports what it uses by name, so that an editor,
# `node --check` and a test can work with it alone. A browser doesn't let a page that was opened as
# a file load further modules; therefore they are joined, in this order, each after those it
# imports, to the one module script of the page. There they share one scope: imports and the word
# `export` are removed, and no name may be declared twice.
SCRIPT_MODULES = (
    "data",
    "text",
    "labels",
    "dom",
    "formula",
    "caselines",
    "caseweigh",
    "caseformula",
    "casereview",
    "case",
    "storage",
    "state",
    "view",
    "load",
    "cells",
    "consensus",
    "edits",
    "navigate",
    "list",
    "chromosome",
    "tip",
    "details",
    "trail",
    "drag",
    "scale",
    "karyogram",
    "film",
    "thumbs",
    "tables",
    "casepage",
    "head",
    "frame",
    "print",
    "help",
    "keyboard",
    "export",
    "start",
)
# In the order of the cascade.
STYLE_SHEETS = ("base", "layout", "karyogram", "side", "case", "media", "print")

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.mjs";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|async function|function|let) )", re.MULTILINE)


def load_script() -> str:
    """Return the script of the page, the text of one module."""
    texts = (_load(f"js/{name}.mjs") for name in SCRIPT_MODULES)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)


def load_style() -> str:
    """Return the style sheet of the page."""
    return "\n".join(_load(f"css/{name}.css") for name in STYLE_SHEETS)


def load_template() -> str:
    """Return the page, a `string.Template` with placeholders for script, style and data."""
    return _load("template.html")


def _load(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
