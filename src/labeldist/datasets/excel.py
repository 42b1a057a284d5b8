"""Excel workbooks as records: the cells of the first sheet, by the names in its first row."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, MissingExtraError, Place
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.limits import MOST_COLUMNS
from labeldist.datasets.roles import UNNAMED


def excel_rows(path: Path, names: Sequence[str] = ()) -> Rows:
    """The rows of the only sheet that has any, numbered as in Excel; ``names``: of the columns, where no row has them.

    Numbers without fraction are whole numbers; a date, which Excel makes of labels such as 1-2, is a text that says so.
    Raises :class:`InputError` for a workbook that cannot be read, or has several sheets with rows, and
    :class:`MissingExtraError` without openpyxl.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtraError("reading Excel files", "excel") from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheets = {sheet.title: sheet for sheet in book.worksheets if _has_rows(sheet)}
    except Exception as error:  # broken zips, broken XML, wrong kinds of file: openpyxl lets each out as it is
        raise InputError(f"no Excel file ({error})", expected="a workbook (.xlsx)", place=Place(path)) from error
    try:
        if len(sheets) != 1:
            found = f"{len(sheets)} sheets with rows: {', '.join(sheets)}" if sheets else "a workbook without rows"
            hint = "save the one with the annotations as CSV" if sheets else ""
            raise InputError(found, expected="one sheet with rows", place=Place(path), hint=hint)
        yield from _rows(path, next(iter(sheets.values())), names)
    finally:
        book.close()


def _has_rows(sheet: Any) -> bool:
    return any(value is not None for row in sheet.iter_rows(max_row=20, values_only=True) for value in row)


def _rows(path: Path, sheet: Any, names: Sequence[str]) -> Rows:
    header: list[str] | None = [*names] or None
    for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
        values = [*cells]
        while values and values[-1] is None:
            values.pop()
        if not values:
            continue
        place = Place(path, number)
        if header is None:
            header = [*_header(values, place)]
            continue
        if len(values) > len(header):
            expected = f"{len(header)}, as in the header"
            yield place, InputError(f"{len(values)} cells", expected=expected, place=place)
            continue
        yield place, {name: _plain(value) for name, value in zip(header, values, strict=False)}


def _header(values: Sequence[Any], place: Place) -> Iterator[str]:
    names = ["" if value is None else str(value).strip() for value in values]
    if len(names) > MOST_COLUMNS:
        raise InputError(f"{len(names):,} columns", expected=f"at most {MOST_COLUMNS:,}", place=place)
    for number, name in enumerate(names):
        if not name and number:
            raise InputError("a column without a name", expected="a name for each column", place=place)
        if name and names.count(name) > 1:
            hint = "if this is no header but a row, name all columns: --columns id,annotator,label"
            raise InputError(f"two columns named {name!r}", expected="each column once", place=place, hint=hint)
        yield name or UNNAMED


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else value
