"""Files of evidence, in every format and with every fault."""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError
from labeldist.core.item import Evidence
from labeldist.datasets.evidence import ItemEvidence, read_evidence
from labeldist.datasets.failures import Failure
from labeldist.datasets.files import write_rows
from labeldist.datasets.predictions import read_predictions
from labeldist.tasks.load import load_task

NLI = load_task("nli")
HALF = {"entailment": 0.5, "neutral": 0.25, "contradiction": 0.25}
THIRDS = {"entailment": 0.33, "neutral": 0.33, "contradiction": 0.33}
SCORES = {"entailment": 0.9, "neutral": 0.9, "contradiction": 0}
# The first as `judge` writes a row, with the columns that are of no use here.
ROWS: list[dict[str, Any]] = [
    {
        "id": "a",
        "distribution": HALF,
        "saw_labels": True,
        "leave_one_out": {"neutral": THIRDS},
        "orders": 6,
        "labels": "x[",
    },
    {"id": "b", "distribution": THIRDS, "saw_labels": None},
    {"id": "c", "scores": SCORES, "saw_labels": False},
    {"id": "d", "distribution": HALF, "scores": SCORES},
]
EXPECTED = [
    ItemEvidence("a", Evidence(HALF, saw_labels=True, leave_one_out={"neutral": THIRDS})),
    ItemEvidence("b", Evidence(THIRDS)),
    ItemEvidence("c", Evidence({"entailment": 0.5, "neutral": 0.5, "contradiction": 0}, False, scores=SCORES)),
    ItemEvidence("d", Evidence(HALF, scores=SCORES)),
]
COLUMNS = ["id", "distribution", "scores", "saw_labels", "leave_one_out", "orders", "labels"]


def test_evidence_of_a_jsonl_file(tmp_path: Path) -> None:
    write_rows(tmp_path / "mjd.jsonl.gz", ROWS)
    assert list(read_evidence(tmp_path / "mjd.jsonl.gz", NLI)) == EXPECTED


@pytest.mark.parametrize("flags", [("true", "false"), ("TRUE", "False")])
def test_evidence_of_a_table(flags: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "mjd.csv"
    written = {True: flags[0], False: flags[1], None: ""}

    def cell(value: Any) -> Any:
        return json.dumps(value) if isinstance(value, dict) else value

    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in ROWS:
            told = row | {"saw_labels": written[row.get("saw_labels")]}
            writer.writerow([cell(told.get(column, "")) for column in COLUMNS])
    assert list(read_evidence(path, NLI)) == EXPECTED


def test_evidence_of_a_parquet_file(tmp_path: Path) -> None:
    arrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    rows = [{column: row.get(column) for column in COLUMNS} for row in ROWS]
    # Arrow gives every struct the same keys: here leave_one_out gets a second label, which is null in all rows but one.
    rows.append(rows[0] | {"id": "e", "leave_one_out": {"entailment": HALF}})
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "mjd.parquet")
    found = list(read_evidence(tmp_path / "mjd.parquet", NLI))
    assert found[:4] == EXPECTED
    assert found[4].evidence.leave_one_out == {"entailment": HALF}


def test_predictions_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "mjd.csv"
    path.write_text('id,distribution,note\n1,"{""e"": 0.5, ""n"": 0.25, ""c"": 0.25}",{\n')
    (found,) = read_predictions(path, NLI)
    assert found.distribution.probabilities == (0.5, 0.25, 0.25)
    assert found.extra == {"note": "{"}


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no id": ({"id": None}, "id", "nothing"),
    "id again": ({"id": "a"}, "id", "'a' again"),
    "nothing to go by": ({"distribution": None}, "distribution", "neither distribution nor scores"),
    "a sum of 0.75": ({"distribution": HALF | {"neutral": 0}}, "distribution", "sum to 0.75"),
    "a list": ({"distribution": [1, 0, 0]}, "distribution", "[1, 0, 0]"),
    "a text": ({"distribution": "{}"}, "distribution", "'{}'"),
    "a score below 0": ({"scores": {"e": -1}}, "scores", "-1"),
    "a score of an unknown label": ({"scores": {"yes": 1}}, "scores", "'yes'"),
    "saw_labels a text": ({"saw_labels": "false"}, "saw_labels", "'false'"),
    "saw_labels a number": ({"saw_labels": 0}, "saw_labels", "0"),
    "leave_one_out a distribution": ({"leave_one_out": HALF}, "leave_one_out", "0.5 without one 'entailment'"),
    "leave_one_out half a distribution": (
        {"leave_one_out": {"n": {"n": 1}}},
        "leave_one_out",
        "no number for label 'entailment'",
    ),
}


@pytest.mark.parametrize(("changes", "field", "found"), BAD.values(), ids=BAD.keys())
def test_bad_evidence_stops_the_reading_or_is_skipped(
    changes: dict[str, Any], field: str, found: str, tmp_path: Path
) -> None:
    path = tmp_path / "mjd.jsonl"
    write_rows(path, [ROWS[0], {"id": "x", "distribution": HALF} | changes, ROWS[1]])
    with pytest.raises(InputError) as caught:
        list(read_evidence(path, NLI))
    assert (caught.value.place.file, caught.value.place.line, caught.value.place.field) == (path, 2, field)
    assert found in caught.value.found
    failures: list[Failure] = []
    assert list(read_evidence(path, NLI, on_error="skip", failures=failures)) == EXPECTED[:2]
    assert [failure.place.line for failure in failures] == [2]
