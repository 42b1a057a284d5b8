"""Whatever ends a command while answers are under way: nothing more is asked, and what was paid for is kept."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from labeldist.calls import recorded as recorded_
from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import ModelError, UnavailableError
from labeldist.datasets.source import open_source
from labeldist.models.base import AnswerScores, Capabilities, Question
from labeldist.models.server.parallel import answered
from labeldist.runs import judgments, single
from labeldist.runs.ordered import ordered_parallel_map
from labeldist.runs.pilot import ITEMS

AT_ONCE = 4


class Paid:
    """Takes its time over each of four questions at a time, and counts the answers."""

    name, revision, answer_style, transform, max_new_tokens = "paid", "1", "letters", "softmax:1", 9
    capabilities = Capabilities(generate=False, raw_logits=False, at_once=2)

    def __init__(self) -> None:
        self.made = 0
        self._lock = threading.Lock()

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        def ask(at: int) -> AnswerScores:
            time.sleep(0.005 * (1 + at % 7))  # so that answers come one by one
            with self._lock:
                self.made += 1
            return AnswerScores((-1.0, -1.0, -2.0), (-1.0, -1.0, -2.0), 0.0, 5)

        return answered(ask, range(len(questions)), AT_ONCE)

    def write(self, prompts: Sequence[str], **settings: Any) -> Iterator[Mapping[int, Any]]:
        raise AssertionError("nothing is written")


@pytest.mark.parametrize("ends", [KeyboardInterrupt, RuntimeError])
def test_nothing_more_is_asked_and_nothing_lost(
    ends: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt, or an error of ours, while two batches are under way in threads."""
    row = {"premise": "It rains.", "hypothesis": "It is wet."}
    lines = [json.dumps({**row, "id": str(at), "premise": f"It rains {at} times."}) + "\n" for at in range(200)]
    (tmp_path / "items.jsonl").write_text("".join(lines))
    model, made_then, rows = Paid(), 0, 0
    real = judgments.distribution_row

    def fails(*arguments: Any) -> Any:
        nonlocal made_then, rows
        rows += 1
        if rows == ITEMS + 45:  # the first are looked at before; of the second batch of 42: the third is under way
            end = time.monotonic() + 20
            while model.made < 520 and time.monotonic() < end:
                time.sleep(0.001)
            made_then = model.made
            raise ends()
        return real(*arguments)

    monkeypatch.setattr(judgments, "distribution_row", fails)
    with pytest.raises(ends):
        single.judge_to_file(open_source(str(tmp_path / "items.jsonl")), model, tmp_path / "mjd.jsonl")
    made = model.made
    time.sleep(0.3)
    assert model.made == made, "threads went on asking"
    assert 520 <= made_then <= made < 756, "it went on to the end of the batch"
    database = sqlite3.connect(tmp_path / "mjd.calls.sqlite")
    [(kept,)] = database.execute("SELECT COUNT(*) FROM calls").fetchall()
    database.close()
    assert kept == made


def test_a_prompt_that_fails_is_asked_once(tmp_path: Path) -> None:
    """A batch that fails is asked again one by one; only what is not known to fail goes to the model again."""

    class Refusing(Paid):
        def __init__(self) -> None:
            super().__init__()
            self.refused = 0

        def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
            def ask(at: int) -> AnswerScores:
                if "It rains 3 times" in questions[at].prompt:
                    self.refused += 1
                    raise ModelError("refused")
                self.made += 1
                return AnswerScores((-1.0, -1.0, -2.0), (-1.0, -1.0, -2.0), 0.0, 5)

            return answered(ask, range(len(questions)), 1)

    row = {"premise": "It rains.", "hypothesis": "It is wet."}
    lines = [json.dumps({**row, "id": str(at), "premise": f"It rains {at} times."}) + "\n" for at in range(6)]
    (tmp_path / "items.jsonl").write_text("".join(lines))
    model = Refusing()
    summary = single.judge_to_file(open_source(str(tmp_path / "items.jsonl")), model, tmp_path / "mjd.jsonl")
    assert [failure["id"] for failure in summary.failures] == ["3"]
    assert summary.rows == 5
    assert (model.made, model.refused) == (30, 6)


def test_work_ahead_keeps_the_order_and_no_more_than_so_much() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.01 * (number % 3))
        return number

    results = ordered_parallel_map(work, iter(range(30)), 3)
    for expected in range(10):
        assert next(results) == expected
        assert len(begun) <= expected + 4
    results.close()  # type: ignore[attr-defined]
    time.sleep(0.1)
    assert len(begun) <= 13


def test_an_error_is_raised_in_its_place() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise UnavailableError("no more")
        return number

    results = ordered_parallel_map(work, range(9), 4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(UnavailableError):
        next(results)


class Silent(Paid):
    """Answers so many questions, and then waits for somebody who never answers, until it is told to stop at once."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.answers = answers
        self.stopped = threading.Event()
        self.gave_up = threading.Event()

    def stop(self, *, at_once: bool = False) -> None:
        (self.gave_up if at_once else self.stopped).set()

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        def ask(at: int) -> AnswerScores:
            with self._lock:
                self.made += 1
                silent = self.made > self.answers
            if silent:
                assert self.gave_up.wait(20)
                raise UnavailableError("given up")
            return AnswerScores((-1.0, -1.0, -2.0), (-1.0, -1.0, -2.0), 0.0, 5)

        return answered(ask, range(len(questions)), AT_ONCE)


def judged(model: Silent, folder: Path, at_silence: Callable[[], None]) -> None:
    """Judge some items, and do that in the main thread when the model has fallen silent."""
    row = {"premise": "It rains.", "hypothesis": "It is wet."}
    lines = [json.dumps({**row, "id": str(at), "premise": f"It rains {at} times."}) + "\n" for at in range(80)]
    (folder / "items.jsonl").write_text("".join(lines))
    dataset = open_source(str(folder / "items.jsonl"))
    with Store(folder / "run.sqlite") as store, Recorded(model, store) as recorded:
        questions = [Question(f"{item.id}?", (("A",), ("B",), ("C",))) for item in dataset.items()]
        threading.Thread(target=lambda: list(recorded.answer_scores(questions)), daemon=True).start()
        end = time.monotonic() + 20
        while model.made < model.answers + AT_ONCE and time.monotonic() < end:
            time.sleep(0.005)
        at_silence()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_interrupt_waits_so_long_for_what_is_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_, "GRACE", 0.3)
    model = Silent(answers=20)

    def interrupt() -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        judged(model, tmp_path, interrupt)
    assert 0.3 < time.monotonic() - began < 5
    assert model.stopped.is_set()
    assert model.gave_up.is_set()
    with Store(tmp_path / "run.sqlite") as store:
        assert store.totals()["next_token"]["calls"] == 20


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_interrupt_while_it_waits_after_an_error_ends_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_, "GRACE", 0.2)
    model = Silent(answers=8)

    def fail() -> None:
        main = threading.main_thread().ident
        threading.Timer(0.2, signal.pthread_kill, [main, signal.SIGINT]).start()
        raise OSError("no space left")

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        judged(model, tmp_path, fail)
    assert time.monotonic() - began < 5
    assert model.gave_up.is_set()
