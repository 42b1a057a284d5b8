"""Mechanical Turk: the CSV of a batch's results, with a row per assignment.

Answers are columns ``Answer.*``: one with the label, or, of a group of radio buttons, one per label with true in that
of the chosen (``Answer.category.toxic``). Rejected assignments are counted in ``mturk.rejected``. Cells have entities
for characters that would hurt a web page (``&#44;``).
"""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.carried import COLUMN, OWN_ID, carried, is_text, restored
from labeldist.datasets.format import FORMATS, Format, Sample, question_of
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.plain_csv import FORMULA, write_plain_csv
from labeldist.datasets.tool_items import Given, Record, collected, given_labels, labels_row, name_of, others, sentences

TOOL = "Mechanical Turk"
HIT, ASSIGNMENT, WORKER, STATUS, REJECT = "HITId", "AssignmentId", "WorkerId", "AssignmentStatus", "Reject"
INPUT, ANSWER = "Input.", "Answer."
JSON_ANSWERS = "Answer.taskAnswers"  # of Crowd HTML Elements: all answers as JSON in one cell
TRUE, FALSE = ("true", "on"), ("false", "off", "")


def recognises(sample: Sample) -> bool:
    """Whether rows are assignments of HITs to workers."""
    theirs = any(name in (ASSIGNMENT, STATUS) or name.startswith((INPUT, ANSWER)) for name in sample.columns)
    return HIT in sample.columns and WORKER in sample.columns and theirs  # others keep who labelled, and drop the rest


def rows(records: Rows, columns: Mapping[str, str]) -> Rows:
    """A row per HIT, with the workers' answers to one question as its labels."""
    own_id, id_column = INPUT + OWN_ID, columns.get("id", HIT)

    def id_of(record: Record, place: Place) -> str:
        column = own_id if record.get(own_id) else _column(id_column, record)
        found = name_of(record.get(column), "id", place.at(column))
        if found is None:
            raise InputError("nothing", expected="the id of a HIT", place=place.at(column))
        return html.unescape(found)

    errors, items = collected(_opened(records), id_of)
    yield from errors
    if not items:
        return
    questions = _questions([record for found in items.values() for _, record in found])
    asked = dict(columns)
    if asked.get("label", "").startswith(ANSWER):
        asked["label"] = asked["label"].removeprefix(ANSWER)
    if asked.get("label") not in questions and f"{asked.get('label', '')}.label" in questions:
        asked["label"] += ".label"
    question = question_of(questions, asked, TOOL)
    for id_, found in items.items():
        place = found[0][0]
        try:
            yield place, _row(id_, found, question, questions[question], columns.get("id"))
        except InputError as error:
            yield place, error


def _column(name: str, record: Record) -> str:
    """The column that is meant: an input may be named as the HIT's template names it."""
    return name if name in record or INPUT + name not in record else INPUT + name


def _opened(records: Rows) -> Rows:
    """The records with the answers that are JSON in one cell as columns of their own."""
    for place, record in records:
        if isinstance(record, InputError) or not isinstance(record.get(JSON_ANSWERS), str):
            yield place, record
            continue
        try:
            answers = json.loads(html.unescape(record[JSON_ANSWERS]) or "[]")
        except (ValueError, RecursionError):
            yield place, record
            continue
        opened = {name: value for name, value in record.items() if name != JSON_ANSWERS}
        for answer in answers if isinstance(answers, list) else [answers]:
            opened |= dict(_spread(answer, ANSWER.removesuffix(".")))
        yield place, opened


