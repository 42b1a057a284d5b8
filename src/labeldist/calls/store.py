"""One SQLite file per run: every finished model call, addressed by its content, on disk before the next step."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from labeldist.calls.own_file import Kind, begin, check_file, transaction
from labeldist.core.errors import StoreError
from labeldist.models.batch import IN_BATCHES

TABLES = (
    """
    CREATE TABLE calls (
        key BLOB PRIMARY KEY,           -- the beginning of the sha256 of the request's content
        kind INTEGER NOT NULL,          -- place in KINDS
        model INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        new_tokens INTEGER NOT NULL,
        answer BLOB NOT NULL,           -- labeldist.calls.packed
        checksum BLOB NOT NULL          -- of all that stands before it
    ) WITHOUT ROWID
    """,
    "CREATE TABLE models (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",  # name and revision
    "CREATE TABLE settings (value BLOB NOT NULL, checksum BLOB NOT NULL)",  # one row of JSON
)
STORE = Kind("store", int.from_bytes(b"lbld"), 3, TABLES)
KINDS = ("generate", "next_token")
COUNTED = ("calls", "prompt_tokens", "new_tokens")
KEY_BYTES = 16  # of 10 billion calls two have the same with a probability of 1e-19
CHECKSUM_BYTES = 8
WAL_HEAD = 32  # bytes of a log without any entry
NUMBERS = struct.Struct("<qqqq")
SETTINGS, NO_NUMBERS = b"settings", (0, 0, 0, 0)  # what stands for key and numbers in their checksum
KEYS_PER_QUERY = 500
DAMAGED = "the file is damaged: move it away, and the same command asks everything again"
IN_USE = "is the folder writable, the disk full, or another run using it? Else use another --out"


class Call(NamedTuple):
    """A finished model call, its tokens as the model counts them; ``answer``: what it answered, packed."""

    key: bytes
    kind: str
    model: str
    prompt_tokens: int
    new_tokens: int
    answer: bytes


class Kept(NamedTuple):
    """What the store has of a call."""

    prompt_tokens: int
    new_tokens: int
    answer: bytes


class Store:
    """The file that keeps a run. Use it as a context manager, or close it.

    Several threads may use it.

    Written in WAL mode with full synchronisation: what :meth:`add` returned from survives a kill or a power cut. Each
    row has a checksum; one that does not keep it is forgotten, so that it is asked for again, and counted in
    ``damaged``. Raises :class:`StoreError` where the file is no store, is damaged, or was written by another labeldist
    with another format; such a file is left as it is.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "run.sqlite") as store:
    ...     store.add([Call(b"k", "generate", "scripted", 3, 5, b"* Rain is wet.")])
    ...     store.answers([b"k", b"other"])
    {b'k': Kept(prompt_tokens=3, new_tokens=5, answer=b'* Rain is wet.')}
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.damaged = 0
        self._lost_settings = False
        self._lost_log = False
        self._models: dict[str, int] = {}
        self._one_at_a_time = threading.RLock()
        with self._clear_errors():
            file.parent.mkdir(parents=True, exist_ok=True)
            check_file(file, STORE)
            logged = _size(file.with_name(f"{file.name}-wal"))
            self._database = sqlite3.connect(file, timeout=60, isolation_level=None, check_same_thread=False)
            try:
                self._database.execute("PRAGMA synchronous = FULL")
                self._database.execute("PRAGMA cell_size_check = ON")
                begin(self._database, file, STORE)
                self._database.execute("PRAGMA journal_mode = WAL")
                # SQLite leaves out what it cannot read of the log of a killed process, and says nothing.
                (_, read, _) = self._database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._lost_log = logged > WAL_HEAD and read == 0
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; all that was added is then in it, and nothing beside it."""
        self._database.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the store: whether some of it was damaged."""
        found = []
        if self.damaged:
            found.append(f"{self.damaged:,} answers in {self.file} were damaged, and were asked again")
        if self._lost_log:
            found.append(
                f"of the log beside {self.file}, which a run that was ended left, nothing could be read: the latest "
                "answers were asked again if it had any"
            )
        if self._lost_settings:
            found.append(f"the settings noted in {self.file} were damaged, and could not be compared with these")
        return tuple(found)

    def answers(self, keys: Sequence[bytes]) -> dict[bytes, Kept]:
        """What the store has of those of ``keys`` that are in it undamaged."""
        found: dict[bytes, Kept] = {}
        bad: list[bytes] = []
        with self._clear_errors():
            for start in range(0, len(keys), KEYS_PER_QUERY):
                part = keys[start : start + KEYS_PER_QUERY]
                marks = ",".join("?" * len(part))
                for key, kind, model, prompt_tokens, new_tokens, answer, checksum in self._database.execute(
                    "SELECT key, kind, model, prompt_tokens, new_tokens, answer, checksum "
                    f"FROM calls WHERE key IN ({marks})",  # nosec B608: question marks only
                    part,
                ):
                    if _is_whole(checksum, key, (kind, model, prompt_tokens, new_tokens), answer):
                        found[key] = Kept(prompt_tokens, new_tokens, answer)
                    else:
                        bad.append(key)
            self.forget(bad)
        return found

    def forget(self, keys: Sequence[bytes]) -> None:
        """Delete damaged calls, and count them."""
        if keys:
            with self._clear_errors(), self._transaction():
                self._database.executemany("DELETE FROM calls WHERE key = ?", [(key,) for key in keys])
                self.damaged += len(keys)

    def add(self, calls: Iterable[Call]) -> None:
        """Keep finished calls, all or none of them; a call that is there already is left as it is."""
        with self._clear_errors(), self._transaction():
            rows = []
            for call in calls:
                numbers = (KINDS.index(call.kind), self._model(call.model), call.prompt_tokens, call.new_tokens)
                rows.append((call.key, *numbers, call.answer, _checksum(call.key, numbers, call.answer)))
            self._database.executemany("INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def totals(self) -> dict[str, dict[str, int]]:
        """Calls, prompt tokens and new tokens of everything in the store, per kind.

        Where some were answered in batches, of these alone, too: ``batch_calls`` and so on.
        """
        sums = (
            "SELECT kind, models.name LIKE ?, COUNT(*), TOTAL(prompt_tokens), TOTAL(new_tokens) "
            "FROM calls LEFT JOIN models ON models.id = calls.model GROUP BY 1, 2"
        )
        found: dict[str, dict[str, int]] = {}
        with self._clear_errors():
            for kind, batched, *counts in self._database.execute(sums, (f"% {IN_BATCHES}",)):
                if kind in range(len(KINDS)):
                    of_kind = found.setdefault(KINDS[kind], dict.fromkeys(COUNTED, 0))
                    for name, count in zip(COUNTED, map(int, counts), strict=True):
                        of_kind[name] += count
                        if batched:
                            of_kind[f"batch_{name}"] = count
        return found

    def settings(self) -> dict[str, Any]:
        """The settings that the results beside this store were made with; empty before the first run."""
        with self._clear_errors():
            row = self._database.execute("SELECT value, checksum FROM settings").fetchone()
        if row is None:
            return {}
        value, checksum = row
        if not _is_whole(checksum, SETTINGS, NO_NUMBERS, value):
            self._lost_settings = True
            return {}
        settings: dict[str, Any] = json.loads(value)
        return settings

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        """Replace the settings."""
        value = json.dumps(dict(settings)).encode()
        with self._clear_errors(), self._transaction():
            self._database.execute("DELETE FROM settings")
            row = (value, _checksum(SETTINGS, NO_NUMBERS, value))
            self._database.execute("INSERT INTO settings VALUES (?, ?)", row)

    def _model(self, name: str) -> int:
        """The number by which the rows call a model."""
        if name not in self._models:
            known = self._database.execute("SELECT id FROM models WHERE name = ?", (name,)).fetchone()
            if known is None:
                return int(self._database.execute("INSERT INTO models (name) VALUES (?)", (name,)).lastrowid or 0)
            self._models[name] = known[0]
        return self._models[name]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with transaction(self._database):
                yield
        except BaseException:
            self._models.clear()  # a number that was not committed is another model's next
            raise

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            with self._one_at_a_time:
                yield
        except (sqlite3.Error, OSError, OverflowError, UnicodeDecodeError) as error:
            # What SQLite says of a file whose pages contradict each other is a DatabaseError itself, or speaks of it.
            # A damaged schema has columns of other names, or is quoted in no UTF-8.
            damaged = type(error) in (sqlite3.DatabaseError, UnicodeDecodeError) or any(
                sign in str(error) for sign in ("malformed", "no such", "has no column")
            )
            raise StoreError(
                f"the store {self.file} cannot be used: {error}", hint=DAMAGED if damaged else IN_USE
            ) from error


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _checksum(key: bytes, numbers: Sequence[int], answer: bytes) -> bytes:
    """Of a row's content. The name of the model is not in it: the key depends on it already."""
    return hashlib.blake2b(NUMBERS.pack(*numbers) + key + answer, digest_size=CHECKSUM_BYTES).digest()


def _is_whole(checksum: object, key: Any, numbers: Sequence[Any], answer: Any) -> bool:
    """Whether a row is what was written; changed bits may have changed the types of its cells, too."""
    try:
        return checksum == _checksum(key, numbers, answer)
    except (struct.error, TypeError):
        return False
