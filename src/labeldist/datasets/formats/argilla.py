"""Argilla 2: records as ``to_datasets()`` exports them, flat, or as ``to_json()`` does, nested.

A question Q has ``Q.responses``, ``Q.responses.users`` and ``Q.responses.status``, lists with an entry per person, and
perhaps ``Q.suggestion`` with ``.score`` and ``.agent``. Only submitted responses are labels; drafts and discarded ones
are counted in ``argilla.draft`` and ``argilla.discarded``.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.carried import COLUMN, carried, is_reserved, restored
from labeldist.datasets.files import write_rows
from labeldist.datasets.format import FORMATS, Format, Sample, question_of
from labeldist.datasets.jsonl import Rows, parse_json
from labeldist.datasets.tool_items import Given, Record, by_annotator, each, json_text, labels_row, name_of, sentences
from labeldist.datasets.whole import whole_file

TOOL = "Argilla"
RESPONSES, USERS, STATUS = ".responses", ".responses.users", ".responses.status"
SUGGESTION = ".suggestion"
NESTED = ("fields", "metadata", "suggestions", "responses", "vectors")
QUESTION = "label"  # of the files that are written
LOOKED_AT = 100  # records, for the questions
ANNOTATORS = "labeldist_annotators"  # in the metadata: whose response is whose, where Argilla's ids are no names
TOLERANCE = 1e-3


def recognises(sample: Sample) -> bool:
    """Whether responses are beside their users, or records have Argilla's parts."""
    flat = any(name.endswith(RESPONSES) and name + ".users" in sample.columns for name in sample.columns)
    return flat or all(name in sample.columns for name in ("fields", "suggestions", "responses"))


def rows(records: Rows, columns: Mapping[str, str]) -> Rows:
    """A row per record, with the responses to one question as its labels."""
    flat = each(records, lambda record, place: _flat(record, place))
    head = [*islice(flat, LOOKED_AT)]
    names = (name for _, record in head if isinstance(record, Mapping) for name in record)
    questions = [name.removesuffix(RESPONSES) for name in dict.fromkeys(names) if name.endswith(RESPONSES)]
    if not head or all(isinstance(record, InputError) for _, record in head):
        yield from chain(head, flat)
        return
    question = question_of(questions, columns, TOOL)
    yield from each(chain(head, flat), lambda record, place: _row(record, question, columns.get("id", "id"), place))


def _flat(record: Record, place: Place) -> dict[str, Any]:
    """A record of ``to_json()`` as ``to_datasets()`` has it."""
    if not isinstance(record.get("responses"), Mapping):
        return dict(record)
    flat = {name: value for name, value in record.items() if name not in NESTED}
    for part in ("fields", "metadata", "vectors"):
        flat |= _object(record, part, place)
    for question, said in _object(record, "suggestions", place).items():
        flat |= {f"{question}{SUGGESTION}": said.get("value"), f"{question}{SUGGESTION}.score": said.get("score")}
        flat[f"{question}{SUGGESTION}.agent"] = said.get("agent")
    for question, given in _object(record, "responses", place).items():
        flat[question + RESPONSES] = [one.get("value") for one in given]
        flat[question + USERS] = [one.get("user_id") for one in given]
    return flat


def _object(record: Record, part: str, place: Place) -> Mapping[str, Any]:
    """A part of a nested record, whose own parts are objects where they are looked into."""
    found = record.get(part) or {}
    entries = [*found.values()] if isinstance(found, Mapping) else [None]
    if part == "responses":
        entries = [one for entry in entries for one in (entry if isinstance(entry, list) else [entry])]
    if not isinstance(found, Mapping) or (
        part in ("suggestions", "responses") and not all(isinstance(one, Mapping) for one in entries)
    ):
        raise InputError(shown(found), expected="an object, as Argilla exports it", place=place.at(part))
    return found


def _row(record: Record, question: str, id_column: str, place: Place) -> dict[str, Any]:
    dropped: Counter[str] = Counter()
    given = [*_given(record, question, place, dropped)]
    if record.get(ANNOTATORS) is not None:
        names = _names(record[ANNOTATORS], place.at(ANNOTATORS))
        given = [(names.get(who, who) if who else None, label) for who, label in given]
    used = (question + RESPONSES, question + USERS, question + STATUS, id_column, ANNOTATORS)
    rest = {
        f"argilla.{name}" if is_reserved(name) and name != COLUMN else name: value
        for name, value in record.items()
        if name not in used and not (value is None and name.startswith(question + "."))
    }
    row = {"id": name_of(record.get(id_column), "id", place.at(id_column)), **restored(rest, place)}
    row |= {f"argilla.{status}": number for status, number in dropped.items()}
    if said := _evidence(record, question):
        row["evidence"] = {**row.get("evidence", {}), **said}
        row = {name: value for name, value in row.items() if not name.startswith(question + SUGGESTION)}
    return row | ({"labels": labels_row(given)} if given else {})


def _names(found: Any, place: Place) -> Mapping[str, str]:
    """The names of annotators by the ids that they got in :func:`_nested_record`."""
    names = parse_json(found, place) if isinstance(found, str) else found
    if not isinstance(names, Mapping) or not all(isinstance(name, str) for name in names.values()):
        raise InputError(shown(found, 60), expected="the names that labeldist wrote there", place=place)
    return names


