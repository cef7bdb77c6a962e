"""The chromosomes that stand alone in the pictures of Tseng et al. as a TFDS data set."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from superxception_jax.data.archive import digest_archive
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.record_builder import RecordBuilder, RecordConfig
from superxception_jax.data.tseng.archive import METAPHASES, load_tseng


class Builder(RecordBuilder):
    """TFDS builder of the chromosomes that stand alone in their metaphase picture.

    Source: Tseng et al., Scientific Data 10:104, 2023 (10.1038/s41597-023-02003-7).
    """

    HOMEPAGE = "https://doi.org/10.1038/s41597-023-02003-7"

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return lines that say how much is not used; kept with the prepared data."""
        return tuple(self.info.metadata.get("left_out", ()))

    def _load(self) -> Iterable[ChromosomeRecord]:
        pictures = self.builder_config.load()
        self.info.metadata["left_out"] = list(pictures.left_out)
        return pictures


def build_tseng(*, data_dir: str, manual_dir: str) -> Builder:
    """Return the TFDS builder of the chromosomes that stand alone; no picture is read yet.

    Args:
        data_dir: Folder of the prepared data sets.
        manual_dir: Folder or file of the archive, see `find_archive`.

    Returns:
        The builder.
    """
    config = RecordConfig(
        name="isolated",
        load=functools.partial(load_tseng, manual_dir),
        digest=functools.partial(digest_archive, manual_dir, archive=METAPHASES),
    )
    return Builder(data_dir=data_dir, config=config, file_format="array_record")
