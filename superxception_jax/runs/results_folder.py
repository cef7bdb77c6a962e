"""The folder of the results of `karyotype`: of one folder of images, for one process at a time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from superxception_jax.files import readable_name
from superxception_jax.karyotyping.result_files import STATE_FILE, remove_unfinished
from superxception_jax.runs.lock import lock


@contextlib.contextmanager
def results_of(images: Path, out: Path) -> Iterator[None]:
    """Keep a folder for the results of one folder of images while they are written.

    Two patients may have folders of the same name, whose results have the same place if nothing
    else is said. What a killed run left unfinished is removed.

    Args:
        images: Folder of the images, or a single image.
        out: Folder of the results, made if absent, and removed if nothing was written.

    Yields:
        Nothing; the block writes the results.

    Raises:
        ValueError: It holds results of other images, or another process writes into it.
        OSError: It can't be written.
    """
    is_new, is_ours = not out.exists(), False
    out.mkdir(parents=True, exist_ok=True)
    state = out / STATE_FILE
    try:
        with state.open("a+", encoding="utf-8") as file:
            if not lock(file):
                raise ValueError(
                    f"`--out` must be free, got `{out}`, into which another process writes; wait "
                    "until it ends, or choose another folder."
                )
            _take(file, images=images, out=out)
            is_ours = True
            remove_unfinished(out)
            yield
    finally:
        with contextlib.suppress(OSError):
            if is_ours and [path.name for path in out.iterdir()] == [STATE_FILE]:
                state.unlink()
                if is_new:
                    out.rmdir()


def _take(file: IO[str], *, images: Path, out: Path) -> None:
    """Note the folder of the images, unless that of others is noted."""
    file.seek(0)
    text, own = file.read(), str(images.resolve())
    try:
        earlier = json.loads(text)["images"] if text.strip() else own
    except (ValueError, KeyError, TypeError):
        earlier = None
    if not isinstance(earlier, str):
        raise ValueError(
            f"`--out` must not hold a {STATE_FILE} of another program, or of the results of a "
            f"cell, got `{out / STATE_FILE}`; choose another folder."
        )
    if earlier != own:
        raise ValueError(
            f"`--out` must hold results of one folder of images, got `{out}` with those of "
            f"`{readable_name(str(earlier))}` for `{readable_name(own)}`; choose another folder, "
            f"or, if the images were moved or renamed, delete `{out / STATE_FILE}`."
        )
    if not text:
        file.write(json.dumps({"format": 1, "images": own}) + "\n")
        file.flush()
