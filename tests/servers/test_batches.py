"""Questions in batches: the same answers as one by one, whatever a provider does to a batch; nothing asked twice."""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.servers.batch_server import Batches, Lines, serving_batches
from tests.servers.fault_server import KEY, MODEL, Behaviour

from labeldist.calls import batches as desk
from labeldist.core.errors import UnavailableError, UsageError
from labeldist.datasets.source import open_source
from labeldist.judging.judge import JudgeSettings
from labeldist.models.batch import Batch
from labeldist.models.budget import Budget
from labeldist.models.open import ModelOptions, open_model
from labeldist.models.server import batched as served
from labeldist.runs import batched
from labeldist.runs.pipeline import run
from labeldist.runs.prepared import RunSummary
from labeldist.runs.settings import RunSettings
from labeldist.runs.single import StageSummary, explain_to_file, judge_to_file

ITEMS, ORDERS = 5, 3
QUESTIONS = ITEMS * ORDERS
Judge = Callable[..., StageSummary]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batched, "FIRST_LOOK", 0.01)
    monkeypatch.setattr(batched, "LONGEST_LOOK", 0.01)
    monkeypatch.setattr(served, "Patience", partial(served.Patience, first=0.01, longest=0.05))


@pytest.fixture
def items(tmp_path: Path) -> Path:
    file = tmp_path / "items.jsonl"
    rows = [
        {"id": f"i{number}", "premise": f"Premise {number}.", "hypothesis": "It follows.", "labels": ["e", "n", "n"]}
        for number in range(ITEMS)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


@pytest.fixture
def judge(items: Path, tmp_path: Path) -> Judge:
    """Judge the items, in batches unless told otherwise; the result is OUT/mjd.jsonl."""

    def judged(url: str, out: str = "out", batch: Batch | None = Batch(), **options: Any) -> StageSummary:  # noqa: B008
        model = open_model(f"server:{MODEL}@{url}", ModelOptions(batch=batch, **options))
        settings = JudgeSettings(f"balanced:{ORDERS}")
        return judge_to_file(
            open_source(str(items), task="nli"), model, tmp_path / out / "mjd.jsonl", explanations="none",
            settings=settings,
        )  # fmt: skip

    return judged


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "mjd.jsonl").read_text().splitlines()]


def answers(store: Path) -> dict[bytes, tuple[Any, ...]]:
    """All that a store keeps of each call, but for whose it is counted."""
    database = sqlite3.connect(store)
    found = database.execute("SELECT key, kind, prompt_tokens, new_tokens, answer FROM calls").fetchall()
    database.close()
    return {key: tuple(rest) for key, *rest in found}


def of_items(held: Any) -> int:
    return sum(count for prompt, count in held.tries.items() if "Premise" in prompt)


def test_a_run_in_batches_is_a_run(items: Path, tmp_path: Path) -> None:
    held = Batches()
    with serving_batches(held) as (url, seen):

        def whole(out: str, batch: Batch | None) -> RunSummary:
            options = ModelOptions(batch=batch)
            return run(RunSettings(str(items), model=f"server:{MODEL}@{url}", model_options=options), tmp_path / out)

        done = whole("batches", Batch())
        assert of_items(seen) == 0, "no question of an item but in batches"
        alone = whole("alone", None)
        before = of_items(seen)
        assert before == alone.calls_made
        # The judge that sees no explanations need not wait for them; the others have the second batch.
        assert len(held.batches) == 2
        assert sum(held.sizes) == before == len(held.asked)
        assert set(held.asked.values()) == {1}
        for file in alone.files:
            assert (tmp_path / "batches" / file.name).read_bytes() == file.read_bytes(), file.name
        assert answers(tmp_path / "batches" / "run.sqlite") == answers(tmp_path / "alone" / "run.sqlite")
        assert (done.calls_made, done.calls_reused) == (alone.calls_made, alone.calls_reused)
        # Whoever goes on without batches has all of it.
        again = whole("batches", None)
        assert (of_items(seen), again.calls_made) == (before, 0)
    for kind, counted in done.store.items():
        assert {name: counted[name] for name in alone.store[kind]} == alone.store[kind]
        assert {name: counted[f"batch_{name}"] for name in alone.store[kind]} == alone.store[kind]


