"""TFDS builder of the Padova Q-band set (BioImLab)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from superxception_jax.data.bioimage.archive import (
    PADOVA_COUNTS,
    ExpectedCounts,
    find_archive,
    load_archive,
)
from superxception_jax.data.record import SPLIT, ChromosomeRecord, example, record_features


@dataclasses.dataclass(kw_only=True)
class BioimageConfig(tfds.core.BuilderConfig):
    """Say where the archive is and what it must hold.

    **Source:** ours, because TFDS's own message for a missing archive helps nobody.

    Attributes:
        manual_dir: folder or file, see `find_archive`.
        expected: counts that the archive must have.
    """

    manual_dir: str
    expected: ExpectedCounts = PADOVA_COUNTS


class Builder(tfds.core.GeneratorBasedBuilder):
    """Build the records of the Padova Q-band set.

    **Source:** Poletti, Grisan, Ruggeri, EMBC 2008 (10.1109/IEMBS.2008.4649560).
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}  # noqa: RUF012

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=record_features(),
            homepage="https://bioimlab.dei.unipd.it/Automatic%20Karyotyping%20Classification.htm",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        del dl_manager  # Nothing may be downloaded; the config says where the archive is.
        # Read and checked as a whole here, before TFDS opens the first file to write.
        path = find_archive(self.builder_config.manual_dir)
        records = load_archive(path, expected=self.builder_config.expected)
        return {SPLIT: self._generate_examples(records)}

    def _generate_examples(
        self, records: list[ChromosomeRecord]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for record in records:
            yield record.name, example(record)


def build_bioimage(*, data_dir: str, manual_dir: str) -> Builder:
    """Build the TFDS builder of the complete Padova set; nothing is read yet.

    Args:
        data_dir: folder of the prepared data sets.
        manual_dir: folder or file of the archive, see `find_archive`.

    Returns:
        The builder.

    **Source:** ours, because a second caller must get the same data set name.
    """
    config = BioimageConfig(name="padova", manual_dir=str(manual_dir))
    return Builder(data_dir=data_dir, config=config, file_format="array_record")
