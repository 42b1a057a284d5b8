"""A file with a row per annotation: its rows are grouped by item; that of a file with a row per item are left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.datasets.files import read_rows
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.shapes import Shape, columns_of_annotations, is_empty


def rows_of_file(path: Path) -> Rows:
    """The rows of the Items contract in a file; those of annotations (an item's id, an annotator, a label) by item.

    What a row is, is told by the columns of the first. Annotations have to be in memory all at once; anything else is
    a stream.
    """
    rows = read_rows(path)
    first = next(rows, None)
    if first is None:
        return rows
    whole = chain([first], rows)
    shape = _shape(first[1])
    return whole if shape is None else grouped(whole, shape)


def annotations_in(path: Path) -> Shape | None:
    """Which columns of the file hold the item, the label and the annotator of an annotation; None of any other file."""
    first = next(read_rows(path), None)
    return None if first is None else _shape(first[1])


def _shape(row: Mapping[str, Any] | InputError) -> Shape | None:
    return columns_of_annotations(row) if isinstance(row, Mapping) else None


def grouped(rows: Rows, shape: Shape) -> Rows:
    """Annotations as items with their labels, in the order in which the items first occur.

    Other columns go with the item: one value where all its rows have the same, else the list of them, a value per row.
    A row that is an error, or lacks its item, comes as an error in its place; one without a label adds none.

    >>> annotations = [{"task": "t1", "worker": "a", "label": "ok", "text": "Hi.", "age": 30}]
    >>> annotations.append({"task": "t1", "worker": "b", "label": "toxic", "text": "Hi.", "age": 41})
    >>> lines = ((Place(line=line), row) for line, row in enumerate(annotations, 2))
    >>> [(_, item)] = grouped(lines, Shape("long", "task", "label", "worker"))
    >>> item["labels"], item["text"], item["age"]
    ([{'annotator': 'a', 'label': 'ok'}, {'annotator': 'b', 'label': 'toxic'}], 'Hi.', [30, 41])
    """
    roles = (shape.id, shape.label, shape.annotator)
    items: dict[Any, list[tuple[Place, Mapping[str, Any]]]] = {}
    for place, row in rows:
        if isinstance(row, InputError):
            yield place, row
        elif is_empty(row.get(str(shape.id))):
            yield place, InputError("an annotation without an item", expected="its id", place=place.at(str(shape.id)))
        else:
            items.setdefault(row[str(shape.id)], []).append((place, row))
    for id_, found in items.items():
        of_item = [row for _, row in found]
        item: dict[str, Any] = {"id": id_, "labels": [*_labels(of_item, shape)]}
        for name in dict.fromkeys(name for row in of_item for name in row if name not in roles):
            values = [row.get(name) for row in of_item]
            item[name] = values[0] if all(value == values[0] for value in values) else values
        yield found[0][0], item


def _labels(rows: Sequence[Mapping[str, Any]], shape: Shape) -> Iterator[dict[str, Any]]:
    for row in rows:
        if not is_empty(row.get(str(shape.label))):
            yield {"annotator": row.get(str(shape.annotator)), "label": row[str(shape.label)]}
