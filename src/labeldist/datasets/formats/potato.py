"""Potato (potato-annotation): its exports as JSONL and CSV, and the folders in which it keeps each user's state.

An answer is ``{question: {option: value}}``; the option is the label, whatever the value, unless that says no.
Potato keeps no texts with answers: its items are the ids of the data that it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.by_item import ByItem, unknown_parts
from labeldist.datasets.format import FORMATS, MEMBER, Format, Sample, question_of
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.whole import whole_file
from labeldist.datasets.written_tables import json_line

NAME = "potato"
QUESTION = "label"  # in what is written
STATE = "instance_id_to_label_to_value"
LABELS = ("labels", "label_annotations")  # today, and in version 1
IDS, USERS = ("instance_id", "id"), ("user_id", "user")
SEPARATORS = (":::", ".")
NOT_CHOSEN = (None, "", False, 0, "0", "false", "False")
CHOSEN = ("1", "1.0", "true", "True")
OTHERS = ("_spans", "_room", "_room_id", "_data")  # what follows the dot where a column holds no option
UNNAMED = "unnamed-"

Options = Mapping[str, Any]
Answers = dict[str, Options]  # question to its options and their values


def recognises(sample: Sample) -> bool:
    """Whether these are answers of Potato: a user's state, labels by question, or columns named QUESTION.OPTION."""
    if sample.stored in ("csv", "excel", "frame", "parquet"):
        return _is_table(sample)
    return any(
        isinstance(record.get(STATE), Mapping)
        or (
            any(isinstance(record.get(name), Mapping) for name in LABELS)
            and ("user_id" in record or "label_annotations" in record)
            and _first(record, IDS) is not None
        )
        for record in sample.records
    )


def _is_table(sample: Sample) -> bool:
    """Whether a cell below QUESTION.OPTION says that option: `a.b` alone is a name like any other."""
    if not {"instance_id"} & {*sample.columns} or not {*USERS} & {*sample.columns}:
        return False
    cells = [
        (option, record[column])
        for record in sample.records
        for column in record
        for _, option in [_parted(column)]
        if option and not _says_no(record[column])
    ]
    return bool(cells) and all(str(value) in (option, *CHOSEN) for option, value in cells)


def rows(records: Rows, columns: Mapping[str, str]) -> Rows:
    """The items that were labelled, with the answers to one question, which ``columns["label"]`` names if need be.

    Labels of a rater that Potato knows to be a program are dropped and counted, as are records without an answer.
    """
    answers = []
    for place, record in records:
        if isinstance(record, InputError):
            yield place, record
            continue
        try:
            answers += [(place, *answer) for answer in _answers(record, place)]
        except InputError as error:
            yield place, error
    if not answers:
        return
    question = question_of((name for *_, given, _ in answers for name in given), columns, "Potato")
    gathered = ByItem(NAME)
    for place, item, user, given, machine in answers:
        labels = [] if machine else [{"annotator": user, "label": label} for label in chosen(given.get(question))]
        dropped = "machines" if machine else "" if labels else "unanswered"
        gathered.add(item, place, labels, {}, dropped)
    yield from gathered.rows()


def _answers(record: Mapping[str, Any], place: Place) -> Iterator[tuple[str, str | None, Answers, bool]]:
    """(item, user, answers by question, whether a program gave them) of each answer in a record."""
    machine = _is_machine(record.get("annotator_origin") or record.get("origin"))
    user = _user(record)
    if isinstance(record.get(STATE), Mapping):
        for item, given in record[STATE].items():
            yield str(item), user, _by_question(given, place.at(STATE)), machine
        return
    item = _first(record, IDS)
    if item is None or isinstance(item, dict | list | bool):
        raise InputError(
            shown(item) if item is not None else "nothing", expected="an item's id", place=place.at(IDS[0])
        )
    known = next((name for name in LABELS if isinstance(record.get(name), Mapping | list)), None)
    yield (
        str(item),
        user,
        _of_columns(record) if known is None else _by_question(record[known], place.at(known)),
        machine,
    )


def _by_question(given: Any, place: Place) -> Answers:
    """Answers as ``{question: {option: value}}``, or as pairs of ``{"schema", "name"}`` and a value."""
    if isinstance(given, Mapping):
        return {str(name): _options(options) for name, options in given.items()}
    found: dict[str, dict[str, Any]] = {}
    try:
        for key, value in given:
            found.setdefault(str(key["schema"]), {})[str(key["name"])] = value
    except (TypeError, ValueError, KeyError) as error:
        expected = 'pairs of {"schema", "name"} and a value, or {question: {option: value}}'
        raise InputError(shown(given), expected=expected, place=place) from error
    return dict(found)


