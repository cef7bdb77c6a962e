"""The one record that every data set of this package writes and reads.

A record is a single chromosome: its raw grey image, its class, and where it
comes from (cell, case, name).  The builders differ only in how they find these.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from superxception_jax.arrays import check
from superxception_jax.chromosomes import CLASS_NAMES

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

SPLIT = "chromosomes"  # TFDS reserves the name "all" for the union of splits; read that.
MOST_PROBLEMS = 10  # A longer list hides its own head in a terminal.


@dataclasses.dataclass(frozen=True)
class ChromosomeRecord:
    """Hold one chromosome before it is written.

    **Source:** ours, because readers of archives must check all before TFDS writes any.

    Attributes:
        image: u8[H,W], the raw image.
        label: index in `CLASS_NAMES`.
        cell: name of the cell, unique in the data set.
        case: name of the patient or sample; the cell's name where none is known.
        name: name of the image, unique in the data set.
    """

    image: np.ndarray
    label: int
    cell: str
    case: str
    name: str


def record_features() -> tfds.features.FeaturesDict:
    """Build the TFDS features of a record.

    Returns:
        The features `image` (PNG, u8[H,W,1]), `label`, `cell`, `case` and `name`.

    **Source:** ours, because one record for all data sets needs one reader only.
    """
    # Imported here, so that readers of `CLASS_NAMES` don't pay for it.
    import tensorflow_datasets as tfds

    return tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(
                shape=(None, None, 1), dtype=np.uint8, encoding_format="png"
            ),
            "label": tfds.features.ClassLabel(names=list(CLASS_NAMES)),
            "cell": tfds.features.Text(),
            "case": tfds.features.Text(),
            "name": tfds.features.Text(),
        }
    )


def encode_png(image: np.ndarray) -> io.BytesIO:
    """Encode a grey image as PNG in memory, the form that TFDS takes without TensorFlow.

    Args:
        image: u8[H,W], H and W at least 1.

    Returns:
        A file object at its beginning.

    Raises:
        TypeError: the image is no u8 array.
        ValueError: the image is not two-dimensional or is empty.

    **Source:** ours, because the TFDS image feature encodes arrays with TensorFlow only.
    """
    check(image=(image, "u8[H,W]"))
    if image.size == 0:
        raise ValueError(f"`image` must hold pixels, got shape {image.shape}; leave it out.")
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="png")
    file.seek(0)
    return file


def example(record: ChromosomeRecord) -> dict[str, Any]:
    """Turn a record into the dictionary that a TFDS builder yields.

    Args:
        record: the chromosome.

    Returns:
        The features of `record_features`, the image as PNG.

    **Source:** ours, because the builders must write the same record.
    """
    return {
        "image": encode_png(record.image),
        "label": record.label,
        "cell": record.cell,
        "case": record.case,
        "name": record.name,
    }


def raise_problems(problems: Sequence[str], *, source: str) -> None:
    """Raise one error that lists the problems found in a data set, if there are any.

    Args:
        problems: one line each, beginning with the file or cell.
        source: where they were found.

    Raises:
        ValueError: there are problems; the first `MOST_PROBLEMS` are listed.

    **Source:** ours, because a lab corrects its files once, not once per error.
    """
    if not problems:
        return
    shown = "".join(f"\n  {problem}" for problem in problems[:MOST_PROBLEMS])
    more = len(problems) - MOST_PROBLEMS
    rest = f"\n  ... and {more} more" if more > 0 else ""
    noun = "problem" if len(problems) == 1 else "problems"
    raise ValueError(
        f"`{source}` must be a sound data set, got {len(problems)} {noun}; "
        f"correct the files and run again:{shown}{rest}"
    )
