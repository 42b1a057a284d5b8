"""A file with a row per annotation: its rows are grouped by item; that of a file with a row per item are left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    shape = columns_of_annotations(first[1]) if isinstance(first[1], Mapping) else None
    return whole if shape is None else grouped(whole, shape)


def grouped(rows: Rows, shape: Shape) -> Rows:
    """Annotations as items with their labels, in the order in which the items first occur.

    A column that is the same in all rows of an item goes with it. A row that is an error, or lacks its item or label,
    comes as an error in its place.

    >>> annotations = [{"task": "t1", "worker": "a", "label": "ok"}, {"task": "t1", "worker": "b", "label": "toxic"}]
    >>> lines = ((Place(line=line), row) for line, row in enumerate(annotations, 2))
    >>> [row["labels"] for _, row in grouped(lines, Shape("long", "task", "label", "worker"))]
    [[{'annotator': 'a', 'label': 'ok'}, {'annotator': 'b', 'label': 'toxic'}]]
    """
    found: dict[Any, tuple[Place, dict[str, Any]]] = {}
    varying: dict[Any, set[str]] = {}
    for place, row in rows:
        if isinstance(row, InputError):
            yield place, row
            continue
        id_, label = row.get(shape.id or ""), row.get(shape.label or "")
        if is_empty(id_):
            yield place, InputError("an annotation without an item", expected="its id", place=place.at(str(shape.id)))
            continue
        others = {name: value for name, value in row.items() if name not in (shape.id, shape.label, shape.annotator)}
        if id_ not in found:
            found[id_] = place, {**others, "id": id_, "labels": []}
            varying[id_] = set()
        item = found[id_][1]
        names = others.keys() | item.keys() - {"id", "labels"}
        varying[id_] |= {name for name in names if others.get(name) != item.get(name)}
        if not is_empty(label):
            item["labels"].append({"annotator": row.get(shape.annotator or ""), "label": label})
    yield from _of_items(found, varying)


def _of_items(found: Mapping[Any, tuple[Place, dict[str, Any]]], varying: Mapping[Any, set[str]]) -> Iterator[Any]:
    for id_, (place, item) in found.items():
        yield place, {name: value for name, value in item.items() if name not in varying[id_]}