def _options(options: Any) -> Options:
    """Options and values; `{"labels": {...}}`, as some versions nest them, is what it holds; a plain value is one."""
    if isinstance(options, Mapping):
        nested = options.get("labels")
        return nested if len(options) == 1 and isinstance(nested, Mapping) else options
    return {} if options in NOT_CHOSEN else {str(options): True}


def _of_columns(record: Mapping[str, Any]) -> Answers:
    found: dict[str, dict[str, Any]] = {}
    for column, value in record.items():
        question, option = _parted(column)
        if option and option not in OTHERS:
            found.setdefault(question, {})[option] = value
    return dict(found)


def _parted(column: str) -> tuple[str, str]:
    """Question and option of a column; an empty option where it names none.

    >>> _parted("tone:::very. rude"), _parted("tone.rude"), _parted("user_id")
    (('tone', 'very. rude'), ('tone', 'rude'), ('user_id', ''))
    """
    separator = next((sign for sign in SEPARATORS if sign in column), "\0")
    question, _, option = column.partition(separator)
    return question, option


def chosen(options: Options | None) -> list[str]:
    """The options that were chosen: whose value is neither empty nor a no, but for "0" of a scale that has it.

    >>> chosen({"yes": "yes", "no": False}), chosen({"0": "0"}), chosen({"not sure": 1}), chosen(None)
    (['yes'], ['0'], ['not sure'], [])
    """
    return [
        str(name)
        for name, value in (options or {}).items()
        if str(value) == str(name) or (isinstance(value, list | dict) and value) or not _says_no(value)
    ]


def _says_no(value: Any) -> bool:
    return isinstance(value, list | dict) or value in NOT_CHOSEN or value != value  # a cell of a frame may be NaN


def _user(record: Mapping[str, Any]) -> str | None:
    """Who answered; in old folders only the name of the folder says it."""
    user = _first(record, USERS)
    if user is None and record.get(MEMBER):
        user = next(reversed(Path(str(record[MEMBER])).parent.parts), None)
    return None if user is None else str(user)


def _first(record: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((record[name] for name in names if record.get(name) not in (None, "")), None)


def _is_machine(origin: Any) -> bool:
    if isinstance(origin, str):
        return origin not in ("", "human")
    return isinstance(origin, Mapping) and bool(origin) and origin.get("kind") != "human"


def write(path: Path, items: Iterable[Item], task: Task) -> list[str]:
    """One record per person and item, as Potato exports them; a folder of it can be read by whatever reads Potato."""
    lost: dict[str, int] = {}
    with ExitStack() as stack:
        file = stack.enter_context(whole_file(path))
        for number, item in enumerate(items, 1):
            for part in unknown_parts(item):
                lost[part] = lost.get(part, 0) + 1
            for what, count in (("no label", not item.labels), ("nobody named", _unnamed(item))):
                lost[what] = lost.get(what, 0) + count
            for record in _records(item):
                file.write(json_line(record, Place(path, number)))
    return _told(lost)


def _unnamed(item: Item) -> int:
    return sum(one.times for one in item.labels if one.annotator is None)


def _records(item: Item) -> Iterator[dict[str, Any]]:
    number = 0
    for one in item.labels:
        for _ in range(one.times):
            number += one.annotator is None
            user = f"{UNNAMED}{number}" if one.annotator is None else one.annotator
            yield {"instance_id": item.id, "user_id": user, "labels": {QUESTION: {one.label: one.label}}}


def _told(lost: Mapping[str, int]) -> list[str]:
    told = [
        f"Potato keeps no {part} with answers: those of {count:,} items are left out"
        for part, count in lost.items()
        if count and part not in ("no label", "nobody named")
    ]
    if lost.get("no label"):
        told.append(f"{lost['no label']:,} items have no label, and a file of answers has no place for them")
    if lost.get("nobody named"):
        told.append(
            f"{lost['nobody named']:,} labels name no annotator; Potato needs one: {UNNAMED}1, {UNNAMED}2, ..., "
            "who are not the same people from item to item"
        )
    return told


FORMATS.add(NAME)(Format(NAME, "Potato: answers by instance_id and user_id", recognises, rows, write, (".jsonl",)))
