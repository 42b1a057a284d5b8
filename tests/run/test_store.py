"""The store keeps what it was given, tells what is wrong with a file, and is read by sqlite3 alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from labeldist.core.errors import StoreError
from labeldist.models.scripted import Rule, Scripted
from labeldist.run.recorded import Recorded
from labeldist.run.store import Call, Store


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
        store.add([Call(b"1", "generate", "m", 3, "text ü \U0001f600"), Call(b"2", "next_token", "m", 4, {"a": 0.1})])
    with Store(tmp_path / "run.sqlite") as store:
        assert store.responses([b"1", b"2", b"3"]) == {b"1": "text ü \U0001f600", b"2": {"a": 0.1}}
        assert store.totals()["generate"] == {"calls": 1, "prompt_tokens": 3}
    database = sqlite3.connect(tmp_path / "run.sqlite")
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_a_call_is_never_doubled_nor_changed(tmp_path: Path) -> None:
    with Store(tmp_path / "run.sqlite") as store:
        store.add([Call(b"1", "generate", "m", 3, "first")])
        store.add([Call(b"1", "generate", "m", 3, "second")])
        assert store.responses([b"1"]) == {b"1": "first"}
        assert store.totals()["generate"]["calls"] == 1


def test_many_keys(tmp_path: Path) -> None:
    keys = [str(number).encode() for number in range(2345)]
    with Store(tmp_path / "run.sqlite") as store:
        store.add(Call(key, "generate", "m", 1, key.decode()) for key in keys)
        assert store.responses(keys) == {key: key.decode() for key in keys}


def test_no_store_a_newer_store_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, but long enough to be taken for one " * 20)
    with Store(tmp_path / "newer") as store:
        store._database.execute("PRAGMA user_version = 99")
    for name in ("text", "newer", "."):
        with pytest.raises(StoreError, match="another --out"):
            Store(tmp_path / name)


def test_a_recorded_model_asks_once_and_answers_alike(tmp_path: Path) -> None:
    model = Counting()
    sequences = [model.encode(text) for text in ("one", "two", "three")]
    tokens = [[65, 66]] * 3
    plain = model.next_token_scores(sequences, tokens)
    model.asked = 0
    with Store(tmp_path / "run.sqlite") as store:
        first = Recorded(model, store)
        part = first.next_token_scores(sequences[:2], tokens[:2])
        again = Recorded(model, store)
        whole = again.next_token_scores(sequences, tokens)
        assert model.asked == 3
        assert (first.made, first.reused, again.made, again.reused) == (2, 0, 1, 2)
    assert (whole.logits == plain.logits).all()
    assert (whole.log_total == plain.log_total).all()
    assert (part.logits == plain.logits[:2]).all()


def test_what_an_answer_depends_on_is_in_its_key(tmp_path: Path) -> None:
    model = Counting()
    sequence = [model.encode("one")]
    with Store(tmp_path / "run.sqlite") as store:
        recorded = Recorded(model, store)
        recorded.generate(sequence, max_new_tokens=9)
        recorded.generate(sequence, max_new_tokens=9, seed=1)
        assert model.asked == 1, "at temperature 0 the seed changes nothing"
        recorded.generate(sequence, max_new_tokens=10)
        recorded.generate(sequence, max_new_tokens=9, temperature=0.5)
        recorded.generate(sequence, max_new_tokens=9, temperature=0.5, seed=1)
        recorded.next_token_scores(sequence, [[65]])
        recorded.next_token_scores(sequence, [[66]])
        assert model.asked == 6
        other = Counting([Rule("one", text="other")])
        assert Recorded(other, store).generate(sequence, max_new_tokens=9) == ["other"]


def test_a_failing_model_leaves_nothing_behind(tmp_path: Path) -> None:
    class Failing(Scripted):
        def generate(self, sequences, **settings):  # type: ignore[no-untyped-def]
            raise RuntimeError("out of memory")

    with Store(tmp_path / "run.sqlite") as store:
        with pytest.raises(RuntimeError):
            Recorded(Failing(), store).generate([[1]], max_new_tokens=9)
        assert store.totals() == {}
