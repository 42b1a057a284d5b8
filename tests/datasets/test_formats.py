"""What is written is read again, in every format, and is what JSONL would have held."""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.datasets.test_rows import items, labels, probabilities, texts

from labeldist.core.errors import InputError, MissingExtraError, Place, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.evidence import read_evidence
from labeldist.datasets.files import SUFFIXES, read_items, read_rows, write_items, write_rows
from labeldist.datasets.layout import DISTRIBUTIONS
from labeldist.datasets.predictions import prediction_from_row, read_predictions
from labeldist.tasks.load import load_task

NLI = load_task("nli")
LABELS = NLI.label_names
FORMULAS = tuple("=+-@\t\r")

numbers = st.floats(0, 1e6) | st.integers(0, 10**6)
by_label = st.fixed_dictionaries(dict.fromkeys(LABELS, numbers))
unknown = st.fixed_dictionaries(dict.fromkeys(LABELS, st.none() | numbers))
distributions = st.fixed_dictionaries(
    {"id": texts, "distribution": probabilities},
    optional={
        "saw_labels": st.none() | st.booleans(),
        "leave_one_out": st.dictionaries(labels, probabilities, max_size=2),
        "standard_error": unknown,
        "spread": by_label,
        "prior": probabilities,
        "label_counts": st.fixed_dictionaries(dict.fromkeys(LABELS, st.integers(0, 100))),
        "interval": st.fixed_dictionaries(dict.fromkeys(LABELS, st.lists(numbers, min_size=2, max_size=2))),
        "orders": st.integers(1, 240),
        "answer_mass": st.none() | numbers,
        "concentration": numbers,
        "explicit": st.booleans(),
        "model": texts,
        "explanations": st.lists(st.fixed_dictionaries({"label": labels, "text": texts, "source": texts}), max_size=2),
        "something new": st.none() | st.booleans() | numbers | texts | st.lists(numbers, max_size=2),
    },
)


def has_no_formula(item: Item) -> bool:
    """Whether all its columns can be in CSV; texts that look like formulas can."""
    return not any(name.startswith(FORMULAS) for name in item.extra)


def without_missing(row: Any) -> Any:
    """A part of the contract that is null is one that is not there."""
    return {key: value for key, value in row.items() if not (key in DISTRIBUTIONS.json and value is None)}


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=40, deadline=None)
@given(found=st.lists(items.filter(has_no_formula), min_size=1, max_size=3, unique_by=lambda item: item.id))
def test_items_survive_every_format(suffix: str, found: list[Item]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"items{suffix}"
        assert write_items(path, found) == len(found)
        assert list(read_items(path, NLI, repeated="each")) == found
        assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=40, deadline=None)
@given(found=st.lists(distributions, min_size=1, max_size=3, unique_by=lambda row: row["id"]))
def test_distributions_survive_every_format(suffix: str, found: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain, path = Path(folder) / "plain.jsonl", Path(folder) / f"rows{suffix}"
        write_rows(plain, found)
        assert write_rows(path, found) == len(found)
        expected, again = list(read_predictions(plain, NLI)), list(read_predictions(path, NLI))
        assert [(one.id, one.distribution) for one in again] == [(one.id, one.distribution) for one in expected]
        assert [without_missing(one.extra) for one in again] == [without_missing(one.extra) for one in expected]
        assert list(read_evidence(path, NLI)) == list(read_evidence(plain, NLI))


POSTERIOR = {
    "id": "1",
    "distribution": dict(zip(LABELS, (0.5, 0.25, 0.25), strict=True)),
    "interval": {label: [0.1, 0.6] for label in LABELS},
    "concentration": 4.5,
    "saw_labels": True,
    "label_counts": dict(zip(LABELS, (2, 1, 0), strict=True)),
    "model": "7",
}
HEADER = [
    *(f"distribution.{label}" for label in LABELS),
    *(f"interval.low.{label}" for label in LABELS),
    *(f"interval.high.{label}" for label in LABELS),
]


def test_a_table_has_a_column_for_each_number(tmp_path: Path) -> None:
    write_rows(tmp_path / "p.csv", [POSTERIOR])
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert set(HEADER) < set(row)
    assert not [name for name in row if ":" in name]
    assert (row["distribution.entailment"], row["interval.high.neutral"], row["label_counts.neutral"]) == (
        "0.5",
        "0.6",
        "1",
    )
    assert (row["saw_labels"], row["concentration"], row["model"]) == ("true", "4.5", "7")


def test_parquet_has_numbers_as_numbers(tmp_path: Path) -> None:
    write_rows(tmp_path / "p.parquet", [POSTERIOR, POSTERIOR | {"id": "2"}])
    table = importlib.import_module("pyarrow.parquet").read_table(tmp_path / "p.parquet")
    kinds = {name: str(table.schema.field(name).type) for name in table.schema.names}
    assert set(HEADER) < set(kinds)
    assert {kinds[name] for name in HEADER} == {"double"}
    assert (kinds["label_counts.neutral"], kinds["saw_labels"], kinds["model"]) == ("int64", "bool", "string")


def test_texts_of_a_table_are_kept_to_the_character(tmp_path: Path) -> None:
    text = 'a\r\nb\rc\nd "e",\tf; \u2028 '
    item = Item("1", {"premise": text, "hypothesis": " x "}, extra={"note": text})
    for suffix in SUFFIXES:
        write_items(tmp_path / f"items{suffix}", [item])
        assert list(read_items(tmp_path / f"items{suffix}", NLI)) == [item], suffix


def test_no_cell_of_a_table_is_a_formula_and_all_read_back(tmp_path: Path) -> None:
    texts = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "plain", "-5", "+1.5"]
    found = [Item(text, {"premise": text, "hypothesis": "y"}, extra={"note": text}) for text in texts]
    for suffix, delimiter in ((".csv", ","), (".tsv", "\t")):
        path = tmp_path / f"items{suffix}"
        write_items(path, found)
        assert list(read_items(path, NLI)) == found
        with path.open(newline="") as file:
            cells = [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]
        assert len(cells) == 4 * (len(texts) + 1)
        assert not [cell for cell in cells if cell.startswith(FORMULAS)]
        with pytest.raises(InputError, match="formula"):
            write_items(path, [Item("1", {"premise": "x", "hypothesis": "y"}, extra={"=x": 1})])
    numbers = [{"id": "-5", "distribution": dict.fromkeys(LABELS, 1 / 3), "model": "+1.5"}]
    write_rows(tmp_path / "rows.csv", numbers)
    assert (tmp_path / "rows.csv").read_text().splitlines()[1].startswith("-5,")  # a number with a sign is no formula


