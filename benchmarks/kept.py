"""Kept results of a benchmark: they belong to one command and one program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superxception_jax.files import load_json, write_json
from superxception_jax.runs.provenance import digest_program


def claim_kept(file: Path, made_with: Mapping[str, Any], *, results: str = "") -> None:
    """Note how results are made that a benchmark keeps, or compare it with an earlier note.

    A page that shows kept results says the command and the commit of today.

    Args:
        file: File of the note, beside the results; its folder is made if absent.
        made_with: What decides the results besides the program, as JSON values.
        results: Pattern of the results beside the note; those without one are refused.

    Raises:
        ValueError: Results were kept that another command or program made, or nobody knows which.
    """
    note = {"program": digest_program(), **made_with}
    if not file.is_file():
        if results and any(file.parent.glob(results)):
            raise ValueError(
                f"the results in `{file.parent}` must have a note of the program that made them, "
                f"`{file.name}`, got none; delete them, or name another place."
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, note)
        return
    there = load_json(
        file, content="what kept results were made with", remedy="delete it and the results"
    )
    other = [name for name in {**there, **note} if there.get(name) != note.get(name)]
    if other:
        raise ValueError(
            f"the results that `{file}` notes must be of the same command and program, got another "
            f"{', '.join(other)}; delete the note and the results, or name another place."
        )
