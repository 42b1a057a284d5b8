"""Rows written as a table: CSV, TSV or Parquet, with all the columns that any row has, in two passes over a stream."""

from __future__ import annotations

import importlib
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from labeldist.core.errors import InputError, MissingExtraError, Place, shown
from labeldist.datasets.columns import spread_over
from labeldist.datasets.layout import JSON, Layout, in_columns, is_number
from labeldist.datasets.limits import LONGEST_LINE
from labeldist.datasets.whole import is_special, naming_errors

PARQUET_ROWS = 4096  # of a group, held at a time
# What a spreadsheet takes for a formula, and runs; a number with a sign is none.
FORMULA = re.compile(r"[=+\-@\t\r](?!\d+(\.\d+)?\Z)")
LARGEST_INT = 2**53  # beyond it a table's numbers are not exact


@dataclass(slots=True)
class _Column:
    """What the cells of a column are: how many rows have it, how many of them a text, a formula, a flag, a number,
    nothing. A formula is a text too.
    """

    rows: int = 0
    texts: int = 0
    flags: int = 0
    formulas: int = 0
    numbers: int = 0
    whole: int = 0
    empty: int = 0

    def add(self, value: Any) -> None:
        self.rows += 1
        self.texts += isinstance(value, str) and "\0" not in value
        self.formulas += isinstance(value, str) and FORMULA.match(value) is not None
        self.flags += isinstance(value, bool)
        self.numbers += is_number(value) and abs(value) <= LARGEST_INT
        self.whole += isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INT
        self.empty += value is None


@dataclass(slots=True)
class _Seen:
    """The rows of the first pass: how many, and their columns in the order of their first occurrence."""

    rows: int = 0
    columns: dict[str, _Column] = field(default_factory=dict)


def write_csv(
    file: IO[bytes], rows: Iterable[Mapping[str, Any]], path: Path, layout: Layout, delimiter: str = ","
) -> int:
    """Write rows as CSV in UTF-8 with a header, and return how many.

    A column with a text that a spreadsheet would run as a formula (``=1+1``, ``@cmd``) is one of JSON, whose quotation
    marks keep it a text, and which reads back as it was; a column with such a name is refused.
    """

    def text(value: Any) -> str:
        if value is None:
            return ""
        found = value if isinstance(value, str) else repr(value).lower() if isinstance(value, bool) else repr(value)
        quoted = any(sign in found for sign in (delimiter, '"', "\n", "\r"))
        return '"' + found.replace('"', '""') + '"' if quoted else found

    def write(seen: _Seen, kinds: Mapping[str, str], flat: Iterator[dict[str, Any]]) -> None:
        file.write((delimiter.join(text(name) for name in _names(kinds)) + "\n").encode("utf-8"))
        for row in flat:
            cells = (_cell(row, name, kind) for name, kind in kinds.items())
            file.write(_readable((delimiter.join(map(text, cells)) + "\n").encode("utf-8"), row, Place(path)))

    return _in_two_passes(rows, path, layout, write, formulas=False)


def write_parquet(file: IO[bytes], rows: Iterable[Mapping[str, Any]], path: Path, layout: Layout) -> int:
    """Write rows as Parquet, numbers as numbers and texts as texts, and return how many; needs the extra."""
    arrow, parquet = load_parquet("writing Parquet")

    def write(seen: _Seen, kinds: Mapping[str, str], flat: Iterator[dict[str, Any]]) -> None:
        def type_of(name: str, kind: str) -> Any:
            if kind == "number":
                found = seen.columns[name]
                return arrow.int64() if found.whole == found.numbers else arrow.float64()
            return arrow.bool_() if kind == "flag" else arrow.string()

        schema = arrow.schema([(at, type_of(*one)) for at, one in zip(_names(kinds), kinds.items(), strict=True)])
        with closing(parquet.ParquetWriter(file, schema)) as writer:
            while batch := list(islice(flat, PARQUET_ROWS)):
                arrays = [
                    arrow.array([_cell(row, name, kind) for row in batch], schema.field(at).type)
                    for at, (name, kind) in enumerate(kinds.items())
                ]
                writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))

    return _in_two_passes(rows, path, layout, write)


