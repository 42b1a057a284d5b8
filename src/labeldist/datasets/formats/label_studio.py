"""Label Studio: its JSON export, with all annotations of a task, and JSON_MIN and CSV, with a row for each of them.

What labeldist writes keeps an item's own id in ``data`` (``labeldist_id``), since Label Studio numbers tasks anew, and
its evidence there too: a prediction of Label Studio has one score, which is no distribution.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Evidence, Item
from labeldist.core.task import Task
from labeldist.datasets.by_item import ByItem, counted
from labeldist.datasets.format import FORMATS, Format, Sample, question_of
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.whole import whole_file
from labeldist.datasets.written_rows import item_to_row
from labeldist.datasets.written_tables import json_line

NAME = "label-studio"
NOTE = "label_studio"  # the extra column that counts what was dropped
OWN_ID = "labeldist_id"
QUESTION = "label"  # in what is written
LISTS = ("annotations", "completions")  # today, and in old files
OF_ANNOTATIONS = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time")
VALUES = ("choices", "rating", "selected", "number")
LONG_AGO = float("-inf")


def recognises(sample: Sample) -> bool:
    """Whether these are tasks with annotations, or rows with the columns of JSON_MIN."""
    if {"annotator", "annotation_id", "lead_time"} <= {*sample.columns}:
        return True
    return any(
        isinstance(record.get("data"), Mapping)
        and any(isinstance(record.get(name), list) for name in (*LISTS, "predictions"))
        for record in sample.records
    )


def rows(records: Rows, columns: Mapping[str, str]) -> Rows:
    """The items that were labelled, with the answers to one question, which ``columns["label"]`` names if need be.

    Of each person the newest annotation counts. An extra column, ``label_studio``, counts what was dropped: cancelled
    and superseded annotations, those without an answer, drafts, predictions that are no distribution.
    """
    tasks, singles = [], []
    for place, record in records:
        if isinstance(record, InputError):
            yield place, record
        elif isinstance(record.get("data"), Mapping):
            tasks.append((place, record))
        else:
            singles.append((place, record))
    if tasks:
        yield from _of_tasks(tasks, columns)
    if singles:
        yield from _of_singles(singles, columns)


Records = list[tuple[Place, dict[str, Any]]]


def _of_tasks(tasks: Records, columns: Mapping[str, str]) -> Rows:
    asked = [name for _, task in tasks for annotation in _annotations(task) for name in _questions(annotation)]
    question = None
    if asked or "label" in columns or any(_annotations(task) for _, task in tasks):
        question = question_of(asked, columns, "Label Studio")
    for place, task in tasks:
        try:
            yield place, _row(task, question, columns, place)
        except InputError as error:
            yield place, error


def _annotations(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = next((name for name in LISTS if isinstance(task.get(name), list)), None)
    return [annotation for annotation in (task[found] if found else ()) if isinstance(annotation, Mapping)]


def _results(annotation: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(name, value) of each result that can be a label."""
    for result in annotation.get("result") or ():
        value = result.get("value") if isinstance(result, Mapping) else None
        if isinstance(value, Mapping) and any(name in value for name in VALUES):
            yield str(result.get("from_name")), value


def _questions(annotation: Mapping[str, Any]) -> list[str]:
    return [name for name, _ in _results(annotation)]


def _row(task: Mapping[str, Any], question: str | None, columns: Mapping[str, str], place: Place) -> dict[str, Any]:
    data = dict(task["data"])
    own = data.pop(OWN_ID, None)
    named = columns.get("id")
    item = data.get(named) if named else own if own is not None else data.get("id", task.get("id"))
    dropped: dict[str, int] = {}
    kept = [_gives(one, question) for one in _newest(_annotations(task), dropped)]
    dropped["unanswered"] = sum(not labels for labels in kept)
    dropped["drafts"] = len(task.get("drafts") or ())
    known = data.get("evidence")
    whole = {*known} if isinstance(known, Mapping) else set()
    dropped["predictions"] = sum(_version(one) not in whole for one in task.get("predictions") or ())
    row = {**data, "id": item, "labels": counted([label for labels in kept for label in labels])}
    noted = {name: count for name, count in dropped.items() if count}
    if not row["labels"]:
        del row["labels"]
    return row | ({NOTE: noted} if noted else {})


def _version(prediction: Any) -> str:
    return str(prediction.get("model_version")) if isinstance(prediction, Mapping) else ""


def _newest(annotations: list[Mapping[str, Any]], dropped: dict[str, int]) -> list[Mapping[str, Any]]:
    """The newest annotation of each person, in the order of the people; of nobody known each is kept."""
    newest: dict[object, Mapping[str, Any]] = {}
    for number, one in enumerate(annotations):
        if one.get("was_cancelled") or one.get("skipped"):
            dropped["cancelled"] = dropped.get("cancelled", 0) + 1
            continue
        person: object = _person(one.get("completed_by"))
        person = number if person is None else person
        if person in newest:
            dropped["superseded"] = dropped.get("superseded", 0) + 1
            if _when(one.get("created_at")) < _when(newest[person].get("created_at")):
                continue
        newest[person] = one
    return [*newest.values()]


def _gives(annotation: Mapping[str, Any], question: str | None) -> list[dict[str, Any]]:
    person = _person(annotation.get("completed_by"))
    return [
        {"annotator": person, "label": label}
        for name, value in _results(annotation)
        if name == question
        for label in _labels(value)
    ]


def _person(completed_by: Any) -> str | None:
    """An annotator's e-mail address, else number."""
    if isinstance(completed_by, Mapping):
        completed_by = completed_by.get("email") or completed_by.get("id")
    return None if completed_by in (None, "") else str(completed_by)