def _spread(answer: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(answer, Mapping):
        for key, value in answer.items():
            yield from _spread(value, f"{name}.{key}")
    else:
        yield name, str(answer).lower() if isinstance(answer, bool) else "" if answer is None else str(answer)


def _questions(records: Sequence[Record]) -> dict[str, list[str]]:
    """The columns of each question: one, or those of a group of buttons, of which each answer chooses some."""
    values: dict[str, set[str]] = {}
    for record in records:
        for name, value in record.items():
            if name.startswith(ANSWER):
                values.setdefault(name, set()).add(str(value if value is not None else "").strip().lower())
    buttons: dict[str, list[str]] = {}
    for name, found in values.items():
        group, dot, _ = name.removeprefix(ANSWER).rpartition(".")
        if dot and found <= {*TRUE, *FALSE}:
            buttons.setdefault(group, []).append(name)
    questions = {group: names for group, names in buttons.items() if any(values[name] & {*TRUE} for name in names)}
    spread = {name for names in questions.values() for name in names}
    return questions | {name.removeprefix(ANSWER): [name] for name in values if name not in spread}


def _row(
    id_: str, found: Sequence[tuple[Place, Record]], question: str, names: list[str], id_column: str | None
) -> dict[str, Any]:
    kept = [(place, record) for place, record in found if not _is_rejected(record)]
    given = [one for place, record in kept for one in _given(record, question, names, place)]
    ours = any(record.get(INPUT + OWN_ID) == record.get(HIT) for _, record in found)  # Turk has not seen them yet
    used = {HIT, WORKER, STATUS, REJECT, "Approve", *names, *((ASSIGNMENT,) if ours else ()), id_column or ""}
    texts = [_texts(record, used) for _, record in kept or found]
    row = others(texts, (COLUMN, OWN_ID), "mturk")
    more = next((one[COLUMN] for one in texts if one.get(COLUMN)), None)
    row = {"id": id_, **restored({**row, COLUMN: more}, found[0][0])}
    if len(kept) < len(found):
        row["mturk.rejected"] = len(found) - len(kept)
    return row | ({"labels": labels_row(given)} if given else {})


def _is_rejected(record: Record) -> bool:
    """Whether work was rejected, or is to be: the column ``Reject`` takes the reason."""
    return str(record.get(STATUS) or "").lower() == "rejected" or bool(str(record.get(REJECT) or "").strip())


def _given(record: Record, question: str, names: Sequence[str], place: Place) -> Iterator[Given]:
    who = name_of(record.get(WORKER), "worker", place.at(WORKER))
    who = None if who is None else html.unescape(who)
    if names == [ANSWER + question]:
        label = name_of(record.get(names[0]), "answer", place.at(names[0]))
        if label is not None:
            yield who, html.unescape(label)
        return
    for name in names:
        if str(record.get(name) or "").strip().lower() in TRUE:
            yield who, html.unescape(name.removeprefix(f"{ANSWER}{question}."))


def _texts(record: Record, used: set[str]) -> dict[str, Any]:
    """Inputs under their own names, all else that is not empty under Turk's."""
    found = {}
    for name, value in record.items():
        short = name.removeprefix(INPUT)
        if name in used or value is None or value == "":
            continue
        # Turk's own columns keep their names where an input has the same.
        name = short if name.startswith(INPUT) and short not in record and short != "id" else name
        found[name] = html.unescape(value) if isinstance(value, str) else value
    return found


def write(path: Path, items: Iterable[Item], task: Task) -> Sequence[str]:
    """A batch's results; without its columns but ``Input.*`` it is what a batch is made of."""
    told: Counter[str] = Counter()
    lines: list[dict[str, str]] = [line for item in items for line in _lines(item, told)]
    names = dict.fromkeys(name for line in lines for name in line)
    inputs = [name for name in names if name.startswith(INPUT)]
    header = [HIT, ASSIGNMENT, WORKER, STATUS, *inputs, f"{ANSWER}label"]
    write_plain_csv(path, header, ([line.get(name, "") for name in header] for line in lines))
    return sentences(told)


def _lines(item: Item, told: Counter[str]) -> Iterator[dict[str, str]]:
    columns = carried(item, _taken, is_cell=is_text)
    id_ = _escaped(item.id)
    inputs = {INPUT + name: _escaped(text) for name, text in columns.items()}
    line = {HIT: id_, STATUS: "Submitted", INPUT + OWN_ID: id_, **inputs}
    given = [*given_labels(item)]
    if not given:
        yield line | {STATUS: ""}
    if any(who is None for who, _ in given):
        told["labels without annotators are assignments without a worker"] += 1
    for number, (who, label) in enumerate(given, 1):
        worker = {} if who is None else {WORKER: _escaped(who)}
        yield line | worker | {ASSIGNMENT: f"{id_}-{number}", f"{ANSWER}label": _escaped(label)}
        line.pop(INPUT + COLUMN, None)  # once is enough


def _taken(name: str) -> bool:
    return name in (HIT, ASSIGNMENT, WORKER, STATUS, REJECT, "Approve") or name.startswith((INPUT, ANSWER))


def _escaped(text: str) -> str:
    """A cell that neither a web page nor a spreadsheet takes for anything but a text."""
    text = html.escape(text, quote=False)
    return f"&#{ord(text[0])};{text[1:]}" if text[:1] and text[0] in FORMULA else text


FORMATS.add("mturk")(Format("mturk", "results of Mechanical Turk", recognises, rows, write, (".csv",)))
