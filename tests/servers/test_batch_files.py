"""Batches by hand: questions to a file as ``vllm run-batch`` takes it, answers back, and no server at all."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.servers.batch_server import run_batch
from tests.servers.fault_server import MODEL, Behaviour, log_probabilities, serving

from labeldist.cli.main import labeldist
from labeldist.core.errors import LabeldistError, UnavailableError, UsageError
from labeldist.datasets.source import open_source
from labeldist.judging.judge import JudgeSettings
from labeldist.models.batch import Batch
from labeldist.models.budget import Budget
from labeldist.models.open import ModelOptions, open_model
from labeldist.runs.batch_files import QuestionsWaitError
from labeldist.runs.single import StageSummary, judge_to_file

NOBODY = f"server:{MODEL}@http://127.0.0.1:9/v1"
ITEMS, ORDERS = 5, 3
QUESTIONS = ITEMS * ORDERS
Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``labeldist`` in this process, in an empty folder: its status and its output, or the error that ended it."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: object) -> tuple[int, str]:
        try:
            status = labeldist.main(list(map(str, arguments)), prog_name="labeldist", standalone_mode=False)
        except LabeldistError as error:
            return error.exit_status, str(error)
        return status, capsys.readouterr().out

    return called


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
def judge(items: Path, tmp_path: Path) -> Callable[..., StageSummary]:
    """Judge the items by a batch file ``q.jsonl`` and results in ``a.jsonl``, or what else is named."""

    def judged(
        file: str | None = "q.jsonl", results: tuple[str, ...] = ("a.jsonl",), model: str = NOBODY, **options: Any
    ) -> StageSummary:
        batch = Batch(None if file is None else tmp_path / file, tuple(tmp_path / one for one in results))
        opened = open_model(model, ModelOptions(batch=batch, **options))
        settings = JudgeSettings(f"balanced:{ORDERS}")
        dataset = open_source(str(items), task="nli")
        return judge_to_file(dataset, opened, tmp_path / "mjd.jsonl", explanations="none", settings=settings)

    return judged


Judge = Callable[..., StageSummary]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_loop_of_a_run_by_hand_is_a_run(items: Path, tmp_path: Path, command: Command) -> None:
    with serving(Behaviour(lists=28)) as (url, _):
        model = f"server:{MODEL}@{url}"
        status, out = command("run", items, "--model", model, "--orders", "balanced:2", "--json", "--out", "alone")
    assert status == 0, out
    told = json.loads(out)
    # Nobody serves there any more. One command, again and again.
    arguments = ("run", items, "--model", model, "--orders", "balanced:2", "--json", "--out", "out",
               "--batch-file", "q.jsonl", "--batch-results", "a.jsonl", "--batch-price-in", "1")  # fmt: skip
    asked = []
    for _ in range(4):
        status, out = command(*arguments)
        if status != 3:
            break
        said = json.loads(out)
        assert said["files"] == ["q.jsonl"]
        assert "vllm run-batch -i q.jsonl" in said["next"]
        assert "--batch-results" in said["next"]
        asked += [one["custom_id"] for one in lines(tmp_path / "q.jsonl")]
        assert said["questions"] == len(lines(tmp_path / "q.jsonl"))
        (tmp_path / "a.jsonl").write_bytes(run_batch((tmp_path / "q.jsonl").read_bytes()))
    assert status == 0, out
    assert "are assumed" in out
    assert len(set(asked)) == len(asked) == told["spending"]["calls"]
    for name in ("explanations.jsonl", "mjd.none.jsonl", "mjd.label-free.jsonl", "mjd.label-guided.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    spent = json.loads(out)["spending"]
    assert spent["in_batches"]["prompt_tokens"] == spent["prompt_tokens"] == told["spending"]["prompt_tokens"]
    assert spent["new_tokens"] == told["spending"]["new_tokens"]
    assert spent["price"] is None, "the price of new tokens is not known, which is not 0"


def test_a_file_of_questions(judge: Judge, tmp_path: Path) -> None:
    for _ in range(2):  # written again as it was
        with pytest.raises(QuestionsWaitError, match=f"{QUESTIONS} questions") as told:
            judge()
        assert told.value.files == (tmp_path / "q.jsonl",)
    asked = lines(tmp_path / "q.jsonl")
    assert len({one["custom_id"] for one in asked}) == len(asked) == QUESTIONS
    for one in asked:
        assert one.keys() == {"custom_id", "method", "url", "body"}
        assert (one["method"], one["url"]) == ("POST", "/v1/chat/completions")
        body = one["body"]
        assert body["model"] == MODEL
        assert (body["logprobs"], body["top_logprobs"], body["max_tokens"], body["temperature"]) == (True, 20, 1, 1.0)
        assert "Premise" in body["messages"][0]["content"]


def test_partial_answers_are_kept_and_the_rest_is_written(
    judge: Judge, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(QuestionsWaitError):
        judge()
    whole = run_batch((tmp_path / "q.jsonl").read_bytes()).splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_bytes(b"".join([*whole[:6], b'{"custom_id": "other-1", "response": {}}\n', b"{no\n"]))
    with caplog.at_level(logging.WARNING), pytest.raises(QuestionsWaitError, match=f"{QUESTIONS - 6} questions"):
        judge()
    assert "6 answered, 2 lines that answer no question" in caplog.text
    assert {one["custom_id"] for one in lines(tmp_path / "q.jsonl")} == {
        json.loads(line)["custom_id"] for line in whole[6:]
    }
    with pytest.raises(UnavailableError, match=f"{QUESTIONS - 6} questions have no answer"):
        judge(file=None)
    (tmp_path / "b.jsonl").write_bytes(b"".join(whole[6:]))
    assert judge(results=("b.jsonl",)).rows == ITEMS
    assert judge(file=None, results=("b.jsonl",)).calls_made == 0


def test_lines_that_fail_three_times_are_the_items_failure(judge: Judge, tmp_path: Path) -> None:
    asked: list[int] = []
    done = None
    while done is None:
        for _ in range(2):  # results that are read twice have failed once
            with suppress(QuestionsWaitError):
                done = judge()
        if done is None:
            results = [json.loads(line) for line in run_batch((tmp_path / "q.jsonl").read_bytes()).splitlines()]
            asked.append(len(results))
            failure = {"message": "CUDA out of memory", "code": 500}
            results[0] |= {"id": f"{len(asked)}", "response": None, "error": failure}
            results.append(results[0])  # once more, and still one failure
            (tmp_path / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in results))
    assert asked == [QUESTIONS, 1, 1]
    assert [failure["id"] for failure in done.failures] == ["i0"]
    assert "CUDA out of memory" in done.failures[0]["reason"]


def test_several_files_where_one_is_too_large(judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeldist.calls.batches.MOST_LINES", 7)
    with pytest.raises(QuestionsWaitError) as told:
        judge()
    assert [file.name for file in told.value.files] == ["q.jsonl", "q-2.jsonl", "q-3.jsonl"]
    (tmp_path / "a.jsonl").write_bytes(run_batch((tmp_path / "q-2.jsonl").read_bytes()))
    with pytest.raises(QuestionsWaitError) as told:
        judge()
    assert [file.name for file in told.value.files] == ["q.jsonl", "q-2.jsonl"]
    assert not (tmp_path / "q-3.jsonl").exists(), "what is asked already is not asked again"
    for name in ("q.jsonl", "q-2.jsonl"):
        (tmp_path / f"a.{name}").write_bytes(run_batch((tmp_path / name).read_bytes()))
    assert judge(results=("a.q.jsonl", "a.q-2.jsonl")).rows == ITEMS


def test_a_budget_bounds_a_file(judge: Judge, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(QuestionsWaitError, match="6 questions"):
        judge(budget=Budget(max_calls=6))
    assert "not all questions were written: the budget of 6 calls is spent" in caplog.text


def test_drawn_answers_by_hand(judge: Judge, tmp_path: Path) -> None:
    with pytest.raises(QuestionsWaitError):
        judge(scores="sampled", samples=4)
    assert {one["body"]["n"] for one in lines(tmp_path / "q.jsonl")} == {4}
    (tmp_path / "a.jsonl").write_bytes(run_batch((tmp_path / "q.jsonl").read_bytes()))
    assert judge(scores="sampled", samples=4).rows == ITEMS


def test_files_of_several_judges_say_which_model_each_is_for(items: Path, tmp_path: Path, command: Command) -> None:
    other = NOBODY.replace(MODEL, "another")
    how = ("run", items, "--task", "nli", "--explanations", "none", "--model", NOBODY, "--model", other, "--out", "out")
    status, told = command(*how, "--batch-file", "q.jsonl")
    assert status == 3
    for file in ("q.jsonl", "q-2.jsonl"):
        [model] = {one["body"]["model"] for one in lines(tmp_path / file)}
        assert re.search(rf"{file} (-o answers.jsonl )?--model {model}\b", told.replace("with ", ""))
        (tmp_path / f"answered-{file}").write_bytes(run_batch((tmp_path / file).read_bytes()))
    assert "--batch-results FILE for each file of answers" in told
    answers = ("--batch-results", "answered-q.jsonl", "--batch-results", "answered-q-2.jsonl")
    assert command(*how, "--batch-file", "q.jsonl", *answers)[0] == 0


def test_all_samples_of_what_is_written_are_asked_at_once(items: Path, tmp_path: Path, command: Command) -> None:
    how = ("judge", items, "--task", "nli", "--explanations", "none", "--answers", "verbalised", "--paraphrases", 1)
    how = (*how, "--samples", 3, "--orders", f"balanced:{ORDERS}", "--model", NOBODY, "--out", "mjd.jsonl")
    by_hand = ("--batch-file", "q.jsonl", "--batch-results", "a.jsonl")
    assert command(*how, *by_hand)[0] == 3
    asked = lines(tmp_path / "q.jsonl")
    assert len(asked) == 3 * QUESTIONS
    assert len({one["custom_id"] for one in asked}) == len(asked)
    answered = run_batch((tmp_path / "q.jsonl").read_bytes(), Behaviour(says="A: 70\nB: 20\nC: 10"))
    (tmp_path / "a.jsonl").write_bytes(answered)
    assert command(*how, *by_hand)[0] == 0
    assert lines(tmp_path / "mjd.jsonl")[0]["answered"] == 3 * ORDERS


def test_the_scores_are_those_of_the_answers(judge: Judge, tmp_path: Path) -> None:
    with pytest.raises(QuestionsWaitError):
        judge()
    asked = lines(tmp_path / "q.jsonl")
    (tmp_path / "a.jsonl").write_bytes(run_batch((tmp_path / "q.jsonl").read_bytes()))
    judge()
    # The mean answer mass over three orders, from the server's own numbers.
    mass = [
        sum(2.718281828459045 ** log_probabilities(one["body"]["messages"][0]["content"])[letter] for letter in "ABC")
        for one in asked
        if "Premise 2." in one["body"]["messages"][0]["content"]
    ]
    [row] = [row for row in lines(tmp_path / "mjd.jsonl") if row["id"] == "i2"]
    assert row["answer_mass"] >= sum(mass) / len(mass)
    assert row["scored_by"] == "top"


def test_what_cannot_be(judge: Judge, tmp_path: Path, command: Command, items: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"id": "mine"}\n')
    with pytest.raises(UsageError, match="is no file of questions"):
        judge()
    with pytest.raises(UsageError, match="exact scores in batches by hand"):
        judge(scores="exact")
    for options, said in (
        (("--batch", "--batch-file", "q2.jsonl"), "--batch, and files of batches"),
        (("--batch", "--engine", "ray"), "batches on a cluster"),
        (("--batch", "--model", "scripted"), "asks no server"),
        (("--batch-results", "nowhere.jsonl"), "nowhere.jsonl"),
    ):
        model = () if "--model" in options else ("--model", NOBODY)
        status, told = command("judge", items, *model, *options, "--out", "x.jsonl")
        assert status in (1, 2), told
        assert said in told
