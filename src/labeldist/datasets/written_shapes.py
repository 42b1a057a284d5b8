"""Items as tables of other shapes: a row per annotation, a column per annotator, or a count per label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.files import write_items, write_rows
from labeldist.datasets.layout import PLAIN
from labeldist.datasets.written_rows import item_to_row

UNNAMED_ANNOTATOR = "annotator{}"
WRITTEN = ("items", "long", "wide", "counts")
Rows = Iterator[dict[str, Any]]


def write_shape(shape: str, path: Path, items: Iterable[Item], task: Task) -> list[str]:
    """Write items as a table of a shape, in the format that the name of ``path`` says; what it cannot hold, in words.

    ``shape``: long, wide, counts, or items, which holds everything. Whatever else is known of an item is in further
    columns, and is read back from them. Raises as :func:`~labeldist.datasets.files.write_rows` does, and
    :class:`InputError` for an item that the shape cannot hold.
    """
    if shape == "items":
        write_items(path, items)
        return []
    lost: set[str] = set()
    rows: Callable[[Item, Task, set[str]], Iterable[dict[str, Any]]] = {
        "long": _long,
        "wide": _wide,
        "counts": _counts,
    }[shape]
    write_rows(path, (row for item in items for row in rows(item, task, lost)), PLAIN)
    return sorted(lost)


def _others(item: Item, taken: Sequence[str]) -> dict[str, Any]:
    """All that is known of an item beside its labels, as columns."""
    row = item_to_row(item)
    row.pop("labels", None)
    fields: Mapping[str, Any] = row.pop("fields")
    row = {"id": row.pop("id"), **fields, **row}
    clash = next((name for name in taken if name in row), None)
    if clash is not None:
        raise InputError(
            f"column {clash!r} of item {item.id!r}",
            expected="no column of that name beside the labels",
            hint="rename it, or write another format",
        )
    return row


def _long(item: Item, task: Task, lost: set[str]) -> Rows:
    others = _others(item, ("annotator", "label"))
    if not item.labels:
        yield {"id": others["id"], "annotator": None, "label": None, **others}
    for one in item.labels:
        for _ in range(one.times):
            yield {"id": others["id"], "annotator": one.annotator, "label": one.label, **others}


def _wide(item: Item, task: Task, lost: set[str]) -> Rows:
    cells: dict[str, str] = {}
    number = 0
    for one in item.labels:
        for _ in range(one.times):
            number += 1
            name = one.annotator or UNNAMED_ANNOTATOR.format(number)
            if one.annotator is None:
                lost.add(
                    "annotators without names are called annotator1, annotator2, ...: they are not the same people"
                )
            if name in cells:
                raise InputError(
                    f"several labels of item {item.id!r} by annotator {name!r}",
                    expected="one in each cell",
                    hint="--to long holds them; --repeated-labels first or last counts each annotator once",
                )
            cells[name] = one.label
    yield _others(item, [*cells]) | cells


def _counts(item: Item, task: Task, lost: set[str]) -> Rows:
    counts = {
        f"n_{name}": count for name, count in zip(task.label_names, item.label_counts(task.label_names), strict=True)
    }
    if any(one.annotator is not None for one in item.labels):
        lost.add("who chose which label is not in counts; --to long holds it")
    yield _others(item, [*counts]) | counts
