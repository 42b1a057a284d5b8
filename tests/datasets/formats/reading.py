"""Records through a format to items, as a file that holds them is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.format import FORMATS
from labeldist.datasets.rows import item_from_row


def rows_of(name: str, records: Sequence[Any], **columns: str) -> list[Mapping[str, Any]]:
    """The rows that the format makes of records; an error is raised."""
    found = []
    for place, row in FORMATS.get(name).rows(((Place(line=n), r) for n, r in enumerate(records, 1)), columns):
        if isinstance(row, InputError):
            raise row
        found.append((place, row))
    return [row for _, row in found]


def items_of(name: str, records: Sequence[Any], task: Task, **columns: str) -> list[Item]:
    """The items that the format makes of records."""
    return [item_from_row(row, task, Place()) for row in rows_of(name, records, **columns)]
