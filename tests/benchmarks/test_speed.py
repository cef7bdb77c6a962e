from __future__ import annotations

import argparse

import pytest

from benchmarks.sides import Case
from benchmarks.speed import parse_case


def test_a_case_is_parsed_or_refused():
    assert parse_case("predict:96:46") == Case("predict", 96, 46)
    for text in ("train:71", "train:x:1"):
        with pytest.raises(argparse.ArgumentTypeError, match="must have the form"):
            parse_case(text)
    for text in ("sleep:71:1", "train:49:1", "train:71:0"):
        with pytest.raises(argparse.ArgumentTypeError, match="at least 50 px and 1 image"):
            parse_case(text)
