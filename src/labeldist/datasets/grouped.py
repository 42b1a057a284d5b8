"""A row per annotation: rows are put together by item, in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.datasets.cells import LONGEST_LABEL, is_empty, is_true, name_of, split
from labeldist.datasets.column_map import ROW_NUMBER
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.shape import Shape

FILE_ID = "file_id"  # a column called id that does not name the items
UNLABELLED = "no_label"  # the column with the rows of an item that have no label
MOSTLY = 0.5  # share of items whose rows agree in a text, from which it is the item's


@dataclass(slots=True)
class _Item:
    """What the rows of one item have: the columns that all share, and those that ``vary``, with a value per label."""

    place: Place
    shared: dict[str, Any]
    labels: list[str] = field(default_factory=list)
    annotators: list[str | None] = field(default_factory=list)
    vary: dict[str, list[Any]] = field(default_factory=dict)
    unlabelled: list[dict[str, Any]] = field(default_factory=list)


def grouped(rows: Rows, shape: Shape) -> Rows:
    """Annotations as items with their labels, in the order in which the items first occur.

    Other columns go with the item: one value where all its rows have the same, else the list of them, a value for each
    label. Rows without a label stand in the column ``no_label``. A row that is an error, or lacks its item, comes as
    an error in its place; so does an item with two texts in a column that is the same on the rows of most items, or
    where one annotator labelled it twice.

    >>> annotations = [{"task": "t1", "worker": "a", "label": "ok", "text": "Hi.", "age": 30}]
    >>> annotations.append({"task": "t1", "worker": "b", "label": "toxic", "text": "Hi.", "age": 41})
    >>> lines = ((Place(line=line), row) for line, row in enumerate(annotations, 2))
    >>> [(_, item)] = grouped(lines, Shape("long", ("task",), "label", "worker"))
    >>> item["labels"], item["text"], item["age"]
    ([{'annotator': 'a', 'label': 'ok'}, {'annotator': 'b', 'label': 'toxic'}], 'Hi.', [30, 41])
    """
    items: dict[str, _Item] = {}
    roles = frozenset(shape.used)
    known: dict[tuple[str, ...], list[tuple[str, str]]] = {}  # most tables have the same columns in all rows
    for number, (place, row) in enumerate(rows):
        if isinstance(row, InputError):
            yield place, row
            continue
        id_ = item_id(row, shape, number)
        if id_ is None:
            lacking = next((name for name in shape.id if is_empty(row.get(name))), "id")
            yield place, InputError("an annotation without an item", expected="its id", place=place.at(lacking))
            continue
        names = known.get(columns := tuple(row))
        if names is None:
            names = known[columns] = [(name, other_name(name)) for name in columns if name not in roles]
        others = {new: row[name] for name, new in names}
        item = items.get(id_)
        if item is None:
            item = items[id_] = _Item(place, others)
        _add(item, row, others, shape)
    texts = _texts(items.values())
    for id_, item in items.items():
        suspects = texts if len({*item.annotators}) == len(item.annotators) else item.vary
        odd = next((name for name in suspects if name in item.vary and _several_texts(item.vary[name])), None)
        yield item.place, _row(id_, item) if odd is None else _two_texts(id_, item, odd, shape)


def item_id(row: Mapping[str, Any], shape: Shape, number: int) -> str | None:
    """The item that a row is of: its id, those of several columns with a slash between, or its number from 0."""
    if not shape.id or ROW_NUMBER in shape.id:
        return str(number)
    if len(shape.id) == 1:  # most tables, and each of their rows
        value = row.get(shape.id[0])
        return value.strip() or None if type(value) is str else name_of(value)
    names = [name_of(row.get(name)) for name in shape.id]
    return None if None in names else "/".join(map(str, names))


def other_name(name: str) -> str:
    """What a column is called that is none of the item's own.

    >>> other_name("id"), other_name("text")
    ('file_id', 'text')
    """
    return FILE_ID if name == "id" else name


def _add(item: _Item, row: Mapping[str, Any], others: dict[str, Any], shape: Shape) -> None:
    labels = [*_names(row.get(str(shape.label)), shape)] if shape.label else [*_chosen(row, shape)]
    who = _annotator(row, shape)
    if not labels:
        differ = {name: value for name, value in others.items() if item.shared.get(name) != value}
        item.unlabelled.append({"annotator": who, **differ})
        return
    if others != item.shared or item.vary:
        _vary(item, others, len(item.labels), len(labels))
    for label in labels:
        item.labels.append(sys.intern(label))
        item.annotators.append(who)


def _names(value: Any, shape: Shape) -> Iterator[str]:
    if type(value) is str and shape.separator is None and not shape.decimal and value[:1] not in ("[", "("):
        if (name := value.strip()) and name not in shape.missing:
            yield name
        return
    for part in split(value, shape.separator):
        if (found := name_of(part, decimal=shape.decimal)) is not None and found not in shape.missing:
            yield found


def _chosen(row: Mapping[str, Any], shape: Shape) -> Iterator[str]:
    """Of columns that are a label each, those that are true."""
    return (name for name in shape.values if is_true(row.get(name)))


def _annotator(row: Mapping[str, Any], shape: Shape) -> str | None:
    who = None if shape.annotator is None else name_of(row.get(shape.annotator))
    if who is None or shape.group is None:
        return None if who is None else sys.intern(who)
    group = name_of(row.get(shape.group))
    return sys.intern(who if group is None else f"{group}/{who}")


def _vary(item: _Item, others: Mapping[str, Any], before: int, times: int) -> None:
    """Take in the other columns of a row with so many labels, after those ``before``."""
    for name in dict.fromkeys((*item.shared, *others)):
        value = others.get(name)
        if name in item.vary:
            item.vary[name] += [value] * times
        elif value != item.shared.get(name):
            item.vary[name] = [item.shared.get(name)] * before + [value] * times


def _row(id_: str, item: _Item) -> dict[str, Any]:
    labels = [{"annotator": who, "label": label} for who, label in zip(item.annotators, item.labels, strict=True)]
    row = {"id": id_, "labels": labels, **item.shared}
    for name, values in item.vary.items():
        row[name] = values[0] if all(value == values[0] for value in values) else values
    return row | ({UNLABELLED: item.unlabelled} if item.unlabelled else {})


def _texts(items: Iterable[_Item]) -> list[str]:
    """The columns with a text of the item: on most items of several labels all rows have the same."""
    several = varying = 0
    times: dict[str, int] = {}
    for item in items:
        if len(item.labels) > 1:
            several += 1
            varying += bool(item.vary)
            for name, values in item.vary.items():
                if _several_texts(values):
                    times[name] = times.get(name, 0) + 1
    return [name for name, found in times.items() if found <= (1 - MOSTLY) * several]


def _several_texts(values: Iterable[Any]) -> bool:
    distinct = {value for value in values if isinstance(value, str) and value.strip()}
    return len(distinct) > 1 and any(len(value) > LONGEST_LABEL or " " in value.strip() for value in distinct)


def _two_texts(id_: str, item: _Item, column: str, shape: Shape) -> InputError:
    texts = [*dict.fromkeys(value for value in item.vary[column] if not is_empty(value))]
    return InputError(
        f"item {shown(id_)} with {len(texts)} texts: {shown(texts[0], 40)} and {shown(texts[1], 40)}",
        expected="one text for each id",
        place=item.place.at(column),
        hint=f"if several items have this id, name what tells them apart: --columns id={'+'.join((*shape.id, column))}",
    )