def load_parquet(purpose: str) -> tuple[Any, Any]:
    """The modules ``pyarrow`` and ``pyarrow.parquet``; :class:`MissingExtraError` where they are not installed."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError(purpose, "parquet") from error


def json_line(row: Mapping[str, Any], place: Place) -> bytes:
    """A row as a line of JSONL; :class:`InputError` for a row that JSON in UTF-8 cannot hold."""
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        found = f"{shown(dict(row))} ({error})"
        raise InputError(found, expected="a row that JSON in UTF-8 can hold", place=place) from error


def row_line(row: Mapping[str, Any], place: Place) -> bytes:
    """As :func:`json_line`; :class:`InputError` also for a row that would be too long to be read again."""
    return _readable(json_line(row, place), row, place)


def _readable(line: bytes, row: Mapping[str, Any], place: Place) -> bytes:
    if len(line) > LONGEST_LINE:
        found = f"a row of {len(line):,} bytes, id {shown(row.get('id'))}"
        raise InputError(found, expected=f"at most {LONGEST_LINE:,}, which can be read again", place=place)
    return line


def _in_two_passes(
    rows: Iterable[Mapping[str, Any]],
    path: Path,
    layout: Layout,
    write: Callable[[_Seen, Mapping[str, str], Iterator[dict[str, Any]]], None],
    *,
    formulas: bool = True,
) -> int:
    """Keep the rows in a file without a name while their columns are counted, then ``write`` them; returns how many."""
    seen = _Seen()
    with naming_errors(path):
        opened = tempfile.TemporaryFile(dir=None if is_special(path) else path.parent)  # noqa: SIM115 - closed below
    with opened as kept:
        for row in rows:
            seen.rows += 1
            line = row_line(row, Place(path, seen.rows))
            with naming_errors(path):
                kept.write(line)
            for name, value in in_columns(json.loads(line), layout).items():
                seen.columns.setdefault(name, _Column()).add(value)
        for name, column in seen.columns.items():
            if not name.strip() or "\0" in name:
                expected = "columns with names that a table can have"
                raise InputError(f"a column named {shown(name)}", expected=expected, place=Place(path))
            if not formulas and FORMULA.match(name):
                raise InputError(
                    f"a column named {shown(name)}, which a spreadsheet would run as a formula",
                    expected="other names in CSV or TSV",
                    place=Place(path),
                    hint="rename it, or write .jsonl or .parquet",
                )
            if not formulas and column.formulas:
                column.texts = 0
        kinds = {name: _kind(name, column, seen, layout) for name, column in seen.columns.items()} or {"id": "text"}
        with naming_errors(path):
            kept.seek(0)
        write(seen, kinds, (in_columns(json.loads(line), layout) for line in kept))
    return seen.rows


def _kind(name: str, column: _Column, seen: _Seen, layout: Layout) -> str:
    """How a column's cells are written: ``number``, ``flag``, ``text``, ``part`` (JSON by the contract), ``json``."""
    if name in layout.json and name not in layout.flags:
        return "part"
    everywhere = column.rows == seen.rows
    if spread_over(name, layout.spread):
        return "number" if column.numbers == column.rows else "json"
    if name in layout.numbers or spread_over(name, layout.whole):
        return "number" if everywhere and column.numbers + column.empty == column.rows else "json"
    if name in layout.flags:
        return "flag" if everywhere and column.flags + column.empty == column.rows else "json"
    # JSON would be read from a text under such a name.
    return "text" if everywhere and column.texts == column.rows and not name.endswith(JSON) else "json"


def _names(kinds: Mapping[str, str]) -> list[str]:
    return [name + JSON if kind == "json" else name for name, kind in kinds.items()]


def _cell(row: Mapping[str, Any], name: str, kind: str) -> Any:
    """The value of a cell; None where the row has none."""
    if name not in row:
        return None
    value = row[name]
    if kind == "json" or (kind == "part" and value is not None):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    return value
