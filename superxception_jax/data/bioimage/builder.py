"""The Padova Q-band set as a TFDS data set."""

from __future__ import annotations

import functools

from superxception_jax.data.archive import digest_archive
from superxception_jax.data.bioimage.archive import PADOVA, PADOVA_COUNTS, load_bioimage
from superxception_jax.data.record_builder import RecordBuilder, RecordConfig


class Builder(RecordBuilder):
    """TFDS builder of the Padova Q-band set (BioImLab).

    Source: Poletti, Grisan, Ruggeri, EMBC 2008 (10.1109/IEMBS.2008.4649560).
    """

    HOMEPAGE = "https://bioimlab.dei.unipd.it/Automatic%20Karyotyping%20Classification.htm"


def build_bioimage(*, data_dir: str, manual_dir: str) -> Builder:
    """Return the TFDS builder of the complete Padova set; no image is read yet.

    Args:
        data_dir: Folder of the prepared data sets.
        manual_dir: Folder or file of the archive, see `find_archive`.

    Returns:
        The builder.
    """
    load = functools.partial(load_bioimage, manual_dir, expected=PADOVA_COUNTS)
    digest = functools.partial(digest_archive, manual_dir, archive=PADOVA)
    config = RecordConfig(name="padova", load=load, digest=digest)
    return Builder(data_dir=data_dir, config=config, file_format="array_record")
