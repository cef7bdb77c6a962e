"""A laboratory's own folder of chromosome images as a TFDS data set."""

from __future__ import annotations

import functools
import re

from superxception_jax.data.own.folder import content_hash, find_folder, load_folder
from superxception_jax.data.record_builder import RecordBuilder, RecordConfig


class Builder(RecordBuilder):
    """TFDS builder of a laboratory's own folder."""


def build_own(*, data_dir: str, folder: str) -> Builder:
    """Return the TFDS builder of a laboratory's folder; no image is read yet.

    Args:
        data_dir: Folder of the prepared data sets.
        folder: Folder of the laboratory, laid out as `load_folder` says.

    Returns:
        The builder; its name holds a hash of the folder's content, so that changed files give
        another data set.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    path = find_folder(folder)
    label = re.sub(r"[^A-Za-z0-9]+", "_", path.name).strip("_") or "folder"
    config = RecordConfig(
        name=f"{label}-{content_hash(path)}", load=functools.partial(load_folder, path)
    )
    return Builder(data_dir=data_dir, config=config, file_format="array_record")
