"""Files that are one JSON document: an array of rows, an object of rows by id, or of columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.datasets.jsonl import Rows, decoded, opened, parse_json
from labeldist.datasets.limits import LARGEST_DOCUMENT
from labeldist.datasets.roles import NAMES, bare

ID = "id"


def document_rows(path: Path) -> Rows:
    """The rows of the document, in its order; of an object each with its key under ``id``.

    An object of columns, as pandas writes it, and one around a list of rows are read, too. The place of a row is its
    number, from 1. The whole document is read at once: it has no lines to read one by one. Raises :class:`InputError`
    for a file that is no such document, or has no row.
    """
    place = Place(path)
    with opened(path) as file:
        content = file.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        raise InputError(f"more than {LARGEST_DOCUMENT:,} bytes", expected="a smaller document", place=place)
    found = parse_json(decoded(content.removeprefix(b"\xef\xbb\xbf"), place), place)
    rows = _rows(found) if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise InputError(shown(found, 60), expected="an array or an object of rows", place=place)
    if not rows:
        raise InputError("an empty document", expected="at least one row", place=place)
    for number, row in enumerate(rows, 1):
        where = Place(path, number)
        if isinstance(row, dict):
            yield where, row
        else:
            yield where, InputError(shown(row, 60), expected="a JSON object", place=where)


def _rows(found: Mapping[str, Any]) -> list[Any]:
    """The rows in an object: a list in it, its columns side by side, or its values by id."""
    values = [*found.values()]
    lists = [value for value in values if isinstance(value, list)]
    if len(lists) == 1 and all(isinstance(row, dict) for row in lists[0]) and lists[0]:
        return lists[0]
    if values and len(lists) == len(values) and len({len(value) for value in values}) == 1:
        return [dict(zip(found, row, strict=True)) for row in zip(*values, strict=True)]
    if any(bare(name) in known for name in found for known in NAMES.values()) and _are_columns(values):
        return [{name: column[key] for name, column in found.items()} for key in values[0]]
    if values and not any(isinstance(value, dict) for value in values):
        return [found]
    return [{ID: key, **row} if isinstance(row, dict) else row for key, row in found.items()]


def _are_columns(values: list[Any]) -> bool:
    """Whether these are columns with a value for each row number, as pandas writes them."""
    if not values or not all(isinstance(value, dict) and value for value in values):
        return False
    keys = [*values[0]]
    return all(key.isdecimal() for key in keys) and all(
        [*value] == keys and not any(isinstance(part, dict) for part in value.values()) for value in values
    )
