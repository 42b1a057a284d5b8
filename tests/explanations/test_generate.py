"""Asking a model for explanations, with a scripted model in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from labeldist.core.errors import InputError, ModelError
from labeldist.core.item import Answer, Explanation, Item
from labeldist.explanations.generate import explain, parsed_explanations
from labeldist.explanations.prompts import explain_prompt
from labeldist.explanations.select import Selection, select
from labeldist.models.base import AnswerScores, Capabilities, LanguageModel, Question, Written
from labeldist.tasks.load import load_task

TASK = load_task("nli")
ITEMS = [
    Item(item_id, {"premise": f"Premise {item_id}.", "hypothesis": f"Hypothesis {item_id}."}) for item_id in ("a", "b")
]


@dataclass
class Fake:
    """Answers the n-th distinct prompt with ``script[n]``."""

    script: Sequence[str]
    name: str = "fake"
    revision: str = "1"
    answer_style: str = "letters"
    transform: str = "softmax:20"
    max_new_tokens: int = 256
    capabilities: Capabilities = field(default_factory=Capabilities)
    prompts: list[str] = field(default_factory=list)
    calls: list[dict[str, float]] = field(default_factory=list)

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        raise AssertionError("explanations need no scores")

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        self.calls.append({"max_new_tokens": max_new_tokens, "temperature": temperature, "seed": seed})
        first = len(self.prompts)
        self.prompts += prompts
        answers = self.script[first : first + len(prompts)]
        # One answer a portion, the last first.
        yield from reversed([{at: Written(text, len(prompts[at]), len(text))} for at, text in enumerate(answers)])


def test_one_prompt_per_item_and_label_in_one_call():
    model: LanguageModel = (fake := Fake([f"* Answer {number}." for number in range(6)]))
    explained = explain(ITEMS, TASK, model)
    assert fake.prompts == [explain_prompt(TASK, item, label) for item in ITEMS for label in TASK.label_names]
    assert fake.calls == [{"max_new_tokens": 256, "temperature": 0.0, "seed": 0}]
    assert [item.id for item in explained] == ["a", "b"]
    assert explained[1].answers == tuple(
        Answer(f"* Answer {number}.", label, "fake") for number, label in zip((3, 4, 5), TASK.label_names, strict=True)
    )
    assert ITEMS[1].answers == ()


def test_settings_and_labels_are_passed_on():
    fake = Fake(["A.", "B."])
    explained = explain(ITEMS, TASK, fake, max_new_tokens=9, temperature=0.5, seed=4, labels=["C", "contradiction"])
    assert fake.calls == [{"max_new_tokens": 9, "temperature": 0.5, "seed": 4}]
    assert [answer.label for item in explained for answer in item.answers] == ["contradiction"] * 2
    with pytest.raises(InputError, match="'maybe'"):
        explain(ITEMS, TASK, fake, labels=["maybe"])


def test_earlier_answers_are_kept_and_the_same_answer_is_not_added_twice():
    once = explain(ITEMS, TASK, Fake(["A."] * 6))
    again = explain(once, TASK, Fake(["A."] * 5 + ["B."]))
    assert again[0] == once[0]
    assert again[1].answers == (*once[1].answers, Answer("B.", "contradiction", "fake"))
    other = explain(once, TASK, Fake(["A."] * 6, name="other"))
    assert [answer.source for answer in other[0].answers] == ["fake"] * 3 + ["other"] * 3


def test_nothing_to_ask_asks_nothing():
    fake = Fake([])
    assert explain([], TASK, fake) == []
    assert explain(ITEMS, TASK, fake, labels=[]) == ITEMS
    assert fake.calls == []


def test_an_answer_without_explanations_is_kept_and_selection_reports_the_shortage():
    refusal = "There are no explanations why the statement is true."
    (item,) = explain(ITEMS[:1], TASK, Fake([refusal, "* N.", "* C."]))
    assert item.answers[0].text == refusal
    explanations = parsed_explanations(item, "fake")
    assert explanations == (Explanation("N.", "neutral", "fake"), Explanation("C.", "contradiction", "fake"))
    with pytest.raises(ModelError, match="label 'entailment' of item 'a'"):
        select(item, explanations, TASK, Selection())


def test_a_pool_is_of_one_source_and_one_profile():
    item = Item("1", {}, answers=(Answer("- A.\n- A.", "neutral", "m"), Answer("- B.", "neutral", "other")))
    assert parsed_explanations(item, "m") == (Explanation("A.", "neutral", "m"),)
    assert [e.text for e in parsed_explanations(item, "m", "mjd-estimator:gpt4o")] == ["A.\n", "A."]
    assert parsed_explanations(item, "nobody") == ()


def test_a_model_that_cannot_generate_is_refused_before_it_is_asked():
    fake = Fake([], capabilities=Capabilities(generate=False))
    with pytest.raises(ModelError, match="fake does not generate text"):
        explain(ITEMS, TASK, fake)
    assert fake.prompts == []


def test_a_model_that_loses_an_answer_is_reported():
    with pytest.raises(ModelError, match="5 answers to 6 prompts"):
        explain(ITEMS, TASK, Fake(["A."] * 5))
