"""What is wrong with a store is said: foreign files stay as they are, damaged rows are asked again, nothing differs."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from labeldist.calls.batches import Batches
from labeldist.calls.packed import pack_scores, pack_written, unpack_scores, unpack_written
from labeldist.calls.recorded import Recorded
from labeldist.calls.store import STORE, Call, Store
from labeldist.core.errors import StoreError
from labeldist.models.base import AnswerScores, Question, Written, in_order
from labeldist.models.scripted import Scripted

COLUMNS = ("key", "kind", "model", "prompt_tokens", "new_tokens", "answer", "checksum")
QUESTIONS = [Question(f"{number} is odd.", (("A",), ("B",), ("C",))) for number in range(40)]
PROMPTS = [f"Why is {number} odd? " * 9 for number in range(20)]


def answered(store: Store) -> tuple[list[Any], Recorded]:
    recorded = Recorded(Scripted(), store)
    return [
        *in_order(recorded.answer_scores(QUESTIONS), len(QUESTIONS), ""),
        *in_order(recorded.write(PROMPTS, max_new_tokens=99), len(PROMPTS), ""),
    ], recorded


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    with Store(tmp_path / "run.sqlite") as store:
        answered(store)
        store.set_settings({"limit": 3})
    return tmp_path / "run.sqlite"


def flipped(value: Any, draw: random.Random) -> Any:
    """``value`` with one bit changed."""
    if isinstance(value, int):
        return value ^ (1 << draw.randrange(40))
    changed = bytearray(value)
    changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_row_with_another_bit_is_asked_again(filled: Path, column: str) -> None:
    draw = random.Random(column)
    with closing(sqlite3.connect(filled)) as database, database:
        rows = database.execute(f"SELECT key, {column} FROM calls").fetchall()
        for key, value in draw.sample(rows, 7):
            database.execute(f"UPDATE calls SET {column} = ? WHERE key = ?", (flipped(value, draw), key))
    with Store(filled) as store:
        found, recorded = answered(store)
        assert recorded.made == 7
        if column != "key":  # a row under another key is simply not there
            assert store.damaged == 7
            assert "7 answers in" in store.notes[0]
        assert answered(store)[1].made == 0
    with Store(filled.with_name("new.sqlite")) as store:
        assert found == answered(store)[0]


@pytest.mark.parametrize("at", [None, 0, 20, 40])
def test_a_log_that_cannot_be_read_is_said(at: int | None, tmp_path: Path) -> None:
    """What a killed process leaves: the file, and beside it a log; then its head, or its first entry, is damaged."""
    left = tmp_path / "left.sqlite"
    with Store(tmp_path / "run.sqlite") as store:
        answered(store)
        for end in ("", "-wal"):
            left.with_name(left.name + end).write_bytes(Path(f"{store.file}{end}").read_bytes())
    if at is not None:
        log = left.with_name(left.name + "-wal")
        log.write_bytes(flipped_at(log.read_bytes(), at))
    with Store(left) as store:
        assert bool(store.notes) == (at is not None)
        assert answered(store)[1].made == (0 if at is None else len(QUESTIONS) + len(PROMPTS))


def flipped_at(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


@pytest.mark.parametrize("near", [7, 19, 20, 25])
def test_a_damaged_schema_is_an_error_of_ours(near: int, filled: Path) -> None:
    content = filled.read_bytes()
    filled.write_bytes(flipped_at(content, content.index(b"CREATE TABLE calls") + near))
    with pytest.raises(StoreError, match=r"cannot be used|damaged") as found, Store(filled) as store:
        answered(store)
    assert "damaged" in found.value.hint


def test_other_types_in_a_row_are_as_good_as_damaged(filled: Path) -> None:
    for column in COLUMNS[1:]:
        with closing(sqlite3.connect(filled)) as database, database:
            database.execute(f"UPDATE calls SET {column} = 'text'")
        with Store(filled) as store:
            store.totals()
            assert answered(store)[1].made == len(QUESTIONS) + len(PROMPTS)


def test_damaged_settings_are_said(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as database, database:
        database.execute("UPDATE settings SET value = '{\"limit\": 4}'")
    with Store(filled) as store:
        assert store.settings() == {}
        assert "could not be compared" in store.notes[0]
        store.set_settings({"limit": 5})
        assert store.settings() == {"limit": 5}


@pytest.mark.parametrize("seed", [*range(25), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(25, 400))])
def test_any_damage_to_the_file_is_an_error_or_asked_again(filled: Path, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    content = bytearray(filled.read_bytes())
    for _ in range(draw.choice([1, 1, 3, 40])):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    if not seed % 5:
        del content[draw.randrange(len(content)) :]
    filled.write_bytes(content)
    with Store(tmp_path / "new.sqlite") as store:
        right = answered(store)[0]
    try:
        with Store(filled) as store:
            store.settings()
            assert answered(store)[0] == right
            store.totals()
    except StoreError:
        pass


def tree(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def foreign(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE notes (text TEXT)")


def earlier(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE calls (key BLOB, response TEXT)")
        database.execute("PRAGMA user_version = 2")


def older(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(f"PRAGMA application_id = {STORE.application}")
        database.execute("PRAGMA user_version = 1")


@pytest.mark.parametrize(
    "make", [foreign, earlier, older, lambda file: file.write_text("SQLite format 3\0 is not all")]
)
@pytest.mark.parametrize("kind", [Store, Batches])
def test_what_is_no_store_of_ours_is_left_as_it_is(tmp_path: Path, make: Any, kind: Any) -> None:
    make(tmp_path / "run.sqlite")
    before = tree(tmp_path)
    with pytest.raises(StoreError, match="another --out"):
        kind(tmp_path / "run.sqlite")
    assert tree(tmp_path) == before


def test_a_store_is_no_file_of_batches(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite") as store:
        store.add([Call(b"k", "generate", "m", 1, 1, b"text")])
    before = tree(tmp_path)
    with pytest.raises(StoreError, match="database of another program"):
        Batches(tmp_path / "run.sqlite")
    assert tree(tmp_path) == before


def test_links_and_empty_files(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    with Store(tmp_path / "link") as store:
        store.add([Call(b"k", "generate", "m", 1, 1, b"text")])
    with Store(tmp_path / "empty") as store:
        assert store.answers([b"k"]) == {b"k": (1, 1, b"text")}
    (tmp_path / "nowhere").symlink_to(tmp_path / "not there")
    with pytest.raises(StoreError, match="link to nothing"):
        Store(tmp_path / "nowhere")
    assert not (tmp_path / "not there").exists()


def numbers() -> Iterator[float]:
    draw = random.Random(1)
    while True:
        yield draw.choice([0.1, -0.0, 0.5, 1e30, 5e-324, 1e308, draw.uniform(-40, 0), float(draw.randrange(9))])


def test_scores_come_back_bit_for_bit() -> None:
    draw, number = random.Random(2), numbers()
    for _ in range(2000):
        options = draw.randrange(6)
        logits = tuple(next(number) for _ in range(options))
        other = tuple(next(number) for _ in range(options))
        likeliest = draw.choice([logits, other, tuple(-one for one in logits)])
        most = draw.choice([(), other])
        answer = AnswerScores(logits, likeliest, next(number), 7, 2, draw.randrange(9), most)
        assert repr(unpack_scores(pack_scores(answer), 7, 2)) == repr(answer)


@pytest.mark.parametrize("text", ["", "a", "ü" * 999, "half \ud83d of a pair", "nul \0", "* One.\n" * 50])
def test_texts_come_back(text: str) -> None:
    assert unpack_written(pack_written(Written(text, 1, 2)), 1, 2) == Written(text, 1, 2)


def test_bytes_that_hold_no_answer_are_refused() -> None:
    draw = random.Random(3)
    for size in (*range(30), *range(30)):
        for unpack in (unpack_scores, unpack_written):
            try:
                unpack(draw.randbytes(size), 0, 0)
            except ValueError:
                continue


def test_a_store_is_small(tmp_path: Path) -> None:
    """Of three options about 70 bytes a call, so that an item of 60 calls keeps below 6 KB."""
    with Store(tmp_path / "run.sqlite") as store:
        recorded = Recorded(Scripted(), store)
        questions = [Question(f"{number}", (("A",), ("B",), ("C",))) for number in range(3000)]
        in_order(recorded.answer_scores(questions), 3000, "")
    assert (tmp_path / "run.sqlite").stat().st_size < 100 * 3000
