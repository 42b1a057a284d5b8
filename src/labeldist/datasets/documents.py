"""Files that are one JSON document: an array of rows, or an object of rows by id, as some data sets are published."""

from __future__ import annotations

from pathlib import Path

from labeldist.core.errors import InputError, Place, shown
from labeldist.datasets.jsonl import Rows, decoded, opened, parse_json
from labeldist.datasets.limits import LARGEST_DOCUMENT

ID = "id"


def document_rows(path: Path) -> Rows:
    """The rows of the document, in its order; of an object each with its key under ``id``.

    The place of a row is its number, from 1. The whole document is read at once: it has no lines to read one by one.
    Raises :class:`InputError` for a file that is no such document, or has no row.
    """
    place = Place(path)
    with opened(path) as file:
        content = file.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        raise InputError(f"more than {LARGEST_DOCUMENT:,} bytes", expected="a smaller document", place=place)
    found = parse_json(decoded(content, place), place)
    if isinstance(found, dict):
        rows = [{ID: key, **row} if isinstance(row, dict) else row for key, row in found.items()]
    elif isinstance(found, list):
        rows = found
    else:
        raise InputError(shown(found, 60), expected="an array or an object of rows", place=place)
    if not rows:
        raise InputError("an empty document", expected="at least one row", place=place)
    for number, row in enumerate(rows, 1):
        where = Place(path, number)
        if isinstance(row, dict):
            yield where, row
        else:
            yield where, InputError(shown(row, 60), expected="a JSON object", place=where)
