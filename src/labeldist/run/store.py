"""One SQLite file per run: every finished model call, addressed by its content, on disk before the next step."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.core.errors import StoreError

# Each entry brings the schema from one version to the next; entries are only ever appended.
MIGRATIONS = (
    """
    CREATE TABLE calls (
        key BLOB PRIMARY KEY,           -- sha256 of the content of the request
        kind TEXT NOT NULL,             -- generate | next_token
        model TEXT NOT NULL,            -- name and revision
        prompt_tokens INTEGER NOT NULL,
        response TEXT NOT NULL,         -- JSON
        made TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    ) WITHOUT ROWID;
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    "ALTER TABLE calls ADD COLUMN new_tokens INTEGER NOT NULL DEFAULT 0;",
)
KEYS_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A finished model call, its tokens as the model counts them; ``response``: what it answered, JSON-able."""

    key: bytes
    kind: str
    model: str
    prompt_tokens: int
    new_tokens: int
    response: Any


class Store:
    """The file that keeps a run. Use it as a context manager, or close it.

    Several threads may use it.

    Written in WAL mode with full synchronisation: what :meth:`add` returned from survives a kill or a power cut.
    Raises :class:`StoreError` where the file is no store, is damaged, or was written by a newer labeldist.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "run.sqlite") as store:
    ...     store.add([Call(b"k", "generate", "scripted", 3, 5, "* Rain is wet.")])
    ...     store.responses([b"k", b"other"])
    {b'k': '* Rain is wet.'}
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._one_at_a_time = threading.RLock()
        with self._clear_errors():
            file.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(file, timeout=60, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._migrate()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def responses(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """The responses of those of ``keys`` that are in the store."""
        found: dict[bytes, Any] = {}
        with self._clear_errors():
            for start in range(0, len(keys), KEYS_PER_QUERY):
                part = keys[start : start + KEYS_PER_QUERY]
                marks = ",".join("?" * len(part))
                rows = self._database.execute(f"SELECT key, response FROM calls WHERE key IN ({marks})", part)
                found.update((key, json.loads(response)) for key, response in rows)
        return found

    def add(self, calls: Iterable[Call]) -> None:
        """Keep finished calls, all or none of them; a call that is there already is left as it is."""
        rows = [
            (c.key, c.kind, c.model, c.prompt_tokens, c.new_tokens, json.dumps(c.response, ensure_ascii=False))
            for c in calls
        ]
        with self._clear_errors(), self._transaction():
            self._database.executemany(
                "INSERT OR IGNORE INTO calls (key, kind, model, prompt_tokens, new_tokens, response) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )

    def totals(self) -> dict[str, dict[str, int]]:
        """Calls, prompt tokens and new tokens of everything in the store, per kind."""
        sums = "SELECT kind, COUNT(*), SUM(prompt_tokens), SUM(new_tokens) FROM calls GROUP BY kind"
        with self._clear_errors():
            rows = self._database.execute(sums)
            return {
                kind: {"calls": calls, "prompt_tokens": prompt, "new_tokens": new} for kind, calls, prompt, new in rows
            }

    def settings(self) -> dict[str, Any]:
        """The settings that the results beside this store were made with; empty before the first run."""
        with self._clear_errors():
            return {name: json.loads(value) for name, value in self._database.execute("SELECT * FROM settings")}

    def set_settings(self, settings: Mapping[str, Any]) -> None:
        """Replace the settings."""
        with self._clear_errors(), self._transaction():
            self._database.execute("DELETE FROM settings")
            self._database.executemany(
                "INSERT INTO settings VALUES (?, ?)", [(name, json.dumps(value)) for name, value in settings.items()]
            )

    def _migrate(self) -> None:
        with self._transaction():
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version > len(MIGRATIONS):
                raise StoreError(
                    f"{self.file}: written by a newer labeldist (schema {version}, this one knows {len(MIGRATIONS)})",
                    hint="upgrade labeldist, or use another --out",
                )
            for script in MIGRATIONS[version:]:
                for statement in filter(str.strip, script.split(";")):
                    self._database.execute(statement)
            self._database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._database.in_transaction:  # SQLite has ended it itself where the disk is full
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            with self._one_at_a_time:
                yield
        except (sqlite3.Error, OSError, json.JSONDecodeError) as error:
            raise StoreError(
                f"the store {self.file} cannot be used: {error}",
                hint="is the folder writable, the disk full, or another run using it? Else use another --out",
            ) from error
