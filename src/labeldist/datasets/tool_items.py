"""What readers and writers of annotation tools' files share: records of an item together, labels with or without
annotators, and sentences on what a format cannot hold.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Item
from labeldist.datasets.carried import is_reserved
from labeldist.datasets.jsonl import Rows

Record = Mapping[str, Any]
Given = tuple[str | None, str]  # an annotator, where one is known, and the label that they gave


def name_of(value: Any, what: str, place: Place) -> str | None:
    """A label, an id or an annotator as a text; None where there is none. :class:`InputError` for a list or an object.

    >>> name_of(3, "label", Place()), name_of(3.0, "label", Place()), name_of("", "label", Place())
    ('3', '3', None)
    """
    if value is None or value != value:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        raise InputError(shown(value), expected=f"a text or a number as the {what}", place=place)
    text = str(value)
    return text if text.strip() else None


def collected(
    records: Rows, id_of: Callable[[Record, Place], str]
) -> tuple[list[tuple[Place, InputError]], dict[str, list[tuple[Place, Record]]]]:
    """What could not be read, and the records of each item, in the order in which items first occur."""
    errors: list[tuple[Place, InputError]] = []
    items: dict[str, list[tuple[Place, Record]]] = {}
    for place, record in records:
        try:
            if isinstance(record, InputError):
                raise record
            items.setdefault(id_of(record, place), []).append((place, record))
        except InputError as error:
            errors.append((place, error))
    return errors, items


def each(records: Rows, row_of: Callable[[Record, Place], dict[str, Any]]) -> Rows:
    """The row of each record, or its error in its place."""
    for place, record in records:
        try:
            yield place, record if isinstance(record, InputError) else row_of(record, place)
        except InputError as error:
            yield place, error


def others(records: Sequence[Record], used: Collection[str | None], tool: str) -> dict[str, Any]:
    """All other columns of an item's records: one value where all have the same, else the list of them.

    A name that the Items contract uses gets the tool's before it.

    >>> others([{"text": "Hi.", "age": 30, "labels": 1}, {"text": "Hi.", "age": 41, "labels": 1}], (), "mturk")
    {'text': 'Hi.', 'age': [30, 41], 'mturk.labels': 1}
    """
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for record in records for name in record):
        if name not in used:
            values = [record.get(name) for record in records]
            same = all(value == values[0] for value in values)
            found[f"{tool}.{name}" if is_reserved(name) else name] = values[0] if same else values
    return found


def labels_row(given: Sequence[Given]) -> list[str | dict[str, str]] | dict[str, int]:
    """The labels of a row: counts where nobody is known and a label was given twice, else an entry for each.

    >>> labels_row([("ann", "ok"), (None, "toxic")]), labels_row([(None, "ok"), (None, "toxic"), (None, "ok")])
    ([{'annotator': 'ann', 'label': 'ok'}, 'toxic'], {'ok': 2, 'toxic': 1})
    """
    counts = Counter(label for _, label in given)
    if len(counts) < len(given) and all(annotator is None for annotator, _ in given):
        return dict(counts)
    return [label if who is None else {"annotator": who, "label": label} for who, label in given]


def given_labels(item: Item) -> Iterator[Given]:
    """Each label that was given, with its annotator; counts as often as they say.

    >>> from labeldist.core.item import Annotation
    >>> [*given_labels(Item("1", {}, (Annotation("ok", "ann"), Annotation("toxic", times=2))))]
    [('ann', 'ok'), (None, 'toxic'), (None, 'toxic')]
    """
    for one in item.labels:
        for _ in range(one.times):
            yield one.annotator, one.label


def by_annotator(item: Item) -> dict[str | None, list[str]]:
    """The labels of each annotator, in order; under None those of nobody who is known."""
    found: dict[str | None, list[str]] = {}
    for annotator, label in given_labels(item):
        found.setdefault(annotator, []).append(label)
    return found


def sentences(counted: Counter[str]) -> list[str]:
    """One for each kind of loss, with the number of items that it concerns.

    >>> sentences(Counter({"explanations are left out": 1}))
    ['1 item: explanations are left out']
    """
    return [f"{number:,} item{'s' if number != 1 else ''}: {what}" for what, number in counted.items() if number]


def json_text(value: Any) -> str:
    """``value`` as JSON; :class:`InputError` for what JSON in UTF-8 cannot hold."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(shown(value), expected="a value that JSON in UTF-8 can hold") from error
    return text
