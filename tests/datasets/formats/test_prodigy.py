"""Prodigy's annotations, in the structure of ``prodigy db-out``."""

from __future__ import annotations

from typing import Any

import pytest
from tests.datasets.formats.round_trip import items_of, rows_of

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation
from labeldist.datasets.format import FORMATS, Sample
from labeldist.tasks.labels import labels_task

TASK = labels_task(["ok", "toxic"])
OPTIONS = [{"id": "ok", "text": "Fine"}, {"id": "toxic", "text": "Toxic"}]


def line(text: str, who: str, accept: list[Any], answer: str = "accept", **more: Any) -> dict[str, Any]:
    return {
        "text": text, "meta": {"source": "forum"}, "options": OPTIONS, "_input_hash": sum(map(ord, text)),
        "_task_hash": -17, "_view_id": "choice", "accept": accept, "config": {"choice_style": "single"},
        "answer": answer, "_timestamp": 1707211049, "_annotator_id": who, "_session_id": who, **more,
    }  # fmt: skip


def binary(text: str, who: str, answer: str, label: str = "TOXIC") -> dict[str, Any]:
    found = line(text, who, [], answer, label=label, _view_id="classification")
    return {name: value for name, value in found.items() if name not in ("options", "accept")}


def test_an_input_is_an_item_and_its_annotators_lose_the_name_of_the_data_set() -> None:
    lines = [
        line("Hi.", "my-news-ann", ["ok"]),
        line("Go.", "my-news-ann", ["toxic"]),
        line("Hi.", "my-news-bo", ["ok"]),
    ]
    first, second = items_of("prodigy", lines, TASK)
    assert first.id == str(sum(map(ord, "Hi.")))
    assert first.labels == (Annotation("ok", "ann"), Annotation("ok", "bo"))
    assert second.labels == (Annotation("toxic", "ann"),)
    assert first.extra["text"] == "Hi."
    assert first.extra["prodigy.dataset"] == "my-news"
    assert first.extra["options"] == OPTIONS
    assert first.extra["meta"] == {"source": "forum"}


@pytest.mark.parametrize("who", [("2024-02-06_10-17-19", "2024-02-06_11-00-00"), ("ann", "bo"), ("a-1", "b-1")])
def test_names_that_share_no_data_set_stay(who: tuple[str, str]) -> None:
    (item,) = items_of("prodigy", [line("Hi.", one, ["ok"]) for one in who], TASK)
    assert [one.annotator for one in item.labels] == [*who]


def test_a_session_is_the_annotator_where_no_other_is_named_and_else_kept() -> None:
    (item,) = items_of("prodigy", [line("Hi.", "n-a", ["ok"]) | {"_annotator_id": None}], TASK)
    assert item.labels == (Annotation("ok", "n-a"),)
    assert "_session_id" not in item.extra
    (item,) = items_of("prodigy", [line("Hi.", "n-a", ["ok"]) | {"_session_id": "monday"}], TASK)
    assert item.labels == (Annotation("ok", "n-a"),)
    assert item.extra["_session_id"] == "monday"


def test_what_was_rejected_ignored_or_left_open_is_counted() -> None:
    lines = [line("Hi.", "n-a", ["ok"], "reject"), line("Hi.", "n-b", [], "ignore"), line("Hi.", "n-c", [])]
    (item,) = items_of("prodigy", [*lines, line("Hi.", "n-d", ["toxic"])], TASK)
    assert item.labels == (Annotation("toxic", "d"),)
    kept = {name: value for name, value in item.extra.items() if name.startswith("prodigy.")}
    assert kept == {"prodigy.reject": 1, "prodigy.ignore": 1, "prodigy.nothing chosen": 1, "prodigy.dataset": "n"}


def test_several_options_are_several_labels_and_numbers_are_names() -> None:
    ((_, row),) = rows_of("prodigy", [line("Hi.", "a", [1, -1])])
    assert isinstance(row, dict)
    assert [one["label"] for one in row["labels"]] == ["1", "-1"]


def test_accept_and_reject_are_the_labels_of_a_binary_task() -> None:
    lines = [binary("Hi.", "n-a", "accept"), binary("Hi.", "n-b", "reject"), binary("Hi.", "n-c", "ignore")]
    (item,) = items_of("prodigy", lines, labels_task(["accept", "reject"]))
    assert item.labels == (Annotation("accept", "a"), Annotation("reject", "b"))
    assert item.extra["prodigy.ignore"] == 1


def test_of_several_binary_labels_one_is_asked_for() -> None:
    lines = [binary("Hi.", "a", "accept"), binary("Hi.", "a", "reject", "SPAM")]
    with pytest.raises(UsageError, match="2 questions"):
        rows_of("prodigy", lines)
    ((_, row),) = rows_of("prodigy", lines, label="SPAM")
    assert isinstance(row, dict)
    assert row["labels"] == [{"annotator": "a", "label": "reject"}]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answer": "maybe"}, "found 'maybe', expected one of: accept, reject, ignore"),
        ({"accept": "ok"}, "expected a list of options"),
        ({"_input_hash": None}, "expected the hash of the input"),
        ({"accept": [{"id": "ok"}]}, "expected a text or a number"),
    ],
)
def test_what_cannot_be_read_is_named(change: dict[str, Any], said: str) -> None:
    ((_, row),) = rows_of("prodigy", [line("Hi.", "a", ["ok"]) | change])
    assert isinstance(row, InputError)
    assert said in str(row)


def test_spans_are_no_labels() -> None:
    record = binary("Hi.", "a", "accept") | {"spans": [{"start": 0, "end": 2, "label": "X"}], "_view_id": "ner_manual"}
    del record["label"]
    ((_, row),) = rows_of("prodigy", [record])
    assert isinstance(row, InputError)
    assert "spans" in str(row)


def test_marks() -> None:
    recognises = FORMATS.get("prodigy").recognises
    assert recognises(Sample([line("Hi.", "a", ["ok"])], "jsonl"))
    assert recognises(Sample([binary("Hi.", "a", "accept")], "jsonl"))
    assert not recognises(Sample([{"id": 1, "answer": "x", "text": "t"}], "jsonl"))
