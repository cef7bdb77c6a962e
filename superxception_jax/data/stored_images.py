"""Prepared images in a file, read where they are needed: a data set larger than the memory."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from superxception_jax.arrays import check
from superxception_jax.files import damaged

_BLOCK = 4096  # images that are read at once, so that a large selection takes no memory twice
# One image per chunk, because training reads them in random order.
_WRITER_OPTIONS = "group_size:1"
_READER_OPTIONS = "readahead_buffer_size:0"
_REMEDY = "delete it and run the same command again, which prepares it anew"


class _Selected:
    """Images that are selected by number, and read only when they are indexed."""

    _rows: np.ndarray

    @property
    def dtype(self) -> np.dtype:
        """Return u8."""
        return np.dtype(np.uint8)

    @property
    def ndim(self) -> int:
        """Return 4."""
        return 4

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._rows)

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        """Refuse to become an array by accident, which would read everything.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            "`images` must be indexed, got images in a file as a whole; read `images[indices]`, "
            "or `images[:]` for all of them."
        )


class StoredImages(_Selected):
    """Images in an array_record file, indexed like an array.

    `images[indices]` reads those images and nothing else; `take` selects without reading. Several
    threads may read at once.
    """

    def __init__(self, path: Path, *, count: int, side_px: int) -> None:
        """Open a file.

        Args:
            path: File that `write_images` wrote.
            count: Number of its images.
            side_px: Their side.

        Raises:
            ValueError: The file is missing, damaged or holds another number of images.
        """
        from array_record.python.array_record_module import ArrayRecordReader

        try:
            self._reader = ArrayRecordReader(str(path), _READER_OPTIONS)
            found = self._reader.num_records()
            if not self._reader.ok() or found != count:
                raise RuntimeError(f"{found:,} images of {count:,} can be read")
        except RuntimeError as error:
            raise _damaged(path, error) from error
        self._path, self._side_px = path, side_px
        self._rows = np.arange(count, dtype=np.int32 if count < 2**31 else np.int64)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return (N, S, S, 1)."""
        return len(self._rows), self._side_px, self._side_px, 1

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read some of the images.

        Args:
            index: What an array allows for its first axis: a number, a slice, numbers or a mask.

        Returns:
            u8[M,S,S,1], or u8[S,S,1] for a number.

        Raises:
            IndexError: There is no such image.
            ValueError: The file is damaged.
        """
        # The numbers obey the rules of an array, whatever the index.
        rows = self._rows[index]
        flat = np.ravel(rows)
        pixels = np.empty((len(flat), self._side_px**2), np.uint8)
        for start in range(0, len(flat), _BLOCK):
            for place, record in enumerate(self._read(flat[start : start + _BLOCK]), start):
                pixels[place] = record
        return pixels.reshape(*np.shape(rows), self._side_px, self._side_px, 1)

    def take(self, indices: np.ndarray) -> StoredImages:
        """Return some of the images; nothing is read.

        Args:
            indices: i64[M], indices of the images, or bool[N], a mask.

        Returns:
            The selected images, in the order of the indices.
        """
        taken = object.__new__(StoredImages)
        vars(taken).update(vars(self), _rows=self._rows[indices])
        return taken

    def _read(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        try:
            records = self._reader.read(rows.tolist()) if len(rows) else []
        except RuntimeError as error:
            raise _damaged(self._path, error) from error
        for record in records:
            if len(record) != self._side_px**2:
                raise _damaged(self._path, f"an image of {len(record)} bytes")
            yield np.frombuffer(record, np.uint8)


class JoinedImages(_Selected):
    """Images of several data sets, one after the other, of which at least one is in a file."""

    def __init__(self, parts: Sequence[np.ndarray | StoredImages]) -> None:
        """Join images of one size.

        Args:
            parts: u8[N,S,S,1] each, in memory or in a file.
        """
        self._parts = tuple(parts)
        counts = [len(one) for one in parts]
        self._part = np.repeat(np.arange(len(counts)), counts)
        self._rows = np.concatenate([np.arange(count) for count in counts])

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (N, S, S, 1)."""
        return len(self._rows), *self._parts[0].shape[1:]

    def __getitem__(self, index: Any) -> np.ndarray:
        """Return some of the images, see `StoredImages.__getitem__`."""
        rows = self._rows[index]
        flat, part = np.ravel(rows), np.ravel(self._part[index])
        pixels = np.empty((len(flat), *self.shape[1:]), np.uint8)
        for number, images in enumerate(self._parts):
            places = np.flatnonzero(part == number)
            pixels[places] = images[flat[places]]
        return pixels.reshape(*np.shape(rows), *self.shape[1:])

    def take(self, indices: np.ndarray) -> JoinedImages:
        """Return some of the images, in the order of the indices; nothing is read."""
        taken = object.__new__(JoinedImages)
        vars(taken).update(vars(self), _rows=self._rows[indices], _part=self._part[indices])
        return taken


Images: TypeAlias = np.ndarray | StoredImages | JoinedImages


@dataclasses.dataclass(frozen=True)
class TurnedImages:
    """Images of which some are turned by 180 degrees once they are read.

    Attributes:
        images: u8[N,S,S,1], upright images.
        turned: bool[N], whether an image is turned.
    """

    images: Images
    turned: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (N, S, S, 1)."""
        return self.images.shape

    @property
    def dtype(self) -> np.dtype:
        """Return u8."""
        return self.images.dtype

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return some of the images, u8[M,S,S,1]."""
        read = self.images[indices]
        return np.where(self.turned[indices, None, None, None], read[:, ::-1, ::-1], read)


class ImageWriter:
    """Writer of a file of images, one after the other."""

    def __init__(self, path: Path) -> None:
        """Create the file.

        Args:
            path: File to write; its folder exists.

        Raises:
            OSError: The file can't be written.
        """
        from array_record.python.array_record_module import ArrayRecordWriter

        self._path = path
        with self._naming_errors():
            self._writer = ArrayRecordWriter(str(path), _WRITER_OPTIONS)
            # A writer that could not open its file says so at its first use only.
            if not self._writer.ok():
                path.open("ab").close()
                self._writer.close()

    def write(self, canvases: np.ndarray) -> None:
        """Append images.

        Args:
            canvases: u8[N,S,S,1].

        Raises:
            OSError: The file can't be written.
        """
        check(canvases=(canvases, "u8[N,S,S,1]"))
        with self._naming_errors():
            for canvas in canvases:
                self._writer.write(canvas.tobytes())

    def __enter__(self) -> ImageWriter:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Complete the file."""
        with self._naming_errors():
            self._writer.close()

    @contextlib.contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            # The writer in C++ has no other exception, for a full disk neither.
            full = os.strerror(errno.ENOSPC)
            if full in str(error):
                raise OSError(errno.ENOSPC, full, str(self._path)) from error
            raise OSError(
                f"`{self._path}` could not be written ({error}); check the disk."
            ) from error


def _damaged(path: Path, problem: object) -> ValueError:
    return damaged(path, problem, content="prepared images", remedy=_REMEDY)
