"""What the documentation states agrees with the code and with the results."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from configs.base import PRESETS, get_base
from superxception_jax.data.normalization.normalization_settings import NormalizationSettings
from superxception_jax.karyotyping import review_flags
from superxception_jax.karyotyping.case.case_record import CaseSettings
from superxception_jax.karyotyping.case.case_review import cells_to_exclude, excluded_percent
from superxception_jax.karyotyping.iscn import COMPLETE_CELL
from superxception_jax.karyotyping.prior import default_prior
from superxception_jax.models.build import MODELS
from tests.docs.pages import DOCS, PAGES
from tests.karyotyping.case.case_cells import conclude
from tests.paths import REPOSITORY

README = REPOSITORY / "README.md"
LONGEST_README = 130
LARGEST_PICTURE_BYTES = 150 * 1024
RESULTS = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "results").rglob("*.md")]
SECTIONS = "|".join(name for name in get_base() if name not in ("name", "preset", "seed"))


def text_of(path):
    return path.read_text(encoding="utf-8")


def first_cells(path):
    """Return the names in the first column of the tables of a page."""
    return re.findall(r"^\| `([^`]+)` \|", text_of(path), re.MULTILINE)


def test_the_first_screen_and_the_length_of_the_readme():
    text = text_of(README)
    assert text.count("![") == 1
    assert text.index("![") < text.index("| network |") < text.index("```sh") < text.index("\n## ")
    assert len(text.splitlines()) <= LONGEST_README


def test_the_numbers_of_the_readme_are_those_of_a_result():
    rows = re.findall(
        r"^\|.*\| \**([\d.]+) %\** \| ([\d. –]+) % \| `(\w+)` \|$", text_of(README), re.M
    )
    assert len(rows) == 12
    for row in rows:
        assert any(all(part in page for part in row) for page in RESULTS), row


def test_every_setting_of_the_normalisation_is_in_the_table_of_the_data():
    stated = first_cells(DOCS / "data.md")
    assert [name for name in stated if name in get_base().normalization] == [
        field.name for field in dataclasses.fields(NormalizationSettings)
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_shares_with_two_decimals_occur_in_the_results(path):
    numbers = set(re.findall(r"\d\d\.\d\d(?= %)", text_of(path)))
    missing = {number for number in numbers if not any(number in page for page in RESULTS)}
    assert missing == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_fields_that_are_named_exist(path):
    base = get_base()
    for field in re.findall(rf"`(?:--config\.)?((?:{SECTIONS})\.\w+)(?:[=`])", text_of(path)):
        section, name = field.split(".")
        assert name in base[section], field


def test_presets_and_networks_are_listed():
    page = text_of(DOCS / "train_and_compare.md")
    listed = {name.removeprefix(":") for name in first_cells(DOCS / "train_and_compare.md")}
    assert set(PRESETS) - {""} <= listed
    for name in MODELS:
        assert f"`{name.removeprefix('super_')}`" in page


def test_ablations_are_listed():
    page = text_of(DOCS / "train_and_compare.md")
    listed = re.findall(r"`(\w+)`", page.split("**Ablations.**")[1].split("```")[0])
    files = {path.stem for path in (REPOSITORY / "configs" / "ablations").glob("*.py")}
    assert files == set(listed)


def test_the_map_names_every_room_and_program():
    tree = text_of(DOCS / "README.md").split("## Map")[1].split("```")[1]
    package = REPOSITORY / "superxception_jax"
    for folder in package.iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            assert f"  {folder.name}/ " in tree, folder
    for path in package.glob("[a-z]*.py"):
        assert path.stem in tree.splitlines()[2]
    for path in (REPOSITORY / "launch").glob("*.py"):
        assert path.stem in tree


def test_thresholds_are_those_of_the_program():
    page = text_of(DOCS / "reliability.md")
    assert f"the confidence is below {review_flags.UNCERTAIN_CLASS:.0%}".replace("%", " %") in page
    assert f"at least {review_flags.UNCERTAIN_ORIENTATION:.0%}".replace("%", " %") in page
    assert f"the margin is below {review_flags.UNCERTAIN_MARGIN_NATS:g} nats" in page
    for name in ("karyotype.md", "reliability.md"):
        numbers = map(
            int, re.findall(r"\b(4\d|50)\b(?= (?:to|or|chromosomes))", text_of(DOCS / name))
        )
        assert set(numbers) >= {COMPLETE_CELL[0], COMPLETE_CELL[-1]}


def test_the_prior_is_described_as_it_is():
    page = " ".join(text_of(DOCS / "karyotype.md").split())
    prior = default_prior()
    one, rare = prior.autosomes[0, 1], prior.autosomes[0, 3]
    thirteen, eighteen, twenty_one = prior.autosomes[[12, 17, 20], 3]
    assert thirteen == eighteen == twenty_one
    others = np.delete(prior.autosomes[:, 3], [12, 17, 20])
    assert (others == rare).all()
    assert f"1 in {1 / one:.0f} for one copy of each autosome" in page
    assert f"1 in {1 / thirteen:.0f} each for three copies of 13, 18 or 21, " in page
    assert f"1 in {1 / rare:,.0f} for those of another" in page
    assert f"1 in {1 / prior.sexes['XYY']:.0f} each for X, XXX, XXY and XYY" in page


def test_cases_are_described_as_they_are_concluded():
    page = " ".join(text_of(DOCS / "karyotype.md").split())
    usual, neoplastic = CaseSettings(), CaseSettings(order="neoplastic")
    assert f"(each with a probability of 1 in {1 / usual.lost:,.0f})" in page
    assert f"one too many (1 in {1 / usual.gained:,.0f} for each class" in page
    assert f"probability of {usual.mosaic_probability:.0%}".replace("%", " %") in page
    assert f"in neoplastic cases, of {neoplastic.mosaic_probability:.0%}".replace("%", " %") in page
    assert (usual.cells_of_gain, usual.cells_of_loss) == (2, 3)
    percent = [excluded_percent(20, confidence=one) for one in (0.95, 0.99)]
    assert f"{percent[0]} % or more with 95 % confidence, and of {percent[1]} % with 99 %" in page
    assert f"{cells_to_exclude(0.1, confidence=0.95)} cells exclude 10 %" in page


def test_what_formulas_of_cases_tell_is_described():
    cases, limits = (
        " ".join(text_of(DOCS / name).split()) for name in ("karyotype.md", "reliability.md")
    )
    assert "All changes are counted as acquired: a constitutional one (`+21c`, `XXYc`)" in cases
    acquired = conclude({"47,XX,+21": 4, "48,XX,+8,+21": 16}, order="neoplastic")
    assert acquired.formula == "47,XX,+21[4]/48,XX,+8,+21[16]"
    assert "mosaics and acquired changes only in the formula of a case, from several" in limits
    assert conclude({"47,XXY": 12, "46,XY": 8}).formula == "mos 47,XXY[12]/46,XY[8]"
    assert f"one of more than {COMPLETE_CELL[-1]} chromosomes" in cases
    assert "A normal line needs one cell" in cases
    assert conclude({"45,X": 19, "46,XY": 1}).formula == "mos 45,X[19]/46,XY[1]"


def test_pictures_are_small_and_shown():
    pictures = sorted((DOCS / "pictures").iterdir())
    shown = "".join(map(text_of, DOCS.glob("*.md")))
    assert len(pictures) >= 3
    for path in pictures:
        assert path.stat().st_size < LARGEST_PICTURE_BYTES
        assert f"](pictures/{path.name})" in shown


@pytest.mark.parametrize("path", [*PAGES, REPOSITORY / "CHANGELOG.md"], ids=lambda path: path.name)
def test_pages_speak_of_the_project_alone(path):
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text_of(path), flags=re.DOTALL | re.MULTILINE)
    assert not re.findall(r"\b(?:I|we|We|us|our|Our|ours)\b|/(?:root|home|work|tmp)/", prose)