def once(fault: int | str, among: str) -> Callable[[str, int], int | str | None]:
    """That fault for prompts with that text, the first time."""
    return lambda prompt, tries: fault if among in prompt and tries == 0 else None


@pytest.mark.parametrize("fault", [500, 429, "lost", "odd"])
def test_a_question_that_failed_is_asked_again(fault: int | str, judge: Judge, tmp_path: Path) -> None:
    held = Batches(fails=once(fault, "Premise 3."))
    with serving_batches(held) as (url, _):
        done = judge(url)
        judge(url, "alone", None)
    assert not done.failures
    assert held.sizes == [QUESTIONS, ORDERS]
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")
    assert answers(tmp_path / "out/mjd.calls.sqlite") == answers(tmp_path / "alone/mjd.calls.sqlite")


@pytest.mark.parametrize(("fault", "batches"), [(500, 3), ("odd", 3), (400, 1)])
def test_what_fails_for_good_is_the_items_failure_until_the_next_command(
    fault: int | str, batches: int, judge: Judge, tmp_path: Path
) -> None:
    held = Batches(fails=lambda prompt, tries: fault if "Premise 3." in prompt else None)
    with serving_batches(held) as (url, _):
        done = judge(url)
        assert [failure["id"] for failure in done.failures] == ["i3"]
        assert len(held.batches) == batches
        assert len(rows(tmp_path / "out")) == ITEMS - 1
        assert len(answers(tmp_path / "out/mjd.calls.sqlite")) == QUESTIONS - ORDERS, "a failure is no answer"
        held.fails = lambda prompt, tries: None
        assert not judge(url).failures
        assert held.sizes == [QUESTIONS, *[ORDERS] * batches]
        judge(url, "alone", None)
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_a_batch_that_ends_early_gives_what_it_has(end: str, judge: Judge, tmp_path: Path) -> None:
    held = Batches(end=lambda number: end if number == 0 else "completed")
    with serving_batches(held) as (url, _):
        assert not judge(url).failures
        judge(url, "alone", None)
    assert held.sizes == [QUESTIONS, QUESTIONS - QUESTIONS // 2]
    assert max(held.answered.values()) == 1, "what was answered is not asked again"
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")


def test_a_batch_that_is_refused_ends_the_command(judge: Judge, tmp_path: Path) -> None:
    held = Batches(
        end=lambda number: "failed" if number == 0 else "completed",
        errors=lambda number: [{"code": "model_not_found", "message": "no batches with this model"}],
    )
    with serving_batches(held) as (url, _):
        with pytest.raises(UnavailableError, match="no batches with this model"):
            judge(url)
        assert not (tmp_path / "out/mjd.jsonl").exists()
        assert not judge(url).failures
    assert held.sizes == [QUESTIONS, QUESTIONS]
    assert set(held.answered.values()) == {1}


def test_a_batch_too_many_waits_for_the_others(judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("labeldist.calls.batches.MOST_LINES", 6)
    full = [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]
    held = Batches(end=lambda number: "failed" if number == 0 else "completed", errors=lambda number: full, looks=0)
    with serving_batches(held) as (url, _):
        assert not judge(url).failures
    assert held.sizes == [6, 6, 3, 6]
    assert len(held.answered) == QUESTIONS
    assert set(held.answered.values()) == {1}


def test_a_server_without_batches_says_so(judge: Judge) -> None:
    with (
        serving_batches(Batches(absent=True)) as (url, _),
        pytest.raises(UnavailableError, match="takes no batches") as told,
    ):
        judge(url)
    assert "--batch-file" in told.value.hint


def twice(lines: Lines) -> Lines:
    """Results in another order, each again, one of them differently."""
    other = json.loads(json.dumps(lines[5]))
    for entry in other["response"]["body"]["choices"][0]["logprobs"]["content"][0]["top_logprobs"]:
        entry["logprob"] -= 0.1
    renamed = [json.loads(json.dumps(line)) for line in lines]
    for line in renamed:
        line["response"]["body"]["id"] = "another"
    return [*lines[::-1], other, *renamed]


def test_results_twice_and_in_another_order(judge: Judge, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    held = Batches(reorder=twice)
    with serving_batches(held) as (url, _), caplog.at_level(logging.WARNING, "labeldist"):
        judge(url)
        judge(url, "alone", None)
    assert f"{QUESTIONS} answered, 1 answered again, differently: the first answer counts" in caplog.text
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")


@pytest.mark.parametrize(("name", "most"), [("MOST_LINES", 4), ("MOST_BYTES", 2500)])
def test_no_file_is_larger_than_providers_take(
    name: str, most: int, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"labeldist.calls.batches.{name}", most)
    held = Batches()
    with serving_batches(held) as (url, _):
        assert not judge(url).failures
    asked = [held.files[one["input_file_id"]] for one in held.batches.values()]
    assert len(asked) >= 4
    assert all((len(one.splitlines()) if name == "MOST_LINES" else len(one)) <= most for one in asked)
    assert set(held.asked.values()) == {1}


@pytest.mark.parametrize("limit", ["max_calls", "max_tokens"])
def test_a_budget_holds(limit: str, judge: Judge, tmp_path: Path) -> None:
    held = Batches()
    with serving_batches(held) as (url, _):
        ended = 0
        for _ in range(9):
            budget = Budget(**{limit: 7 if limit == "max_calls" else 1500})
            before = len(held.batches)
            try:
                judge(url, budget=budget)
            except UnavailableError as error:
                assert "is spent" in str(error)  # noqa: PT017
                ended += 1
                assert len(held.batches) == before + 1, "one batch of what it allows, and no more rounds"
                assert budget.calls <= 7 if limit == "max_calls" else budget.tokens <= 1500
            else:
                break
        judge(url, "alone", None)
    assert ended >= 2
    assert set(held.asked.values()) == {1}
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")


def test_what_is_under_way_is_of_the_budget_of_whoever_waits(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Batches()
    with serving_batches(held) as (url, _):
        monkeypatch.setattr(batched, "time", _Interrupted)
        with pytest.raises(KeyboardInterrupt):
            judge(url)
        monkeypatch.setattr(batched, "time", time)
        spent = Budget()
        judge(url, budget=spent)
        alone = Budget()
        judge(url, "alone", None, budget=alone)
    assert held.sizes == [QUESTIONS]
    assert (spent.calls, spent.tokens) == (alone.calls, alone.tokens)


class _Interrupted:
    @staticmethod
    def sleep(seconds: float) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize("request_", ["POST /v1/batches", "POST /v1/files", "GET /v1/batches/ID"])
def test_an_answer_of_the_provider_that_is_lost(request_: str, judge: Judge) -> None:
    held = Batches()
    held.dropped[request_] = 2
    with serving_batches(held) as (url, _):
        assert not judge(url).failures
    assert held.sizes == [QUESTIONS], "a batch whose making was not heard of is found, and not made again"
    assert ("GET /v1/batches" in held.requests) == (request_ == "POST /v1/batches")


@pytest.mark.parametrize("behaviour", [Behaviour(lists=0), Behaviour(lists=0, one_choice=True)])
def test_drawn_answers_are_asked_together(behaviour: Behaviour, judge: Judge, tmp_path: Path) -> None:
    held = Batches(fails=once(500, "Premise 3."))
    with serving_batches(held, behaviour) as (url, _):
        assert not judge(url, samples=4).failures
        judge(url, "alone", None, samples=4)
    # One that gives one at a time, whatever it is asked for, shows it in the first batch.
    late = QUESTIONS - ORDERS
    assert held.sizes == (
        [QUESTIONS, ORDERS + 3 * late, *[3 * ORDERS] * 2] if behaviour.one_choice else [QUESTIONS, ORDERS]
    )
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")
    assert answers(tmp_path / "out/mjd.calls.sqlite") == answers(tmp_path / "alone/mjd.calls.sqlite")


def test_orders_that_depend_on_answers_take_further_rounds(tmp_path: Path) -> None:
    reasons = [{"label": label, "text": f"Because of {label}.", "source": "m"} for label in ("entailment", "neutral")]
    rows_ = [
        {"id": f"i{number}", "premise": f"Premise {number}.", "hypothesis": "It follows.",
         "explanations": [*reasons, {**reasons[0], "text": "For another reason."}]}
        for number in range(2)
    ]  # fmt: skip
    (tmp_path / "explained.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows_))
    held = Batches()
    with serving_batches(held) as (url, _):
        for name, batch in (("out", Batch()), ("alone", None)):
            model = open_model(f"server:{MODEL}@{url}", ModelOptions(batch=batch))
            dataset = open_source(str(tmp_path / "explained.jsonl"), task="nli")
            judge_to_file(dataset, model, tmp_path / name / "mjd.jsonl", settings=JudgeSettings("auto:0.0005"))
    assert len(held.batches) > 1
    assert set(held.asked.values()) == {1}
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")


def test_explanations_in_batches(items: Path, tmp_path: Path) -> None:
    held = Batches(fails=once(429, "Premise 1."))
    with serving_batches(held) as (url, _):
        for name, batch in (("out", Batch()), ("alone", None)):
            model = open_model(f"server:{MODEL}@{url}", ModelOptions(batch=batch))
            done = explain_to_file(open_source(str(items), task="nli"), model, tmp_path / name / "e.jsonl")
            assert (done.rows, done.failures) == (ITEMS, ())
    assert held.sizes == [3 * ITEMS, 3]
    assert (tmp_path / "out/e.jsonl").read_bytes() == (tmp_path / "alone/e.jsonl").read_bytes()


def test_a_damaged_answer_is_asked_again(judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Batches()
    with serving_batches(held) as (url, _):
        with monkeypatch.context() as patched:
            patched.setattr(desk.Batches, "end", _ended_and_killed)
            with pytest.raises(KeyboardInterrupt):
                judge(url)
        database = sqlite3.connect(tmp_path / "out/mjd.calls.batches.sqlite")
        database.execute("UPDATE questions SET answer = x'00ff' WHERE place = 3")
        database.commit()
        database.close()
        assert not judge(url).failures
        judge(url, "alone", None)
    assert held.sizes == [QUESTIONS, 1]
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")


def _ended_and_killed(self: desk.Batches, *arguments: Any, end: Any = desk.Batches.end) -> None:
    end(self, *arguments)
    raise KeyboardInterrupt


def test_the_key_is_nowhere(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LABELDIST_API_KEY", KEY)
    held = Batches(
        fails=lambda prompt, tries: 400 if "Premise 3." in prompt else 500 if "Premise 4." in prompt else None,
        end=lambda number: "failed" if number == 3 else "completed",
        errors=lambda number: [{"message": f"not with {KEY}"}],
    )
    with serving_batches(held, Behaviour(lists=28, key=KEY)) as (url, _), caplog.at_level(logging.DEBUG, "labeldist"):
        told = str(judge(url).failures)
        with pytest.raises(UnavailableError) as error:
            judge(url)
    assert "[key]" in told
    assert KEY not in told + str(error.value) + caplog.text
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.name == "mjd.calls.batches.sqlite" for file in files)
    assert not any(KEY.encode() in file.read_bytes() for file in files)


def test_batches_need_a_server_and_a_store(items: Path) -> None:
    import labeldist

    with pytest.raises(UsageError, match="asks no server"):
        open_model("scripted", ModelOptions(batch=Batch()))
    by_hand = ModelOptions(batch=Batch(Path("never-written.jsonl")))
    with pytest.raises(UsageError, match="no file that keeps their answers"):
        labeldist.judge(items, f"server:{MODEL}@http://127.0.0.1:9/v1", task="nli", options=by_hand)
    with pytest.raises(UsageError, match="keeps nothing"):
        labeldist.run(items, model=f"server:{MODEL}@http://127.0.0.1:9/v1", task="nli", options=by_hand)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LABELDIST_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
