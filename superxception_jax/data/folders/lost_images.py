"""Files in the folder of a cell that are not read, but may be images of it."""

from __future__ import annotations

from pathlib import Path, PurePath

from superxception_jax.data.file_names import name_behind
from superxception_jax.data.folders.folder_tree import (
    NO_IMAGE,
    NOT_HERE,
    RESULT,
    RUN,
    SYSTEM,
    LeftOut,
)
from superxception_jax.data.images.image_file import SUFFIXES
from superxception_jax.data.images.raster_file import PNG_START
from superxception_jax.data.images.tiff_file import STARTS

# Pictures that are not read; a cell that holds some is not complete.
_OTHER_PICTURES = (
    ".arw .avif .bif .cr2 .czi .dcm .dib .dng .dv .exr .fit .fits .flex .heic .heif .ids .ims .j2c "
    ".j2k .jfif .jpc .jpe .jpf .jpx .jxl .jxr .lif .lsm .mrc .nd2 .ndpi .nef .oib .oif .oir .pbm "
    ".pcx .pgm .pict .pnm .ppm .psd .qoi .ras .sgi .stk .svs .tga .vsi .wdp .xcf .zvi"
)
# What programs add to the name of a file while they copy it, or of a file that they replaced.
_COPY_ENDINGS = ".bak .crdownload .download .filepart .opdownload .part .partial .tmp"
# Of a file that lies in a cloud until it is opened; iCloud hides it besides.
_CLOUD_ENDINGS = ".icloud .nextcloud .owncloud"
# First bytes of the formats that are read, and the ending of their names.
_STARTS = (
    *((start, ".tif") for start in STARTS),
    (PNG_START, ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", ".jp2"),
    (b"\xff\x4f\xff\x51", ".jp2"),
)
_BMP_HEADER_BYTES = (12, 16, 40, 52, 56, 64, 108, 124)  # of the versions of the format
_LOOKED_AT_BYTES = 18


def lost_image(one: LeftOut) -> str:
    """Return why something that is left out may be an image of the cell in whose folder it lies.

    Args:
        one: File or folder that is not read.

    Returns:
        The reason, and what to do where that isn't plain; empty if it is no image.
    """
    if not one.reason.startswith(NO_IMAGE):
        return hidden_image(one) if one.reason in (SYSTEM, RESULT, RUN) else one.reason
    if one.path.suffix.lower() in _OTHER_PICTURES.split():
        return one.reason
    return hidden_image(one)


def hidden_image(one: LeftOut) -> str:
    """Return why a file that is left out for its name may be an image that is read.

    Args:
        one: File or folder that is not read.

    Returns:
        The reason, and what to do; empty if it is no image, or the backup of one that is there.
    """
    if one.reason == SYSTEM and (name := name_behind(one.path.name)):
        is_there = not _is_picture(name) or one.path.with_name(name).exists()
        return "" if is_there else NOT_HERE
    if not one.reason.startswith(NO_IMAGE):
        return ""
    if one.path.suffix.lower() in _CLOUD_ENDINGS.split() and _is_picture(one.path.stem):
        return NOT_HERE
    if _is_copy(one.path.name):
        original = _original_of(one.path)
        if original is not None and original.exists():
            return ""
        return (
            "a copy in progress or a backup of an image; finish the copy, or move the file "
            "elsewhere if its image is there"
        )
    if ending := _ending_by_content(one.path):
        return f"an image without the file extension of one; add `{ending}` to its name"
    return ""


def _original_of(path: Path) -> Path | None:
    """Return the file of which a backup was made, by its name; None for what is no backup."""
    if path.name.endswith("~"):
        return path.with_name(path.name.rstrip("~"))
    return path.with_suffix("") if path.suffix.lower() == ".bak" else None


def _is_picture(name: str) -> bool:
    suffix = PurePath(name.lower()).suffix
    return suffix in SUFFIXES or suffix in _OTHER_PICTURES.split()


def _is_copy(name: str) -> bool:
    """Return whether a name is that of an image with an ending of copies, or several."""
    path = PurePath(name.lower().rstrip("~"))
    while path.suffix in _COPY_ENDINGS.split():
        path = path.with_suffix("")
    return _is_picture(path.name) and path.name != name.lower()


def _ending_by_content(path: Path) -> str:
    """Return the ending that the first bytes of a file tell; empty for no image that is read."""
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT_BYTES)
    except OSError:
        return ""
    for first, ending in _STARTS:
        if start.startswith(first):
            return ending
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return ".webp"
    # Two letters alone may begin a text.
    if start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in _BMP_HEADER_BYTES:
        return ".bmp"
    return ""
