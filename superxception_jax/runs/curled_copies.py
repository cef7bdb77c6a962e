"""The images of a run of which curled copies train, too: noted at its start, and compared later."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from superxception_jax.files import load_json, readable_name, write_json

CURLED_FILE = "curled.json"
_REMEDY = "train again in another folder"


def keep_curled(workdir: Path, to_curl: Mapping[str, Sequence[str]], *, has_begun: bool) -> None:
    """Note which images are copied at the start of a run, and compare them where it is resumed.

    Args:
        workdir: Run folder.
        to_curl: Names of the images of which a curled copy trains, too, by data set.
        has_begun: Whether the run has trained already.

    Raises:
        ValueError: It has trained with copies of other images, as earlier versions chose them.
    """
    if not to_curl:
        return
    file = workdir / CURLED_FILE
    names = "\n".join(f"{source}\n" + "\n".join(to_curl[source]) for source in sorted(to_curl))
    note = {"digest": hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()}
    if not has_begun:
        write_json(file, note)
        return
    what = {"content": "which images are copied", "remedy": _REMEDY}
    if not file.is_file() or load_json(file, **what) != note:
        raise ValueError(
            f"`{readable_name(str(workdir))}` must be resumed with curled copies of the same "
            "images, got a run of a version that chose others; finish it with the program that "
            f"began it (see environment.json), or {_REMEDY}."
        )
