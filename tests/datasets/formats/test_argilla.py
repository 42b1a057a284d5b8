"""Argilla's records, in the structure of its own exporters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.datasets.formats.round_trip import items_of, rows_of

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation
from labeldist.datasets.format import FORMATS, Sample
from labeldist.tasks.labels import labels_task

TASK = labels_task(["ok", "toxic"])
ANN, BEN, CARL = "f1ad", "22b0", "0c3e"
FLAT: list[dict[str, Any]] = [
    {
        "id": "r1", "status": "completed", "_server_id": "77aa", "text": "Nice weather.", "source": "forum",
        "tone.responses": ["ok", "toxic", "ok"], "tone.responses.users": [ANN, BEN, CARL],
        "tone.responses.status": ["submitted", "submitted", "draft"],
        "tone.suggestion": "ok", "tone.suggestion.score": 0.8, "tone.suggestion.agent": "small",
    },
    {
        "id": "r2", "status": "pending", "_server_id": "77ab", "text": "Go away.", "source": None,
        "tone.responses": [None, "toxic"], "tone.responses.users": [ANN, BEN],
        "tone.responses.status": ["discarded", "submitted"],
        "tone.suggestion": None, "tone.suggestion.score": None, "tone.suggestion.agent": None,
    },
    {
        "id": "r3", "status": "pending", "_server_id": "77ac", "text": "Hm.", "source": None,
        "tone.responses": None, "tone.responses.users": None, "tone.responses.status": None,
    },
]  # fmt: skip


def row(record: dict[str, Any], **columns: str) -> Any:
    ((_, found),) = rows_of("argilla", [record], **columns)
    return found


def test_only_submitted_responses_are_labels_and_the_others_are_counted() -> None:
    first, second, third = items_of("argilla", FLAT, TASK)
    assert first.labels == (Annotation("ok", ANN), Annotation("toxic", BEN))
    assert first.extra["argilla.draft"] == 1
    assert (first.extra["text"], first.extra["source"]) == ("Nice weather.", "forum")
    assert (first.extra["tone.suggestion"], first.extra["tone.suggestion.score"]) == ("ok", 0.8)
    assert second.labels == (Annotation("toxic", BEN),)
    assert second.extra["argilla.discarded"] == 1
    assert (third.id, third.labels) == ("r3", ())


def test_nested_records_are_the_same() -> None:
    nested = {
        "id": "r1", "fields": {"text": "Nice weather."}, "metadata": {"source": "forum"}, "vectors": {},
        "suggestions": {"tone": {"value": "ok", "score": 0.8, "agent": "small"}},
        "responses": {"tone": [{"value": "ok", "user_id": ANN}, {"value": "toxic", "user_id": BEN}]},
        "status": "completed", "_server_id": "77aa",
    }  # fmt: skip
    (flat,) = items_of("argilla", FLAT[:1], TASK)
    (found,) = items_of("argilla", [nested], TASK)
    assert found.labels == flat.labels
    assert {**found.extra, "argilla.draft": 1} == flat.extra


def test_ratings_and_several_labels_are_labels() -> None:
    record = {"id": 1, "q.responses": [4, 5.0], "q.responses.users": ["a", "b"]}
    assert row(record)["labels"] == [{"annotator": "a", "label": "4"}, {"annotator": "b", "label": "5"}]
    record = {"id": 1, "q.responses": [["x", "y"], ["y"]], "q.responses.users": ["a", "b"]}
    labels = [(one["annotator"], one["label"]) for one in row(record)["labels"]]
    assert labels == [("a", "x"), ("a", "y"), ("b", "y")]


def test_of_several_questions_one_is_named() -> None:
    record = {f"{name}.responses{part}": ["x"] for name in ("a", "b") for part in ("", ".users")} | {"id": "1"}
    with pytest.raises(UsageError, match="2 questions"):
        row(record)
    found = row(record, label="b")
    assert found["labels"] == [{"annotator": "x", "label": "x"}]
    assert found["a.responses"] == ["x"]


@pytest.mark.parametrize(
    ("said", "evidence"),
    [
        ((["x", "y"], [0.7, 0.3]), {"small": {"scores": {"x": 0.7, "y": 0.3}}}),
        ((["x", "y"], [0.7, 0.7]), None),
        (("x", 1.0), None),
        ((["x", "x"], [0.5, 0.5]), None),
    ],
)
def test_suggestions_are_evidence_only_as_distributions(said: Any, evidence: Any) -> None:
    parts = dict(zip(("q.suggestion", "q.suggestion.score"), said, strict=True)) | {"q.suggestion.agent": "small"}
    found = row({"id": 1, "q.responses": ["x"], "q.responses.users": ["a"], **parts})
    assert found.get("evidence") == evidence
    assert (found.get("q.suggestion") == said[0]) == (evidence is None)


def test_lists_in_csv_are_read_and_what_is_none_is_an_error() -> None:
    record = {"id": "1", "q.responses": "['x', 'y']", "q.responses.users": '["a", "b"]', "text": "t"}
    assert [one["label"] for one in row(record)["labels"]] == ["x", "y"]
    for wrong in ("x y", "__import__('os')", '{"a": 1}'):
        found = row(record | {"q.responses": wrong})
        assert isinstance(found, InputError)
        assert "a list" in found.expected
    found = row(record | {"q.responses": ["x"]})
    assert isinstance(found, InputError)
    assert found.found == "1 responses, 2 users and 1 states"


def test_rankings_are_no_labels() -> None:
    found = row({"id": 1, "q.responses": [[{"value": "x", "rank": 1}]], "q.responses.users": ["a"]})
    assert isinstance(found, InputError)


def test_errors_of_reading_pass_through() -> None:
    wrong = InputError("half a line", expected="JSON")
    assert [found for _, found in rows_of("argilla", [wrong])] == [wrong]
    assert rows_of("argilla", [*FLAT, wrong])[-1][1] is wrong


def test_other_files_are_not_taken_for_it() -> None:
    recognises = FORMATS.get("argilla").recognises
    assert recognises(Sample(FLAT, "jsonl"))
    assert not recognises(Sample([{"id": 1, "label": "x", "a.responses": 3}], "csv"))
    json.dumps(FLAT)  # as a file would hold them
