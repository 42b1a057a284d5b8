"""What is found out of an endpoint, and how what cannot be used is refused."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.servers.fault_server import KEY, MODEL, Behaviour, log_probabilities, serving

from labeldist.core.errors import LabeldistError, ModelError, UnavailableError, UsageError
from labeldist.datasets.source import open_source
from labeldist.judging.judge import JudgeSettings
from labeldist.models.base import AnswerScores, Question, in_order
from labeldist.models.budget import Budget
from labeldist.models.open import ModelOptions, open_model
from labeldist.models.server.asking import Asking
from labeldist.models.server.connection import Connection
from labeldist.models.server.endpoint import read_endpoint
from labeldist.models.server.failures import PassingError
from labeldist.models.server.model import ServerModel, open_server
from labeldist.models.server.patience import Patience
from labeldist.models.server.reply import replies, thinks
from labeldist.runs.doctor import cost_of, examine
from labeldist.tasks.load import load_task

QUICK = Patience(retries=4, first=0.01, longest=0.05, timeout=2.0)
ANSWERS = (("A", " A"), ("B", " B"), ("C", " C"))
QUESTIONS = [Question(f"Is it {number}?\nAnswer:", ANSWERS) for number in range(30)]


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LABELDIST_API_KEY", "OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)


def opened(url: str, **options: Any) -> ServerModel:
    return open_server(read_endpoint(f"{MODEL}@{url}"), ModelOptions(**options), QUICK)


def scores(model: ServerModel, questions: list[Question] = QUESTIONS) -> list[AnswerScores]:
    return in_order(model.answer_scores(questions), len(questions), model.name)


def take(model: ServerModel, answered: set[int]) -> None:
    """Note which questions are answered, until an error ends it."""
    for portion in model.answer_scores(QUESTIONS):
        answered.update(portion)


def shares(prompt: str) -> list[float]:
    """The probability of each option, from what the server knows."""
    found = log_probabilities(prompt)
    return [sum(math.exp(found[spelling]) for spelling in option) for option in ANSWERS]


def test_exact_scores_are_the_servers_own() -> None:
    with serving(Behaviour(exact=True)) as (url, seen):
        model = opened(url)
        assert model.capabilities.scores == "exact"
        for question, found in zip(QUESTIONS, scores(model), strict=True):
            known = log_probabilities(question.prompt)
            # In the tokens of this server " A" begins with a space, as all do: it means no option.
            assert found.logits == pytest.approx([known[letter] for letter in "ABC"], abs=1e-12)
            assert (found.log_total, found.unlisted) == (0.0, 0)
            assert found.prompt_tokens == len(question.prompt)
        sent = next(body for body in reversed(seen.bodies) if "logprob_token_ids" in body)
    assert sent["max_tokens"] == 1
    assert sent["temperature"] == 1.0
    assert not model.capabilities.raw_logits
    assert model.transform == "softmax:20"


def test_top_scores_where_all_options_are_listed() -> None:
    with serving(Behaviour(lists=28)) as (url, _):
        model = opened(url)
        assert model.capabilities.scores == "top"
        for question, found in zip(QUESTIONS, scores(model), strict=True):
            assert [math.exp(value) for value in found.logits] == pytest.approx(shares(question.prompt))
            assert found.unlisted == 0


def test_top_scores_bound_what_is_not_listed() -> None:
    with serving(Behaviour(lists=5)) as (url, _):
        model = opened(url)
        unlisted = 0
        for question, found in zip(QUESTIONS, scores(model), strict=True):
            known = log_probabilities(question.prompt)
            listed = sorted(known, key=lambda token: -known[token])[:5]
            for option, value in zip(ANSWERS, found.logits, strict=True):
                inside = [token for token in option if token in listed]
                if inside:
                    assert math.exp(value) == pytest.approx(sum(math.exp(known[token]) for token in inside))
                else:
                    assert value >= max(known[token] for token in option), "the bound is below the truth"
                    assert value <= max(known[listed[-1]], known[listed[-2]]) + math.log(2) + 1e-12
            unlisted += found.unlisted
        assert unlisted > 10


def test_sampled_scores_where_there_are_no_log_probabilities() -> None:
    with serving(Behaviour(lists=0)) as (url, seen):
        model = opened(url, samples=7)
        assert model.capabilities.scores == "sampled:7"
        assert model.capabilities.scores.startswith("sampled")
        assert model.transform == "softmax:1"
        assert any("sampled" in note for note in model.capabilities.notes)
        [found] = scores(model, QUESTIONS[:1])
        assert seen.bodies[-1]["n"] == 7
    # This server always says its likeliest letter: seven and a half of eight and a half.
    assert sorted(math.exp(value) for value in found.logits) == pytest.approx([0.5 / 8.5, 0.5 / 8.5, 7.5 / 8.5])
    assert found.prompt_tokens == len(QUESTIONS[0].prompt)


def test_a_server_that_gives_one_choice_is_asked_until_there_are_enough() -> None:
    with serving(Behaviour(lists=0, one_choice=True)) as (url, seen):
        model = opened(url, samples=5)
        [found] = scores(model, QUESTIONS[:1])
        assert seen.answered[QUESTIONS[0].prompt] == 5
    assert found.prompt_tokens == 5 * len(QUESTIONS[0].prompt)


def test_a_reasoning_model_gets_room_and_is_sampled() -> None:
    with serving(Behaviour(lists=0, thoughts=50, limit="max_completion_tokens")) as (url, seen):
        model = opened(url, samples=3)
        assert model.abilities.reasons
        assert any("reasons" in note for note in model.capabilities.notes)
        [found] = scores(model, QUESTIONS[:1])
        assert max(found.logits) == pytest.approx(math.log(3.5 / 4.5))
        assert "temperature" not in seen.bodies[-1]
        with pytest.raises(ModelError, match="used up 20 new tokens"):
            list(model.write(["Why?"], max_new_tokens=20))


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (Behaviour(chat=False), ("top", False, "max_tokens", 20)),
        (Behaviour(limit="max_completion_tokens"), ("top", True, "max_completion_tokens", 20)),
        (Behaviour(lists=5), ("top", True, "max_tokens", 5)),
        (Behaviour(logits=True), ("sampled", True, "max_tokens", 0)),  # raw logits under the name of log-probabilities
    ],
)
def test_the_way_of_asking_is_found(behaviour: Behaviour, expected: tuple[str, bool, str, int]) -> None:
    with serving(behaviour) as (url, _):
        model = opened(url)
        able = model.abilities
        assert (able.scores, able.chat, able.limit, able.listed) == expected
        scores(model, QUESTIONS[:2])
        [text] = in_order(model.write(["Why?"], max_new_tokens=20), 1, "")
        assert text.text[1:] == ". Because."


def test_scores_that_are_wanted_and_not_there_are_refused() -> None:
    with serving(Behaviour()) as (url, _):
        with pytest.raises(UsageError, match="exact") as error:
            opened(url, scores="exact")
        assert "--scores top" in error.value.hint
        assert opened(url, scores="sampled").capabilities.scores == "sampled:20"


def test_tokens_are_estimated_and_it_is_said_where_the_server_counts_none() -> None:
    with serving(Behaviour(usage=False)) as (url, _):
        model = opened(url)
        assert any("estimated" in note for note in model.capabilities.notes)
        assert scores(model, QUESTIONS[:1])[0].prompt_tokens == math.ceil(len(QUESTIONS[0].prompt) / 4)


def test_a_wrong_key_is_refused_and_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Behaviour(key=KEY)) as (url, _):
        with pytest.raises(UnavailableError, match="401") as error:
            opened(url)
        assert "set the environment variable LABELDIST_API_KEY" in error.value.hint
        wrong = "sk-wrong-0123456789"
        monkeypatch.setenv("LABELDIST_API_KEY", wrong)
        with pytest.raises(UnavailableError, match="401") as error:
            opened(url)
        assert "check the key" in error.value.hint
        told = [repr(error.value), str(error.value), *_chain(error.value)]
        assert not any(wrong[at : at + 8] in text for at in range(len(wrong) - 7) for text in told)
        monkeypatch.setenv("LABELDIST_API_KEY", KEY)
        model = opened(url)
    assert not any(KEY[:8] in text for text in (repr(model), repr(vars(model)), model.name, model.revision))


@pytest.mark.parametrize("key", ["1234", "token", "A", "choices"])
def test_a_short_key_breaks_no_answer(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_API_KEY", key)
    with serving(Behaviour(lists=28, key=key, says=f"It is {key}, or x{key}")) as (url, _):
        model = opened(url)
        for question, found in zip(QUESTIONS[:5], scores(model, QUESTIONS[:5]), strict=True):
            assert [math.exp(value) for value in found.logits] == pytest.approx(shares(question.prompt))
        [written] = in_order(model.write(["Why?"], max_new_tokens=20), 1, "")
    assert written.text == f"It is [key], or x{key}"


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_key_that_may_not_list_models_may_ask(status: int) -> None:
    with serving(Behaviour(models=status)) as (url, _):
        model = opened(url)
        assert model.abilities.identity.weights == ""
        assert len(scores(model, QUESTIONS[:2])) == 2


def test_half_a_surrogate_pair_in_a_text_is_repaired() -> None:
    with serving(Behaviour(says="A \ud83d smile")) as (url, _):
        [written] = in_order(opened(url).write(["Why?"], max_new_tokens=20), 1, "")
    assert written.text == "A \ufffd smile"


def test_new_tokens_that_are_not_counted_are_spent_all_the_same() -> None:
    with serving(Behaviour(usage=False, says="word " * 300)) as (url, _):
        budget = Budget()
        model = opened(url, budget=budget)
        before = budget.tokens
        [written] = in_order(model.write(["Why?"], max_new_tokens=400), 1, "")
    assert written.new_tokens == 375
    assert budget.tokens - before == 376


@pytest.mark.parametrize("usage", [[], [1], "none", {"completion_tokens_details": [2]}])
def test_usage_of_any_shape_is_no_sign_of_thoughts(usage: Any) -> None:
    assert not thinks({"choices": [{"message": {"content": "A"}}], "usage": usage})


def test_the_end_of_one_is_the_end_of_those_that_wait() -> None:
    """One request is told to come back much later, and another finds that the key is refused."""
    behaviour = Behaviour(key=KEY)
    with serving(behaviour) as (url, _):
        endpoint = read_endpoint(f"{MODEL}@{url}")
        patience = Patience(retries=3, first=50.0)
        asking = Asking(Connection(endpoint, None, patience, 4), patience, Budget(), 4)
        asking.slots.overloaded(0.0, rest=50.0)
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Is it?"}], "max_tokens": 1}

        def ask() -> None:
            asking.answer("/chat/completions", body, replies, prompt="Is it?", new_tokens=1)

        def late() -> None:
            raise PassingError("later", overload=True, after=50.0)

        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(ask), threads.submit(lambda: asking.patiently(late))]
            time.sleep(0.1)
            began = time.monotonic()
            with pytest.raises(UnavailableError, match="401"):
                asking.patiently(lambda: asking.connection.post("/chat/completions", body))
            for one in waiting:
                with pytest.raises(UnavailableError, match="401"):
                    one.result(timeout=5)
            assert time.monotonic() - began < 5


@pytest.mark.parametrize(("says", "readable"), [("A: 70\nB: 20\nC: 10", True), ("Mostly A", False)])
def test_the_doctor_asks_a_verbalised_judge_for_what_it_says(says: str, readable: bool, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text('{"id": "1", "premise": "It rains.", "hypothesis": "It is wet."}\n')
    settings = JudgeSettings(style="verbalised", orders="balanced:2")
    with serving(Behaviour(says=says)) as (url, _):
        model = opened(url)
        dataset = open_source(str(file), task="nli")
        health = examine(model, dataset.task, settings)
        cost = cost_of(dataset, ("none",), settings, model, health)
    assert (health.readable, health.answer_mass) == (readable, None)
    assert (cost.calls, cost.new_tokens) == (2, 2 * 256)


def test_the_doctor_takes_tasks_with_many_labels() -> None:
    task = load_task("nli")
    labels = tuple(replace(task.labels[0], name=f"label {number}") for number in range(9))
    with serving(Behaviour()) as (url, _):
        assert examine(opened(url), replace(task, labels=labels), JudgeSettings()).readable is None


def _chain(error: BaseException) -> list[str]:
    """All that a traceback would show of the errors behind an error."""
    told = []
    behind = error.__cause__ or error.__context__
    while behind is not None:
        told += [repr(behind), str(behind), str(vars(behind))]
        behind = behind.__cause__ or behind.__context__
    return told


def test_a_model_that_the_server_does_not_have() -> None:
    with serving(Behaviour()) as (url, _), pytest.raises(UnavailableError, match="has no model 'nope'") as error:
        open_server(read_endpoint(f"nope@{url}"), ModelOptions(), QUICK)
    assert MODEL in error.value.hint
    assert error.value.exit_status == 1


def test_something_that_is_no_such_server() -> None:
    with serving(Behaviour()) as (url, _), pytest.raises(UnavailableError, match="404") as error:
        opened(url.replace("/v1", "/other"))
    assert "OpenAI-compatible" in error.value.hint


def test_nothing_that_answers() -> None:
    with pytest.raises(UnavailableError, match="no connection") as error:
        opened("http://127.0.0.1:9/v1")
    assert "is it running" in error.value.hint


def test_a_server_that_dies_ends_the_run_and_one_prompt_does_not() -> None:
    broken = QUESTIONS[3].prompt
    dead = [False]
    fault: Callable[[str, int], str | None] = lambda prompt, _: "500" if dead[0] or prompt == broken else None  # noqa: E731
    with serving(Behaviour(fault=fault)) as (url, _):
        model = opened(url)
        answered: set[int] = set()
        with pytest.raises(ModelError, match="failed 5 times"):
            take(model, answered)
        assert answered == set(range(len(QUESTIONS))) - {3}
        with pytest.raises(ModelError, match="failed 5 times"):  # asked alone, it is still its own failure
            list(model.answer_scores(QUESTIONS[3:4]))
        dead[0] = True
        with pytest.raises(UnavailableError, match="answered nothing"):
            list(model.answer_scores(QUESTIONS))
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            list(model.answer_scores(QUESTIONS))
        assert time.monotonic() - began < 0.5, "a dead server is not asked again"


def test_a_refused_prompt_is_not_asked_again() -> None:
    refuses: Callable[[str], str | None] = lambda prompt: "too long" if "Is it 7?" in prompt else None  # noqa: E731
    with serving(Behaviour(refuses=refuses)) as (url, seen):
        model = opened(url)
        with pytest.raises(ModelError, match="too long"):
            list(model.answer_scores(QUESTIONS))
        assert seen.tries[QUESTIONS[7].prompt] == 1


@pytest.mark.parametrize("limits", [{"max_calls": 12}, {"max_tokens": 400}])
def test_a_budget_is_kept_and_what_was_answered_is_given(limits: dict[str, int]) -> None:
    with serving(Behaviour()) as (url, seen):
        budget = Budget(**limits)
        model = opened(url, budget=budget)
        answered: set[int] = set()
        with pytest.raises(UnavailableError, match="budget") as error:
            take(model, answered)
        assert "rerun the command" in error.value.hint
        # A text of two tokens is asked for once, all else has one.
        tokens = 1 + sum(count * (len(prompt) + 1) for prompt, count in seen.answered.items())
        assert sum(seen.tries.values()) + seen.refused == budget.calls
        assert budget.tokens == tokens
        assert len(answered) == sum(count for prompt, count in seen.answered.items() if prompt.startswith("Is it"))
        if "max_calls" in limits:
            assert budget.calls == 12
        else:
            assert 250 < tokens <= 400


def test_nothing_meant_for_openai_goes_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: mine\nAuthorization: Bearer mine")
    with serving(Behaviour()) as (url, seen):
        opened(url)
        assert not any("mine" in value for value in seen.headers.values())


def test_prompts_that_have_no_bytes_are_refused() -> None:
    with serving(Behaviour()) as (url, _):
        model = opened(url)
        with pytest.raises(ModelError, match="surrogate"):
            list(model.answer_scores([Question("\ud800", ANSWERS)]))


@pytest.mark.parametrize(
    "argument",
    ["", "m", "@http://localhost", "m@ftp://localhost", "m@http://", "m@http://u:secretword@localhost/v1",
     "m@http://localhost/v1?key=secretword", "m@http://localhost:99999/v1", "m@http://local host/v1"],
)  # fmt: skip
def test_specs_that_cannot_be_used(argument: str) -> None:
    with pytest.raises(LabeldistError) as error:
        open_model(f"server:{argument}")
    assert error.value.exit_status == 2
    assert "secretword" not in str(error.value)


def test_it_keeps_the_promises_of_the_seam() -> None:
    with serving(Behaviour(exact=True)) as (url, _):
        model = opened(url)
        assert model.revision == opened(url).revision
        assert model.name == f"server:{MODEL}@{url}"
        assert list(model.answer_scores([])) == []
        assert list(model.write([], max_new_tokens=3)) == []
        turned = scores(model, QUESTIONS[::-1])[::-1]
        assert turned == scores(model) == [scores(model, [question])[0] for question in QUESTIONS]
        # Several calls at a time share what may be under way.
        with ThreadPoolExecutor(model.capabilities.at_once) as threads:
            parts = list(threads.map(lambda part: scores(model, part), (QUESTIONS[:15], QUESTIONS[15:])))
        assert [*parts[0], *parts[1]] == turned


def test_other_ways_of_asking_are_other_revisions() -> None:
    with serving(Behaviour(exact=True)) as (url, _):
        kinds = (("exact", 3), ("top", 3), ("sampled", 3), ("sampled", 4))
        models = [opened(url, scores=kind, samples=samples) for kind, samples in kinds]
        assert len({model.revision for model in models}) == 4
        assert all("weights-1" in model.revision for model in models)


def test_the_clients_own_log_shows_no_key(tmp_path: Path) -> None:
    code = "from labeldist.cli.main import main; main()"
    with serving(Behaviour(key=KEY)) as (url, _):
        done = subprocess.run(
            [sys.executable, "-c", code, "doctor", "--model", f"server:{MODEL}@{url}"],
            capture_output=True, text=True, cwd=tmp_path, check=False,
            env={**os.environ, "LABELDIST_API_KEY": KEY, "OPENAI_LOG": "debug"},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "log-probabilities" in done.stdout
    assert not any(KEY[at : at + 8] in done.stdout + done.stderr for at in range(len(KEY) - 7))
