"""A table as a record and as JSON."""

from __future__ import annotations

import json

from superxception_jax.tables.table import build_table, table_json
from tests.tables.hand_made import four_runs, hand_made, varied

PAIR = ("super_xception", "xception")


def test_a_table_has_its_rows_in_order_and_the_pairs_that_have_runs():
    runs = four_runs()
    table = build_table(runs, name="t", pairs=[PAIR], commands=["x"])
    assert [row.row for row in table.rows] == ["xception", "super_xception"]
    assert [(one.first, one.second) for one in table.comparisons] == [PAIR]
    # A pair whose runs are not there yet waits.
    waiting = build_table(runs[:2], name="t", pairs=[PAIR], commands=[])
    assert (waiting.comparisons, waiting.pairs) == ((), (PAIR,))
    runs = [varied("xception", share, "1 2 1 X") for share in (1.0, 0.5)]
    made = build_table(runs, name="t", pairs=[], commands=["x"], vary="split.training_share")
    assert [row.varied for row in made.rows] == [1.0, 0.5]


def test_json_is_legible_and_holds_no_predictions():
    runs = four_runs()
    odd = ["[ \n ]", "{x}", 'b"']
    table = build_table(runs, name="t", pairs=[PAIR], commands=odd)
    text = table_json(table)
    assert '"recall": {' in text
    assert '"pairs": [' in text
    assert '"seeds": [0, 1],' in text
    values = json.loads(text)
    assert list(values) == ["name", "commands", "pairs", "vary", "rows", "comparisons", "runs"]
    assert (values["commands"], values["pairs"]) == (odd, [list(PAIR)])
    assert values["rows"][0]["recall"]["X"] == 1.0
    assert values["comparisons"][0]["mean"] == {
        "value": 0.0,
        "interval": {"ends": None, "unit": "cell", "count": 2},
    }
    assert values["runs"][0] == json.loads(json.dumps(runs[0].to_json()))
    assert "predictions" not in text


def test_whole_cells_are_in_the_json():
    run = hand_made("xception", "1 2 2 X", assigned="1 2 1 X")
    values = json.loads(table_json(build_table([run], name="t", pairs=[], commands=[])))
    assert values["rows"][0]["whole_cells"]["fully_correct"] == 1.0
    assert values["rows"][0]["whole_cells"]["aneuploidy"]["part"]["cells"] == 2
