"""A laboratory's own folder of chromosome images as a TFDS data set."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from superxception_jax.data.options import BACKGROUNDS, POLARITIES, TWINS
from superxception_jax.data.own.folder import find_folder, iterate_folder, read_folder
from superxception_jax.data.record import ChromosomeRecord
from superxception_jax.data.record_builder import RecordBuilder, RecordConfig


class Builder(RecordBuilder):
    """TFDS builder of a laboratory's own folder.

    Attributes:
        left_out: What is in the folder and is not read, one line each.
        told: What the preparation says of images that it sets aside.
    """

    left_out: tuple[str, ...] = ()
    told: Sequence[str] = ()

    def _generate_examples(
        self, records: Iterable[ChromosomeRecord]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        yield from super()._generate_examples(records)
        # Kept with the prepared data: who uses them later must know it, too.
        self.info.metadata["set_aside"] = list(self.told)


def build_own(*, data_dir: str, folder: str, twins: str, polarity: str, background: str) -> Builder:
    """Return the TFDS builder of a laboratory's folder; no image is decoded yet.

    Args:
        data_dir: Folder of the prepared data sets.
        folder: Folder of the laboratory, laid out as README.md says.
        twins: "refuse" or "allow" equal images in several cells.
        polarity: How images of unstated orientation are taken, "upright" or "any" way up.
        background: Background of all images, "dark" or "light", or "auto": decided for each cell.

    Returns:
        The builder; its name holds a hash of the folder's content, so that changed files give
        another data set.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: The folder can't be used, see `read_folder`, or `twins`, `polarity` or
            `background` is unknown.
    """
    for name, value, known in (
        ("twins", twins, TWINS),
        ("polarity", polarity, POLARITIES),
        ("background", background, BACKGROUNDS),
    ):
        if value not in known:
            raise ValueError(f"`{name}` must be one of {', '.join(known)}, got {value!r}.")
    path = find_folder(folder)
    read = read_folder(path, twins=twins)
    label = re.sub(r"[^A-Za-z0-9]+", "_", path.name).strip("_") or "folder"
    # Where twins are refused, a preparation that was allowed them must not be taken.
    allowed = "-twins" if twins == "allow" else ""
    way = "-any" if polarity == "any" else ""
    stated = "" if background == "auto" else f"-{background}"
    told: list[str] = []
    config = RecordConfig(
        name=f"{label}-{read.content_hash}{allowed}{way}{stated}",
        load=functools.partial(
            iterate_folder,
            read,
            twins=twins,
            polarity=polarity,
            background=background,
            tell=told.append,
        ),
    )
    builder = Builder(data_dir=data_dir, config=config, file_format="array_record")
    builder.notices = read.notices
    builder.told = told
    builder.left_out = read.layout.left_out_lines
    return builder
