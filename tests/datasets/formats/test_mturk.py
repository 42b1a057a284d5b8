"""Mechanical Turk's results, with the columns of a batch that was downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.datasets.formats.round_trip import items_of, records_in, rows_of

from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.format import FORMATS, Sample
from labeldist.tasks.labels import labels_task

TASK = labels_task(["ok", "toxic"])


def row(hit: str, worker: str, status: str = "Approved", **answers: str) -> dict[str, Any]:
    return {
        "HITId": hit, "HITTypeId": "T1", "Title": "Is it toxic?", "Reward": "$0.05", "AssignmentId": f"{hit}{worker}",
        "WorkerId": worker, "AssignmentStatus": status, "WorkTimeInSeconds": "17", "RejectionTime": "",
        "Input.id": "c1", "Input.text": "Nice&#44; &lt;b&gt;really&lt;/b&gt;",
        **{f"Answer.{name.replace('__', '.')}": value for name, value in answers.items()},
        "Approve": "", "Reject": "",
    }  # fmt: skip


def test_a_hit_is_an_item_and_rejected_work_is_counted() -> None:
    rejected = row("H1", "W4", label="ok") | {"Reject": "Too fast."}
    records = [row("H1", "W1", label="ok"), row("H2", "W1", label="toxic"), row("H1", "W2", label="toxic")]
    first, second = items_of("mturk", [*records, row("H1", "W3", "Rejected", label="ok"), rejected], TASK)
    assert (first.id, second.id) == ("H1", "H2")
    assert first.labels == (Annotation("ok", "W1"), Annotation("toxic", "W2"))
    assert first.extra["mturk.rejected"] == 2
    assert first.extra["text"] == "Nice, <b>really</b>"
    assert first.extra["AssignmentId"] == ["H1W1", "H1W2"]
    assert first.extra["Input.id"] == "c1"
    assert "RejectionTime" not in first.extra


def test_the_item_may_be_an_input() -> None:
    records = [row("H1", "W1", label="ok"), row("H2", "W2", label="toxic")]
    for name in ("Input.id", "id"):
        ((_, found),) = rows_of("mturk", records, id=name)
        assert isinstance(found, dict)
        assert found["id"] == "c1"
        assert len(found["labels"]) == 2


def test_a_group_of_buttons_is_one_question() -> None:
    records = [
        row("H1", "W1", tone__ok="true", tone__toxic="false"),
        row("H1", "W2", tone__ok="false", tone__toxic="TRUE"),
        row("H1", "W3", tone__ok="", tone__toxic="on"),
    ]
    (item,) = items_of("mturk", records, TASK)
    assert item.labels == (Annotation("ok", "W1"), Annotation("toxic", "W2"), Annotation("toxic", "W3"))


def test_answers_as_json_in_one_cell() -> None:
    answers = ['[{"tone": {"ok": true, "toxic": false}}]', '[{"tone":{"ok":false,"toxic":true}}]']
    (item,) = items_of("mturk", [row("H1", f"W{at}", taskAnswers=text) for at, text in enumerate(answers)], TASK)
    assert item.labels == (Annotation("ok", "W0"), Annotation("toxic", "W1"))
    (item,) = items_of("mturk", [row("H1", "W1", taskAnswers='[{"tone": {"label": "ok"}}]')], TASK)
    assert item.labels == (Annotation("ok", "W1"),)


def test_of_several_questions_one_is_named() -> None:
    records = [row("H1", "W1", tone__label="ok", comment="Hm&#44; well")]
    with pytest.raises(UsageError, match="2 questions"):
        rows_of("mturk", records)
    for name in ("tone.label", "Answer.tone.label", "tone", "Answer.tone"):
        ((_, found),) = rows_of("mturk", records, label=name)
        assert isinstance(found, dict)
        assert found["labels"] == [{"annotator": "W1", "label": "ok"}]
        assert found["Answer.comment"] == "Hm, well"


def test_no_cell_that_is_written_is_a_formula(tmp_path: Path) -> None:
    item = Item("=1", {}, (Annotation("ok", "@w"),), extra={"text": "+1 & <b>, &#44;"})
    write = FORMATS.get("mturk").write
    assert write is not None
    assert write(tmp_path / "x.csv", [item], TASK) == []
    records = records_in(tmp_path / "x.csv")
    assert not [cell for record in records for cell in record.values() if cell.startswith(("=", "+", "-", "@"))]
    assert items_of("mturk", records, TASK) == [item]


def test_marks() -> None:
    recognises = FORMATS.get("mturk").recognises
    assert recognises(Sample([row("H1", "W1", label="ok")], "csv"))
    assert not recognises(Sample([{"task": "1", "WorkerId": "a", "label": "ok"}], "csv"))
