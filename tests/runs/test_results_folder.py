from __future__ import annotations

import json

import pytest

from superxception_jax.runs.results_folder import results_of


@pytest.fixture
def images(tmp_path):
    for patient in ("pA", "pB"):
        (tmp_path / patient / "metaphase1").mkdir(parents=True)
    return tmp_path


def write(folder, out):
    with results_of(folder, out):
        (out / "report.html").write_text(str(folder))


def test_results_of_other_images_are_refused(images):
    out = images / "karyotypes" / "metaphase1"
    write(images / "pA" / "metaphase1", out)
    write(images / "pA" / "metaphase1", out)
    with pytest.raises(ValueError, match=r"must hold results of one folder of images") as caught:
        write(images / "pB" / "metaphase1", out)
    text = str(caught.value)
    assert str(images / "pA" / "metaphase1") in text
    assert f"delete `{out / 'state.json'}`" in text
    assert (out / "report.html").read_text() == str(images / "pA" / "metaphase1")
    # The folder was moved, and its results are known to be those.
    (out / "state.json").unlink()
    write(images / "pB" / "metaphase1", out)


def test_a_link_to_the_images_is_the_same_folder(images):
    write(images / "pA", images / "out")
    (images / "linked").symlink_to(images / "pA")
    write(images / "linked", images / "out")


def test_results_of_earlier_versions_go_on(images):
    (images / "out" / "cell 1").mkdir(parents=True)
    write(images / "pA", images / "out")
    values = json.loads((images / "out" / "state.json").read_text())
    assert values["images"] == str(images / "pA")


@pytest.mark.parametrize(
    "content", ["[]", "half", '{"note": ""}', '{"images": [{"name": "c1/0.png"}]}']
)
def test_a_file_of_another_program_stays(images, content):
    (images / "out").mkdir()
    (images / "out" / "state.json").write_text(content)
    with pytest.raises(ValueError, match=r"must not hold a state.json of another program"):
        write(images / "pA", images / "out")
    assert (images / "out" / "state.json").read_text() == content


def test_one_process_at_a_time(images):
    with results_of(images / "pA", images / "out"):
        with (
            pytest.raises(ValueError, match="into which another process writes"),
            results_of(images / "pA", images / "out"),
        ):
            pass
        assert (images / "out" / "state.json").exists()


def test_nothing_is_left_where_nothing_was_written(images):
    with results_of(images / "pA", images / "out"):
        pass
    assert not (images / "out").exists()
    (images / "out").mkdir()
    with pytest.raises(KeyError), results_of(images / "pA", images / "out"):
        raise KeyError
    assert list((images / "out").iterdir()) == []


def test_what_a_killed_run_left_is_removed(images):
    for name in (".karyotype-ab_12xyz", ".karyotype-notes", ".other-ab_12xyz", "cell 1"):
        (images / "out" / name).mkdir(parents=True)
        (images / "out" / name / "karyotype.json").write_text("{}")
    for name in ("report.html.77-0123abcd.tmp", "cases.csv.7-0123abcd.tmp", "x.tmp"):
        (images / "out" / name).touch()
    write(images / "pA", images / "out")
    assert sorted(path.name for path in (images / "out").iterdir()) == [
        *(".karyotype-notes", ".other-ab_12xyz", "cell 1", "report.html", "state.json"),
        "x.tmp",
    ]
