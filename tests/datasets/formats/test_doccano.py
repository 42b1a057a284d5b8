"""doccano's exports: a file for each person, or one of which nobody knows whose labels they are."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.datasets.formats.round_trip import items_of, records_in, rows_of

from labeldist.core.errors import InputError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.format import FORMATS, MEMBER, Sample
from labeldist.tasks.labels import labels_task

TASK = labels_task(["ok", "toxic"])


def row(number: int, labels: Any, member: str | None = "ann.jsonl", comments: Any = ()) -> dict[str, Any]:
    found = {"id": number, "text": f"Text {number}.", "source": "forum", "label": labels, "Comments": [*comments]}
    return found if member is None else found | {MEMBER: member}


def test_each_file_is_an_annotator() -> None:
    records = [row(2, ["ok"]), row(10, ["toxic"], comments=["Hm."]), row(2, ["toxic"], "bo@x.org.jsonl"), row(3, [])]
    first, second, third = items_of("doccano", records, TASK)
    assert (first.id, second.id, third.id) == ("2", "3", "10")
    assert first.labels == (Annotation("ok", "ann"), Annotation("toxic", "bo@x.org"))
    assert second.labels == ()
    assert third.extra == {"text": "Text 10.", "source": "forum", "Comments": ["Hm."]}


def test_a_shared_project_has_lost_its_annotators_and_says_so() -> None:
    form = FORMATS.get("doccano")
    for member in ("all.jsonl", None):
        records = [row(1, ["ok", "toxic"], member), row(2, ["ok"], member)]
        assert form.recognises(Sample(records, "jsonl"))
        assert "without annotators" in form.note(Sample(records, "jsonl"))
        first, _ = items_of("doccano", records, TASK)
        assert first.labels == (Annotation("ok"), Annotation("toxic"))
    assert form.note(Sample([row(1, ["ok"])], "zip")) == ""
    assert form.note(Sample([row(1, [], "all.jsonl")], "zip")) == ""


def test_csv_joins_labels() -> None:
    record = {"id": "1", "text": "Hi.", "label": "ok#toxic", "Comments": ""}
    assert FORMATS.get("doccano").recognises(Sample([record], "csv"))
    (item,) = items_of("doccano", [record | {MEMBER: "export/ann.csv"}], TASK)
    assert item.labels == (Annotation("ok", "ann"), Annotation("toxic", "ann"))


def test_texts_without_an_id_are_the_same_item_where_they_are_equal() -> None:
    records = [{"text": "Hi.", "label": ["ok"], "Comments": [], MEMBER: f"{who}.jsonl"} for who in "ab"]
    (item,) = items_of("doccano", records, TASK)
    assert len(item.labels) == 2


def test_spans_are_no_labels() -> None:
    ((_, found),) = rows_of("doccano", [row(1, [[0, 4, "PER"]])])
    assert isinstance(found, InputError)
    assert "a span" in str(found)


@pytest.mark.parametrize("who", ["all", "a/b", "..", "ann.gz", " Ann 2", "é", "100%", "md/Ann1.jsonl"])
def test_any_name_is_a_file(tmp_path: Path, who: str) -> None:
    write = FORMATS.get("doccano").write
    assert write is not None
    item = Item("1", {}, (Annotation("ok", who),), extra={"text": "Hi."})
    assert write(tmp_path / "x.zip", [item], TASK) == []
    with zipfile.ZipFile(tmp_path / "x.zip") as packed:
        (name,) = packed.namelist()
        assert "/" not in name
        assert name != "all.jsonl"
        assert json.loads(packed.read(name)) == {"id": "1", "text": "Hi.", "label": ["ok"], "Comments": []}
    assert items_of("doccano", records_in(tmp_path / "x.zip"), TASK) == [item]