def test_columns_of_some_rows_are_in_the_table_and_only_in_their_rows(tmp_path: Path) -> None:
    fields = {"premise": "x", "hypothesis": "y"}
    found = [
        Item("1", fields, extra={"page": 12, "page:json": "x"}),
        Item("2", fields, (Annotation("neutral", "a"),), extra={"note": ""}),
        Item("3", fields, reference={"neutral": 3}, extra={"note": "x", "page": None}),
    ]
    for suffix in (".csv", ".tsv.gz", ".parquet"):
        write_items(tmp_path / f"items{suffix}", found)
        assert list(read_items(tmp_path / f"items{suffix}", NLI)) == found, suffix


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet"])
def test_a_table_appears_whole_or_not_at_all(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows{suffix}"
    path.write_text("old")
    with pytest.raises(InputError, match="line 2"):
        write_rows(path, [{"id": "1"}, {"id": math.nan}])
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_equal_rows_make_equal_files(tmp_path: Path) -> None:
    for suffix in (".csv.gz", ".tsv.gz", ".jsonl.gz"):
        for name in ("a", "b"):
            write_rows(tmp_path / f"{name}{suffix}", [POSTERIOR])
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()).startswith(b"id,distribution.entailment,")


@pytest.mark.parametrize("name", ["rows.xlsx", "rows", "rows.json", "rows.parquet.gz"])
def test_an_unknown_format_is_refused_and_the_known_ones_are_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv, .*\.parquet"):
        write_rows(tmp_path / name, [POSTERIOR])
    assert not [*tmp_path.iterdir()]


def test_parquet_without_its_extra_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"'\.\[parquet\]'"):
        write_rows(tmp_path / "a.parquet", [POSTERIOR])
    assert not [*tmp_path.iterdir()]


def test_no_rows_make_a_table_that_says_so(tmp_path: Path) -> None:
    for suffix in (".csv", ".parquet"):
        assert write_rows(tmp_path / f"a{suffix}", []) == 0
        with pytest.raises(InputError, match="row"):
            list(read_rows(tmp_path / f"a{suffix}"))


logits = st.lists(st.floats(-700, 700), min_size=3, max_size=3)


@given(logits)
def test_logits_are_read_by_softmax_wherever_distributions_are(found: list[float]) -> None:
    weights = [math.exp(one - max(found)) for one in found]
    expected = [weight / sum(weights) for weight in weights]
    row = {"id": "1", "logits": dict(zip("enc", found, strict=True))}
    assert prediction_from_row(row, NLI, Place()).distribution.probabilities == pytest.approx(expected)


def said(folder: Path, row: dict[str, Any]) -> tuple[list[float], list[float]]:
    path = folder / "said.jsonl"
    path.write_text(json.dumps({"id": "1"} | row))
    (one,), (other,) = read_predictions(path, NLI), read_evidence(path, NLI)
    return list(one.distribution.probabilities), list(other.evidence.distribution.values())


def test_every_form_is_taken_by_every_reader(tmp_path: Path) -> None:
    half = [0.5, 0.5, 0.0]
    assert said(tmp_path, {"scores": {"e": 3, "n": 3}}) == (half, half)
    assert said(tmp_path, {"distribution": {"e": 0.5, "n": 0.5, "c": 0}, "scores": {"c": 1}}) == (half, half)
    third = pytest.approx([1 / 3] * 3)
    assert said(tmp_path, {"logits": {"e": -5, "n": -5, "c": -5.0}}) == (third, third)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"logits": {"e": 1, "n": 2}}, "no number for label 'contradiction'"),
        ({"logits": {"e": 1, "n": 2, "c": None}}, "None for label 'contradiction'"),
        ({"logits": {"e": 1, "n": 2, "c": True}}, "True"),
        ({"logits": {"e": 1, "n": 2, "c": 3}, "scores": {"e": 1}}, "logits beside scores"),
        (
            {"logits": {"e": 1, "n": 2, "c": 3}, "distribution": {"e": 1, "n": 0, "c": 0}},
            "logits beside a distribution",
        ),
        ({"logit": {"e": 1, "n": 2, "c": 3}}, "nothing"),
    ],
)
def test_what_says_too_little_or_too_much_is_refused(row: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told):
        said(tmp_path, row)


def test_a_column_and_its_parts_are_both_kept(tmp_path: Path) -> None:
    """Found by fuzz: a file from elsewhere with ``interval`` beside ``interval.low.entailment``."""
    (tmp_path / "a.csv").write_text("id,interval,interval.low.e,spread.e,spread,scores.e\n1,x,0.5,1,y,2\n")
    (row,) = [row for _, row in read_rows(tmp_path / "a.csv", DISTRIBUTIONS)]
    assert row == {"id": "1", "interval": "x", "interval.low.e": 0.5, "spread.e": 1, "spread": "y", "scores.e": 2}
