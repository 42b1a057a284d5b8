"""Orders by standard error: each item gets what it takes, alone as in company, and nothing is asked twice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import settings as checked
from hypothesis import strategies as st

from labeldist.core.item import Explanation, Item
from labeldist.judging.adaptive import MOST_ADAPTIVE, first_count, most_count, next_count, round_of
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.judging.orders import orders
from labeldist.judging.pool import Pooled
from labeldist.models.base import AnswerScores, Question
from labeldist.models.scripted import Scripted
from labeldist.tasks.load import load_task

NLI = load_task("nli")


class Watched(Scripted):
    """Answers from a hash of the prompt, so that each order has its own; keeps the questions of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        self.calls.append([question.prompt for question in questions])
        return super().answer_scores(questions)


def explained(number: int, explanations: int) -> tuple[Item, list[Explanation]]:
    item = Item(str(number), {"premise": f"It rains, day {number}.", "hypothesis": "It is wet."})
    return item, [Explanation(f"Reason {at}.", NLI.labels[at % 3].name) for at in range(explanations)]


def asked_of(model: Watched, item: Item) -> list[str]:
    return [prompt for call in model.calls for prompt in call if item.fields["premise"] in prompt]


def settings(spec: str, temperature: float = 20) -> JudgeSettings:
    return JudgeSettings(spec, transform=f"softmax:{temperature}")


def test_each_item_is_asked_until_it_is_precise_enough_and_no_longer() -> None:
    model = Watched()
    items = [explained(number, 4) for number in range(12)]
    found = judge(items, NLI, model, settings("auto:0.008"))
    assert {mjd.orders for mjd in found} >= {12, 24}
    for (item, explanations), mjd in zip(items, found, strict=True):
        prompts = asked_of(model, item)
        assert len(prompts) == len(set(prompts)) == mjd.orders
        assert max(mjd.standard_error) <= 0.008
        # The same row of orders as balanced:N, cut where it is enough: what was asked before was not.
        assert judge([(item, explanations)], NLI, Scripted(), settings(f"balanced:{mjd.orders}")) == [mjd]
        sizes = [len([prompt for prompt in call if prompt in prompts]) for call in model.calls]
        for earlier in (sum(sizes[:at]) for at in range(1, len(sizes)) if sizes[at]):
            [before] = judge([(item, explanations)], NLI, Scripted(), settings(f"balanced:{earlier}"))
            assert max(before.standard_error) > 0.008


def test_one_call_asks_what_all_items_of_the_batch_still_need() -> None:
    model = Watched()
    found = judge([explained(number, 4) for number in range(12)], NLI, model, settings("auto:0.008"))
    assert len(model.calls[0]) == 12 * 12
    assert sum(map(len, model.calls)) == sum(mjd.orders for mjd in found)
    assert len(model.calls) <= 5


def test_an_item_gets_in_company_what_it_gets_alone() -> None:
    items = [explained(number, number % 6) for number in range(18)]
    together = judge(items, NLI, Scripted(), settings("auto:0.01"))
    alone: list[Pooled] = [judge([one], NLI, Scripted(), settings("auto:0.01"))[0] for one in items]
    assert together == alone


@pytest.mark.parametrize("explanations", range(5))
def test_what_no_part_can_reach_is_all_orders_and_then_certain(explanations: int) -> None:
    one = explained(1, explanations)
    [every] = judge([one], NLI, Scripted(), settings("all"))
    [found] = judge([one], NLI, Scripted(), settings("auto:0.000001"))
    assert found.orders == every.orders == math.factorial(explanations) * 6
    assert found.standard_error == every.standard_error == (0.0, 0.0, 0.0)
    assert found.distribution == every.distribution  # to the last digit
    assert min(every.spread) > 0


def test_eight_explanations_are_judged_within_the_most() -> None:
    model = Watched()
    [rough, fine] = (judge([explained(1, 8)], NLI, model, settings(spec))[0] for spec in ("auto:0.01", "auto:0.000001"))
    assert 24 <= rough.orders < fine.orders == MOST_ADAPTIVE
    assert 0 < max(rough.standard_error) <= 0.01
    assert max(fine.standard_error) > 0.000001
    assert len(set(model.calls[-1])) == len(model.calls[-1])


def test_a_judge_for_whom_orders_do_not_matter_is_asked_once() -> None:
    class Firm(Scripted):
        def next_token_scores(self, sequences, tokens):  # type: ignore[no-untyped-def]
            scores = super().next_token_scores(sequences, tokens)
            scores.logits[:] = 1.0
            return scores

    [mjd] = judge([explained(1, 4)], NLI, Firm(), settings("auto:0.0001"))
    assert (mjd.orders, max(mjd.standard_error)) == (12, 0)


NUMBERS = {"explanations": st.integers(0, 20), "options": st.integers(2, 26)}


@checked(deadline=None)
@given(**NUMBERS)
def test_counts_are_whole_rounds_within_what_there_is(explanations: int, options: int) -> None:
    every = math.factorial(explanations) * math.factorial(options)
    count = first_count(explanations, options)
    seen = [count]
    while (count := next_count(count, 0.3, 0.001, explanations, options)) != seen[-1]:
        seen.append(count)
    assert seen == sorted(set(seen))
    assert seen[-1] <= min(every, MOST_ADAPTIVE)
    size = round_of(explanations, options)
    assert all(count % size == 0 for count in seen) or size > MOST_ADAPTIVE
    assert seen[-1] + size > min(every, MOST_ADAPTIVE)  # another round would not fit
    assert most_count(explanations, options) == seen[-1]


@checked(deadline=None)
@given(**NUMBERS, error=st.floats(0, 1), target=st.floats(0.001, 0.5))
def test_more_is_asked_exactly_where_the_error_is_above_the_target(
    explanations: int, options: int, error: float, target: float
) -> None:
    first = first_count(explanations, options)
    more = next_count(first, error, target, explanations, options)
    ended = first + round_of(explanations, options) > min(
        math.factorial(explanations) * math.factorial(options), MOST_ADAPTIVE
    )
    assert (more > first) == (error > target and not ended)
    assert more <= 2 * first + round_of(explanations, options)
    assert next_count(first, math.nan, target, explanations, options) >= more


def test_auto_begins_as_balanced_does() -> None:
    for explanations in range(9):
        first = orders("auto:0.02", explanations, 3, seed=5)
        assert first == orders(f"balanced:{len(first)}", explanations, 3, seed=5)
