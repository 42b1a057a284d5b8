"""What a reader sees of an evaluation: in a terminal of any width, and in Markdown."""

from __future__ import annotations

import io
import math
import subprocess
import sys

import pytest
from rich.console import Console

from labeldist.evaluation.evaluation import Column, Evaluation, Interval, Row
from labeldist.reports.tables import evaluation_parts, fits_intervals, markdown_table

COLUMNS = (
    Column("kl", "KL", False),
    Column("jsd", "JSD", False),
    Column("tvd", "TVD", False),
    Column("dcorr", "D.Corr", True),
    Column("ce", "CE", False),
)


def row(name, kind, *values, items=341):
    metrics = {
        column.name: Interval(value, value - 0.01, value + 0.01, items)
        for column, value in zip(COLUMNS, values, strict=True)
    }
    return Row(name, kind, items, metrics)


def evaluation(*more, **changes):
    rows = (
        row("llm", "prediction", 0.259, 0.262, 0.284, 0.689, 1.0),
        row("uniform", "baseline", 0.3649, 0.3070, 0.3505, math.nan, 1.0986),
        row("4 varierr labels, + 0.5 per label", "baseline", 0.15914, 0.2, 0.2, 0.82993, 10.5),
        row("all 9 labels, + 1 per label", "baseline", 0.1591, 0.2, 0.2, 0.8299, 10.5),
        *more,
    )
    return Evaluation(
        **{"task": "nli", "items": 341, "columns": COLUMNS, "rows": rows, "resamples": 1000, "seed": 0, **changes}
    )


def printed(made, width, *, intervals=None):
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    shown = fits_intervals(console) if intervals is None else intervals
    for part in evaluation_parts(made, console, intervals=shown):
        console.print(part)
    return console.file.getvalue()


def line(text, name):
    return next(found for found in text.splitlines() if name in found).split()


def test_a_row_is_one_line_in_80_columns():
    text = printed(evaluation(), 80)
    assert max(map(len, text.splitlines())) <= 80
    assert line(text, "4 varierr labels, + 0.5 per label")[-5:] == [
        "0.1591*",
        "0.2000*",
        "0.2000*",
        "0.8299*",
        "10.5000",
    ]
    assert line(text, "uniform") == ["uniform", "0.3649", "0.3070", "0.3505", "undefined", "1.0986"]
    assert line(text, "llm")[-1] == "1.0000*"
    assert "0.1491" not in text


def test_predictions_stand_above_baselines():
    order = [text.strip() for text in printed(evaluation(), 80).splitlines()]
    assert order.index("Predictions") < order.index("Baselines from the labels")
    alone = Evaluation("nli", 341, COLUMNS, evaluation().rows[1:], 0, 0)
    assert "Predictions" not in printed(alone, 80)


def test_intervals_where_there_is_room_or_where_asked_for():
    wide, asked, refused = (
        printed(evaluation(), 110),
        printed(evaluation(), 100, intervals=True),
        printed(evaluation(), 200, intervals=False),
    )
    assert max(map(len, wide.splitlines())) <= 110
    assert "0.2490-0.2690" in wide
    assert "0.2490-0.2690" in asked
    assert "0.2490-0.2690" not in refused
    assert "nan" not in wide


def test_values_equal_as_shown_are_all_best():
    text = printed(evaluation(), 80)
    assert line(text, "varierr")[-2] == line(text, "all 9")[-2] == "0.8299*"


def test_rows_of_fewer_items_show_their_number_and_cannot_be_best():
    made = evaluation(row("few", "baseline", 0.01, 0.01, 0.01, 0.99, 0.01, items=12))
    text = printed(made, 80)
    assert line(text, "few")[1:] == ["12", "0.0100", "0.0100", "0.0100", "0.9900", "0.0100"]
    assert "items" in text.splitlines()[0]
    assert line(text, "varierr")[-5] == "0.1591*"
    assert "| few | 12 | 0.0100 |" in markdown_table(made)


def test_notes():
    fewer = Row(
        "thinned",
        "baseline",
        341,
        {c.name: Interval(0.5, 0.4, 0.6, 200 if c.name == "dcorr" else 341) for c in COLUMNS},
    )
    made = evaluation(fewer, left_out={"1": "no reference", "2": "no reference", "3": "not in prediction 'llm'"})
    assert "1000 bootstrap resamples" in markdown_table(made, intervals=True)
    for text in (printed(made, 80), markdown_table(made)):
        assert "341 items. Lower is better, except for D.Corr." in text
        assert "bootstrap" not in text, "no word on intervals that are not shown"
        assert "D.Corr was computed on 200 items drawn at random." in text
        assert "Left out, no reference: 2 items." in text
        assert "Left out, not in prediction 'llm': 1 item." in text


@pytest.mark.parametrize(
    ("higher", "expected"),
    [([False], "Lower is better."), ([True], "Higher is better."), ([False, True, True], "except for B and C.")],
)
def test_directions_come_from_the_columns(higher, expected):
    columns = tuple(Column(title, title, up) for title, up in zip("ABC", higher, strict=False))
    rows = tuple(
        Row(str(value), "prediction", 3, {column.name: Interval(value, value, value, 3) for column in columns})
        for value in (0.1, 0.2)
    )
    text = printed(Evaluation("t", 3, columns, rows, 0, 0), 80)
    assert expected in text
    assert "resamples" not in text
    marked = line(text, "0.2000")[1:]
    assert [value.endswith("*") for value in marked] == higher


def test_markdown_is_a_table():
    lines = markdown_table(evaluation(), intervals=True).splitlines()
    assert lines[0] == "| distribution | KL | JSD | TVD | D.Corr | CE |"
    assert lines[1] == "| --- | ---: | ---: | ---: | ---: | ---: |"
    assert lines[2].startswith("| llm | 0.2590 (0.2490-0.2690) |")
    assert "| undefined |" in lines[3]
    assert "| **0.1591** (0.1491-0.1691) |" in lines[4]


def test_names_are_shown_as_they_are():
    name = "a|b [red]c[/red] *d*"
    made = evaluation(row(name, "prediction", 1, 1, 1, 1, 1))
    assert name in printed(made, 120)
    assert r"| a\|b \[red\]c\[/red\] \*d\* |" in markdown_table(made)


def test_importing_the_tables_needs_neither_numpy_nor_rich():
    code = "import sys, labeldist.reports.tables; print(sorted({'numpy', 'rich'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
