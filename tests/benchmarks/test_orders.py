"""The benchmark of orders: its figures are on the page, its bars are met, and what makes it does what it says."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from benchmarks.orders import __main__ as command
from benchmarks.orders.curve import DESIGNS, adaptive, point, tokens
from benchmarks.orders.measure import Given
from benchmarks.orders.population import Population, population
from benchmarks.orders.tables import filled, points

from labeldist.core.item import Explanation, Item
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.judging.orders import all_orders
from labeldist.models.open import open_model
from labeldist.models.scripted import Scripted
from labeldist.tasks.load import load_task

NLI = load_task("nli")
ASKED = [
    (
        Item(str(number), {"premise": f"It rains {number}.", "hypothesis": "Wet."}),
        [Explanation(f"Reason {at}.", "neutral") for at in range(3)],
    )
    for number in range(3)
]


def test_the_page_has_the_figures_and_the_bars_are_met(capsys: pytest.CaptureFixture[str]) -> None:
    result = json.loads(command.RESULTS.read_text(encoding="utf-8"))
    page = command.PAGE.read_text(encoding="utf-8")
    assert filled(page, result) == page
    assert page.count("| orders | prompts |") == 3
    assert all(bar.reached for bar in points(result))
    assert command.main(["--show"]) == 0
    assert "auto:0.01, four explanations" in capsys.readouterr().out


def test_all_orders_are_asked_and_pooled_as_the_judge_does() -> None:
    known = population(ASKED, NLI, Scripted())
    found = judge(ASKED, NLI, Scripted(), JudgeSettings("all"))
    np.testing.assert_allclose(known.shares.mean(axis=1), [mjd.distribution.probabilities for mjd in found], atol=1e-6)
    # A part of them too, in the design's own order.
    count = 7
    for seed in range(3):
        pairs = DESIGNS["balanced"](3, 3, count, seed)
        fewer = judge(ASKED, NLI, Scripted(), JudgeSettings(f"balanced:{count}", seed=seed))
        asked = known.shares[:, known.places(pairs)].mean(axis=1)
        np.testing.assert_allclose(asked, [mjd.distribution.probabilities for mjd in fewer], atol=1e-6)


def test_adaptive_runs_are_those_of_the_judge() -> None:
    known = population(ASKED, NLI, Scripted())
    found = adaptive(known, 0.05, seeds=1)
    judged = judge(ASKED, NLI, Scripted(), JudgeSettings("auto:0.05"))
    assert found["orders"] == pytest.approx(np.mean([mjd.orders for mjd in judged]))
    errors = known.shares.mean(axis=1) - [mjd.distribution.probabilities for mjd in judged]
    assert found["mean absolute error"] == pytest.approx(np.abs(errors).mean(), abs=1e-6)


@pytest.mark.parametrize("design", list(DESIGNS))
def test_designs_have_so_many_orders_and_all_of_them_no_error(design: str) -> None:
    known = Population(3, 3, np.random.default_rng(0).normal(size=(4, 36, 3)))
    for count in (1, 5, 36):
        pairs = DESIGNS[design](3, 3, count, 1)
        assert len(set(pairs)) == len(pairs) == count
    assert point(known, design, 36)["mean absolute error"] < 1e-12


def test_a_liking_for_places_follows_the_place() -> None:
    known = Population(0, 2, np.zeros((1, 2, 2))).preferring([1.0, 0.0])
    for order, row in zip(all_orders(0, 2), known.logits[0], strict=True):
        assert row[order.options[0]] == 1
        assert row[order.options[1]] == 0
    assert known.shares.mean() == 0.5


def test_tokens_of_one_prompt_are_all_distinct() -> None:
    found = tokens(ASKED, NLI, Scripted(), "letters", "balanced", 1)
    assert found["tokens"] == found["distinct tokens"] > 0
    every = tokens(ASKED, NLI, Scripted(), "letters", "balanced", 36)
    assert found["tokens"] < every["distinct tokens"] < every["tokens"] == pytest.approx(36 * found["tokens"])


def test_on_real_items_fewer_orders_are_as_near_as_asked_for(
    shared_data: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    given, model = Given.of_data(3), open_model("embedded")
    every, found = (judge(given.four, given.task, model, JudgeSettings(spec)) for spec in ("all", "auto:0.01"))
    assert {mjd.orders for mjd in every} == {math.factorial(4) * 6}
    assert np.mean([mjd.orders for mjd in found]) <= 48
    errors = [
        np.subtract(one.distribution.probabilities, other.distribution.probabilities)
        for one, other in zip(every, found, strict=True)
    ]
    assert np.abs(errors).mean() <= 0.01
    [eight] = judge(given.eight[:1], given.task, model, JudgeSettings("auto:0.02"))
    assert len(given.eight[0][1]) == 8
    assert 24 <= eight.orders <= 240
    assert 0 < max(eight.standard_error) <= 0.02
