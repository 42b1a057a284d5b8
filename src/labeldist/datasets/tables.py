"""CSV, TSV and Parquet: tables whose cells are turned into the rows that JSONL would hold.

In CSV and TSV the first line names the columns. A cell of ``labels``, ``explanations``, ``answers``, ``evidence``,
``reference`` or ``fields`` holds JSON; ``labels`` may also be names with semicolons between them
("neutral;neutral;entailment"), and counts may be spread over columns (``labels.neutral``, ``reference.neutral``), as
may numbers of files of distributions (``distribution.neutral``). An empty cell of these is a missing value. Text
columns of a Parquet file are read in the same way. Which columns are structured is the file's layout
(:mod:`labeldist.datasets.layout`), by which tables are also written.
"""

from __future__ import annotations

import csv
import datetime
import decimal
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.datasets.columns import KNOWN, spread_over
from labeldist.datasets.jsonl import Rows, byte_lines, decoded, opened, parse_json
from labeldist.datasets.layout import ITEMS, JSON, PLAIN, Layout, from_columns
from labeldist.datasets.limits import LONGEST_LINE, MOST_COLUMNS
from labeldist.datasets.parquet import parquet_names, parquet_pieces, piece_bytes, row_values
from labeldist.datasets.roles import UNNAMED
from labeldist.datasets.written_tables import load_parquet

FLAGS = {"true": True, "false": False}  # spreadsheets write them in capitals, data frames with one


def csv_rows(
    path: Path,
    delimiter: str = ",",
    key: str | None = "id",
    layout: Layout = ITEMS,
    *,
    quoted: bool = True,
    names: Sequence[str] = (),
) -> Rows:
    """The rows of a CSV or TSV file, numbered by the line on which each begins; column ``key`` must be there, if any.

    ``quoted``: whether quotation marks have a meaning. ``names``: of the columns, where the file has no header. Without
    a ``key`` the first column may lack a name (pandas writes row labels so): it is called UNNAMED.
    """
    csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST_LINE))  # a record is bounded below
    with opened(path) as file:
        lines = _RecordLines(byte_lines(file, path, ends=True), path)
        how: dict[str, Any] = {} if quoted else {"quoting": csv.QUOTE_NONE}
        records = _records(csv.reader(lines, delimiter=delimiter, strict=True, **how), lines)
        header = [*names] or _header(records, path, key)
        plain = layout == PLAIN and not any(name.endswith(JSON) for name in header)
        rows = 0
        for place, record in records:
            rows += 1
            if plain and isinstance(record, list) and len(record) == len(header):  # texts as they are
                yield place, dict(zip(header, record, strict=True))
                continue
            yield place, record if isinstance(record, InputError) else _row_of(header, record, place, lines, layout)
        if not rows:
            raise InputError("a header and no row", expected="at least one row", place=Place(path))


def _header(records: Iterator[tuple[Place, list[str] | InputError]], path: Path, key: str | None) -> list[str]:
    place, header = next(records, (Place(path), None))
    if header is None:
        raise InputError("an empty file", expected="a header line with the names of the columns", place=place)
    if isinstance(header, InputError):
        raise header
    if key is None and header and not header[0].strip():
        header = [UNNAMED, *header[1:]]
    _check_header(header, place, key)
    return header


def parquet_rows(path: Path, layout: Layout = ITEMS, key: str | None = "id") -> Rows:
    """The rows of a Parquet file in small batches, numbered from 1; needs the extra ``parquet``."""
    arrow, _ = load_parquet("reading Parquet")
    _check_header(parquet_names(path), Place(path), key)
    number = 0
    for piece in parquet_pieces(path):
        for values in _values(arrow, piece):
            number += 1
            place = Place(path, number)
            yield place, _parquet_row(values, place, layout)
    if not number:
        raise InputError("a table without rows", expected="at least one row", place=Place(path))


class _RecordLines:
    """Feeds lines to the CSV reader and keeps what is known of the record that they belong to.

    The reader takes lines only as text, so a line that is none is passed on blank and its error kept in
    ``fault``. A quote that is never closed would take in the whole file: ``LONGEST_LINE`` bounds a record too.
    """

    def __init__(self, lines: Iterator[tuple[int, bytes | InputError]], path: Path) -> None:
        self._lines = lines
        self._path = path
        self.begin(0)

    def begin(self, line: int) -> None:
        """A new record begins after ``line``."""
        self.last = line
        self.first: int | None = None
        self.size = 0
        self.fault: InputError | None = None

    def __iter__(self) -> _RecordLines:
        return self

    def __next__(self) -> str:
        try:
            self.last, line = next(self._lines)
        except StopIteration:
            if self.first is not None:
                # How many rows the open quote took in cannot be told, so none of them can be named and skipped.
                found = 'a quote (") that is never closed'
                raise InputError(found, expected="a closing quote", place=self.place) from None
            raise
        self.first = self.first or self.last
        if isinstance(line, InputError):
            self.fault = self.fault or line
            return "?"
        self.size += len(line)
        if self.size > LONGEST_LINE:
            hint = 'is a quote (") left open on that line?'
            found = f"a row longer than {LONGEST_LINE:,} bytes"
            place = Place(self._path, self.first)
            raise InputError(found, expected="rows shorter than that", place=place, hint=hint)
        try:
            return decoded(line, Place(self._path, self.last))
        except InputError as error:
            self.fault = self.fault or error
            return line.decode("utf-8", errors="replace").replace("\0", "?")

    @property
    def place(self) -> Place:
        """Where the record begins."""
        return Place(self._path, self.first)

    @property
    def reach(self) -> str:
        """What to add to an error of a record of several lines: it may have taken in its neighbours."""
        return "" if self.last == self.first else f" in lines {self.first} to {self.last}"


