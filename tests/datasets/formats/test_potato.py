"""Potato's exports and folders, as its documentation and version 2.12.1 have them; the texts are typed anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.formats.reading import items_of, rows_of

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.format import FORMATS, MEMBER, Sample
from labeldist.datasets.source import open_source
from labeldist.tasks.labels import labels_task

NAME = "potato"
TASK = labels_task(["not rude", "rude"])


def answer(item: str, user: str, label: str, value: Any = None, **more: Any) -> dict[str, Any]:
    given = {"tone": {label: label if value is None else value}}
    return {"instance_id": item, "user_id": user, "labels": given, "spans": {}, "links": {}, **more}


def state(user: str, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"user_id": user, "instance_id_ordering": [*given], "instance_id_to_label_to_value": given, **more}


def pairs(**given: str) -> list[Any]:
    return [[{"schema": schema, "name": name}, name] for schema, name in given.items()]


EXPECTED = [
    Item("q1", {}, (Annotation("rude", "ann"), Annotation("not rude", "bob"))),
    Item("q2", {}, (Annotation("rude", "ann"),)),
]
JSONL = [answer("q1", "ann", "rude"), answer("q2", "ann", "rude"), answer("q1", "bob", "not rude", True)]
CSV = [
    {"instance_id": "q1", "user_id": "ann", "tone.rude": "rude", "tone.not rude": ""},
    {"instance_id": "q2", "user_id": "ann", "tone.rude": "true", "tone.not rude": ""},
    {"instance_id": "q1", "user_id": "bob", "tone.rude": "", "tone.not rude": "not rude"},
]
STATES = [
    state("ann", {"q1": pairs(tone="rude"), "q2": pairs(tone="rude")}),
    state("bob", {"q1": pairs(tone="not rude")}),
]
DOCUMENTED = [
    state("ann", {"q1": {"tone": {"labels": {"rude": True}}}, "q2": {"tone": {"rude": "1", "not rude": False}}}),
    state("bob", {"q1": {"tone": "not rude"}}),
]
COLONS = [{column.replace("tone.", "tone:::"): cell for column, cell in row.items()} for row in CSV]
FIRST_VERSION = [
    {"id": row["instance_id"], "displayed_text": "x", "label_annotations": row["labels"], "span_annotations": {},
     MEMBER: f"{row['user_id']}/annotated_instances.jsonl"}
    for row in JSONL
]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "stored"),
    [(JSONL, "jsonl"), (CSV, "csv"), (COLONS, "csv"), (STATES, "folder"), (DOCUMENTED, "folder"),
     (FIRST_VERSION, "folder")],
    ids=["jsonl", "csv", "colons", "states", "documented", "first version"],
)  # fmt: skip
def test_every_form_gives_the_same_items(records: list[dict[str, Any]], stored: str) -> None:
    assert FORMATS.get(NAME).recognises(Sample(records, stored))
    assert items_of(NAME, records, TASK) == EXPECTED


def test_a_table_of_other_annotations_is_not_potatos() -> None:
    known = FORMATS.get(NAME).recognises
    assert not known(Sample([{"instance_id": "1", "user_id": "7", "politeness": "3", "gender": "f"}], "csv"))
    assert not known(Sample([{"instance_id": "1", "user_id": "7", "score.mean": "0.25"}], "csv"))
    assert not known(Sample([{"id": "1", "labels": {"yes": 2}}], "jsonl"))
    assert not known(Sample([{"instance_id": "1", "labels": {"yes": 2}}], "jsonl"))


def test_no_option_chosen_is_no_answer_and_counted() -> None:
    (first, second) = rows_of(NAME, [answer("q1", "ann", "rude", False), answer("q2", "ann", "rude")])
    assert (first["labels"], first["potato"]) == ([], {"unanswered": 1})
    assert "potato" not in second


def test_a_scale_may_begin_at_0() -> None:
    (row,) = rows_of(NAME, [answer("q1", "ann", "0", "0")])
    assert row["labels"] == [{"annotator": "ann", "label": "0"}]


def test_programs_are_no_annotators() -> None:
    records = [answer("q1", "ann", "rude"), answer("q1", "m", "rude", annotator_origin={"kind": "llm", "model": "m"})]
    records.append(answer("q1", "bob", "rude", annotator_origin={"kind": "human"}))
    (row,) = rows_of(NAME, records)
    assert [entry["annotator"] for entry in row["labels"]] == ["ann", "bob"]
    assert row["potato"] == {"machines": 1}


def test_of_two_questions_one_must_be_named() -> None:
    records = [state("ann", {"q1": pairs(tone="rude", sure="yes")})]
    with pytest.raises(UsageError, match="2 questions in this file of Potato: 'tone, sure'"):
        rows_of(NAME, records)
    assert rows_of(NAME, records, label="sure")[0]["labels"] == [{"annotator": "ann", "label": "yes"}]


def test_what_is_no_answer_is_an_error_in_its_place() -> None:
    bad = InputError("half a line", expected="JSON")
    records: list[Any] = [bad, {"user_id": "ann", "labels": {}}, state("bob", {"q1": [3]}), answer("q1", "ann", "rude")]
    places = ((Place(line=number), record) for number, record in enumerate(records, 1))
    found = list(FORMATS.get(NAME).rows(places, {}))
    assert [(place.line, isinstance(row, InputError)) for place, row in found] == [
        (1, True), (2, True), (3, True), (4, False),
    ]  # fmt: skip
    assert found[0][1] is bad
    assert "an item's id" in str(found[1][1])


def written(tmp_path: Path, items: list[Item]) -> tuple[list[Any], list[str]]:
    file = tmp_path / "annotations.jsonl"
    form = FORMATS.get(NAME)
    assert form.write is not None
    told = form.write(file, iter(items), TASK)
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()], list(told)


def test_what_it_cannot_hold_is_said(tmp_path: Path) -> None:
    items = [
        Item(
            "q1", {"text": "Hi."}, (Annotation("rude", "ann"), Annotation("not rude", times=2)), reference={"rude": 1.0}
        ),
        Item("q2", {"text": "Ho."}, extra={"by": "me"}),
    ]
    records, told = written(tmp_path, items)
    assert [(r["user_id"], *r["labels"]["label"]) for r in records] == [
        ("ann", "rude"), ("unnamed-1", "not rude"), ("unnamed-2", "not rude"),
    ]  # fmt: skip
    said = " ".join(told)
    for part in (
        "texts with answers: those of 2",
        "references",
        "other columns",
        "1 items have no label",
        "2 labels name",
    ):
        assert part in said


def test_a_thousand_real_items_survive(tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    dataset = open_source("md-agreement", limit=1000)
    items = list(dataset.items())
    records, _ = written(tmp_path, items)
    bare = [replace(item, fields={}, extra={}) for item in items]
    assert items_of(NAME, records, replace(dataset.task, fields=())) == bare
