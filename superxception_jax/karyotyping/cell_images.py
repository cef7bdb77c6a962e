"""The images of a cell, read as one: levelled, screened, measured and drawn for a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from superxception_jax.data.images.image_file import DecodedImage
from superxception_jax.data.normalization.background import CellBackground, level_cell
from superxception_jax.data.normalization.measure import MeasuredChromosome, measure_chromosome
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.data.normalization.normalize import draw_cell
from superxception_jax.data.screening.screen import screen_cell
from superxception_jax.data.screening.sight import see
from superxception_jax.data.screening.twins import Portrait, draw_portrait
from superxception_jax.files import readable_name
from superxception_jax.karyotyping.upright import upright_crop

ONE_GREY = "the image is blank: all pixels have the same grey level"
NO_PIXELS = "the image has no pixels"
NOT_FINITE = "a pixel value is not finite (NaN or infinite)"


@dataclass(frozen=True)
class NamedImage:
    """The image of one chromosome.

    Attributes:
        name: File name or any other name, unique in the cell.
        image: u8, u16 or f32[H,W], one chromosome, brighter or darker than the background.
        opacity: f32[H,W], 0..1; None if all pixels are opaque.
        bits: Bit depth that the file states; 0 if it states none.
        file: Path below the folder of all images; empty for an image that is in no file.

    Raises:
        ValueError: The image is of another kind.
    """

    name: str
    image: np.ndarray
    opacity: np.ndarray | None = None
    bits: int = 0
    file: str = ""

    def __post_init__(self) -> None:
        """Check the image, which may come from anywhere."""
        image: object = self.image
        if not isinstance(image, np.ndarray):
            got = type(image).__name__
        elif image.ndim != 2 or image.dtype not in (np.uint8, np.uint16, np.float32):
            got = f"{image.dtype}{list(image.shape)}"
        else:
            return
        raise ValueError(
            f"`image` of `{readable_name(self.name)}` must be a grey array u8, u16 or f32[H,W], "
            f"got {got}; convert it."
        )

    @property
    def decoded(self) -> DecodedImage:
        """Return the image as the steps of a whole cell take it."""
        return DecodedImage(
            grey=self.image, colour_levels=0.0, opacity=self.opacity, bits=self.bits
        )


@dataclass(frozen=True)
class CellImages:
    """A cell on its way to a karyotype; each file is decoded once.

    Attributes:
        name: Name of the cell.
        images: One image per chromosome, in any order.
        unread: Name of each file that could not be decoded, and the reason.
        case: Patient or sample; empty if unknown.

    Raises:
        ValueError: Two images have the same name.
    """

    name: str
    images: tuple[NamedImage, ...]
    unread: tuple[tuple[str, str], ...] = ()
    case: str = ""

    def __post_init__(self) -> None:
        """Check the names."""
        counts = Counter(one.name for one in self.images)
        repeated = [name for name, count in counts.items() if count > 1]
        if repeated:
            raise ValueError(
                f"`images` of cell `{self.name}` must have unique names, got {repeated} more than "
                "once; rename them."
            )


@dataclass(frozen=True)
class ReadCell:
    """The chromosomes found in the images of a cell, and what became of the other images.

    Attributes:
        names: N names of the images of chromosomes.
        files: N paths of these images below the folder of all images, empty where unknown.
        measured: N measured chromosomes.
        unread: Name of each image that could not be read or shows nothing, and the reason.
        set_aside: Name of each image that can't be one chromosome of the cell, and the reason.
        background: What was decided about the background.
        portraits: What the N chromosomes look like, by which a copy of a cell is found among those
            of its case; empty where the case is unknown.
    """

    names: tuple[str, ...]
    files: tuple[str, ...]
    measured: list[MeasuredChromosome]
    unread: tuple[tuple[str, str], ...]
    set_aside: tuple[tuple[str, str], ...]
    background: CellBackground
    portraits: tuple[Portrait, ...] = ()


class NoChromosomeError(ValueError):
    """No image of a cell shows a chromosome."""


def read_cell(cell: CellImages, *, background: str) -> ReadCell:
    """Level, screen and measure the images of a cell, in this order.

    What is set aside is not measured, so that it affects neither the scale nor the grey of the
    others.

    Args:
        cell: Images of the cell.
        background: "dark", "light", or "auto": decided for the whole cell.

    Returns:
        The chromosomes, at least one.

    Raises:
        NoChromosomeError: No image shows a chromosome of the cell.
        ValueError: `background` is none of the three.
    """
    images, unread = readable_images(cell)
    names = [readable_name(one.name) for one in images]
    leveled = level_cell([one.decoded for one in images], background=background)
    kind = leveled.background.kind
    sights = [see(image, background=kind) for image in leveled.images]
    screened = screen_cell(sights, names=names, background=kind)
    reasons = {one.index: one.reason for one in screened}
    measured, kept, files, portraits = [], [], [], []
    for index, (name, image) in enumerate(zip(names, leveled.images, strict=True)):
        if index in reasons:
            continue
        try:
            mask = sights[index].whole_mask
            measured.append(measure_chromosome(image, background=kind, mask=mask))
            kept.append(name)
            files.append(readable_name(images[index].file))
            portraits += [draw_portrait(sights[index])] if cell.case else []
        except ValueError as error:
            unread.append((name, str(error)))
    set_aside = tuple((names[index], reason) for index, reason in sorted(reasons.items()))
    if not measured:
        raise NoChromosomeError(_nothing_read(cell, (*unread, *set_aside)))
    return ReadCell(
        names=tuple(kept),
        files=tuple(files),
        measured=measured,
        unread=tuple(unread),
        set_aside=set_aside,
        background=leveled.background,
        portraits=tuple(one for one in portraits if one is not None),
    )


def readable_images(cell: CellImages) -> tuple[list[NamedImage], list[tuple[str, str]]]:
    """Return the images that may show a chromosome, and name and reason of each other one.

    Args:
        cell: Images of the cell.

    Raises:
        NoChromosomeError: There is none.
    """
    problems = {one.name: _problem(one.image) for one in cell.images}
    unread = list(cell.unread)
    unread += [(readable_name(name), problem) for name, problem in problems.items() if problem]
    images = [one for one in cell.images if not problems[one.name]]
    if not images:
        raise NoChromosomeError(_nothing_read(cell, unread))
    return images, unread


def _problem(image: np.ndarray) -> str:
    """Return why an image shows nothing; empty if it may show a chromosome."""
    if image.size == 0:
        return NO_PIXELS
    if not np.isfinite(image).all():
        return NOT_FINITE
    # Without a background of its own, such an image would be all chromosome or none.
    return ONE_GREY if np.ptp(image) == 0 else ""


@dataclass(frozen=True)
class PreparedCell:
    """A cell whose images are ready for a network; no network is needed to make it.

    Attributes:
        name: Name of the cell.
        case: Patient or sample; empty if unknown.
        read: What was found in the images.
        canvases: u8[N,S,S,1] of the chromosomes.
        pictures: N chromosomes upright at the scale of their images u8[H,W], each with its medial
            axis f64[K,2], see `upright_crop`.
    """

    name: str
    case: str
    read: ReadCell
    canvases: np.ndarray
    pictures: tuple[tuple[np.ndarray, np.ndarray], ...]


def prepare_cell(
    cell: CellImages,
    *,
    background: str,
    normalizations: Mapping[str, NormalizationSettings],
) -> PreparedCell:
    """Return a cell ready for the network that its background calls for.

    Args:
        cell: Images of the cell, of any size.
        background: "dark", "light", or "auto": decided for the cell.
        normalizations: Settings of the network for each kind of background.

    Raises:
        ValueError: No image shows a chromosome.
    """
    read = read_cell(cell, background=background)
    return PreparedCell(
        name=readable_name(cell.name),
        case=readable_name(cell.case),
        read=read,
        canvases=draw_cell(read.measured, settings=normalizations[read.background.kind]),
        pictures=tuple(upright_crop(one) for one in read.measured),
    )


def _nothing_read(cell: CellImages, left_out: Sequence[tuple[str, str]]) -> str:
    why = ": ".join(left_out[0]) if left_out else "add images."
    return (
        f"cell `{readable_name(cell.name)}` must have at least one image that shows a "
        f"chromosome, got none among {len(cell.images)}; {why}"
    )
