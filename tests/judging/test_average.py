"""Averages of said distributions: their definition, their standard error, the questions they come of."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.verbalised import NOISES, average, mean_of
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import UsageError
from labeldist.core.item import Explanation, Item
from labeldist.evaluation.metric import METRICS
from labeldist.judging.average import averaged
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.judging.orders import balanced_orders
from labeldist.judging.precision import standard_errors
from labeldist.judging.questions import in_paraphrases, questions
from labeldist.models.base import Written
from labeldist.models.scripted import Scripted
from labeldist.tasks.load import load_task, shipped_tasks

NLI = load_task("nli")
ITEM = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
REASONS = [Explanation(f"Reason {at}.", NLI.label_names[at % 3]) for at in range(4)]


def asked(count: int, paraphrases: int = 1, explanations: int = 4) -> tuple[list[Any], list[int]]:
    found = questions(f"balanced:{count}", explanations, 3, paraphrases)
    return [one.order for one in found], [one.paraphrase for one in found]


def drawn(count: int, samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(3), (count, samples))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2))
def test_averages_are_by_their_definition(seed: int, paraphrases: int, samples: int, unread: int) -> None:
    """In plain numbers: the mean, and the normalised geometric mean with half a person more for each label."""
    shares = drawn(6, samples, seed)
    shares[0, 0] = (1, 0, 0)
    for at in range(unread):
        shares[at + 1, 0] = math.nan
    rows = [row for question in shares.tolist() for row in question if not math.isnan(row[0])]
    means = [sum(row[label] for row in rows) / len(rows) for label in range(3)]
    found, errors, spread = averaged(shares, *asked(6, paraphrases))
    assert found.tolist() == pytest.approx(means)
    geometric = [math.prod((100 * row[label] + 0.5) ** (1 / len(rows)) for row in rows) for label in range(3)]
    log, log_errors, _ = averaged(shares, *asked(6, paraphrases), "log")
    assert log.tolist() == pytest.approx([one / sum(geometric) for one in geometric])
    assert all(np.isfinite(numbers).all() for numbers in (errors, spread, log_errors))
    assert min(errors) > 0
    assert min(log_errors) > 0


def test_one_answer_to_each_order_has_the_error_of_any_judge() -> None:
    for count in (1, 4, 12, 24):
        orders, paraphrases = asked(count)
        shares = drawn(count, 1)
        expected = standard_errors(shares[:, 0], [o.explanations for o in orders], [o.options for o in orders])
        np.testing.assert_allclose(averaged(shares, orders, paraphrases)[1], expected)
    assert not averaged(drawn(6, 1), *asked(6, explanations=0))[1].any(), "all six orders"


def test_orders_that_were_all_asked_leave_the_error_of_samples_and_of_paraphrases() -> None:
    """Six orders, four samples of each, and then six orders in each of three paraphrases; by hand."""
    shares = drawn(6, 4)
    by_hand = shares.var(axis=1, ddof=1).mean(axis=0) / 24
    np.testing.assert_allclose(averaged(shares, *asked(6, explanations=0))[1], np.sqrt(by_hand))
    shares, (orders, paraphrases) = drawn(18, 1), asked(18, 3, 0)
    of_each = np.array([shares[np.array(paraphrases) == one].mean(axis=(0, 1)) for one in range(3)])
    found = averaged(shares, orders, paraphrases)[1]
    np.testing.assert_allclose(found, np.sqrt(of_each.var(axis=0, ddof=1) / 3))


@pytest.mark.parametrize("how", ["linear", "log"])
@pytest.mark.parametrize("split", [(12, 3, 1), (6, 1, 2), (6, 3, 2)])
def test_the_error_is_right_on_average(split: tuple[int, int, int], how: str) -> None:
    """Over 300 draws around one truth the mean squared error said is the variance of averages, within a quarter."""
    chance, truth = np.random.default_rng(5), np.array([0.5, 0.3, 0.2])
    count, paraphrases, samples = split
    if paraphrases == 1:
        # One wording for good: what it is worth is part of what the average tends to.
        orders = asked(count)
        means, errors = [], []
        for _ in range(300):
            rows = truth * np.exp(chance.normal(0, 0.4, (count, 1, 3)) + chance.normal(0, 0.4, (count, samples, 3)))
            mean, error, _ = averaged(rows / rows.sum(axis=-1, keepdims=True), *orders, how)
            means.append(mean)
            errors.append(error)
    else:
        found = [average(NOISES["logs"](truth, split, chance), split, how) for _ in range(300)]
        means, errors = [one[0] for one in found], [one[1] for one in found]
    ratio = (np.array(errors) ** 2).mean() / np.array(means).var(axis=0, ddof=1).mean()
    assert 0.75 < ratio < 1.25


def test_the_measured_ranking_of_averages_and_of_paraphrases() -> None:
    """What docs say: linear is nearer under most kinds of noise, log under slips; paraphrases help under each."""
    linear_wins = set()
    for name, noise in NOISES.items():
        chance = np.random.default_rng(7)
        truths = chance.dirichlet(np.ones(3), 80)
        found = {}
        for split in ((12, 1, 1), (12, 3, 1)):
            said = [noise(truth, split, chance) for truth in truths]
            for how in ("linear", "log"):
                predicted = np.array([mean_of(one, split, how) for one in said])
                found[split[1], how] = METRICS.get("jsd").value(truths, predicted)
        assert found[3, "linear"] < found[1, "linear"], name
        if found[3, "linear"] < found[3, "log"]:
            linear_wins.add(name)
    assert {"shares", "sharp", "counts"} <= linear_wins
    assert "slips" not in linear_wins


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(0, 4), st.integers(2, 4), st.integers(1, 3))
def test_questions_are_spread_and_none_is_asked_twice(count: int, reasons: int, options: int, paraphrases: int) -> None:
    found = questions(f"balanced:{count}", reasons, options, paraphrases)
    every = math.factorial(reasons) * math.factorial(options)
    assert len(found) == len(set(found)) == min(count, every * paraphrases)
    times = Counter(one.paraphrase for one in found)
    if len(found) <= every:
        assert len(set(found)) == len({one.order for one in found}), "each order once, while there are more"
        assert max(times.values()) - min(times.get(one, 0) for one in range(paraphrases)) <= 1
    else:
        assert len({one.order for one in found}) == every
    orders = balanced_orders(reasons, options, count)
    row = in_paraphrases(orders, paraphrases, "auto:0.1")
    assert in_paraphrases(orders[: len(orders) // 2 + 1], paraphrases, "auto:0.1") == row[: len(orders) // 2 + 1]


@pytest.mark.parametrize("name", shipped_tasks())
def test_every_task_has_three_paraphrases_that_ask_the_same(name: str) -> None:
    task = load_task(name)
    prompts = task.prompts("verbalised")
    wordings = ((prompts.plain, prompts.commented), *prompts.paraphrases)
    assert len({plain for plain, _ in wordings}) == len({commented for _, commented in wordings}) == 3
    for plain, commented in wordings:
        assert all(f"{{{field}}}" in text for field in task.fields for text in (plain, commented))
        assert "100" in plain
        assert plain.splitlines()[-1] == prompts.plain.splitlines()[-1]


class Says(Scripted):
    """Says a truth by label, in whatever order the options stand, with noise by the seed; refuses where told to."""

    def __init__(self, refuses: str = "\0") -> None:
        super().__init__()
        self.refuses, self.asked = refuses, []

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        self.asked += [(prompt, temperature, seed) for prompt in prompts]
        yield {at: Written(self.said(prompt, seed), 1, 1) for at, prompt in enumerate(prompts)}

    def said(self, prompt: str, seed: int) -> str:
        if self.refuses in prompt:
            return "As a language model I cannot say." if seed % 2 else "A: 70"
        shares = {"Entailment": 60, "Neutral": 30 - seed % 5, "Contradiction": 10 + seed % 5}
        lines = [line.strip(" .") for line in prompt.splitlines() if line[1:3] == ". "]
        return "\n".join(f"{line[0]}: {shares[line[3:]]}" for line in lines)


@pytest.mark.parametrize(("how", "slack"), [("linear", 1e-9), ("log", 0.01)])
def test_a_known_truth_is_given_back(how: str, slack: float) -> None:
    model = Says()
    wanted = JudgeSettings("balanced:9", style="verbalised", average=how)
    for reasons in ([], REASONS):
        [mjd] = judge([(ITEM, reasons)], NLI, model, wanted)
        assert mjd.distribution.probabilities == pytest.approx((0.6, 0.3, 0.1), abs=slack)
        assert (mjd.answers, mjd.paraphrases, mjd.unread) == (9, 3, ())
    assert {temperature for _, temperature, _ in model.asked} == {0.0}
    assert sum("Imagine 100 people" in prompt for prompt, _, _ in model.asked) == 6


def test_more_samples_begin_with_those_that_are_kept(tmp_path: Path) -> None:
    wanted = [
        JudgeSettings("balanced:3", style="verbalised", paraphrases=1, samples=samples, seed=2) for samples in (2, 5)
    ]
    with Store(tmp_path / "calls.sqlite") as store:
        recorded = Recorded(Says(), store)
        two, five = (judge([(ITEM, REASONS)], NLI, recorded, one)[0] for one in wanted)
        assert (two.answers, five.answers) == (6, 15)
        assert (recorded.made, recorded.reused) == (15, 6)
    assert five.distribution.probabilities == pytest.approx((0.6, 0.28, 0.12))
    assert five.standard_error[1] > 0


def test_refused_and_partial_answers_are_kept_as_they_were_and_are_no_answers() -> None:
    wanted = JudgeSettings("balanced:12", style="verbalised", samples=2)
    [mjd] = judge([(ITEM, REASONS)], NLI, Says(refuses="Imagine 100"), wanted)
    assert mjd.answers == 16
    assert Counter(mjd.unread) == {("refused", "As a language model I cannot say."): 4, ("partial", "A: 70"): 4}
    assert mjd.paraphrases == 2
    assert mjd.distribution.probabilities == pytest.approx((0.6, 0.295, 0.105))


def test_more_paraphrases_than_there_are_are_refused() -> None:
    with pytest.raises(UsageError, match="4 paraphrases of a question of which task 'nli' has 3"):
        judge([(ITEM, [])], NLI, Says(), JudgeSettings(style="verbalised", paraphrases=4))
