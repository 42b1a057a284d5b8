"""SQLite files of labeldist's own, each of one kind by its head: what has another head is never written to."""

from __future__ import annotations

import sqlite3
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from labeldist.core.errors import StoreError

HEAD = struct.Struct(">16s44xI4xI")  # SQLite's own mark, user_version, application_id
MARK = b"SQLite format 3\0"
LEFT_AS_IT_IS = "it is left as it is: use another --out"


class Kind(NamedTuple):
    """``name``: what such a file is called in messages. Its head has ``application`` and ``schema``."""

    name: str
    application: int
    schema: int
    tables: tuple[str, ...]


def check_file(file: Path, kind: Kind) -> None:
    """Refuse what is no such file by its first bytes: SQLite would write to it when it is opened."""
    if not file.exists():
        if file.is_symlink():
            raise StoreError(f"the {kind.name} {file} is a link to nothing", hint="remove it, or use another --out")
        return
    if not stat.S_ISREG(file.stat().st_mode):
        raise StoreError(f"the {kind.name} {file} is no file", hint="use another --out")
    with file.open("rb") as opened:
        head = opened.read(HEAD.size)
    if not head:
        return
    if len(head) < HEAD.size or not head.startswith(MARK):
        raise StoreError(f"{file} is no {kind.name} of labeldist", hint=LEFT_AS_IT_IS)
    _, schema, application = HEAD.unpack(head)
    _check_head(file, kind, application, schema)


def begin(database: sqlite3.Connection, file: Path, kind: Kind) -> None:
    """Make the tables where there are none, before the journal is kept apart, so that the head says whose it is."""
    with transaction(database):
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (schema,) = database.execute("PRAGMA user_version").fetchone()
        (tables,) = database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        if tables or application or schema:
            _check_head(file, kind, application, schema)
            return
        for statement in kind.tables:
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {kind.application}")
        database.execute(f"PRAGMA user_version = {kind.schema}")


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if database.in_transaction:  # SQLite has ended it itself where the disk is full
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _check_head(file: Path, kind: Kind, application: int, schema: int) -> None:
    if application != kind.application:
        raise StoreError(f"{file} is a database of another program, or of an unreleased labeldist", hint=LEFT_AS_IT_IS)
    if schema != kind.schema:
        age = "a newer" if schema > kind.schema else "an older"
        raise StoreError(
            f"{file}: written by {age} labeldist (schema {schema}, this one knows {kind.schema})",
            hint="use that version of labeldist, or another --out",
        )
