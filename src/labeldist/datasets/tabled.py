"""Records of a table as rows of the Items contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.datasets.cells import as_number, is_empty, parsed
from labeldist.datasets.columns import KNOWN, spread_over
from labeldist.datasets.grouped import grouped, item_id, other_name
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.shape import Shape, labels_of


def rows_of(records: Rows, shape: Shape) -> Rows:
    """The rows of the Items contract in the records of a table of this shape.

    A row per annotation is put together by item (:mod:`labeldist.datasets.grouped`); all else is a stream.

    >>> table = [{"task": "t1", "a": 1.0, "b": 0.0, "text": "Hi."}]
    >>> records = ((Place(line=line), row) for line, row in enumerate(table, 1))
    >>> [row for _, row in rows_of(records, Shape("wide", ("task",), values=("a", "b")))]
    [{'id': 't1', 'labels': [{'annotator': 'a', 'label': '1'}, {'annotator': 'b', 'label': '0'}], 'text': 'Hi.'}]
    """
    return grouped(records, shape) if shape.name == "long" else _one_per_item(records, shape)


def _one_per_item(records: Rows, shape: Shape) -> Rows:
    used = frozenset(shape.used)
    for number, (place, record) in enumerate(records):
        if isinstance(record, InputError):
            yield place, record
            continue
        id_ = item_id(record, shape, number)
        try:
            row: dict[str, Any] = {"id": id_}
            if shape.name != "items":
                row["labels"] = labels_of(record, shape, place)
            for name, value in record.items():
                if name not in used and value is not None:
                    known = (name in KNOWN and name != "id") or spread_over(name)
                    row[other_name(name)] = _of_contract(name, value) if known else value
            yield place, row
        except InputError as error:
            yield place, error


def _of_contract(name: str, value: Any) -> Any:
    """What a text cell holds under a name that the contract knows: a number, or JSON."""
    return as_number(value) if spread_over(name) and not is_empty(value) else parsed(value)


def renamed(rows: Rows, names: Mapping[str, str]) -> Rows:
    """The rows with what is under other names: each of ``names`` by the column, or the way to it, that has it.

    >>> rows = iter([(Place(), {"id": "1", "text": {"en": ["Hi.", "Ho."]}, "q": "So?"})])
    >>> next(renamed(rows, {"premise": "text.en.0", "question": "q"}))[1]
    {'id': '1', 'text': {'en': ['Hi.', 'Ho.']}, 'premise': 'Hi.', 'question': 'So?'}
    """
    if not names:
        yield from rows
        return
    for place, row in rows:
        yield place, row if isinstance(row, InputError) else _renamed(row, names, place)


def _renamed(row: Mapping[str, Any], names: Mapping[str, str], place: Place) -> dict[str, Any] | InputError:
    """Columns are moved; parts of them are copied, since others may be wanted, too."""
    new = {}
    for name, column in names.items():
        found = row.get(column, _NOTHING)
        if found is _NOTHING:
            found = _way(row, column.split("."))
        if found is _NOTHING:
            known = ", ".join(map(str, row))
            return InputError(f"no column {column!r}", expected=f"one of: {known}", place=place.at(name))
        new[name] = _of_contract(name, found) if name in KNOWN or spread_over(name) else found
    return {name: value for name, value in row.items() if name not in names.values() and name not in new} | new


_NOTHING = object()


def _way(value: Any, steps: list[str]) -> Any:
    for at in steps:
        if isinstance(value, Mapping) and at in value:
            value = value[at]
        elif isinstance(value, list) and at.isdecimal() and int(at) < len(value):
            value = value[int(at)]
        else:
            return _NOTHING
    return value
