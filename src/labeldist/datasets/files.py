"""Files of items and of distributions as streams: JSONL, CSV, TSV (each also gzipped) and Parquet; safe writing.

In CSV and TSV the first line names the columns. A cell of ``labels``, ``explanations``, ``answers``, ``evidence``,
``reference`` or ``fields`` holds JSON; ``labels`` may also be names with semicolons between them
("neutral;neutral;entailment"), and counts may be spread over columns (``labels.neutral``, ``reference.neutral``).
An empty cell of these is a missing value. The same forms are read from text columns of a Parquet file.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from labeldist.core.errors import InputError, LabeldistError, Place, UsageError, shown
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.failures import Failure, OnError
from labeldist.datasets.jsonl import json_rows, parse_json
from labeldist.datasets.rows import KNOWN, SPREAD, id_from_row, item_from_row, item_to_row
from labeldist.datasets.table import csv_rows, parquet_rows

SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")

# A row and where it stands, or the error that says why it is none; reading goes on after such an error.
Rows = Iterator[tuple[Place, dict[str, Any] | InputError]]


def read_rows(path: Path) -> Rows:
    """The rows of a file by its suffix, one at a time: memory does not grow with the file.

    An error that ends the reading (no such file, broken gzip, no header) is raised; a bad row comes as its error.
    """
    suffix = next((known for known in SUFFIXES if path.name.lower().endswith(known)), None)
    if path.is_dir():
        raise InputError("a folder", expected="a file of items", place=Place(path))
    if not path.exists():
        raise InputError("no such file", expected="a file of items", place=Place(path))
    if suffix is None:
        hint = "jq -c '.[]' turns a JSON array into JSONL" if path.suffix.lower() == ".json" else ""
        found = f"the suffix {path.suffix!r}" if path.suffix else "a name without a suffix"
        raise InputError(found, expected=f"one of: {', '.join(SUFFIXES)}", place=Place(path), hint=hint)
    if suffix == ".parquet":
        rows = parquet_rows(path)
    elif suffix.startswith(".jsonl"):
        rows = json_rows(path, _opened(path))
    else:
        rows = csv_rows(path, _opened(path), "\t" if suffix.startswith(".tsv") else ",")
    return _told(path, rows if suffix.startswith(".jsonl") else _with_json_cells(rows))


def read_items(
    path: Path, task: Task, *, on_error: OnError = "stop", failures: list[Failure] | None = None
) -> Iterator[Item]:
    """The items of a file as a stream. See :func:`items_from_rows` for what becomes of bad rows."""
    return items_from_rows(read_rows(path), task, on_error=on_error, failures=failures)


def items_from_rows(
    rows: Rows, task: Task, *, on_error: OnError = "stop", failures: list[Failure] | None = None
) -> Iterator[Item]:
    """The items that ``rows`` describe, each id once.

    With ``on_error="stop"`` the first bad row raises :class:`InputError`; with ``"skip"`` it is appended to
    ``failures`` and reading goes on.
    """
    first: dict[str, int | None] = {}
    for place, row in rows:
        try:
            if isinstance(row, InputError):
                raise row
            item = item_from_row(row, task, place)
            if item.id in first:
                raise doubled_id(item.id, first[item.id], place)
        except InputError as error:
            skip_or_stop(error, row, on_error, failures)
            continue
        first[item.id] = place.line
        yield item


def doubled_id(found: str, line: int | None, place: Place) -> InputError:
    """The error for an id that an earlier line has too."""
    where = "an earlier row" if line is None else f"line {line}"
    return InputError(
        f"id {shown(found)} again, first in {where}", expected="each id once", place=replace(place, field="id")
    )


def skip_or_stop(
    error: InputError, row: Mapping[str, Any] | InputError, on_error: OnError, failures: list[Failure] | None
) -> None:
    """Raise ``error``, or note it with the row's id where the row has a usable one."""
    if on_error == "stop":
        raise error
    if on_error != "skip":
        raise UsageError(f"on_error is {on_error!r}", hint="use one of: stop, skip")
    known = None
    if not isinstance(row, InputError):
        with suppress(InputError):
            known = id_from_row(row, Place())
    if failures is not None:
        failures.append(Failure.of(error, known))


def write_items(path: Path, items: Iterable[Item]) -> int:
    """Write items as JSONL; see :func:`write_rows`."""
    return write_rows(path, (item_to_row(item) for item in items))


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows as JSONL in UTF-8 (gzipped where the name ends in ``.gz``) and return how many.

    The file appears whole or not at all: it is written beside its place, synced and renamed. Raises
    :class:`InputError` for a row that JSON cannot hold and :class:`LabeldistError` where the disk refuses.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("xb") as file:
            with cast(BinaryIO, gzip.GzipFile("", "wb", fileobj=file, mtime=0)) if path.suffix == ".gz" else _kept_open(
                file
            ) as lines:
                for count, row in enumerate(rows, 1):  # noqa: B007 - the last number is the answer
                    lines.write(_line(row, Place(path, count)))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise LabeldistError(f"cannot write {path}: {error.strerror or error}", hint="is the disk full?") from error
    finally:
        beside.unlink(missing_ok=True)
    return count
