"""Label Studio's exports, as its documentation and version 1.23.2 have them; the texts are typed anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.formats.reading import items_of, rows_of

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Annotation, Evidence, Explanation, Item
from labeldist.datasets.format import FORMATS, Sample
from labeldist.datasets.source import open_source
from labeldist.tasks.labels import labels_task

NAME = "label-studio"
TASK = replace(labels_task(["yes", "no"]), fields=("text",))


def annotation(who: Any, label: str | None, at: Any = "2026-01-01T10:00:00.000000Z", **more: Any) -> dict[str, Any]:
    result = {"id": "x1", "from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
    given = {"id": 1, "completed_by": who, "result": [result] if label else [], "was_cancelled": False}
    return given | {"ground_truth": False, "created_at": at, "updated_at": at, "lead_time": 3.2} | more


def task(*annotations: dict[str, Any], number: int = 1, **data: Any) -> dict[str, Any]:
    whole = {"id": number, "annotations": list(annotations), "drafts": [], "predictions": []}
    return whole | {"data": {"text": "It rains.", **data}, "meta": {}, "project": 2}


def test_an_export_keeps_annotators_and_other_data() -> None:
    ann = {"id": 7, "email": "ann@example.org", "first_name": "Ann", "last_name": ""}
    (item,) = items_of(NAME, [task(annotation(3, "yes"), annotation(ann, "no"), domain="news")], TASK)
    assert item == Item(
        "1",
        {"text": "It rains."},
        (Annotation("yes", "3"), Annotation("no", "ann@example.org")),
        extra={"domain": "news"},
    )


def test_what_is_dropped_is_counted() -> None:
    old, new = "2026-01-01T10:00:00Z", "2026-01-02T09:00:00+01:00"
    whole = task(
        annotation(1, "no", new),
        annotation(1, "yes", old),
        annotation(2, "yes", was_cancelled=True),
        annotation(3, None),
    )
    whole["drafts"] = [{"result": []}]
    whole["predictions"] = [{"model_version": "m", "score": 0.9, "result": []}]
    (item,) = items_of(NAME, [whole], TASK)
    assert item.labels == (Annotation("no", "1"),)
    assert item.extra["label_studio"] == {
        "superseded": 1, "cancelled": 1, "unanswered": 1, "drafts": 1, "predictions": 1,
    }  # fmt: skip


def test_the_newest_counts_wherever_it_stands() -> None:
    late, early = annotation(1, "no", 1_700_000_100), annotation(1, "yes", 1_700_000_000)
    for order in ([late, early], [early, late]):
        (item,) = items_of(NAME, [task(*order)], TASK)
        assert item.votes() == {"no": 1}


def test_old_completions() -> None:
    whole = task(number=5)
    del whole["annotations"]
    skipped = {**annotation(None, "no"), "skipped": True}
    whole["completions"] = [annotation(None, "yes", 1_600_000_000), annotation(None, "yes"), skipped]
    (item,) = items_of(NAME, [whole], TASK)
    assert (item.id, item.labels) == ("5", (Annotation("yes", times=2),))
    assert item.extra["label_studio"] == {"cancelled": 1}


@pytest.mark.parametrize(
    ("type_", "value", "label"), [("rating", {"rating": 4}, "4"), ("pairwise", {"selected": "left"}, "left")]
)
def test_ratings_and_pairs(type_: str, value: dict[str, Any], label: str) -> None:
    one = annotation(1, "yes")
    one["result"] = [{"from_name": "label", "to_name": "text", "type": type_, "value": value}]
    (row,) = rows_of(NAME, [task(one)])
    assert row["labels"] == [{"annotator": "1", "label": label}]


def test_of_two_questions_one_must_be_named() -> None:
    one = annotation(1, "yes")
    one["result"].append({"from_name": "sure", "type": "rating", "value": {"rating": 2}})
    with pytest.raises(UsageError, match="2 questions in this file of Label Studio"):
        rows_of(NAME, [task(one)])
    (row,) = rows_of(NAME, [task(one)], label="sure")
    assert row["labels"] == [{"annotator": "1", "label": "2"}]


def test_an_own_id_comes_before_the_tasks_number() -> None:
    found = rows_of(NAME, [task(annotation(1, "yes"), id="q9", key="k"), task(number=4), task(labeldist_id="mine")])
    assert [row["id"] for row in found] == ["q9", 4, "mine"]
    assert "labeldist_id" not in found[2]
    assert rows_of(NAME, [task(annotation(1, "yes"), id="q9", key="k")], id="key")[0]["id"] == "k"


def test_tasks_with_predictions_alone_have_no_labels() -> None:
    evidence = {"m": {"distribution": {"yes": 0.7, "no": 0.3}, "saw_labels": False}}
    whole = task(evidence=evidence)
    whole["predictions"] = [{"model_version": "m", "score": 0.7, "result": []}]
    (item,) = items_of(NAME, [whole], TASK)
    assert item.labels == ()
    assert item.evidence["m"].distribution == {"yes": 0.7, "no": 0.3}
    assert item.extra == {}


MIN = [  # as version 1.23.2 writes it: data, id, questions, and what is known of the annotation
    {"text": "It rains.", "id": 1, "label": label, "annotator": who, "annotation_id": number, "created_at": at,
     "updated_at": at, "lead_time": 1.5}
    for number, (who, label, at) in enumerate(
        [(1, "yes", "2026-01-01T00:00:00Z"), (2, {"choices": ["yes", "no"]}, "2026-01-01T00:00:00Z"),
         (1, "no", "2026-01-02T00:00:00Z")], 1
    )
]  # fmt: skip


def test_json_min_is_put_together_by_task() -> None:
    (row,) = rows_of(NAME, MIN)
    given = [("2", "yes"), ("2", "no"), ("1", "no")]
    assert row == {
        "text": "It rains.", "id": "1", "labels": [{"annotator": who, "label": label} for who, label in given],
        "label_studio": {"superseded": 1},
    }  # fmt: skip


def test_csv_is_sorted_by_name_so_that_the_question_must_be_named() -> None:
    cells = [dict(sorted((k, json.dumps(v) if isinstance(v, dict) else str(v)) for k, v in row.items())) for row in MIN]
    with pytest.raises(UsageError, match=r"2 questions .*label, text"):
        rows_of(NAME, cells)
    assert rows_of(NAME, cells, label="label") == rows_of(NAME, MIN)


def test_it_is_known_by_its_marks() -> None:
    known = FORMATS.get(NAME).recognises
    assert known(Sample([task(annotation(1, "yes"))], "json"))
    assert known(Sample(MIN, "csv"))
    assert not known(Sample([{"id": 1, "data": "x", "annotations": "a,b"}], "json"))
    assert not known(Sample([{"id": 1, "annotator": "a", "label": "x"}], "csv"))


def test_errors_pass_through() -> None:
    bad = InputError("half a line", expected="JSON")
    found = list(FORMATS.get(NAME).rows(iter([(Place(line=1), bad), (Place(line=2), task(annotation(1, "yes")))]), {}))
    assert found[0] == (Place(line=1), bad)
    assert isinstance(found[1][1], dict)


def written(tmp_path: Path, items: list[Item], task_: Any) -> tuple[list[Any], list[str]]:
    file = tmp_path / "tasks.json"
    form = FORMATS.get(NAME)
    assert form.write is not None
    told = form.write(file, iter(items), task_)
    return json.loads(file.read_text(encoding="utf-8")), list(told)


def test_everything_of_an_item_survives(tmp_path: Path) -> None:
    items = [
        Item(
            "a",
            {"text": 'A "quote"\n<b>'},
            (Annotation("yes", "ann"), Annotation("no")),
            (Explanation("So.", "yes", "m"),),
            evidence={"m": Evidence({"yes": 0.25, "no": 0.75}, False)},
            reference={"yes": 3.0, "no": 1.0},
            extra={"x": [1]},
        ),
        Item("b", {"text": "B"}, (Annotation("yes", times=3), Annotation("no", times=2))),
        Item("c", {"text": "C"}),
    ]
    tasks, told = written(tmp_path, items, TASK)
    assert items_of(NAME, tasks, TASK) == items
    assert tasks[0]["predictions"][0]["result"][0]["value"]["choices"] == ["no"]
    assert "own users only" in told[0]


def test_no_items_are_an_empty_list(tmp_path: Path) -> None:
    assert written(tmp_path, [], TASK) == ([], [])


def test_a_thousand_real_items_survive(tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    dataset = open_source("md-agreement", limit=1000)
    items = list(dataset.items())
    tasks, _ = written(tmp_path, items, dataset.task)
    assert len({one.annotator for item in items for one in item.labels}) > 100
    assert items_of(NAME, tasks, dataset.task) == items
