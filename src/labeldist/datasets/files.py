"""Your own files as a stream of items, and rows written safely."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar, cast

from labeldist.core.errors import InputError, Place, UsageError, shown
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.failures import Failure, OnError
from labeldist.datasets.jsonl import Rows, json_rows
from labeldist.datasets.layout import DISTRIBUTIONS, ITEMS, Layout
from labeldist.datasets.repeated import Repeated, counted_once
from labeldist.datasets.rows import id_from_row, item_from_row
from labeldist.datasets.tables import csv_rows, parquet_rows
from labeldist.datasets.whole import Note, is_special, whole_file
from labeldist.datasets.written_rows import item_to_row
from labeldist.datasets.written_tables import json_line, load_parquet, row_line, write_csv, write_parquet

SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")


class Identified(Protocol):
    """A record with an id, such as an item."""

    @property
    def id(self) -> str:
        """Unique in a file."""


R = TypeVar("R", bound=Identified)


def read_rows(path: Path, layout: Layout = ITEMS) -> Rows:
    """The rows of a file by its suffix, one at a time: memory does not grow with the file.

    ``layout`` says which columns of a table are structured. An error that ends the reading (no
    such file, broken gzip, no header) is raised as :class:`InputError`; a bad row comes as its error in its place.
    """
    suffix = readable_suffix(path)
    if suffix == ".parquet":
        return parquet_rows(path, layout)
    if suffix.startswith(".jsonl"):
        return json_rows(path)
    return csv_rows(path, "\t" if suffix.startswith(".tsv") else ",", layout=layout)


def readable_suffix(path: Path) -> str:
    """The suffix by which ``path`` will be read; :class:`InputError` if it is no file that can be."""
    place = Place(path)
    if is_there(path) and path.is_dir():
        raise InputError("a folder", expected="a file with a row for each item", place=place)
    if not is_there(path):
        raise InputError("no such file", expected="a file with a row for each item", place=place)
    suffix = _suffix(path)
    if suffix is None:
        hint = "jq -c '.[]' turns a JSON array into JSONL" if path.suffix.lower() == ".json" else ""
        found = f"the suffix {path.suffix!r}" if path.suffix else "a name without a suffix"
        raise InputError(found, expected=f"one of: {', '.join(SUFFIXES)}", place=place, hint=hint)
    return suffix


def writable_suffix(path: Path) -> str:
    """The suffix by which rows will be written to ``path``: JSONL to a pipe or device whose name has none.

    Raises :class:`UsageError` for an unknown one, and :class:`MissingExtraError` where Parquet cannot be written.

    >>> writable_suffix(Path("mjd.TSV.gz"))
    '.tsv.gz'
    >>> writable_suffix(Path("mjd.xlsx"))
    Traceback (most recent call last):
    ...
    labeldist.core.errors.UsageError: cannot write mjd.xlsx: rows are not written in the format '.xlsx'
      hint: end its name in one of: .jsonl, .jsonl.gz, .csv, .csv.gz, .tsv, .tsv.gz, .parquet
    """
    suffix = _suffix(path)
    if suffix is None and not path.suffix and is_special(path):
        return ".jsonl"
    if suffix is None:
        what = f"rows are not written in the format {path.suffix!r}" if path.suffix else "a name without a suffix"
        raise UsageError(f"cannot write {path}: {what}", hint=f"end its name in one of: {', '.join(SUFFIXES)}")
    if suffix == ".parquet":
        load_parquet("writing Parquet")
    return suffix


def _suffix(path: Path) -> str | None:
    return next((known for known in SUFFIXES if path.name.lower().endswith(known)), None)


def is_there(path: Path) -> bool:
    """Whether ``path`` exists; a name that no file can have (too long, with a NUL) does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read_items(
    path: Path,
    task: Task,
    *,
    on_error: OnError = "stop",
    failures: list[Failure] | None = None,
    repeated: Repeated | None = None,
) -> Iterator[Item]:
    """The items of a file as a stream; :func:`records_from_rows` says what becomes of bad rows.

    ``repeated``: which labels count of an annotator who labelled an item more than once; None: such a row is bad.
    """

    def item(row: Mapping[str, Any], task: Task, place: Place) -> Item:
        return counted_once(item_from_row(row, task, place), repeated, place)

    return records_from_rows(read_rows(path), task, item, on_error=on_error, failures=failures)


