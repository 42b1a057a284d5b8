"""The questions that went in batches, and what came of each: a file beside the store, on disk before each next step."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from labeldist.calls.own_file import Kind, begin, check_file, transaction
from labeldist.core.errors import StoreError
from labeldist.models.batch import Asked, Outcome, Reserved, Result, State

# What OpenAI takes of one file, and others no less.
MOST_LINES, MOST_BYTES = 50_000, 200_000_000
TABLES = (
    """
    CREATE TABLE batches (
        name TEXT PRIMARY KEY,       -- the hash of the file, and which of all such files
        model TEXT NOT NULL,
        path TEXT NOT NULL,
        lines INTEGER NOT NULL,
        step TEXT NOT NULL,          -- written, uploaded, creating, waiting, ended
        file TEXT, batch TEXT        -- the provider's ids
    )
    """,
    """
    CREATE TABLE questions (
        key TEXT PRIMARY KEY, place INTEGER, batch TEXT, line BLOB, size INTEGER, most INTEGER,
        tries INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, answer BLOB, reason TEXT, mark BLOB
    )
    """,
    "CREATE INDEX of_batch ON questions (batch, place)",
    "CREATE TABLE read_files (hash TEXT PRIMARY KEY)",  # files by hand whose failures have been counted
)
FILE = Kind("file of batches", int.from_bytes(b"lbba"), 1, TABLES)
FRESH = """
    CREATE TEMP TABLE fresh (
        place INTEGER PRIMARY KEY, key TEXT UNIQUE, model TEXT, path TEXT, line BLOB, size INTEGER, most INTEGER
    )
"""


class Sent(NamedTuple):
    """A batch that has not ended: its ``name``, how far it came (``step``), the provider's ids of file and batch."""

    name: str
    model: str
    path: str
    lines: int
    step: str
    file: str | None
    batch: str | None


class Ended(NamedTuple):
    """What a file of results had: ``answered`` and ``failed`` lines, those without any, what was there twice or odd.

    ``reserved``: of the budget, for what was not answered.
    """

    answered: int = 0
    failed: int = 0
    missing: int = 0
    different: int = 0
    foreign: int = 0
    reserved: tuple[Reserved, ...] = ()


