"""What a page of the report holds as JSON."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from superxception_jax.karyotyping.report.page import write_html_report

DATA = re.compile(r'<script type="application/json" id="report-data">(.*?)</script>', re.DOTALL)


def payload_of(path: Path) -> dict[str, Any]:
    """Return the data of a page."""
    (text,) = DATA.findall(path.read_text("utf-8"))
    return json.loads(text)


def report_payload(karyotypes, *, facts) -> dict[str, Any]:
    """Return the data of a page of few cells."""
    with tempfile.TemporaryDirectory() as folder:
        return payload_of(write_html_report(karyotypes, Path(folder) / "report.html", facts=facts))
