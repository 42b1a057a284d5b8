"""How a file is stored, told by its content and not by its name, and the records in it, whatever their format."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place
from labeldist.datasets.documents import document_rows
from labeldist.datasets.excel import excel_rows
from labeldist.datasets.files import SUFFIXES, is_there
from labeldist.datasets.jsonl import Rows, is_gzip, json_rows, opened
from labeldist.datasets.layout import PLAIN
from labeldist.datasets.members import member_files
from labeldist.datasets.tables import csv_rows, parquet_rows
from labeldist.datasets.whole import is_special

MORE_SUFFIXES = (".json", ".json.gz", ".txt", ".txt.gz", ".xlsx", ".zip")
READABLE = (*SUFFIXES, *MORE_SUFFIXES)
DELIMITERS = (",", ";", "\t", "|")
HEAD = 1 << 16  # bytes by which a text is known
PARQUET, ZIP, OLD_EXCEL = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Stored:
    """How the file at ``path`` is stored: ``kind`` is csv, jsonl, json, parquet, excel, zip or folder.

    ``delimiter``: between the cells of csv; ``quoted``: whether quotation marks have a meaning in it. ``notes``: what a
    user would not expect of its name.
    """

    path: Path
    kind: str
    delimiter: str = ","
    quoted: bool = True
    notes: tuple[str, ...] = ()


def how_stored(path: Path) -> Stored:
    """How a file is stored. Raises :class:`InputError` where there is none, or it is of no kind that can be read."""
    place = Place(path)
    if not is_there(path):
        raise InputError("no such file", expected="a file with a row for each item", place=place)
    if path.is_dir():
        return Stored(path, "folder")
    if is_special(path):  # it can be read only once: its name has to tell
        return Stored(path, *_by_name(path))
    with opened(path) as file:
        head = file.read(HEAD)
    if head.startswith(PARQUET):
        return Stored(path, "parquet")
    if head.startswith(ZIP):
        return Stored(path, "excel" if _is_excel(path) else "zip")
    if head.startswith(OLD_EXCEL):
        raise InputError("an old Excel file", expected="a file that can be read", place=place, hint="save it as .xlsx")
    notes = ("gzip, though its name does not say so",) if is_gzip(path) and not _named(path, ".gz") else ()
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff")
    kind = _json_kind(path, text)
    if kind is not None:
        return Stored(path, kind, notes=notes)
    if b"\0" in head and (head.count(0) > len(head) // 100 or not _named(path, ".csv", ".tsv", ".gz")):
        found = f"a NUL byte after {head.index(0):,} bytes, so this is no text"
        hint = "it may be UTF-16 without a mark: save it as UTF-8" if head.count(0) > len(head) // 4 else ""
        raise InputError(found, expected=f"one of: {', '.join(READABLE)}", place=place, hint=hint)
    delimiter = _delimiter(path, text)
    return Stored(path, "csv", delimiter, delimiter != "\t" or _is_quoted(path), notes)


def records_of(stored: Stored, header: Sequence[str] = ()) -> Rows:
    """The records of a file as it holds them; ``header``: the names of the columns of csv that has none.

    Cells of CSV are texts. Of a folder or a zip file each record says in MEMBER which file in it it is from.
    """
    path = stored.path
    if stored.kind == "csv":
        return csv_rows(path, stored.delimiter, None, PLAIN, quoted=stored.quoted, names=header)
    if stored.kind == "jsonl":
        return json_rows(path)
    if stored.kind == "json":
        return document_rows(path)
    if stored.kind == "parquet":
        return parquet_rows(path, PLAIN, None)
    if stored.kind == "excel":
        return excel_rows(path, header)
    return _of_members(stored)


def _of_members(stored: Stored) -> Rows:
    from labeldist.datasets.format import MEMBER

    with member_files(stored.path) as files:
        for name, file in files:
            for place, record in records_of(how_stored(file)):
                where = Place(stored.path / name, place.line, place.field)
                if isinstance(record, InputError):
                    yield where, InputError(record.found, expected=record.expected, place=where, hint=record.hint)
                else:
                    yield where, {MEMBER: name, **record}


def _named(path: Path, *suffixes: str) -> bool:
    return path.name.lower().endswith(suffixes)


def _by_name(path: Path) -> tuple[str, str]:
    kinds = {".csv": ("csv", ","), ".tsv": ("csv", "\t"), ".parquet": ("parquet", ","), ".json": ("json", ",")}
    name = path.name.lower().removesuffix(".gz")
    return next((kind for suffix, kind in kinds.items() if name.endswith(suffix)), ("jsonl", ","))


def _is_excel(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"a broken zip file ({error})", expected="a whole one", place=Place(path)) from None


def _json_kind(path: Path, text: str) -> str | None:
    """jsonl or json; None for what begins like neither."""
    named_so = _named(path, ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
    start = text.lstrip()
    if start[:1] == "[":
        return "json" if not named_so or start[1:].lstrip()[:1] in ("{", "\n", "") else "jsonl"
    if start[:1] != "{":
        return "jsonl" if named_so else "json" if _named(path, ".json", ".json.gz") else None
    line, newline, rest = start.partition("\n")
    if named_so:
        return "json" if line.strip() == "{" else "jsonl"
    try:
        first = json.loads(line)
    except ValueError:
        return "json" if not newline or not rest.lstrip().startswith("{") else "jsonl"
    one = not rest.strip() and bool(first) and all(isinstance(value, dict | list) for value in first.values())
    return "json" if one and _named(path, ".json", ".json.gz") else "jsonl"


def _delimiter(path: Path, text: str) -> str:
    """The sign between cells: the one that cuts the first lines into most cells, as many in each."""
    default = "\t" if _named(path, ".tsv", ".tsv.gz") else ","
    best, most = default, (0.0, 1)
    for sign in (default, *(sign for sign in DELIMITERS if sign != default)):
        try:
            widths = [len(row) for row in csv.reader(text.splitlines()[:50], delimiter=sign) if row]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        score = (round(widths.count(widths[0]) / len(widths), 1), widths[0])
        if score > most:
            best, most = sign, score
    return " " if most[1] == 1 and _between_spaces(text) else best


def _between_spaces(text: str) -> bool:
    """Whether lines have as many short words each, several of them: cells, where nothing else stands between cells."""
    lines = [line.split(" ") for line in text.splitlines()[:-1][:50] if line]
    widths = {len(line) for line in lines}
    return len(lines) > 2 and len(widths) == 1 and widths != {1} and all("" not in line for line in lines)


def _is_quoted(path: Path) -> bool:
    """Whether quotation marks have a meaning in a table with tabs: not where lines are rows, and one is not closed."""
    closed = True
    tabs: int | None = None
    with opened(path) as file:
        for line in file:
            row = line.rstrip(b"\r\n")
            if not row:
                continue
            tabs = row.count(b"\t") if tabs is None else tabs
            if row.count(b"\t") != tabs:
                return True
            if b'"' in row:
                closed = closed and all(_is_closed(cell) for cell in row.split(b"\t"))
    return closed


def _is_closed(cell: bytes) -> bool:
    if not cell.startswith(b'"'):
        return True
    return len(cell) > 1 and cell.endswith(b'"') and b'"' not in cell[1:-1].replace(b'""', b"")


def sample_of(rows: Rows, most: int = 1_000, most_bytes: int = 16 << 20) -> list[dict[str, Any] | InputError]:
    """The first records, as long as they are not too many or too large; one error in place of them if all are bad."""
    found: list[dict[str, Any] | InputError] = []
    bad: InputError | None = None
    size = 0
    for _, record in islice(rows, most):
        if isinstance(record, InputError):
            bad = bad or record
            continue
        found.append(record)
        size += sum(len(value) if isinstance(value, str) else 100 for value in record.values())
        if size > most_bytes:
            break
    return found or ([bad] if bad is not None else [])
