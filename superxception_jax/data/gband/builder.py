"""The G-band karyograms as a TFDS data set."""

from __future__ import annotations

import functools

from superxception_jax.data.archive import digest_archive
from superxception_jax.data.gband.archive import GBAND_COUNTS, KARYOGRAMS, load_gband
from superxception_jax.data.record_builder import RecordBuilder, RecordConfig


class Builder(RecordBuilder):
    """TFDS builder of the G-band karyograms; the archive names no publication."""


def build_gband(*, data_dir: str, manual_dir: str) -> Builder:
    """Return the TFDS builder of the complete G-band set; no image is read yet.

    Args:
        data_dir: Folder of the prepared data sets.
        manual_dir: Folder or file of the archive, see `find_archive`.

    Returns:
        The builder.
    """
    load = functools.partial(load_gband, manual_dir, expected=GBAND_COUNTS)
    digest = functools.partial(digest_archive, manual_dir, archive=KARYOGRAMS)
    config = RecordConfig(name="karyograms", load=load, digest=digest)
    return Builder(data_dir=data_dir, config=config, file_format="array_record")
