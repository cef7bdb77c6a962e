"""The TFDS builder that every data set of this package shares.

A data set subclasses `RecordBuilder` as `Builder` in a folder of its own, because TFDS takes the
name of the data set from the folder and its description from the README.md next to the class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.archive import is_other_archive
from superxception_jax.data.images.image_file import encode_png
from superxception_jax.data.record import ChromosomeRecord

SPLIT = "chromosomes"  # TFDS reserves the name "all" for the union of splits; load that.


@dataclasses.dataclass(kw_only=True)
class RecordConfig(tfds.core.BuilderConfig):
    """Name of a variant of a data set, and how to load it.

    Attributes:
        load: Returns the raw chromosomes; a list is complete before the first file is written,
            an iterator is drawn from while writing.
        digest: Returns digests of the archive that would be loaded, see `digest_archive`; empty
            where there is none, or where the name of the variant says what is loaded.
    """

    load: Callable[[], Iterable[ChromosomeRecord]]
    digest: Callable[[], Mapping[str, str]] = dict


class RecordBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
    """TFDS builder of chromosome records.

    Attributes:
        HOMEPAGE: Address of the data set; None without one.
        notices: Sentences for the user before anything runs: what was recognised in a folder.
    """

    # A data set whose records change gets a new version: its older preparations are then ignored.
    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "1.0.0": "First version.",
        "1.1.0": "Records say whether the p arm is known to point up.",
    }
    HOMEPAGE: ClassVar[str | None] = None
    notices: tuple[str, ...] = ()

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=record_features(), homepage=self.HOMEPAGE, metadata=tfds.core.MetadataDict()
        )

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return lines that say what is there and is not used."""
        return ()

    @property
    def set_aside(self) -> tuple[str, ...]:
        """Return what is said of images that are no single chromosome; known once prepared."""
        return tuple(self.info.metadata.get("set_aside", ()))

    @property
    def archive(self) -> dict[str, str]:
        """Return the digests of the archive of which the prepared data are, or would be.

        Empty for a data set without one, or one that an earlier version prepared.
        """
        if self.data_path.exists():
            self.read_prepared()
            return dict(self.info.metadata.get("archive", {}))
        return dict(self.builder_config.digest())

    def read_prepared(self) -> None:
        """Read what another program has prepared since the builder was made, if one has."""
        if not self.info.splits:
            self.info.read_from_directory(self.data_path)

    def check_archive(self) -> None:
        """Raise if the data were prepared from another archive than the one that is there.

        Without an archive, or where it isn't known from which they were, they are taken.

        Raises:
            ValueError: They were.
        """
        stored = self.archive if self.data_path.exists() else {}
        now = self.builder_config.digest() if stored else {}
        if is_other_archive(stored, now):
            raise ValueError(
                f"`{self.data_path}` must be prepared from the archive that is there, got data of "
                "one with other files; delete that folder, which is then prepared anew, or put "
                "the former archive back."
            )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        del dl_manager  # Nothing is downloaded.
        self.info.metadata["archive"] = dict(self.builder_config.digest())
        # Loaded and checked as a whole here, before TFDS opens the first file to write.
        return {SPLIT: self._generate_examples(self._load())}

    def _load(self) -> Iterable[ChromosomeRecord]:
        return self.builder_config.load()

    def _generate_examples(
        self, records: Iterable[ChromosomeRecord]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for record in records:
            yield record.name, example(record)


def record_features() -> tfds.features.FeaturesDict:
    """Return the TFDS features of a record.

    Returns:
        The features `image` (PNG, u8[H,W,1]), `label`, `cell`, `case`, `name` and `upright`.
    """
    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(
                shape=(None, None, 1), dtype=np.uint8, encoding_format="png"
            ),
            "label": tfds.features.ClassLabel(names=list(CLASS_NAMES)),
            "cell": tfds.features.Text(),
            "case": tfds.features.Text(),
            "name": tfds.features.Text(),
            "upright": tfds.features.Scalar(np.bool_),
        }
    )


def example(record: ChromosomeRecord) -> dict[str, Any]:
    """Return a record as the dictionary that a TFDS builder yields.

    Args:
        record: Chromosome to write.

    Returns:
        The features of `record_features`; the image as a PNG file in memory, because TFDS
        encodes arrays with TensorFlow only.
    """
    return {
        "image": encode_png(record.image),
        "label": record.label,
        "cell": record.cell,
        "case": record.case,
        "name": record.name,
        "upright": record.upright,
    }
