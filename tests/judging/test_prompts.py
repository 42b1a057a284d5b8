"""The prompts are the published ones, letter for letter (arXiv 2412.13942; the strings are typed out here again)."""

from __future__ import annotations

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.item import Explanation, Item
from labeldist.judging.orders import Order, all_orders, orders
from labeldist.judging.prompts import judge_prompt
from labeldist.tasks.load import load_task, shipped_tasks

NLI = load_task("nli")
PREMISE = "A man {sleeps} in the park."
HYPOTHESIS = "A person rests."
ITEM = Item("1", {"premise": PREMISE, "hypothesis": HYPOTHESIS})
OPTIONS = {"entailment": "Entailment", "neutral": "Neutral", "contradiction": "Contradiction"}
EXPLANATIONS = tuple(
    Explanation(f"Reason {i}, 100% {{sure}}.", label)
    for i, label in enumerate(["entailment", "neutral", "neutral", "contradiction"])
)
ASK = (
    "determine whether the following statement is true (entailment), undetermined (neutral), or false (contradiction) "
    "given the context below and select ONE of the listed options and start your answer with a single letter. \n"
    f"Context: {PREMISE} \nStatement: {HYPOTHESIS} "
)


def published(shown: tuple[Explanation, ...], options: tuple[str, ...], explicit: bool) -> str:
    """The prompt of method.md, section 3, put together by hand."""
    listed = f"\nA. {options[0]} \nB. {options[1]} \nC. {options[2]}. \nAnswer:"
    if not shown:
        return "Please " + ASK + listed
    comments = ""
    for number, explanation in enumerate(shown, 1):
        choice = f"So I choose {OPTIONS[explanation.label]}. " if explicit else ""
        comments += f"\nComment {number}: {explanation.text} {choice}"
    return "Please carefully and fairly base your selection on the comments below to " + ASK + comments + listed


@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize(("shown", "count"), [(0, 6), (1, 24), (2, 72), (3, 144), (4, 144)])
def test_all_prompts_of_four_explanations(shown: int, count: int, explicit: bool) -> None:
    prompts = [
        judge_prompt(NLI, ITEM, EXPLANATIONS, order, explicit=explicit).text for order in all_orders(4, 3, shown)
    ]
    expected = {
        published(chosen, options, explicit)
        for chosen in itertools.permutations(EXPLANATIONS, shown)
        for options in itertools.permutations(OPTIONS.values())
    }
    assert len(prompts) == count
    assert set(prompts) == expected


def test_the_letter_of_a_label_is_the_letter_of_its_option() -> None:
    for order in all_orders(0, 3):
        prompt = judge_prompt(NLI, ITEM, (), order)
        for label, answers in zip(NLI.labels, prompt.answers, strict=True):
            assert f"{answers[0]}. {label.options['letters']}" in prompt.text


def test_words_are_options_of_the_prompt_in_the_order_asked() -> None:
    prompt = judge_prompt(NLI, ITEM, EXPLANATIONS[:1], Order((0,), (2, 1, 0)), style="words")
    assert prompt.text.endswith("\nComment 1: Reason 0, 100% {sure}. \nOptions: false, neutral, true. \nAnswer:")
    assert [answers[0] for answers in prompt.answers] == ["true", "neutral", "false"]


@given(st.text(), st.text(), st.text())
def test_text_is_inserted_as_it_is(premise: str, hypothesis: str, reason: str) -> None:
    item = Item("1", {"premise": premise, "hypothesis": hypothesis})
    text = judge_prompt(NLI, item, [Explanation(reason, "neutral")], Order((0,), (0, 1, 2))).text
    assert f"\nContext: {premise} \nStatement: {hypothesis} \nComment 1: {reason} \nA. Entailment" in text


@pytest.mark.parametrize("task_name", shipped_tasks())
@pytest.mark.parametrize("style", ["letters", "words"])
def test_every_shipped_task_renders_in_every_style(task_name: str, style: str) -> None:
    task = load_task(task_name)
    item = Item("1", {name: f"<{name}>" for name in task.fields})
    reasons = [Explanation("Because.", label) for label in task.label_names]
    for order in orders("balanced:48", len(reasons), len(task.labels)):
        text = judge_prompt(task, item, reasons, order, style=style, explicit=True).text
        assert all(f"<{name}>" in text for name in task.fields)
        assert all(label.options[style] in text for label in task.labels)
        if style == "letters":
            shown = zip(string.ascii_uppercase, order.options, strict=False)
            assert all(f"{letter}. {task.labels[index].options[style]}" in text for letter, index in shown)