def _when(time: Any) -> float:
    """Seconds since 1970 of a number or of ISO's notation; what is neither is older than all.

    >>> _when("1970-01-01T00:01:00Z"), _when(60), _when(None)
    (60.0, 60.0, -inf)
    """
    if isinstance(time, int | float):
        return float(time)
    try:
        return datetime.fromisoformat(str(time)).timestamp()
    except (ValueError, OverflowError):
        return LONG_AGO


def _labels(value: Any) -> list[str]:
    """The labels in a value.

    >>> _labels({"choices": ["a", "b"]}), _labels([{"rating": 4}]), _labels("yes"), _labels(None)
    (['a', 'b'], ['4'], ['yes'], [])
    """
    if isinstance(value, Mapping):
        return _labels(next((value[name] for name in VALUES if name in value), []))
    if isinstance(value, list | tuple):
        return [label for part in value for label in _labels(part)]
    return [] if value is None or value == "" or value != value else [str(value)]


def _in_cell(cell: Any) -> list[str]:
    """The labels in a cell of JSON_MIN or CSV: one choice as it is, all else as JSON.

    >>> _in_cell('{"choices": ["a", "b"]}'), _in_cell('[{"rating": 4}]'), _in_cell("[sic]"), _in_cell("")
    (['a', 'b'], ['4'], ['[sic]'], [])
    """
    if isinstance(cell, str) and cell[:1] in ("{", "["):
        try:
            return _labels(json.loads(cell))
        except ValueError:
            return [cell]
    return _labels(cell)


def _of_singles(singles: Records, columns: Mapping[str, str]) -> Rows:
    """Rows of JSON_MIN and CSV, by task."""
    question = question_of(_asked(singles), columns, "Label Studio")
    newest: dict[object, int] = {}
    for number, (_, record) in enumerate(singles):
        key: object = (_item(record, columns), _person(record.get("annotator")))
        key = number if _person(record.get("annotator")) is None else key
        if key not in newest or _when(record.get("created_at")) >= _when(singles[newest[key]][1].get("created_at")):
            newest[key] = number
    kept = {*newest.values()}
    gathered = ByItem(NOTE)
    for number, (place, record) in enumerate(singles):
        item = _item(record, columns)
        if item is None:
            yield place, InputError("nothing", expected="a task's id", place=place.at("id"))
            continue
        person = _person(record.get("annotator"))
        labels = [{"annotator": person, "label": label} for label in _in_cell(record.get(question))]
        data = {name: value for name, value in record.items() if name not in (question, OWN_ID, *OF_ANNOTATIONS, "id")}
        if number not in kept:
            gathered.add(item, place, [], data, "superseded")
        else:
            gathered.add(item, place, labels, data, "" if labels else "unanswered")
    yield from gathered.rows()


def _asked(singles: Records) -> list[str]:
    """The columns that may be questions: in JSON_MIN those between the task's number and the annotator.

    CSV has its columns in alphabetical order, so there it may be any, and a task's data is not told from answers.
    """
    names = list(dict.fromkeys(name for _, record in singles for name in record))
    if names != sorted(names) and "id" in names and "annotator" in names:
        names = names[names.index("id") + 1 : names.index("annotator")]
    return [name for name in names if name not in ("id", OWN_ID, *OF_ANNOTATIONS)]


def _item(record: Mapping[str, Any], columns: Mapping[str, str]) -> str | None:
    found = record.get(columns["id"]) if "id" in columns else record.get(OWN_ID) or record.get("id")
    return None if found in (None, "") else str(found)


def write(path: Path, items: Iterable[Item], task: Task) -> list[str]:
    """Tasks with annotations, as Label Studio exports and imports them; evidence as predictions, whole in ``data``."""
    people: dict[str, int] = {}
    with whole_file(path) as file:
        file.write(b"[")
        number = 0
        for number, item in enumerate(items, 1):
            line = json_line(task_of(item, number, people), Place(path, number))
            file.write((b",\n" if number > 1 else b"\n") + line.rstrip(b"\n"))
        file.write(b"\n]\n")
    if not people:
        return []
    return [
        "Label Studio imports annotations of its own users only: make users of the "
        f"{len(people):,} annotators first, or set ALLOW_IMPORT_TASKS_WITH_UNKNOWN_EMAILS"
    ]


def task_of(item: Item, number: int, people: dict[str, int]) -> dict[str, Any]:
    """An item as a task; ``people`` are the annotators so far, by name, with their numbers."""
    row = item_to_row(item)
    row.pop("labels", None)
    fields = row.pop("fields")
    data = {OWN_ID: row.pop("id"), **fields, **row}
    annotations = []
    for one in item.labels:
        by = None
        if one.annotator is not None:
            by = {"id": people.setdefault(one.annotator, len(people) + 1), "email": one.annotator}
        annotations += [_annotation(one.label, by) for _ in range(one.times)]
    predictions = [_prediction(name, evidence) for name, evidence in item.evidence.items()]
    found = {"id": number, "data": data, "annotations": annotations, "predictions": predictions}
    return {name: part for name, part in found.items() if part or name != "predictions"}


def _annotation(label: str, by: dict[str, Any] | None) -> dict[str, Any]:
    found = {"result": [_choice(label)], "was_cancelled": False}
    return found if by is None else found | {"completed_by": by}


def _prediction(name: str, evidence: Evidence) -> dict[str, Any]:
    label, share = max(evidence.distribution.items(), key=lambda pair: pair[1])
    return {"model_version": name, "score": share, "result": [_choice(label)]}


def _choice(label: str) -> dict[str, Any]:
    return {"from_name": QUESTION, "to_name": "text", "type": "choices", "value": {"choices": [label]}}


FORMATS.add(NAME)(
    Format(NAME, "Label Studio: tasks with annotations, JSON_MIN, CSV", recognises, rows, write, (".json",))
)
