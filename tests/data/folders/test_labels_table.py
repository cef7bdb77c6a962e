from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superxception_jax.data.file_names import shown_name
from superxception_jax.data.folders.labels_table import ImageIndex, choose_table, read_table

FOLDER = Path("/lab")


def rows(tmp_path, content: bytes) -> list[tuple[str, str, str, str]]:
    table = tmp_path / "Labels.csv"
    table.write_bytes(content)
    return [(row.file, row.label, row.cell, row.case) for row in read_table(table)]


@pytest.mark.parametrize(
    "content",
    [
        b"file,class,cell\nc/1.png,3,a\n",
        b"\xef\xbb\xbffile,class,cell\r\nc/1.png,3,a\r\n",
        b"File;Class;Cell\nc/1.png;3;a\n",
        b"file\tclass\tcell\rc/1.png\t3\ta\r",
        b"sep=;\r\nfile;class;cell\r\nc/1.png;3;a\r\n",
        b'"file","class","cell"\n"c/1.png","3"," a "\n,,\n',
        b"file, class, cell\n c/1.png , 3 , a\n\n",
    ],
)
def test_tables_of_all_spreadsheets_are_read(tmp_path, content):
    assert rows(tmp_path, content) == [("c/1.png", "3", "a", "")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got none; correct its first line"),
        (b"name,class\n", "got name,class"),
        (b"file,class,class\n", "got file,class,class"),
        (b"file\n", "got file; correct"),
        (b"\x1b[2J\0\n", r"got \\x1b\[2j\\x00; correct"),
        (b"file,class\n\xff,1\n", "must be UTF-8 text"),
        (b"\xff\xfef\x00i\x00", "must be UTF-8 text"),
        (b"file,class\nc/1, 2.png,3\n", r"line 2 \(c/1\): it has more values than the first line"),
        (b"file,class\n" + b"x" * 200_000 + b",1\n", "must be a table of text, got field larger"),
        (b"file,class,cell,case\na,1,c,P1\nb,1,d,p1\n", "the case 'P1' and 'p1' may be the same"),
        (b"file,class,cell\na,1,Cell 1\nb,1,Cell  1\n", "the cell 'Cell  1' and 'Cell 1' may be"),
        (
            b"file,turned,class\na,2,1\nb,true,1\nc,t r\x1bue,1\n",
            r"got 2 problems.*\n  Labels.csv line 2 \(a\): `turned` must be true, false or empty, "
            r"got '2'; write true, or 1, if the image is upside down\n.* line 4 \(c\): .* 't r\\",
        ),
    ],
)
def test_tables_that_cannot_be_used_are_explained(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        rows(tmp_path, content)


@pytest.mark.parametrize("column", ["cell", "case"])
@pytest.mark.parametrize("control", ["\x1b[2J", "\n", "\x9b", "\u2028", "\u202e", "\u2066"])
def test_a_cell_or_case_that_could_forge_a_line_is_refused(tmp_path, column, control):
    table = f'file,class,{column}\na,1,"a{control}b"\n'.encode()
    shown = re.escape(shown_name(f"a{control}b"))
    with pytest.raises(ValueError, match=rf"`{column}` must be text of one line, got `{shown}`; "):
        rows(tmp_path, table)


def test_names_of_any_language_are_kept_as_they_are(tmp_path):
    names = "Zelle\xa01", "תא\u200f 1", "\u7d30\u80de\u30001", "e\u0301\u200d\\1"
    table = "file,class,cell\n" + "".join(f"{i},1,{name}\n" for i, name in enumerate(names))
    found = [row[2] for row in rows(tmp_path, table.encode())]
    assert found == [unicodedata.normalize("NFC", name) for name in names]


@pytest.mark.parametrize(
    ("text", "turned"),
    [
        *(
            (one, True)
            for one in ("true", "TRUE", "True", "yes", "Yes", "1", " 1 ", "WAHR", "VRAI", "VERO")
        ),
        *((one, False) for one in ("false", "FALSE", "no", "NO", "0", "FALSCH", "FAUX", "FALSO")),
        *((one, None) for one in ("", "  ")),
    ],
)
def test_turned_is_read_as_spreadsheets_and_people_write_it(tmp_path, text, turned):
    table = tmp_path / "labels.csv"
    table.write_text(f"file;Turned;class\n1.png;{text};3\n")
    assert [row.turned for row in read_table(table)] == [turned]
    table.write_text("file;class\n1.png;3\n")
    assert [row.turned for row in read_table(table)] == [None]


def test_cells_of_two_cases_may_differ_by_capitals(tmp_path):
    table = b"file,class,cell,case\na,1,Cell 1,P1\nb,1,cell 1,P2\n"
    assert [row[2:] for row in rows(tmp_path, table)] == [("Cell 1", "P1"), ("cell 1", "P2")]


def test_two_tables_are_refused(tmp_path):
    assert choose_table([]) is None
    assert choose_table([tmp_path / "LABELS.CSV"]) == tmp_path / "LABELS.CSV"
    with pytest.raises(ValueError, match=r"got `Labels.csv`, `labels.csv`; keep the right one"):
        choose_table([tmp_path / "Labels.csv", tmp_path / "labels.csv"])


def test_rows_find_their_images_in_every_spelling():
    nfd = unicodedata.normalize("NFD", "Fälle/é 1.png")
    names = ["c/1a.png", "c/1A.png", "D/2.PNG", nfd, os.fsdecode(b"caf\xe9/1.png")]
    index = ImageIndex(FOLDER, [FOLDER / name for name in names])

    def found(file: str) -> str:
        image = index.find(file)
        return image.relative_to(FOLDER).as_posix() if image else ""

    assert found("c/1a.png") == "c/1a.png"
    assert found("c\\1A.png") == "c/1A.png"
    assert found("./d/2.png") == "D/2.PNG"
    assert found(unicodedata.normalize("NFC", nfd)) == nfd
    assert found("caf\\xe9/1.png") == names[-1]
    assert found("c/1.png") == ""
    with pytest.raises(ValueError, match="the name fits 2 files"):
        index.find("C/1a.PNG")


def test_a_row_that_fits_both_forms_of_an_accent_is_refused():
    forms = [unicodedata.normalize(form, "é 1.png") for form in ("NFC", "NFD")]
    index = ImageIndex(FOLDER, [FOLDER / form for form in forms])
    with pytest.raises(ValueError, match="fits 2 files, whose names differ only by"):
        index.find(forms[0])


PARTS = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=6
).filter(lambda text: text.strip() == text and text.strip("."))


@given(PARTS, PARTS)
def test_every_name_is_found_as_it_is_and_as_it_is_shown(folder, name):
    image = FOLDER / folder / name
    index = ImageIndex(FOLDER, [image])
    for file in (f"{folder}/{name}", shown_name(f"{folder}/{name}")):
        for form in ("NFC", "NFD"):
            assert index.find(unicodedata.normalize(form, file)) == image
