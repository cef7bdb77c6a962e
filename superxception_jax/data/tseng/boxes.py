"""The boxes of a metaphase picture: a Pascal VOC file, read without trusting it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from superxception_jax.chromosomes import GROUPS, class_label
from superxception_jax.data.file_names import shown_name

_CLASS = re.compile(r"([A-G])?([1-9]|1[0-9]|2[0-2]|X|Y)", re.IGNORECASE)
_SIDES = ("xmin", "ymin", "xmax", "ymax")
# A file of 50 boxes has 15 kB.
_LARGEST_BYTES = 2**20
_MOST_NAMED = 3


@dataclass(frozen=True)
class Box:
    """The box of one chromosome, in pixels of the picture.

    Attributes:
        label: Index in `CLASS_NAMES`.
        left_px: First column.
        top_px: First row.
        right_px: Column after the last one.
        bottom_px: Row after the last one.
    """

    label: int
    left_px: int
    top_px: int
    right_px: int
    bottom_px: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return rows and columns."""
        return slice(self.top_px, self.bottom_px), slice(self.left_px, self.right_px)


@dataclass(frozen=True)
class Annotation:
    """What a Pascal VOC file says of its picture.

    Attributes:
        size_px: Width and height of the picture; None where the file doesn't state them.
        boxes: The boxes, in the order of the file.
    """

    size_px: tuple[int, int] | None
    boxes: tuple[Box, ...]


def box_label(name: str) -> int:
    """Return the label of a box from the name of its class.

    Args:
        name: Class with its group, such as `C6` or `G21`, or without it, such as `6` or `X`.

    Returns:
        The index in `CLASS_NAMES`.

    Raises:
        ValueError: The name is no class, or its group is not that of its chromosome.

    >>> box_label("C6"), box_label("6"), box_label("X")
    (5, 5, 22)
    """
    match = _CLASS.fullmatch(name.strip())
    if match is None:
        raise ValueError(f"`{shown_name(name)}` is no class such as A1, 1, X or Y")
    group, chromosome = (match[1] or "").upper(), match[2].upper()
    if group and chromosome not in GROUPS[group]:
        raise ValueError(f"`{shown_name(name)}` names group {group} for chromosome {chromosome}")
    return class_label(chromosome)


def read_annotation(content: bytes) -> Annotation:
    """Return the boxes of a Pascal VOC file.

    Args:
        content: Content of the file.

    Returns:
        The boxes; coordinates are rounded to whole pixels.

    Raises:
        ValueError: The file is no such file, or declares entities, or a box has no known class or
            no extent; every unknown class is named.
    """
    root = _parse(content)
    objects = root.findall("object")
    if not objects:
        raise ValueError("the file has no box")
    boxes, problems = [], []
    for number, one in enumerate(objects):
        try:
            boxes.append(_read_box(one))
        except ValueError as error:
            problems.append(f"box {number}: {error}")
    if problems:
        more = len(problems) - _MOST_NAMED
        rest = f"; and {more} more" if more > 0 else ""
        raise ValueError("; ".join(problems[:_MOST_NAMED]) + rest)
    width, height = (root.findtext(f"size/{side}", "").strip() for side in ("width", "height"))
    # Programs write zeros where they don't know the size.
    stated = all(one.isdecimal() and int(one) > 0 for one in (width, height))
    return Annotation((int(width), int(height)) if stated else None, tuple(boxes))


def check_boxes(annotation: Annotation, shape: tuple[int, int]) -> None:
    """Raise if the boxes can't be those of a picture.

    Args:
        annotation: The boxes.
        shape: Rows and columns of the picture.

    Raises:
        ValueError: The file states another size, or boxes are outside the picture.
    """
    height, width = shape
    if annotation.size_px not in (None, (width, height)):
        stated = "×".join(map(str, annotation.size_px or ()))
        raise ValueError(f"the boxes are of a picture of {stated} px, the picture {width}×{height}")
    for number, box in enumerate(annotation.boxes):
        inside = box.left_px >= 0 and box.right_px <= width
        if not (inside and box.top_px >= 0 and box.bottom_px <= height):
            raise ValueError(f"box {number} is outside the picture of {width}×{height} px")


def _parse(content: bytes) -> ElementTree.Element:
    if len(content) > _LARGEST_BYTES:
        raise ValueError(f"the file has {len(content):,} bytes, more than any list of boxes")
    try:
        # Decoded here, because a parser that chose the encoding might see other text than this.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("the file declares a document type or entities, which boxes don't need")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(f"the file is no sound XML ({error})") from None
    if root.tag != "annotation":
        raise ValueError(f"the file must be a Pascal VOC annotation, got `{shown_name(root.tag)}`")
    return root


def _read_box(one: ElementTree.Element) -> Box:
    label = box_label(one.findtext("name", ""))
    sides = []
    for side in _SIDES:
        text = one.findtext(f"bndbox/{side}", "").strip()
        if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,9})?", text):
            raise ValueError(f"`{side}` must be a number of pixels, got `{shown_name(text)}`")
        sides.append(round(float(text)))
    left, top, right, bottom = sides
    if left >= right or top >= bottom:
        raise ValueError(f"its sides {left}, {top}, {right}, {bottom} enclose nothing")
    return Box(label, left, top, right, bottom)
