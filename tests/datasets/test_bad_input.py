"""Every kind of bad input is named with file, line, field, what was found and what was expected."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labeldist.core.errors import InputError
from labeldist.datasets.failures import Failure
from labeldist.datasets.files import read_items
from labeldist.datasets.limits import LONGEST_LINE
from labeldist.datasets.predictions import read_predictions
from labeldist.tasks.load import load_task

GOOD = {"id": "a", "premise": "It rains.", "hypothesis": "It is wet."}
NLI = load_task("nli")


def row(**changes: object) -> bytes:
    """A good row with changes, as a line; a value of ... leaves the column out."""
    return json.dumps({key: value for key, value in (GOOD | changes).items() if value is not ...}).encode()


@dataclass(frozen=True)
class Case:
    """A bad line 2 of a JSONL file, and what its message must say."""

    line: bytes
    field: str | None
    found: str
    expected: str


LABELS = "entailment, neutral, contradiction"
ROWS = {
    "broken JSON": Case(b'{"id": "b", "premise": ', None, '{"id": "b"', "one JSON object"),
    "two objects on a line": Case(row(id="b") + row(id="c"), None, "Extra data", "one JSON object"),
    "a list": Case(b"[1, 2]", None, "[1, 2]", "a JSON object"),
    "NaN": Case(b'{"id": "b", "premise": NaN}', None, "NaN", "finite"),
    "Infinity": Case(b'{"id": "b", "reference": {"neutral": -Infinity}}', None, "-Infinity", "finite"),
    "infinite by size": Case(row(id="b", reference={"e": 1}).replace(b"1}", b"1e999}"), "reference", "inf", "finite"),
    "a number of 5000 digits": Case(b'{"id": ' + b"1" * 5000 + b"}", None, "4300", "ordinary numbers"),
    "nested too deeply": Case(b'{"id": "b", "x": ' + b"[" * 200_000, None, "too deeply", "flat"),
    "key twice": Case(b'{"id": "b", "id": "c"}', None, "key 'id' twice", "each key once"),
    "latin-1": Case(row(id="b").replace(b"wet", b"n\xe4ss"), None, "0xe4", "UTF-8"),
    "NUL byte": Case(row(id="b").replace(b"wet", b"\0"), None, "NUL byte", "UTF-8"),
    "NUL escaped": Case(row(id="b", premise="a\0b"), "premise", "NUL character", "without NUL"),
    "lone surrogate": Case(row(id="b", premise="a\ud800b"), "premise", "surrogate", "UTF-8"),
    "lone surrogate in another column": Case(row(id="b", note="a\ud800b"), "note", "\\ud800", "UTF-8"),
    "infinite in another column": Case(row(id="b", note=1).replace(b": 1}", b": 1e999}"), "note", "inf", "JSON"),
    "line of 6 MB": Case(row(id="b", note="x" * 6_000_000), None, "5,000,000 bytes", "one row per line"),
    "id again": Case(row(), "id", "'a' again, first in line 1", "each id once"),
    "id again as a number": Case(row(id="b") + b"\n" + row(id="b"), "id", "'b' again", "each id once"),
    "no id": Case(row(id=...), "id", "nothing", "not empty"),
    "empty id": Case(row(id=" "), "id", "' '", "not empty"),
    "id true": Case(row(id=True), "id", "True", "text"),
    "id 1.5": Case(row(id=1.5), "id", "1.5", "text"),
    "no hypothesis": Case(row(id="b", hypothesis=...), "hypothesis", "nothing", "premise, hypothesis"),
    "empty text": Case(row(id="b", premise=" \n"), "premise", "' \\n'", "not empty"),
    "text that is a number": Case(row(id="b", premise=3), "premise", "3", "text"),
    "fields a list": Case(row(id="b", fields=["x"]), "fields", "['x']", "premise, hypothesis"),
    "unknown field": Case(row(id="b", fields={"text": "x"}), "fields", "'text'", "only: premise, hypothesis"),
    "a field twice": Case(row(id="b", fields={"premise": "x"}), "premise", "two texts: 'x'", "one text"),
    "labels a text": Case(row(id="b", labels="neutral"), "labels", "'neutral'", "a list"),
    "unknown label": Case(row(id="b", labels=["maybe"]), "labels", "'maybe'", LABELS),
    "unknown label in counts": Case(row(id="b", labels={"maybe": 2}), "labels", "'maybe'", LABELS),
    "label null": Case(row(id="b", labels=[None]), "labels", "None", LABELS),
    "label true": Case(row(id="b", labels=[True]), "labels", "True", LABELS),
    "annotation without label": Case(row(id="b", labels=[{"annotator": "x"}]), "labels", "None in entry 1", LABELS),
    "annotation with a typo": Case(row(id="b", labels=[{"lable": "e"}]), "labels", "'lable'", "only: annotator, label"),
    "empty annotator": Case(row(id="b", labels=[{"annotator": "", "label": "e"}]), "labels", "''", "annotator's name"),
    "negative count": Case(row(id="b", labels={"neutral": -1}), "labels", "-1", "at least 0"),
    "half a count": Case(row(id="b", labels={"neutral": 1.5}), "labels", "1.5", "whole number"),
    "a count of 400 digits": Case(row(id="b", labels={"e": 10**400}), "labels", "1000", "at most 1e+15"),
    "a reference of 400 digits": Case(row(id="b", reference={"e": 10**400}), "reference", "1000", "at most 1e+15"),
    "references that overflow": Case(
        row(id="b", reference={"e": 1e308, "n": 1e308}), "reference", "1e+308", "at most 1e+15"
    ),
    "NUL in a human explanation": Case(
        row(id="b", explanations=[{"label": "e", "text": "a\0"}]), "explanations", "NUL character", "without NUL"
    ),
    "a model's explanation without a text": Case(
        row(id="b", explanations=[{"label": "e", "source": "m"}]), "explanations", "nothing", "a text, in entry 1"
    ),
    "NUL byte in an answer": Case(
        b'{"id": "b", "answers": [{"label": "e", "text": "\0", "source": "m"}]}', None, "NUL byte", "UTF-8"
    ),
    "count a text": Case(row(id="b", labels={"neutral": "3"}), "labels", "'3'", "a number"),
    "count true": Case(row(id="b", labels={"neutral": True}), "labels", "True", "a number"),
    "a billion labels": Case(row(id="b", labels={"neutral": 10**9}), "labels", "1000000000 labels", "at most 100000"),
    "label twice in counts": Case(row(id="b", labels={"n": 1, "neutral": 2}), "labels", "'neutral' twice", "once"),
    "counts in both ways": Case(row(id="b", labels=["e"], **{"labels.neutral": 2}), "labels", "both", "one of"),
    "explanations an object": Case(row(id="b", explanations={"e": "x"}), "explanations", "{'e': 'x'}", "a list"),
    "explanation a text": Case(row(id="b", explanations=["x"]), "explanations", "'x' as entry 1", "an object"),
    "empty explanation": Case(row(id="b", explanations=[{"label": "e", "text": ""}]), "explanations", "''", "entry 1"),
    "explanation, unknown label": Case(
        row(id="b", explanations=[{"label": "x", "text": "y"}]), "explanations", "'x' in entry 1", LABELS
    ),
    "explanation, unknown key": Case(
        row(id="b", explanations=[{"label": "e", "text": "y", "by": 1}]), "explanations", "'by'", "label, text, source"
    ),
    "answer without source": Case(row(id="b", answers=[{"label": "e", "text": "y"}]), "answers", "nothing", "source"),
    "evidence a list": Case(row(id="b", evidence=[1]), "evidence", "[1]", "an object"),
    "evidence, label missing": Case(
        row(id="b", evidence={"m": {"distribution": {"e": 0.5, "n": 0.5}}}), "evidence", "'contradiction'", LABELS
    ),
    "evidence, sum of 2": Case(
        row(id="b", evidence={"m": {"distribution": {"e": 1, "n": 1, "c": 0}}}), "evidence", "sum to 2", "a sum of 1"
    ),
    "evidence, saw_labels a text": Case(
        row(id="b", evidence={"m": {"distribution": {"e": 1, "n": 0, "c": 0}, "saw_labels": "no"}}),
        "evidence",
        "'no'",
        "true, false or null",
    ),
    "evidence without any numbers": Case(
        row(id="b", evidence={"m": {"distribution": None, "saw_labels": False}}),
        "evidence",
        "neither distribution nor scores for 'm'",
        "one of the two",
    ),
    "evidence, a number": Case(row(id="b", evidence={"m": 0.5}), "evidence", "0.5 for 'm'", "distribution, scores"),
    "evidence, unknown key": Case(
        row(id="b", evidence={"m": {"scores": {"e": 1}, "heldout": {}}}), "evidence", "'heldout'", "leave_one_out"
    ),
    "evidence, scores a list": Case(
        row(id="b", evidence={"m": {"scores": [1, 2, 3]}}), "evidence", "[1, 2, 3] in 'scores' of 'm'", "an object"
    ),
    "evidence, a score below 0": Case(
        row(id="b", evidence={"m": {"scores": {"e": -0.1}}}), "evidence", "-0.1 for label 'entailment'", "at least 0"
    ),
    "evidence, a score of another label": Case(
        row(id="b", evidence={"m": {"scores": {"yes": 1}}}), "evidence", "'yes' in 'scores' of 'm'", LABELS
    ),
    "evidence, a score that is a text": Case(
        row(id="b", evidence={"m": {"scores": {"e": "1"}}}), "evidence", "'1' for label", "a number"
    ),
    "evidence, a score too large": Case(
        row(id="b", evidence={"m": {"scores": {"e": 1e300}}}), "evidence", "1e+300", "at most 1e+15"
    ),
    "evidence, bad scores beside a distribution": Case(
        row(id="b", evidence={"m": {"distribution": {"e": 1, "n": 0, "c": 0}, "scores": {"e": True}}}),
        "evidence",
        "True for label 'entailment' in 'scores' of 'm'",
        "a number",
    ),
    "evidence, leave_one_out a list": Case(
        row(id="b", evidence={"m": {"scores": {"e": 1}, "leave_one_out": ["n"]}}),
        "evidence",
        "['n'] in 'leave_one_out' of 'm'",
        "{label: {label: probability}}",
    ),
    "evidence, leave_one_out of another label": Case(
        row(id="b", evidence={"m": {"scores": {"e": 1}, "leave_one_out": {"yes": {}}}}), "evidence", "'yes'", LABELS
    ),
    "evidence, leave_one_out a label twice": Case(
        row(id="b", evidence={"m": {"scores": {}, "leave_one_out": {"n": {"e": 1, "n": 0, "c": 0}, "neutral": {}}}}),
        "evidence",
        "'neutral' twice",
        "once",
    ),
    "evidence, leave_one_out without a label": Case(
        row(id="b", evidence={"m": {"scores": {"e": 1}, "leave_one_out": {"n": {"e": 0.5, "n": 0.5}}}}),
        "evidence",
        "without one 'neutral' in 'leave_one_out' of 'm'",
        LABELS,
    ),
    "evidence, leave_one_out with a sum of 0.5": Case(
        row(id="b", evidence={"m": {"scores": {"e": 1}, "leave_one_out": {"n": {"e": 0.5, "n": 0, "c": 0}}}}),
        "evidence",
        "sum to 0.5 without one 'neutral'",
        "a sum of 1",
    ),
    "evidence, leave_one_out a number": Case(
        row(id="b", evidence={"m": {"scores": {"e": 1}, "leave_one_out": {"n": 1}}}),
        "evidence",
        "1 without",
        "an object",
    ),
    "evidence, a long name": Case(row(id="b", evidence={"m" * 10_000: {}}), "evidence", "mmm", "one of the two"),
    "reference a list": Case(row(id="b", reference=[1, 2, 3]), "reference", "[1, 2, 3]", "an object"),
    "reference of another label set": Case(row(id="b", reference={"yes": 1, "no": 2}), "reference", "'yes'", LABELS),
    "reference all zero": Case(row(id="b", reference={"e": 0, "n": 0}), "reference", "{'e': 0, 'n': 0}", "above 0"),
    "reference empty": Case(row(id="b", reference={}), "reference", "{}", "above 0"),
    "reference negative": Case(row(id="b", reference={"e": -1}), "reference", "-1", "at least 0"),
    "reference neither counts nor probabilities": Case(
        row(id="b", reference={"e": 0.5, "n": 0.8}), "reference", "a sum of 1.3", "whole counts, or probabilities"
    ),
}


@pytest.mark.parametrize("case", ROWS.values(), ids=ROWS.keys())
def test_a_bad_row_stops_the_reading_or_is_skipped(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(b"\n".join([row(), case.line, row(id="last")]) + b"\n")
    line = 2 + case.line.count(b"\n")
    with pytest.raises(InputError) as caught:
        list(read_items(path, NLI))
    message = str(caught.value)
    place = f"{path}, line {line}" + (f", field {case.field!r}: " if case.field else ": ")
    assert message.startswith(place)
    found, expected = message.removeprefix(place).split(", expected ", 1)
    assert case.found in found.removeprefix("found ")
    assert case.expected in expected
    assert len(message) < 600

    failures: list[Failure] = []
    items = [item.id for item in read_items(path, NLI, on_error="skip", failures=failures)]
    assert items[0] == "a"
    assert items[-1] == "last"
    assert [(failure.place.line, failure.place.field) for failure in failures] == [(line, case.field)]
    assert set(failures[0].as_row()) == {"id", "stage", "reason", "file", "line", "field", "found", "expected"}
    assert failures[0].as_row()["reason"] == caught.value.message


def test_the_failure_names_the_id_where_the_row_has_one(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(row(id=5, labels=["maybe"]) + b"\n{\n")
    failures: list[Failure] = []
    assert list(read_items(path, NLI, on_error="skip", failures=failures)) == []
    assert [failure.id for failure in failures] == ["5", None]


HEADER = b"id,premise,hypothesis,labels\n"
WHOLE_FILES = {
    "empty": ("a.jsonl", b"", "an empty file", "at least one row"),
    "blank": ("a.jsonl", b"\n \n", "an empty file", "at least one row"),
    "broken UTF-16": ("a.jsonl", row().decode().encode("utf-16")[:-1], "UTF-16", "UTF-8"),
    "unknown suffix": ("a.xlsx", b"x", "'.xlsx'", ".jsonl"),
    "JSON": ("a.json", b"[]", "'.json'", ".jsonl"),
    "no suffix": ("items", b"x", "without a suffix", ".jsonl"),
    "not gzip": ("a.jsonl.gz", row(), "broken gzip", "a whole gzip file"),
    "cut gzip": ("a.jsonl.gz", gzip.compress(row() * 1000)[:-20], "broken gzip", "a whole gzip file"),
    "changed gzip": ("a.jsonl.gz", gzip.compress(row() + b"\n")[:-8] + b"\0" * 8, "broken gzip", "a whole gzip file"),
    "empty CSV": ("a.csv", b"", "an empty file", "a header"),
    "CSV without rows": ("a.csv", HEADER, "a header and no row", "at least one row"),
    "CSV without header": ("a.csv", b"1,It rains.,It is wet.\n", "'1, It rains., It is wet.'", "'id'"),
    "CSV, a column twice": ("a.csv", b"id,premise,premise\n", "two columns named 'premise'", "each column once"),
    "CSV, a column without a name": ("a.csv", b",id,premise\n", "without a name", "a name for each"),
    "CSV, header not UTF-8": ("a.csv", b"id,pr\xe4\n", "0xe4", "UTF-8"),
    "CSV, quote left open": ("a.csv", HEADER + b'1,"x,y,e\n2,x,y,e\n', "never closed", "a closing quote"),
    "CSV, quote left open in a long file": (
        "a.csv",
        HEADER + b'1,"' + (b"x" * 999 + b"\n") * (LONGEST_LINE // 1000 + 1),
        "longer than",
        "shorter",
    ),
    "empty Parquet": ("a.parquet", b"", "row 0", "a whole Parquet file"),
    "not Parquet": ("a.parquet", b"PAR1" + b"x" * 100 + b"PAR1", "row 0", "a whole Parquet file"),
}


@pytest.mark.parametrize(("name", "content", "found", "expected"), WHOLE_FILES.values(), ids=WHOLE_FILES.keys())
@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_a_file_that_cannot_be_read_is_an_error(
    name: str, content: bytes, found: str, expected: str, on_error: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(read_items(path, NLI, on_error=on_error))  # type: ignore[arg-type]
    assert str(caught.value).startswith(str(path))
    assert found in caught.value.found
    assert expected in caught.value.expected


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    for path, found in ((tmp_path / "none.jsonl", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=found) as caught:
            list(read_items(path, NLI))
        assert caught.value.place.file == path


CSV_ROWS = {
    "too few cells": (b"2,x,y", None, "3 cells", "4, as in the header"),
    "too many cells": (b"2,x,y,e,z", None, "5 cells", "4, as in the header"),
    "broken JSON in a cell": (b'2,x,y,"[""e"""', "labels", '["e"', "one JSON object"),
    "unknown label": (b"2,x,y,e;maybe", "labels", "'maybe' as entry 2", LABELS),
    "empty text": (b"2,,y,e", "premise", "''", "not empty"),
    "a quote in the middle": (b'2,"x"z,y,e', None, "',' expected after", "a row of a CSV table"),
    "a quote closed too late": (b'2,"x,y,e\n3,"x,y,e', None, "in lines 4 to 5", "a row of a CSV table"),
    "not UTF-8": (b"2,\xff,y,e", None, "0xff", "UTF-8"),
    "NUL byte": (b"2,\0,y,e", None, "NUL byte", "UTF-8"),
    "line too long": (b"2," + b"x" * 6_000_000 + b",y,e", None, "5,000,000 bytes", "one row per line"),
}


