from __future__ import annotations

import pytest

from superxception_jax.data.images import image_file
from superxception_jax.data.own.folder import load_folder, read_folder
from tests.data.small_lab import make_lab


def test_files_that_would_fill_the_memory_are_refused(tmp_path, monkeypatch):
    lab = make_lab(tmp_path)
    folder = read_folder(lab, twins="refuse")
    monkeypatch.setattr(image_file, "LARGEST_FILE_BYTES", 20)
    message = "10/1a.png: the file has 0.0 GB; save one chromosome per file"
    with pytest.raises(ValueError, match=message):
        read_folder(lab, twins="refuse")
    with pytest.raises(ValueError, match=message):
        load_folder(folder, twins="refuse", polarity="upright", background="auto")