def records_from_rows(
    rows: Rows,
    task: Task,
    from_row: Callable[[Mapping[str, Any], Task, Place], R],
    *,
    on_error: OnError = "stop",
    failures: list[Failure] | None = None,
) -> Iterator[R]:
    """What ``from_row`` (such as :func:`~labeldist.datasets.rows.item_from_row`) makes of each row, each id once.

    With ``on_error="stop"`` the first bad row raises :class:`InputError`; with ``"skip"`` it is appended to
    ``failures`` and reading goes on.

    >>> from labeldist.tasks.load import load_task
    >>> rows = [{"id": 1, "premise": "It rains.", "hypothesis": "It is wet."}, {"id": 2, "premise": "It rains."}]
    >>> failures: list[Failure] = []
    >>> stream = ((Place(line=line), row) for line, row in enumerate(rows, 1))
    >>> items = records_from_rows(stream, load_task("nli"), item_from_row, on_error="skip", failures=failures)
    >>> [item.id for item in items]
    ['1']
    >>> failures[0].id, failures[0].place.field
    ('2', 'hypothesis')
    """
    ids = _Ids()
    for place, row in rows:
        try:
            if isinstance(row, InputError):
                raise row
            record = from_row(row, task, place)
            ids.note(record.id, place)
        except InputError as error:
            _skip_or_stop(error, row, on_error, failures)
        else:
            yield record


class _Ids:
    """Where each id stands for the first time; of the first file the line alone, since many places take much memory."""

    def __init__(self) -> None:
        self._first: dict[str, int | Place] = {}
        self._file: Path | None = None

    def note(self, found: str, place: Place) -> None:
        """Note where an id stands; raise :class:`InputError` if it was there before."""
        if found in self._first:
            known = self._first[found]
            before = known if isinstance(known, Place) else Place(self._file, known)
            raise InputError(
                f"id {shown(found)} again, first in {f'line {before.line}' if before.file == place.file else before}",
                expected="each id once",
                place=place.at("id"),
                hint="rows of annotations have an item, an annotator and a label: docs/howto-own-data.md",
            )
        if not self._first:
            self._file = place.file
        self._first[found] = place.line if place.line is not None and place.file is self._file else place


def _skip_or_stop(
    error: InputError, row: Mapping[str, Any] | InputError, on_error: OnError, failures: list[Failure] | None
) -> None:
    """Raise ``error``, or note it with the row's id where the row has a usable one."""
    if on_error not in ("stop", "skip"):
        raise UsageError(f"no way to treat bad rows is named {on_error!r}", hint="use one of: stop, skip")
    if on_error == "stop":
        raise error
    known = None
    if not isinstance(row, InputError):
        with suppress(InputError):
            known = id_from_row(row, Place())
    if failures is not None:
        failures.append(Failure.of(error, known))


def write_items(path: Path, items: Iterable[Item], *, note: Note | None = None) -> int:
    """Write items in the format that the name says and return how many; see :func:`write_rows`."""
    return write_rows(path, (item_to_row(item) for item in items), ITEMS, note=note)


def write_rows(
    path: Path, rows: Iterable[Mapping[str, Any]], layout: Layout = DISTRIBUTIONS, *, note: Note | None = None
) -> int:
    """Write rows in the format that the name of ``path`` says, and return how many: JSONL, CSV, TSV or Parquet.

    Text is UTF-8, gzipped where the name ends in ``.gz``. A table's columns follow from all the rows and ``layout``
    (:mod:`labeldist.datasets.layout`); read by the same layout, they give the same rows. Memory does not grow with the
    file, and it appears whole or not at all (:func:`~labeldist.datasets.whole.whole_file`); ``note`` is told the hash
    of its content before. Raises :class:`UsageError` for a name of no known format, :class:`InputError` for a row that
    JSON cannot hold and :class:`LabeldistError` where the disk refuses.
    """
    suffix = writable_suffix(path)
    with whole_file(path, note) as file:
        if suffix.endswith(".gz"):
            # Without name and time in its head, equal rows make equal files.
            with cast(IO[bytes], gzip.GzipFile("", "wb", fileobj=file, mtime=0)) as packed:
                return _written(packed, rows, path, suffix, layout)
        return _written(file, rows, path, suffix, layout)


def write_json(path: Path, value: Mapping[str, Any], *, note: Note | None = None) -> None:
    """Write one JSON object; as with :func:`write_rows`, the file appears whole or not at all."""
    with whole_file(path, note) as file:
        file.write(json_line(value, Place(path)))


def write_text(path: Path, text: str, *, note: Note | None = None) -> None:
    """Write ``text`` in UTF-8; as with :func:`write_rows`, the file appears whole or not at all."""
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(str(error), expected="a text that UTF-8 can hold", place=Place(path)) from error
    with whole_file(path, note) as file:
        file.write(content)


def _written(file: IO[bytes], rows: Iterable[Mapping[str, Any]], path: Path, suffix: str, layout: Layout) -> int:
    if suffix == ".parquet":
        return write_parquet(file, rows, path, layout)
    if not suffix.startswith(".jsonl"):
        return write_csv(file, rows, path, layout, "\t" if suffix.startswith(".tsv") else ",")
    count = 0
    for row in rows:
        count += 1
        file.write(row_line(row, Place(path, count)))
    return count
