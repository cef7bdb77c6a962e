"""The files of a prepared data set, and those of one that is larger than the memory."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from superxception_jax.data.archive import is_other_archive
from superxception_jax.data.normalization.curl import CURL_VERSION
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import NORMALIZATION_VERSION
from superxception_jax.data.stored_images import ImageWriter
from superxception_jax.files import load_arrays, replacing

# Raise it whenever the prepared images, or what is kept of them, change, and the second with it
# where the images are others.
PREPARATION_VERSION = 4
IMAGES_VERSION = 3
TEXTS = ("cells", "cases", "names", "hashes", "sources")
_BLOCK = 65_536  # texts that exist as objects of Python at a time


@dataclasses.dataclass(frozen=True)
class PreparedFiles:
    """Where the images of a data set lie once they are prepared, for one normalisation.

    Attributes:
        fingerprint: What they were prepared from, and how.
        archive: Digests of the archive that the data set is of, where they are known.
        cache: Everything, of a data set that fits the memory.
        index: Everything but the images of a larger data set.
        images: Its images.
    """

    fingerprint: str
    archive: Mapping[str, str]
    cache: Path
    index: Path
    images: Path

    def head(self) -> dict[str, Any]:
        """Return what the first two files hold beside the data set, by name."""
        return {
            "fingerprint": np.array(self.fingerprint),
            "archive": np.array(json.dumps(dict(self.archive))),
        }

    def check_head(self, arrays: Mapping[str, Any]) -> None:
        """Raise if a file holds another preparation, or one of another archive.

        Where no archive is there, the file is taken: prepared images may be brought to a computer
        without one.

        Args:
            arrays: What the file holds, by name.

        Raises:
            KeyError: It has no head.
            ValueError: It holds something else.
        """
        if str(arrays["fingerprint"]) != self.fingerprint:
            raise ValueError("it holds another preparation")
        stored = json.loads(str(arrays["archive"])) if "archive" in arrays else {}
        if self.archive and (not stored or is_other_archive(stored, self.archive)):
            raise ValueError("it may hold the images of another archive")


def prepared_files(
    full_name: str,
    *,
    dataset: str,
    data_dir: str | Path,
    normalization: NormalizationSettings,
    archive: Mapping[str, str],
    curled: bool = False,
) -> PreparedFiles:
    """Return where the prepared images of a data set lie.

    Args:
        full_name: Name, variant and version of the data set, as its builder states them.
        dataset: Name of the data set.
        data_dir: Folder of the prepared data sets.
        normalization: Settings by which images become canvases.
        archive: Digests of the archive that the data set is of, where they are known.
        curled: Whether the chromosomes are curled.
    """
    contents: dict[str, Any] = {
        "builder": full_name,
        "normalization": dataclasses.asdict(normalization),
        "versions": [PREPARATION_VERSION, NORMALIZATION_VERSION],
    }
    if curled:
        contents["curled"] = CURL_VERSION
    fingerprint = json.dumps(contents, sort_keys=True)
    digest = hashlib.sha256(fingerprint.encode()).hexdigest()[:16]
    folder = Path(data_dir).expanduser() / "prepared"
    return PreparedFiles(
        fingerprint,
        archive,
        cache=folder / f"{dataset}-{digest}.npz",
        index=folder / f"{dataset}-{digest}-index.npz",
        images=folder / f"{dataset}-{digest}.array_record",
    )


def store_cells(files: PreparedFiles, cells: Iterable[Mapping[str, np.ndarray]]) -> None:
    """Write a data set that is larger than the memory, a cell at a time, completely or not at all.

    Args:
        files: Where to. The images are written first, because only an index makes them valid.
        cells: For each cell the fields of `Chromosomes`, in the order of the data set.

    Raises:
        OSError: A file can't be written.
    """
    files.images.parent.mkdir(parents=True, exist_ok=True)
    chunks: dict[str, list[np.ndarray]] = collections.defaultdict(list)
    with replacing(files.images) as temporary, ImageWriter(temporary) as writer:
        for cell in cells:
            writer.write(cell["images"])
            for field, column in cell.items():
                if field != "images":
                    chunks[field].append(_to_bytes(column) if field in TEXTS else column)
    columns: dict[str, Any] = {field: np.concatenate(kept) for field, kept in chunks.items()}
    with replacing(files.index) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **files.head(), **columns)


def load_index(path: Path) -> dict[str, np.ndarray]:
    """Return the index that `store_cells` wrote, with the fingerprint.

    Args:
        path: The file.

    Returns:
        Arrays by name; texts as strings of variable width, of which one takes 16 bytes up to 15
        characters, where an array of fixed width takes 4 bytes for each.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged.
    """
    content = "the names and classes of prepared images"
    arrays = load_arrays(path, content=content, remedy="it is made again")
    return {name: _to_texts(one) if name in TEXTS else one for name, one in arrays.items()}


def _to_bytes(texts: np.ndarray) -> np.ndarray:
    return np.strings.encode(texts, "utf-8")


def _to_texts(encoded: np.ndarray) -> np.ndarray:
    texts = np.empty(len(encoded), np.dtypes.StringDType())
    for start in range(0, len(encoded), _BLOCK):
        block = encoded[start : start + _BLOCK].tolist()
        texts[start : start + _BLOCK] = [one.decode() for one in block]
    return texts