@pytest.mark.parametrize(("line", "field", "found", "expected"), CSV_ROWS.values(), ids=CSV_ROWS.keys())
def test_a_bad_row_of_a_table(line: bytes, field: str | None, found: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes(HEADER + b'1,"two\nlines",y,e\n' + line + b"\nlast,x,y,e\n")
    with pytest.raises(InputError) as caught:
        list(read_items(path, NLI))
    place = f"{path}, line 4" + (f", field {field!r}" if field else "")
    assert str(caught.value).startswith(place + ": found")
    assert found in caught.value.found
    assert expected in caught.value.expected
    failures: list[Failure] = []
    assert [item.id for item in read_items(path, NLI, on_error="skip", failures=failures)] == ["1", "last"]
    assert [failure.place.line for failure in failures] == [4]


def test_counts_spread_over_columns_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("id,premise,hypothesis,labels.neutral,labels.maybe\n1,x,y,many,\n2,x,y,1,1\n3,x,y,nan,\n")
    failures: list[Failure] = []
    assert list(read_items(path, NLI, on_error="skip", failures=failures)) == []
    assert [failure.found for failure in failures] == ["'many'", "label 'maybe'", "nan for label 'neutral'"]


PREDICTIONS = {
    "no distribution": (b'{"id": "b"}', "nothing"),
    "a list": (b'{"id": "b", "distribution": [0.5, 0.5]}', "[0.5, 0.5]"),
    "a label missing": (b'{"id": "b", "distribution": {"e": 0.5, "n": 0.5}}', "no number for label 'contradiction'"),
    "a label null": (b'{"id": "b", "distribution": {"e": 0.5, "n": 0.5, "c": null}}', "no number for label"),
    "an unknown label": (b'{"id": "b", "distribution": {"yes": 1}}', "'yes'"),
    "a sum of 0.9": (b'{"id": "b", "distribution": {"e": 0.5, "n": 0.4, "c": 0}}', "sum to 0.9"),
    "negative": (b'{"id": "b", "distribution": {"e": 1.5, "n": -0.5, "c": 0}}', "-0.5"),
    "a text": (b'{"id": "b", "distribution": {"e": "1", "n": 0, "c": 0}}', "'1'"),
}


@pytest.mark.parametrize(("line", "found"), PREDICTIONS.values(), ids=PREDICTIONS.keys())
def test_a_bad_prediction(line: bytes, found: str, tmp_path: Path) -> None:
    good = '{{"id": "{}", "distribution": {{"e": 0.33, "n": 0.33, "c": 0.33}}, "orders": 6}}\n'
    path = tmp_path / "mjd.jsonl"
    path.write_bytes(good.format("a").encode() + line + b"\n" + good.format("a").encode() + good.format("z").encode())
    with pytest.raises(InputError, match="line 2, field 'distribution'") as caught:
        list(read_predictions(path, NLI))
    assert found in caught.value.found
    failures: list[Failure] = []
    kept = list(read_predictions(path, NLI, on_error="skip", failures=failures))
    assert [prediction.id for prediction in kept] == ["a", "z"]
    assert kept[0].distribution.probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert kept[0].extra == {"orders": 6}
    assert [failure.place.line for failure in failures] == [2, 3]


def test_memory_stays_bounded_by_the_line_and_not_by_the_file(tmp_path: Path) -> None:
    """A line of 60 MB is refused without being loaded."""
    import tracemalloc

    path = tmp_path / "items.jsonl"

    def lines() -> Iterator[bytes]:
        yield row() + b"\n"
        for _ in range(60):
            yield b"x" * 1_000_000
        yield b"\n" + row(id="z") + b"\n"

    with path.open("wb") as file:
        file.writelines(lines())
    tracemalloc.start()
    try:
        assert [item.id for item in read_items(path, NLI, on_error="skip")] == ["a", "z"]
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
