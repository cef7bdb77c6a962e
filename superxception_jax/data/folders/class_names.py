"""The class of a chromosome from the name of its file or folder, by one strict grammar."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from superxception_jax.chromosomes import CLASS_NAMES, class_label
from superxception_jax.data.file_names import folded_text, same_text, shown_name

GRAMMAR = (
    "A name must end in its class: `3a`, `Xb` or `X`, after a space, `_` or `-` or alone; `3`, "
    "after a space or alone; or `chr3`, `chrX`."
)
_WORD = r"(?:chromosome|chromosom|chrom|chr|class|clase|klasse)"
_CLASS = r"(?:0?[1-9]|1[0-9]|2[0-4]|[XY])"
_CLASS_FOLDER = re.compile(rf"(?:({_WORD})[ _.-]?)?({_CLASS})", re.IGNORECASE)
_WITH_WORD = re.compile(
    rf"(?:(.*)[ _.-])?{_WORD}[ _-]?([0-9]+|[XY])(?:[ _-]?[a-h])?", re.IGNORECASE
)
_WITH_LETTER = re.compile(r"(?:(.*)[ _-])?([0-9]+|[XY])[a-hA-H]")
_SEX = re.compile(r"(?:(.*)[ _-])?([XY])")
_ALONE = re.compile(r"([xy])([a-hA-H])?")
_NUMBER = re.compile(r"(?:(.*)([ _-]))?([0-9]+)")
_LAST_WORD = re.compile(r"([^\W\d_]+)[\W_]*$")
# In front of a chromosome in parentheses, as in `der(9)`: no copy is numbered there.
_ABERRATIONS = "add del der dic dup i idic ins inv psu r rec rob t"
_NO_ABERRATION = "".join(rf"(?<!(?<![^\W\d_]){word})" for word in _ABERRATIONS.split())
# Words that file managers add to a copy, in languages that laboratories use.
_COPY = re.compile(
    r"(?:^|[\W_])(?:copy|kopie|kopia|kopi|copia|copie|cópia|duplicate|duplikat)[0-9]*(?:[\W_]|$)"
    rf"|копия|副本|コピー|복사본|{_NO_ABERRATION}\([0-9]+\)$",
    re.IGNORECASE,
)
# After these words a number counts something else than chromosomes.
_COUNTED_WORDS = (
    "axis band batch case cell cells day experiment fall field flip frame group karyogram "
    "karyotype lab layer level line metaphase metaphases mitose mitosis nucleus of page part "
    "patient plate position probe run sample scale series set slide spread stack step tile "
    "version view von zelle zoom"
)
# After these words a number without a letter counts the pictures.
_PICTURE_WORDS = (
    "bild box crop dsc dscn fig figure file foto image images img imgp no nr number object photo "
    "pic picture roi screenshot segment"
)
_COUNTED = frozenset(_COUNTED_WORDS.split())
_PICTURES = frozenset(_PICTURE_WORDS.split())
_FEWEST_COUNTED = 3  # So many bare numbers after one prefix may be running numbers.


@dataclass(frozen=True)
class ClassFolder:
    """The class that the name of a folder may state.

    Attributes:
        text: Class, "1" to "22", "X" or "Y".
        clear: Whether a word such as `chr` says that it is a class.
    """

    text: str
    clear: bool


@dataclass(frozen=True)
class NamedClass:
    """The class that the name of a file states.

    Attributes:
        text: Class, "1" to "22", "X" or "Y".
        prefix: What precedes the class in the name.
        sure: Whether it can be no running number: it has a letter or a word, or is X or Y.
    """

    text: str
    prefix: str
    sure: bool


def class_text(text: str) -> str:
    """Return the name of a class in one spelling.

    Args:
        text: "1" to "22", "X" or "23", "Y" or "24", also as `01` or `chr1`.

    Returns:
        An entry of `CLASS_NAMES`.

    Raises:
        ValueError: The text is not the name of a class.

    >>> class_text("chr01"), class_text("24")
    ('1', 'Y')
    """
    match = _CLASS_FOLDER.fullmatch(text.strip())
    return CLASS_NAMES[class_label(match[2].lstrip("0") if match else text)]


def read_class_folder(name: str) -> ClassFolder | None:
    """Return the class that a folder's name may state.

    Args:
        name: Name of the folder, such as `7`, `X` or `chr7`.

    Returns:
        The class; None for other names.
    """
    match = _CLASS_FOLDER.fullmatch(same_text(name).strip())
    return ClassFolder(class_text(match[2]), clear=bool(match[1])) if match else None


def read_class_name(stem: str, *, prefixes: Collection[str]) -> NamedClass:
    """Return the class that the name of a file states.

    Args:
        stem: Name of the file without its ending.
        prefixes: Texts that are known to be no class where names begin with them, such as the
            number of the cell.

    Returns:
        The class.

    Raises:
        ValueError: The name states no class, or may mean something else; the reason is given.
    """
    stem = same_text(stem)
    if _COPY.search(stem):
        raise ValueError("the file is a copy, by its name; delete it, or rename it")
    word, letter = _WITH_WORD.fullmatch(stem), _WITH_LETTER.fullmatch(stem)
    sex, alone, number = _SEX.fullmatch(stem), _ALONE.fullmatch(stem), _NUMBER.fullmatch(stem)
    if word:
        found = NamedClass(class_text(word[2]), word[1] or "", sure=True)
    elif alone:
        found = NamedClass(class_text(alone[1]), "", sure=True)
    elif match := letter or sex:
        found = NamedClass(class_text(match[2]), match[1] or "", sure=True)
        _refuse_word(found.prefix, _COUNTED, what=stem[len(found.prefix) :].strip(" _-"))
    elif number:
        found = _read_number(number)
    else:
        raise ValueError("its class is unknown")
    before = _class_before(found.prefix, prefixes=prefixes)
    if before and before.sure:
        raise ValueError(f"the name states two classes, {before.text} and {found.text}; rename it")
    if before and not found.sure and found.prefix not in prefixes:
        raise ValueError(
            f"the name may be that of class {found.text}, or of a copy of "
            f"`{shown_name(found.prefix)}`; rename it"
        )
    return found


def read_class_names(stems: Sequence[str], *, cell: str) -> tuple[list[str], list[str]]:
    """Return the classes that the names of a cell's files state, judged together.

    A number without a letter is no class where the numbers of the cell may be running numbers,
    where the rest of the name is that of another file, of which it may be a copy, and where it is
    not how the files of the cell are called.

    Args:
        stems: N names without their endings.
        cell: Name of the cell's folder.

    Returns:
        N classes, empty where unknown; and N reasons, empty where the class is known.
    """
    classes, problems = [""] * len(stems), [""] * len(stems)
    named: dict[int, NamedClass] = {}
    others = {same_text(stem) for stem in stems}
    lettered = _lettered_prefixes(stems)
    counters = _find_counters(stems, lettered=lettered)
    prefixes = {same_text(cell)} | {prefix.rstrip(" _-") for prefix in lettered}
    for index, stem in enumerate(stems):
        try:
            if same_text(stem) in counters:
                raise ValueError(counters[same_text(stem)])
            named[index] = read_class_name(stem, prefixes=prefixes)
            if not named[index].sure and named[index].prefix in others:
                raise ValueError(
                    f"the name may be that of class {named[index].text}, or of a copy of "
                    f"`{shown_name(named[index].prefix)}`, which is there too; rename it"
                )
            classes[index] = named[index].text
        except ValueError as error:
            problems[index] = str(error)
    for index, reason in _strangers(named, cell=cell).items():
        if not problems[index]:
            classes[index], problems[index] = "", reason
    return classes, problems


def _strangers(named: Mapping[int, NamedClass], *, cell: str) -> dict[int, str]:
    """Return the reason for each name that ends in a number after a text of few names or none.

    Examples are `13 or 14` and `overlap 1` where the others are called `1a`. Numbers within the
    text don't matter: they may count the images. Where no name has a letter, a cell may consist of
    several series of three or more.
    """
    texts = {index: _without_numbers(one.prefix) for index, one in named.items()}
    counts = Counter(texts.values())
    enough = max(counts.values(), default=0)
    if not any(one.sure for one in named.values()):
        enough = min(enough, _FEWEST_COUNTED)
    usual = {text for text, count in counts.items() if count >= enough}
    usual |= {texts[index] for index, one in named.items() if one.sure}
    usual |= {"", _without_numbers(cell)}
    return {
        index: (
            f"its class is unknown: hardly any other file of the cell is called "
            f"`{shown_name(one.prefix)} …`; rename it, such as `{one.text}a` if it is class "
            f"{one.text}"
        )
        for index, one in named.items()
        if texts[index] not in usual
    }


def _without_numbers(prefix: str) -> str:
    return re.sub(r"\d+", "0", folded_text(prefix))


def _lettered_prefixes(stems: Sequence[str]) -> set[str]:
    """Return what precedes the class, with its separator, in names that have a letter."""
    texts = [same_text(stem) for stem in stems]
    matches = [_WITH_LETTER.fullmatch(text) or _SEX.fullmatch(text) for text in texts]
    return {match.string[: match.start(2)] for match in matches if match}


def _find_counters(stems: Sequence[str], *, lettered: Collection[str]) -> dict[str, str]:
    """Return the reason by name of each file whose number may be a running number."""
    numbers: dict[str, dict[str, int]] = {}
    for stem in map(same_text, stems):
        if match := _NUMBER.fullmatch(stem):
            numbers.setdefault((match[1] or "") + (match[2] or ""), {})[stem] = int(match[3])
    found: dict[str, str] = {}
    for prefix, group in numbers.items():
        values = sorted(group.values())
        running = len(values) > 1 and values in (
            list(range(len(values))),
            list(range(1, len(values) + 1)),
        )
        many = running or len(values) >= _FEWEST_COUNTED
        if (many and prefix not in lettered) or (len(values) > 1 and values[-1] > len(CLASS_NAMES)):
            reason = (
                f"`{shown_name(prefix)}{values[0]}` to `{shown_name(prefix)}{values[-1]}` may be "
                f"classes or running numbers of {len(values)} images; name them `3a` and `3b`, "
                "or write a table"
            )
            found |= dict.fromkeys(group, reason)
    return found


def _read_number(match: re.Match[str]) -> NamedClass:
    prefix, separator, number = match[1] or "", match[2] or "", match[3]
    if separator in ("_", "-"):
        raise ValueError(
            f"its class is unknown: `{separator}{number}` may be class {number} or a running number"
        )
    _refuse_word(prefix, _COUNTED | _PICTURES, what=number)
    return NamedClass(class_text(number), prefix, sure=False)


def _refuse_word(prefix: str, words: frozenset[str], *, what: str) -> None:
    match = _LAST_WORD.search(prefix)
    if match and match[1].casefold() in words:
        raise ValueError(
            f"its class is unknown: `{match[1]} {what}` names something other than a class"
        )


def _class_before(prefix: str, *, prefixes: Collection[str]) -> NamedClass | None:
    """Return the class that a prefix would state if it were the whole name."""
    try:
        return read_class_name(prefix, prefixes=prefixes) if prefix else None
    except ValueError:
        return None
