"""The part of a report that belongs to one cell, as a file that any process can write.

A batch may hold a thousand cells, whose images don't fit into one page or into memory. Each cell
is therefore encoded on its own, and the page is put together from the files.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.images.image_file import encode_png
from superxception_jax.files import damaged, write_text
from superxception_jax.karyotyping.export import karyotype_json
from superxception_jax.karyotyping.karyotype import Karyotype
from superxception_jax.karyotyping.report.review_order import (
    lowest_confidence,
    names_to_review,
    review_reasons,
)
from superxception_jax.karyotyping.review_flags import decided_text

# A script, because a browser lets a page that was opened as a file load nothing else from beside
# it. Head and cell have a line each, so that the list of cells is read without the images.
_BEFORE, _BETWEEN, _AFTER = "karyotypeReportCell(\n", "\n,\n", "\n);\n"
_DECIMALS = 6
_CONTENT = "the part of a report that belongs to one cell"
_REMEDY = "karyotype the cell again"


def cell_payload(karyotype: Karyotype) -> dict[str, Any]:
    """Return the contents of the page for one cell as JSON values.

    Args:
        karyotype: Karyotyped cell.

    Returns:
        `karyotype_json` with the reasons for a review and what was decided about the images, and
        with the image of each chromosome as a PNG data URI with its size in pixels.

    Raises:
        ValueError: An image is empty, or `karyotype_json` rejects the cell.
        TypeError: An image is not a u8 array.
    """
    cell = karyotype_json(karyotype)
    cell["reasons"] = list(review_reasons(karyotype))
    cell["decided"] = decided_text(karyotype)
    for values, one in zip(cell["chromosomes"], karyotype.chromosomes, strict=True):
        png = base64.b64encode(encode_png(one.image).getvalue()).decode("ascii")
        values["image"] = f"data:image/png;base64,{png}"
        values["height_px"], values["width_px"] = one.image.shape
        # Here it means how the image is shown; `turned_probability` says whether it was checked.
        values["turned"] = bool(one.turned)
    return cell


def cell_text(payload: dict[str, Any]) -> str:
    """Return the contents of a cell as the JSON of which the digest of a report is made."""
    return json.dumps(payload, sort_keys=True)


def cell_head(karyotype: Karyotype, payload: dict[str, Any]) -> dict[str, Any]:
    """Return what the page knows of a cell before it loads its chromosomes.

    Args:
        karyotype: Karyotyped cell.
        payload: Its `cell_payload`.

    Returns:
        The payload without the chromosomes, and with their number (`total`), the number of their
        flags, the names of those to review, those whose single-image class the assignment of the
        cell overruled, the lowest confidence, whether each image is in a file, a digest of the
        images whatever they and the cell are called, and a digest of the payload.
    """
    chromosomes = karyotype.chromosomes
    images = sorted(one["image"] for one in payload["chromosomes"])
    return {
        **{name: value for name, value in payload.items() if name != "chromosomes"},
        "total": len(chromosomes),
        "chromosome_flags": sum(len(one.flags) for one in chromosomes),
        "to_review": names_to_review(karyotype),
        "overruled": overruled_labels(karyotype),
        "lowest_confidence": lowest_confidence(karyotype),
        "has_files": all(one.file for one in chromosomes),
        "images_digest": _short_digest("\n".join(images)),
        "digest": _short_digest(cell_text(payload)),
    }


def _short_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def overruled_labels(karyotype: Karyotype) -> list[dict[str, Any]]:
    """Return the chromosomes whose class the cell decided against the single image.

    Args:
        karyotype: Karyotyped cell.

    Returns:
        Name, the most probable class of the single image with its probability, and the assigned
        class with its probability given the whole cell, for each such chromosome.
    """
    return [
        {
            "name": one.name,
            "single_image_class": CLASS_NAMES[int(one.probabilities.argmax())],
            "single_image_probability": round(float(one.probabilities.max()), _DECIMALS),
            "assigned_class": one.class_name,
            "assigned_probability": round(one.confidence, _DECIMALS),
        }
        for one in karyotype.chromosomes
        if int(one.probabilities.argmax()) != one.label
    ]


def write_report_cell(karyotype: Karyotype, path: Path) -> Path:
    """Write the part of one cell, from which `write_report_of_parts` makes a report.

    Nothing of it depends on other cells, so that each process of a batch can write its own.

    Args:
        karyotype: Karyotyped cell.
        path: File in an existing folder; an existing file is replaced.

    Returns:
        The path.

    Raises:
        ValueError: See `cell_payload`.
        TypeError: See `cell_payload`.
    """
    payload = cell_payload(karyotype)
    head = json.dumps(cell_head(karyotype, payload), allow_nan=False)
    return write_text(path, f"{_BEFORE}{head}{_BETWEEN}{cell_text(payload)}{_AFTER}")


def load_head(path: Path) -> dict[str, Any]:
    """Return the head of a cell from its part, without reading the images.

    Args:
        path: File of `write_report_cell`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file holds something else, or its end is missing.
    """
    with path.open("rb") as file:
        first, head = file.readline(), file.readline()
        file.seek(max(0, path.stat().st_size - len(_AFTER)))
        end = file.read()
    if first.decode("utf-8", "replace") != _BEFORE or end.decode("utf-8", "replace") != _AFTER:
        raise damaged(path, "no beginning or no end", content=_CONTENT, remedy=_REMEDY)
    try:
        return json.loads(head)
    except ValueError as error:
        raise damaged(path, error, content=_CONTENT, remedy=_REMEDY) from error


def load_cell_text(path: Path) -> str:
    """Return the `cell_text` of a cell from its part."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if len(lines) != 6:
        raise damaged(path, f"{len(lines)} lines", content=_CONTENT, remedy=_REMEDY)
    return lines[3]


def digest_of(texts: Iterator[str]) -> str:
    """Return the digest by which a report and its exports name these cells.

    It is that of the JSON list of the cells, made without holding the list.

    Args:
        texts: `cell_text` of each cell, in the order of the report.
    """
    digest = hashlib.sha256(b"[")
    for place, text in enumerate(texts):
        digest.update((", " if place else "").encode())
        digest.update(text.encode())
    digest.update(b"]")
    return digest.hexdigest()
