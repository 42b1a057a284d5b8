"""The store keeps what it was given, tells what is wrong with a file, and is read by sqlite3 alone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Call, Store
from labeldist.core.errors import ModelError, StoreError
from labeldist.models.base import AnswerScores, LanguageModel, Question, in_order
from labeldist.models.scripted import Rule, Scripted


class Counting(Scripted):
    """Counts what it is asked."""

    asked = 0

    def next_token_scores(self, sequences, tokens):  # type: ignore[no-untyped-def]
        self.asked += len(sequences)
        return super().next_token_scores(sequences, tokens)

    def generate(self, sequences, **settings):  # type: ignore[no-untyped-def]
        self.asked += len(sequences)
        return super().generate(sequences, **settings)


def test_calls_and_totals_survive(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite") as store:
        store.add([Call(b"1", "generate", "m", 3, 7, "text ü \U0001f600".encode())])
        store.add([Call(b"2", "next_token", "m", 4, 0, b"\0\1")])
    with Store(tmp_path / "run.sqlite") as store:
        assert store.answers([b"1", b"2", b"3"]) == {
            b"1": (3, 7, "text ü \U0001f600".encode()),
            b"2": (4, 0, b"\0\1"),
        }
        assert store.totals()["generate"] == {"calls": 1, "prompt_tokens": 3, "new_tokens": 7}
    database = sqlite3.connect(tmp_path / "run.sqlite")
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_a_call_is_never_doubled_nor_changed(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite") as store:
        store.add([Call(b"1", "generate", "m", 3, 1, b"first")])
        store.add([Call(b"1", "generate", "m", 3, 1, b"second")])
        assert store.answers([b"1"]) == {b"1": (3, 1, b"first")}
        assert store.totals()["generate"]["calls"] == 1


def test_many_keys(tmp_path: Path) -> None:
    keys = [str(number).encode() for number in range(2345)]
    with Store(tmp_path / "run.sqlite") as store:
        store.add(Call(key, "generate", "m", 1, 1, key) for key in keys)
        assert store.answers(keys) == {key: (1, 1, key) for key in keys}


def test_no_store_a_newer_store_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, but long enough to be taken for one " * 20)
    with Store(tmp_path / "newer") as store:
        store._database.execute("PRAGMA user_version = 99")
    for name in ("text", "newer", "."):
        with pytest.raises(StoreError, match="another --out"):
            Store(tmp_path / name)


def asked_of(model: LanguageModel, texts: Sequence[str], answers: Sequence[str] = "AB") -> list[AnswerScores]:
    questions = [Question(text, tuple((answer,) for answer in answers)) for text in texts]
    return in_order(model.answer_scores(questions), len(questions), model.name)


def written_by(model: LanguageModel, text: str, **settings: Any) -> str:
    return in_order(model.write([text], **settings), 1, model.name)[0].text


def test_a_recorded_model_asks_once_and_answers_alike(tmp_path: Path) -> None:
    model = Counting()
    texts = ["one", "two", "three"]
    plain = asked_of(model, texts)
    model.asked = 0
    with Store(tmp_path / "run.sqlite") as store:
        first = Recorded(model, store)
        part = asked_of(first, texts[:2])
        again = Recorded(model, store)
        whole = asked_of(again, texts)
        assert model.asked == 3
        assert (first.made, first.reused, again.made, again.reused) == (2, 0, 1, 2)
    assert whole == plain
    assert part == plain[:2]


def test_what_an_answer_depends_on_is_in_its_key(tmp_path: Path) -> None:
    model = Counting()
    with Store(tmp_path / "run.sqlite") as store:
        recorded = Recorded(model, store)
        written_by(recorded, "one", max_new_tokens=9)
        written_by(recorded, "one", max_new_tokens=9, seed=1)
        assert model.asked == 1, "at temperature 0 the seed changes nothing"
        written_by(recorded, "one", max_new_tokens=10)
        written_by(recorded, "one", max_new_tokens=9, temperature=0.5)
        written_by(recorded, "one", max_new_tokens=9, temperature=0.5, seed=1)
        asked_of(recorded, ["one"], "A")
        asked_of(recorded, ["one"], "B")
        assert model.asked == 6
        other = Counting([Rule("one", text="other")])
        assert written_by(Recorded(other, store), "one", max_new_tokens=9) == "other"


def test_a_failing_model_leaves_nothing_behind(tmp_path: Path) -> None:
    class Failing(Scripted):
        def generate(self, sequences, **settings):  # type: ignore[no-untyped-def]
            raise RuntimeError("out of memory")

    with Store(tmp_path / "run.sqlite") as store:
        with pytest.raises(RuntimeError):
            written_by(Recorded(Failing(), store), "one", max_new_tokens=9)
        assert store.totals() == {}


def test_what_a_model_had_answered_before_it_failed_is_kept(tmp_path: Path) -> None:
    class Tiring(Scripted):
        tired = True

        def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
            for at, question in enumerate(questions):
                if at == 2 and self.tired:
                    raise ModelError("tired")
                for portion in super().answer_scores([question]):
                    yield {at: portion[0]}

    model = Tiring()
    with Store(tmp_path / "run.sqlite") as store:
        with pytest.raises(ModelError):
            asked_of(Recorded(model, store), ["one", "two", "three"])
        model.tired = False
        recorded = Recorded(model, store)
        assert asked_of(recorded, ["one", "two", "three"]) == asked_of(Scripted(), ["one", "two", "three"])
        assert (recorded.made, recorded.reused) == (1, 2)


def test_a_call_under_way_is_not_made_by_a_second_thread(tmp_path: Path) -> None:
    """Two threads ask overlapping questions: each is asked once, both get all answers; a failure is asked again."""

    class Waiting(Counting):
        def __init__(self, *, fails: bool) -> None:
            super().__init__()
            self.fails = fails
            self.begun, self.go = threading.Event(), threading.Event()

        def next_token_scores(self, sequences, tokens):  # type: ignore[no-untyped-def]
            failing, self.fails = self.fails, False  # the first call fails, whichever goes on first
            self.begun.set()
            self.go.wait(10)
            if failing:
                raise ModelError("first try")
            return super().next_token_scores(sequences, tokens)

    for fails in (False, True):
        model = Waiting(fails=fails)
        with Store(tmp_path / f"{fails}.sqlite") as store, ThreadPoolExecutor(2) as threads:
            recorded = Recorded(model, store)
            one = threads.submit(asked_of, recorded, ["one", "two"])
            assert model.begun.wait(10)
            other = threads.submit(asked_of, recorded, ["two", "three", "two"])
            model.go.set()
            assert other.result(10) == asked_of(Scripted(), ["two", "three", "two"])
            if fails:
                with pytest.raises(ModelError):
                    one.result(10)
            else:
                assert one.result(10) == asked_of(Scripted(), ["one", "two"])
        assert model.asked == (2 if fails else 3)
