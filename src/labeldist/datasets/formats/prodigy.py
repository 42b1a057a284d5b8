"""Prodigy: lines as ``prodigy db-out`` exports them and ``prodigy db-in`` imports them.

A line is an answer of one person: choices (``options``, ``accept``), or accept and reject as the two labels of a task
without options, of one ``label`` or none. Lines with the same ``_input_hash`` are the same item. Choices that were
rejected or ignored as a whole are counted in ``prodigy.reject`` and ``prodigy.ignore``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.carried import COLUMN, OWN_ID, carried, restored
from labeldist.datasets.files import write_rows
from labeldist.datasets.format import FORMATS, Format, Sample, question_of
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.tool_items import Given, Record, by_annotator, collected, labels_row, name_of, others, sentences

TOOL = "Prodigy"
HASH, ANNOTATOR, SESSION = "_input_hash", "_annotator_id", "_session_id"
ANSWERS = ("accept", "reject", "ignore")
# Read here, or made by Prodigy of what is in the line.
USED = ("options", "accept", "answer", HASH, ANNOTATOR, SESSION, "_task_hash", "_view_id", "_is_binary", OWN_ID)
SPANS = re.compile(r"(ner|spans|pos|dep|relations|image|audio)(_manual)?")
STAMP = re.compile(r"\d{4}-\d\d-\d\d[_T]\d\d-\d\d-\d\d")  # what a session without a name is called


def recognises(sample: Sample) -> bool:
    """Whether lines have Prodigy's hashes, or its answers to options."""
    names = sample.columns
    if HASH in names:
        return "answer" in names or "_task_hash" in names
    if OWN_ID in names and "options" in names:  # written here, and not yet seen by Prodigy
        return True
    return "answer" in names and ("accept" in names or ANNOTATOR in names)


def rows(records: Rows, columns: Mapping[str, str]) -> Rows:
    """A row per input, with the answers to it as its labels."""
    id_column = columns.get("id", HASH)

    def id_of(record: Record, place: Place) -> str:
        name = OWN_ID if record.get(OWN_ID) is not None else id_column
        found = name_of(record.get(name), "id", place.at(name))
        if found is None:
            hint = "prodigy db-out DATASET writes it; or name another column: --columns id=..."
            raise InputError("nothing", expected="the hash of the input", place=place.at(name), hint=hint)
        return found

    errors, items = collected(records, id_of)
    yield from errors
    answered = [record for found in items.values() for _, record in found]
    question = _question(answered, columns)
    dataset = _dataset(answered)
    for id_, found in items.items():
        place = found[0][0]
        try:
            yield place, _row(id_, found, question, dataset, columns.get("id"))
        except InputError as error:
            yield place, error


def _question(records: Sequence[Record], columns: Mapping[str, str]) -> str | None:
    """The label that people accepted or rejected, where lines have one instead of options."""
    asked = [str(one["label"]) for one in records if "options" not in one and one.get("label") is not None]
    return question_of(asked, columns, TOOL) if asked else None


def _dataset(records: Sequence[Record]) -> str:
    """What all annotators' names begin with: Prodigy puts the data set's before those of named sessions."""
    names = {str(who) for one in records if (who := _who(one)) is not None}
    if len(names) < 2 or any(STAMP.search(name) for name in names) or any(OWN_ID in one for one in records):
        return ""
    first, last = min(names), max(names)
    shared = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[: first[:shared].rfind("-") + 1]


def _who(record: Record) -> Any:
    """Who answered: versions before 1.11 only name the session."""
    return record.get(SESSION) if record.get(ANNOTATOR) is None else record[ANNOTATOR]


