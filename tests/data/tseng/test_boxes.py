from __future__ import annotations

import pytest

from superxception_jax.chromosomes import CLASS_NAMES
from superxception_jax.data.tseng.boxes import (
    Annotation,
    Box,
    box_label,
    check_boxes,
    read_annotation,
)
from tests.data.tseng.metaphases import class_of, voc

BOXES = (Box(0, 0, 5, 40, 30), Box(22, 10, 6, 100, 80))


def test_every_class_is_read_with_and_without_its_group():
    names = "A1 A2 A3 B4 B5 C6 C7 C8 C9 C10 C11 C12 D13 D14 D15 E16 E17 E18 F19 F20 G21 G22 X Y"
    assert [class_of(label) for label in range(24)] == names.split()
    assert [box_label(name) for name in names.split()] == list(range(24))
    assert [box_label(name) for name in CLASS_NAMES] == list(range(24))
    assert (box_label(" c12 "), box_label("CX"), box_label("GY")) == (11, 22, 23)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("A4", "`A4` names group A for chromosome 4"),
        ("AX", "`AX` names group A for chromosome X"),
        ("CY", "`CY` names group C for chromosome Y"),
        ("23", "`23` is no class such as A1, 1, X or Y"),
        ("C06", "`C06` is no class"),
        ("X1", "`X1` is no class"),
        ("C", "`C` is no class"),
        ("mar", "`mar` is no class"),
        ("", "`` is no class"),
    ],
)
def test_other_names_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        box_label(name)


def test_boxes_are_read_in_their_order():
    found = read_annotation(voc(BOXES, shape=(90, 120)).encode())
    assert found == Annotation((120, 90), BOXES)
    check_boxes(found, (90, 120))
    rows, columns = found.boxes[1].slices
    assert (rows.start, rows.stop, columns.start, columns.stop) == (6, 80, 10, 100)


def test_a_size_of_zero_is_none():
    found = read_annotation(voc(BOXES, shape=(0, 0)).encode())
    assert found.size_px is None
    check_boxes(found, (80, 100))


def test_boxes_of_another_picture_are_refused():
    found = read_annotation(voc(BOXES, shape=(90, 120)).encode())
    with pytest.raises(ValueError, match="of a picture of 120×90 px, the picture 120×91"):
        check_boxes(found, (91, 120))
    with pytest.raises(ValueError, match="box 1 is outside the picture of 99×80 px"):
        check_boxes(Annotation(None, BOXES), (80, 99))
    with pytest.raises(ValueError, match="box 0 is outside the picture of 99×80 px"):
        check_boxes(Annotation(None, (Box(0, -1, 0, 5, 5),)), (80, 99))


SOUND = voc(BOXES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SOUND[:-20], "the file is no sound XML"),
        ("", "the file is no sound XML"),
        ("<kml></kml>", "must be a Pascal VOC annotation, got `kml`"),
        ("<annotation></annotation>", "the file has no box"),
        (SOUND.replace("A1", "A9"), "box 0: `A9` names group A for chromosome 9"),
        (SOUND.replace("<name>X</name>", ""), "box 1: `` is no class"),
        (SOUND.replace("<xmax>40<", "<xmax>forty<"), "box 0: `xmax` must be a number of pixels"),
        (SOUND.replace("<xmax>40<", "<xmax>1e9<"), "box 0: `xmax` must be a number of pixels"),
        (SOUND.replace("<xmax>40<", "<xmax>0.2<"), "its sides 0, 5, 0, 30 enclose nothing"),
        (SOUND.encode("utf-16"), "the file is not UTF-8"),
        (SOUND.encode("utf-8") + b" " * 2**20, "bytes, more than any list of boxes"),
    ],
)
def test_damaged_files_are_refused(content, message):
    data = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(ValueError, match=message):
        read_annotation(data)


def test_all_unknown_classes_of_a_file_are_named():
    boxes = "".join(
        f"<object><name>{name}</name></object>" for name in ("mar", "A7", "ring", "D1", "Z")
    )
    with pytest.raises(ValueError) as error:
        read_annotation(f"<annotation>{boxes}</annotation>".encode())
    text = str(error.value)
    assert "box 0: `mar` is no class" in text
    assert "box 1: `A7` names group A" in text
    assert "box 2: `ring`" in text
    assert text.endswith("; and 2 more")


@pytest.mark.parametrize("encoding", ["utf-8", "cp037"])
def test_entities_are_refused_before_they_are_parsed(encoding):
    declared = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "A1">]>'
    content = (declared + SOUND.partition("?>")[2].replace("A1", "&b;")).encode(encoding)
    with pytest.raises(ValueError, match=r"declares a document type or entities|is not UTF-8"):
        read_annotation(content)