def _given(record: Record, question: str, place: Place, dropped: Counter[str]) -> Iterator[Given]:
    """The submitted responses; what else there is becomes known by its status."""
    values = _entries(record, question + RESPONSES, place)
    users = _entries(record, question + USERS, place) or [None] * len(values)
    states = _entries(record, question + STATUS, place) or [None] * len(values)
    if not len(values) == len(users) == len(states):
        found = f"{len(values)} responses, {len(users)} users and {len(states)} states"
        raise InputError(found, expected="as many of each", place=place.at(question + RESPONSES))
    for value, user, status in zip(values, users, states, strict=True):
        if status not in (None, "submitted"):  # records that never were on a server have no status
            dropped[str(status)] += 1
            continue
        who = name_of(user, "user", place.at(question + USERS))
        for label in value if isinstance(value, list) else [value]:
            if (name := name_of(label, "response", place.at(question + RESPONSES))) is not None:
                yield who, name


def _entries(record: Record, column: str, place: Place) -> list[Any]:
    """The list in a cell, which CSV has as text."""
    found = record.get(column)
    if found is None or found == "":
        return []
    if isinstance(found, str):
        try:
            found = ast.literal_eval(found) if found.startswith("['") else json.loads(found)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            found = None
    if not isinstance(found, list):
        raise InputError(
            shown(record[column]), expected="a list with an entry per response", place=place.at(column),
            hint="export JSON or Parquet: dataset.records.to_datasets().to_json(FILE)",
        )  # fmt: skip
    return found


def _evidence(record: Record, question: str) -> dict[str, Any]:
    """A suggestion that is a distribution: labels, each with a score, that sum to 1."""
    labels, scores = record.get(question + SUGGESTION), record.get(question + SUGGESTION + ".score")
    if not isinstance(labels, list) or not isinstance(scores, list) or len(labels) != len(scores) or not labels:
        return {}
    numbers = [one for one in scores if isinstance(one, int | float) and 0 <= one <= 1]
    if len(numbers) < len(scores) or abs(sum(numbers) - 1) > TOLERANCE or len({*map(str, labels)}) < len(labels):
        return {}
    agent = record.get(question + SUGGESTION + ".agent") or "argilla"
    return {str(agent): {"scores": dict(zip(map(str, labels), numbers, strict=True))}}


def write(path: Path, items: Iterable[Item], task: Task) -> Sequence[str]:
    """``.json``: records that ``dataset.records.from_json`` imports; ``.jsonl``: flat ones, as Argilla exports them."""
    told: Counter[str] = Counter()
    if path.name.lower().endswith(".json"):
        with whole_file(path) as file:
            file.write(b"[\n")
            for number, item in enumerate(items):
                file.write((b",\n" if number else b"") + json_text(_nested_record(item, told)).encode())
            file.write(b"\n]\n")
        told_more = ["Argilla imports responses only of its own users: give annotators the ids of Argilla's users"]
        return sentences(told) + (told_more if told else [])
    write_rows(path, (_flat_record(item, told) for item in items))
    return sentences(told)


def _taken(name: str) -> bool:
    return name.startswith(QUESTION + ".") or name in (*NESTED, ANNOTATORS, "status", "_server_id")


def _responses(item: Item, told: Counter[str]) -> Iterator[tuple[str | None, str | list[str]]]:
    """Each annotator's response: a label, or the list of several; labels of nobody known one by one."""
    for who, labels in by_annotator(item).items():
        if who is not None and len(labels) > 1:
            told["several labels of an annotator are one response with a list, as to a multi-label question"] += 1
            yield who, labels
        else:
            yield from ((who, label) for label in labels)
    if any(one.annotator is None for one in item.labels):
        told["labels without annotators are responses without a user, which Argilla does not import"] += 1


def _flat_record(item: Item, told: Counter[str]) -> dict[str, Any]:
    given = [*_responses(item, told)]
    return {
        "id": item.id,
        **carried(item, _taken),
        QUESTION + RESPONSES: [label for _, label in given],
        QUESTION + USERS: [who for who, _ in given],
        QUESTION + STATUS: ["submitted"] * len(given),
    }


def _nested_record(item: Item, told: Counter[str]) -> dict[str, Any]:
    columns = carried(item, _taken, text_column=None if item.fields else "text")  # no record is without a field
    fields = {name: columns.pop(name) for name in item.fields or ["text"] if name in columns}
    given = [(None if who is None else _user(who), who, label) for who, label in _responses(item, told)]
    names = {user: who for user, who, _ in given if user is not None and user != who}
    if names:
        told["annotators are no users of Argilla: they get ids made of their names"] += 1
        columns[ANNOTATORS] = json_text(names)
    responses = [{"value": label, "user_id": user} for user, _, label in given]
    return {
        "id": item.id, "fields": fields, "metadata": columns, "suggestions": {}, "vectors": {},
        "responses": {QUESTION: responses},
    }  # fmt: skip


def _user(name: str) -> str:
    """Argilla's ids of users are UUIDs: the name where it is one, else one made of it."""
    try:
        return name if str(UUID(name)) == name else str(uuid5(NAMESPACE_URL, name))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, name))


FORMATS.add("argilla")(Format("argilla", "Argilla 2 records", recognises, rows, write, (".jsonl", ".json")))