def _records(reader: Any, lines: _RecordLines) -> Iterator[tuple[Place, list[str] | InputError]]:
    while True:
        lines.begin(lines.last)
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            hint = 'a quote inside a quoted cell is doubled: "He said ""no""."'
            found = f"{error}{lines.reach}"
            wrong = InputError(found, expected="a row of a CSV table", place=lines.place, hint=hint)
            yield lines.place, lines.fault or wrong
            continue
        if lines.fault is not None:
            yield lines.place, lines.fault
        elif record:
            yield lines.place, record


def _check_header(columns: list[str], place: Place, key: str | None) -> None:
    if len(columns) > MOST_COLUMNS:
        raise InputError(f"{len(columns):,} columns", expected=f"at most {MOST_COLUMNS:,}", place=place)
    names = Counter(column.removesuffix(JSON) for column in columns)
    for column in columns:
        if not column.strip():
            hint = "pandas writes its row numbers so: to_csv(..., index=False) leaves them out"
            raise InputError("a column without a name", expected="a name for each column", place=place, hint=hint)
        if names[column.removesuffix(JSON)] > 1:
            hint = "if this is no header but a row, name all columns: --columns id,annotator,label"
            raise InputError(f"two columns named {shown(column)}", expected="each column once", place=place, hint=hint)
    if key is not None and key not in names:
        found = f"the columns {shown(', '.join(columns))}"
        expected = f"a header line with the names of the columns, one of them {key!r}"
        hint = "a comma separates cells (a tab in .tsv)" if len(columns) == 1 and ";" in columns[0] else ""
        raise InputError(found, expected=expected, place=replace(place, field=key), hint=hint)


def _row_of(
    header: list[str], record: list[str], place: Place, lines: _RecordLines, layout: Layout
) -> dict[str, Any] | InputError:
    if len(record) != len(header):
        return InputError(f"{len(record)} cells{lines.reach}", expected=f"{len(header)}, as in the header", place=place)
    try:
        return _laid_out(dict(zip(header, record, strict=True)), place, layout)
    except InputError as error:
        return error


def _laid_out(cells: dict[str, Any], place: Place, layout: Layout) -> dict[str, Any]:
    """The row that the cells of a table make; a part of the contract whose cell is empty is left out."""
    row = {}
    for column, value in cells.items():
        if column.endswith(JSON) and (value is None or isinstance(value, str)):
            if value:
                row[column.removesuffix(JSON)] = parse_json(value, replace(place, field=column))
            continue
        found = _cell(column, value, place, layout) if isinstance(value, str) else value
        if found is not None or column not in layout.json or column in layout.flags:
            row[column] = found
    return from_columns(row, layout)


def _cell(column: str, text: str, place: Place, layout: Layout) -> Any:
    """What a text cell stands for; cells of fields and of unknown columns stay as they are."""
    place = replace(place, field=column)
    if spread_over(column, layout.spread):
        return _number(text, place) if text.strip() else None
    if column in layout.numbers or spread_over(column, layout.whole):
        # Files from elsewhere may have something else under these names.
        with suppress(InputError):
            return _number(text, place) if text.strip() else None
    if column in layout.flags:
        return FLAGS.get(text.strip().lower(), text.strip() or None)
    if column not in layout.json:
        return text
    text = text.strip()
    if not text:
        return None
    if text[0] in "[{":
        return parse_json(text, place)
    if column == "labels":
        return [name.strip() for name in text.split(";")]
    return text


def _number(text: str, place: Place) -> float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise InputError(shown(text), expected="a number", place=place) from None


def _values(arrow: Any, piece: Any) -> Iterator[dict[str, Any] | InputError]:
    """The values of each row of a piece; where something is in the way of one row, only that row is an error."""
    size = piece_bytes(arrow, piece) if piece.num_rows == 1 else 0
    if size > LONGEST_LINE:
        yield InputError(f"a row of {size:,} bytes", expected=f"at most {LONGEST_LINE:,}")
        return
    try:
        yield from row_values(arrow, piece)
    except UnicodeDecodeError as error:
        problem = InputError(f"a text that is not UTF-8 ({error.reason})", expected="texts in UTF-8")
    except (arrow.ArrowException, ValueError, OverflowError) as error:  # a date that Python has not, for one
        problem = InputError(shown(str(error), 100), expected="values that can be read")
    else:
        return
    if piece.num_rows == 1:
        yield problem
        return
    for index in range(piece.num_rows):
        yield from _values(arrow, piece.slice(index, 1))


def _parquet_row(values: dict[str, Any] | InputError, place: Place, layout: Layout) -> dict[str, Any] | InputError:
    row: dict[str, Any] = {}
    if isinstance(values, InputError):
        return InputError(values.found, expected=values.expected, place=place)
    try:
        for column, value in values.items():
            if isinstance(value, str):
                row[column] = value
            elif isinstance(value, float) and math.isnan(value) and column not in KNOWN and not spread_over(column):
                row[column] = None  # how data frames write a missing value
            else:
                row[column] = _plain(value)
        return _laid_out(row, place, layout)
    except InputError as error:
        return error


def _plain(value: Any) -> Any:
    """A Parquet value as JSON would hold it; a map, which comes as pairs, becomes an object."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(part, tuple) and len(part) == 2 for part in value):
            return {key: _plain(part) for key, part in value}
        return [_plain(part) for part in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return value
