"""TFDS builder of a laboratory's own folder of chromosome images."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from superxception_jax.data.own.folder import content_hash, find_folder, read_folder
from superxception_jax.data.record import SPLIT, ChromosomeRecord, example, record_features


@dataclasses.dataclass(kw_only=True)
class OwnConfig(tfds.core.BuilderConfig):
    """Say which folder is read; the name holds a hash of its content.

    **Source:** ours, because changed files must give another data set.

    Attributes:
        folder: absolute path of the folder.
    """

    folder: str


class Builder(tfds.core.GeneratorBasedBuilder):
    """Build the records of a laboratory's own folder.

    **Source:** ours, because users ask first how to add their own data.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}  # noqa: RUF012

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(features=record_features())

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        del dl_manager  # Nothing is downloaded.
        # Read and checked as a whole here, before TFDS opens the first file to write.
        records = read_folder(find_folder(self.builder_config.folder))
        return {SPLIT: self._generate_examples(records)}

    def _generate_examples(
        self, records: list[ChromosomeRecord]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for record in records:
            yield record.name, example(record)


def build_own(*, data_dir: str, folder: str) -> Builder:
    """Build the TFDS builder of a laboratory's folder; no image is read yet.

    Args:
        data_dir: folder of the prepared data sets.
        folder: the laboratory's folder, see `read_folder` for its layout.

    Returns:
        The builder; its name changes whenever a file of the folder does.

    Raises:
        FileNotFoundError: there is no such folder.

    **Source:** ours, because a second caller must get the same data set name.
    """
    path = find_folder(folder)
    label = re.sub(r"[^A-Za-z0-9]+", "_", path.name).strip("_") or "folder"
    config = OwnConfig(name=f"{label}-{content_hash(path)}", folder=str(path))
    return Builder(data_dir=data_dir, config=config, file_format="array_record")