def _row(
    id_: str, found: Sequence[tuple[Place, Record]], question: str | None, dataset: str, id_column: str | None
) -> dict[str, Any]:
    dropped: Counter[str] = Counter()
    given = [one for place, record in found for one in _given(record, question, dataset, place, dropped)]
    records = [record for _, record in found]
    used = {*USED, COLUMN, id_column, None if question is None else "label"}
    if any(record.get(SESSION) not in (None, _who(record)) for record in records):
        used.remove(SESSION)
    row = others(records, used, "prodigy")
    carried_on = next((record[COLUMN] for record in records if record.get(COLUMN) is not None), None)
    row = {"id": id_, **restored({**row, COLUMN: carried_on}, found[0][0])}
    if dataset:
        row["prodigy.dataset"] = dataset.removesuffix("-")
    options = records[0].get("options")
    if isinstance(options, list) and any(
        isinstance(one, Mapping) and str(one.get("text", one.get("id"))) != str(one.get("id")) for one in options
    ):
        row["options"] = options
    row |= {f"prodigy.{answer}": number for answer, number in dropped.items()}
    return row | ({"labels": labels_row(given)} if given else {})


def _given(record: Record, question: str | None, dataset: str, place: Place, dropped: Counter[str]) -> Iterator[Given]:
    answer = record.get("answer")
    if answer is None:  # a task that nobody has seen yet
        return
    if answer not in ANSWERS:
        raise InputError(shown(answer), expected=f"one of: {', '.join(ANSWERS)}", place=place.at("answer"))
    if "options" not in record and "accept" not in record:
        if "spans" in record and SPANS.fullmatch(str(record.get("_view_id", "ner"))):
            raise InputError("spans", expected="choices, or accept and reject, as labels", place=place.at("spans"))
        if question is not None and str(record.get("label")) != question:
            return
        labels = [answer] if answer != "ignore" else []
    else:
        labels = _accepted(record, place) if answer == "accept" else []
    if not labels:
        dropped["nothing chosen" if answer == "accept" else answer] += 1
    who = name_of(_who(record), "annotator", place.at(ANNOTATOR))
    for label in labels:
        yield None if who is None else who.removeprefix(dataset), label


def _accepted(record: Record, place: Place) -> list[str]:
    accepted = record.get("accept") or []
    if not isinstance(accepted, list):
        raise InputError(shown(accepted), expected="a list of options", place=place.at("accept"))
    names = [name_of(one, "option", place.at("accept")) for one in accepted]
    return [name for name in names if name is not None]


def write(path: Path, items: Iterable[Item], task: Task) -> Sequence[str]:
    """A line per annotator and item, or a task without an answer; ``prodigy db-in`` takes them, and adds the hashes."""
    told: Counter[str] = Counter()
    options = [{"id": name, "text": name} for name in task.label_names]
    write_rows(path, (line for item in items for line in _lines(item, options, told)))
    return sentences(told)


def _lines(item: Item, options: list[dict[str, str]], told: Counter[str]) -> Iterator[dict[str, Any]]:
    columns = carried(item, lambda name: name in (*USED, "label", "spans"), text_column="text")
    more = columns.pop(COLUMN, None)
    first = {} if more is None else {COLUMN: more}  # once is enough
    shown_ = {**columns, OWN_ID: item.id, "options": options}
    answers = [*_answers(item, told)]
    if not answers:
        yield shown_ | first
    for number, (who, accepted) in enumerate(answers):
        line = shown_ | (first if number == 0 else {}) | {"accept": accepted, "answer": "accept", "_view_id": "choice"}
        yield line if who is None else line | {ANNOTATOR: who, SESSION: who}


def _answers(item: Item, told: Counter[str]) -> Iterator[tuple[str | None, list[str]]]:
    for who, labels in by_annotator(item).items():
        if who is None:
            told["labels without annotators are answers of nobody who is named"] += 1
            yield from ((None, [label]) for label in labels)
        else:
            if len(labels) > 1:
                told["several labels of an annotator are one answer that accepts several options"] += 1
            yield who, labels


FORMATS.add("prodigy")(Format("prodigy", "Prodigy annotations", recognises, rows, write, (".jsonl",)))