class Batches:
    """A :class:`~labeldist.models.batch.Desk` in an SQLite file; used by one thread. Close it, or use a context.

    What is collected is kept in a temporary table until a batch is made of it, so that a command which is killed
    meanwhile leaves nothing behind. Raises :class:`StoreError` where the file cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        with self._clear_errors():
            file.parent.mkdir(parents=True, exist_ok=True)
            check_file(file, FILE)
            self._database = sqlite3.connect(file, timeout=60, isolation_level=None)
            try:
                self._database.execute("PRAGMA synchronous = FULL")
                begin(self._database, file, FILE)
                self._database.execute("PRAGMA journal_mode = WAL")
                self._database.execute(FRESH)
            except BaseException:
                self._database.close()
                raise

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def outcome(self, key: str) -> Outcome | None:
        """What is known of a question."""
        rows = self._all("SELECT state, answer, reason, tries, size, most, batch FROM questions WHERE key = ?", (key,))
        for state, answer, reason, tries, size, most, batch in rows:
            return Outcome(state, answer or b"", reason or "", tries, None if batch is None else (size, most))
        return None

    def is_collected(self, key: str) -> bool:
        """Whether it is among those of which the next batches will be made."""
        return bool(self._all("SELECT 1 FROM fresh WHERE key = ?", (key,)))

    def collect(self, asked: Asked) -> None:
        """Put it among those."""
        row = (asked.key, asked.model, asked.path, asked.line, *asked.reserved)
        self._all("INSERT OR IGNORE INTO fresh (key, model, path, line, size, most) VALUES (?, ?, ?, ?, ?, ?)", row)

    def fail(self, key: str, reason: str, state: State) -> None:
        """The answer that came is of no use; it is not kept."""
        self._all(
            "UPDATE questions SET state = ?, reason = ?, answer = NULL, tries = tries + 1 WHERE key = ?",
            (state, reason, key),
        )

    def taken(self, keys: list[str]) -> None:
        """The store has these answers: they need not be here, too."""
        with self._transaction():
            self._database.executemany("DELETE FROM questions WHERE key = ?", [(key,) for key in keys])

    def collected(self) -> Iterator[list[Asked]]:
        """What is collected, a list for each file: of one model and path, no longer than providers take."""
        order = "SELECT key, model, path, line, size, most FROM fresh ORDER BY model, path, place"
        part: list[Asked] = []
        size = 0
        with self._clear_errors():
            for key, model, path, line, *reserved in self._database.execute(order):
                one = Asked(key, model, path, line, (reserved[0], reserved[1]))
                full = len(part) == MOST_LINES or size + len(line) > MOST_BYTES
                if part and (full or part[0][1:3] != one[1:3]):
                    yield part
                    part, size = [], 0
                part.append(one)
                size += len(line)
        if part:
            yield part

    def forget_collected(self) -> None:
        """Begin to collect anew."""
        self._all("DELETE FROM fresh")

    def make(self) -> int:
        """Make batches of all that is collected; how many."""
        parts = 0
        with self._transaction():
            for part in self.collected():
                digest = hashlib.sha256(b"".join(one.line for one in part)).hexdigest()
                # Another try at the same questions is another batch.
                name = f"{digest}-{secrets.token_hex(4)}"
                row = (name, part[0].model, part[0].path, len(part), "written")
                self._database.execute(
                    "INSERT INTO batches (name, model, path, lines, step) VALUES (?, ?, ?, ?, ?)", row
                )
                self._database.executemany(
                    "INSERT INTO questions (key, place, batch, line, size, most, state) "
                    "VALUES (?, ?, ?, ?, ?, ?, 'asked') "
                    "ON CONFLICT (key) DO UPDATE SET place = excluded.place, batch = excluded.batch, "
                    "line = excluded.line, size = excluded.size, most = excluded.most, state = 'asked', answer = NULL",
                    [(one.key, place, name, one.line, *one.reserved) for place, one in enumerate(part)],
                )
                parts += 1
            self._database.execute("DELETE FROM fresh")
        return parts

    def under_way(self) -> list[Sent]:
        """The batches that have not ended, as they were made."""
        columns = "SELECT name, model, path, lines, step, file, batch FROM batches WHERE step != 'ended' ORDER BY rowid"
        return [Sent(*row) for row in self._all(columns)]

    def reserved(self) -> list[tuple[str, Reserved]]:
        """Model and share of the budget of each question that was asked and whose answer nobody has read yet."""
        rows = self._all(
            "SELECT batches.model, size, most FROM questions JOIN batches ON batches.name = questions.batch "
            "WHERE state IN ('asked', 'good')"
        )
        return [(model, (size, most)) for model, size, most in rows]

    def write(self, name: str, into: IO[bytes]) -> None:
        """The file of that batch; raises :class:`StoreError` where it is not what it was."""
        digest = hashlib.sha256()
        with self._clear_errors():
            for (line,) in self._database.execute("SELECT line FROM questions WHERE batch = ? ORDER BY place", (name,)):
                digest.update(line)
                into.write(line)
        if digest.hexdigest() != name.partition("-")[0]:
            raise StoreError(
                f"the questions of a batch in {self.file} are damaged",
                hint="move the file away, and the same command asks them anew",
            )

    def note(self, name: str, step: str, *, file: str | None = None, batch: str | None = None) -> None:
        """How far a batch came; ids that are not given stay as they are."""
        self._all(
            "UPDATE batches SET step = ?, file = coalesce(?, file), batch = coalesce(?, batch) WHERE name = ?",
            (step, file, batch, name),
        )

    def drop(self, name: str) -> tuple[Reserved, ...]:
        """A batch that the provider would not begin: its questions were never asked. Gives what was reserved."""
        with self._transaction():
            rows = self._database.execute("SELECT size, most FROM questions WHERE batch = ?", (name,)).fetchall()
            self._database.execute("DELETE FROM questions WHERE batch = ?", (name,))
            self._database.execute("UPDATE batches SET step = 'ended' WHERE name = ?", (name,))
        return tuple((size, most) for size, most in rows)

    def end(self, name: str, results: Iterable[Result | None], why: str) -> Ended:
        """A batch has ended with these ``results``; ``why``: what became of questions that none is for."""
        with self._transaction():
            found = self._results(results, name)
            lost = self._database.execute(
                "UPDATE questions SET state = 'failed', reason = ?, tries = tries + 1 "
                "WHERE batch = ? AND state = 'asked'",
                (why, name),
            ).rowcount
            rows = self._database.execute(
                "SELECT size, most FROM questions WHERE batch = ? AND state IN ('failed', 'refused')", (name,)
            ).fetchall()
            self._database.execute("UPDATE questions SET line = NULL WHERE batch = ?", (name,))
            self._database.execute("UPDATE batches SET step = 'ended' WHERE name = ?", (name,))
        return found._replace(missing=lost, reserved=tuple((size, most) for size, most in rows))

    def read(self, digest: str, results: Iterable[Result | None]) -> Ended:
        """Results by hand, of a file with that hash; the same file's failures count once."""
        by_hand = "WHERE batch IS NULL AND state = "
        with self._transaction():
            # What failed before may have been asked again in a file that was not read yet.
            if self._database.execute("INSERT OR IGNORE INTO read_files VALUES (?)", (digest,)).rowcount:
                self._database.execute(f"UPDATE questions SET state = 'asked' {by_hand} 'failed'")  # nosec B608
            found = self._results(results, None)
            self._database.execute(f"UPDATE questions SET state = 'failed' {by_hand} 'asked'")  # nosec B608
        return found

    def finish(self) -> None:
        """A command is through: what failed is asked anew by the next, and files by hand can be read again."""
        with self._transaction():
            self._database.execute("DELETE FROM questions WHERE state IN ('failed', 'refused') OR batch IS NULL")
            self._database.execute("DELETE FROM read_files")

    def _results(self, results: Iterable[Result | None], batch: str | None) -> Ended:
        """Take in a file of results; of two answers to a question the first counts, and an answer before a failure."""
        answered = failed = different = foreign = 0
        for result in results:
            row = None if result is None else self._database.execute(
                "SELECT state, mark, batch FROM questions WHERE key = ?", (result.key,)
            ).fetchone()  # fmt: skip
            if result is None or (batch is not None and (row is None or row[2] != batch)):
                foreign += 1
                continue
            if row is None:
                self._database.execute("INSERT INTO questions (key, state) VALUES (?, 'asked')", (result.key,))
            state, mark = ("asked", None) if row is None else row[:2]
            if state == "good":
                different += result.state == "good" and result.mark != mark
            elif result.state == "good" or state == "asked":
                self._take(result)
                answered += result.state == "good"
                failed += result.state != "good"
        return Ended(answered, failed, different=different, foreign=foreign)

    def _take(self, result: Result) -> None:
        failed = result.state != "good"
        self._database.execute(
            "UPDATE questions SET state = ?, answer = ?, reason = ?, mark = ?, tries = tries + ? WHERE key = ?",
            (result.state, result.answer or None, result.reason, result.mark, failed, result.key),
        )

    def _all(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._clear_errors():
            return self._database.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._clear_errors(), transaction(self._database):
            yield

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the batches in {self.file} cannot be used: {error}",
                hint="is the folder writable, the disk full, or another command using it? If the file is damaged, move "
                "it away: batches under way are then asked again",
            ) from error
