"""The human ceiling against simulated annotators, and against plain enumeration."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import pytest

from labeldist.core.errors import InputError
from labeldist.core.item import Annotation, Item
from labeldist.evaluation.ceiling import ceiling
from labeldist.evaluation.compare import evaluate
from labeldist.evaluation.metric import METRICS
from labeldist.reports.tables import markdown_table
from labeldist.tasks.load import load_task

LABELS = ["entailment", "neutral", "contradiction"]
TVD = METRICS.get("tvd")


def item(at: int, labels: list[str], reference: dict[str, float] | None = None) -> Item:
    fields = {"premise": "P", "hypothesis": "H"}
    return Item(str(at), fields, tuple(Annotation(label) for label in labels), reference=reference)


def test_it_is_the_mean_over_all_splits() -> None:
    """Four annotators of one item: every way to divide them, each as likely as the others."""
    votes = ["entailment", "entailment", "neutral", "contradiction"]
    found = []
    for half in itertools.combinations(range(4), 2):
        one, other = ([votes[at] for at in group] for group in (half, [at for at in range(4) if at not in half]))
        found.append(0.5 * sum(abs(one.count(label) - other.count(label)) / 2 for label in LABELS))
    assert len(found) == comb(4, 2)
    rows = ceiling([item(at, votes) for at in range(400)], LABELS, [TVD], resamples=0, seed=1)
    assert rows[0].metrics["tvd"].value == pytest.approx(np.mean(found), abs=0.01)
    assert rows[0].name == "2 annotators against 2 others, as they are"


def test_reference_annotators_take_part() -> None:
    apart = ceiling([item(0, ["neutral"] * 2, {"contradiction": 2})] * 50, LABELS, [TVD], resamples=0, seed=0)
    alone = ceiling([item(0, ["neutral"] * 2)] * 50, LABELS, [TVD], resamples=0, seed=0)
    assert alone[0].metrics["tvd"].value == 0
    # Halves are (nn, cc), (nc, nc) and so on: 1, and 4 times 0, of 6.
    assert apart[0].metrics["tvd"].value == pytest.approx(1 / 3, abs=0.06)


def test_people_like_the_reference_reach_it() -> None:
    """Where the halves are as large as the reference, the ceiling is what another such group would get."""
    chance = np.random.default_rng(0)
    truth = chance.dirichlet(np.ones(3), 800)
    votes = [[LABELS[k] for k in chance.choice(3, size=4, p=row)] for row in truth]
    others = [[LABELS[k] for k in chance.choice(3, size=2, p=row)] for row in truth]
    items = [item(at, v[:2], {label: float(v[2:].count(label)) for label in LABELS}) for at, v in enumerate(votes)]
    predictions = {str(at): {label: v.count(label) / 2 for label in LABELS} for at, v in enumerate(others)}
    found = evaluate(
        items, {"others": predictions}, load_task("nli"), metrics=["tvd"], bootstrap=200, with_ceiling="all"
    )
    rows = {row.name: row.metrics["tvd"] for row in found.rows}
    people = rows["2 annotators against 2 others, as they are"]
    assert people.low - 0.01 < rows["others"].value < people.high + 0.01


def test_it_stands_in_the_table_and_is_never_the_best() -> None:
    items = [item(at, ["neutral"] * 3, {"neutral": 2.0}) for at in range(5)]
    llm = {str(at): {"entailment": 0.5, "neutral": 0.5, "contradiction": 0.0} for at in range(5)}
    found = evaluate(items, {"llm": llm}, load_task("nli"), metrics=["tvd"], bootstrap=0, with_ceiling="all")
    lines = markdown_table(found).splitlines()
    [people] = [line for line in lines if "against 2 others, as they are" in line]
    assert "0.0000" in people
    assert "**" not in people
    assert not any("against" in row.name for row in evaluate(items, {"llm": llm}, load_task("nli")).rows)


@pytest.mark.parametrize("leave_one_out", [1, 2, 3])
def test_the_groups_are_as_large_as_the_reference(leave_one_out: int) -> None:
    """Five annotators, each way to draw who is the reference and who predicts, against the mean over all of them."""
    votes = ["entailment", "entailment", "neutral", "neutral", "contradiction"]
    some = min(leave_one_out, 5 - leave_one_out)
    found = []
    for others in itertools.combinations(range(5), leave_one_out):
        for group in itertools.combinations([at for at in range(5) if at not in others], some):
            one, other = ([votes[at] for at in who] for who in (group, others))
            found.append(0.5 * sum(abs(one.count(k) / len(one) - other.count(k) / len(other)) for k in LABELS))
    reference = {label: float(votes[:leave_one_out].count(label)) for label in LABELS}
    items = [item(at, votes[leave_one_out:], reference) for at in range(400)]
    row = ceiling(items, LABELS, [TVD], resamples=0, seed=0)[0]
    assert row.metrics["tvd"].value == pytest.approx(np.mean(found), abs=0.015)
    told = {1: "1 annotator against 1 other", 2: "2 annotators against 2 others", 3: "2 annotators against 3 others"}
    assert row.name == f"{told[leave_one_out]}, as they are"


def test_a_dense_reference_is_halved_alone() -> None:
    """100 votes drawn from a known truth: two halves differ as much as two independent groups of 50 would."""
    chance = np.random.default_rng(1)
    truth = chance.dirichlet(np.ones(3), 500)
    items = [
        item(at, ["neutral"] * 5, dict(zip(LABELS, map(float, chance.multinomial(100, row)), strict=True)))
        for at, row in enumerate(truth)
    ]
    groups = [np.array([chance.multinomial(50, row) for row in truth]) / 50 for _ in range(20)]
    expected = np.mean([TVD.value(one, other) for one, other in itertools.pairwise(groups)])
    found = evaluate(items, {}, load_task("nli"), metrics=["tvd"], bootstrap=100, with_ceiling="reference")
    [people] = [row.metrics["tvd"] for row in found.rows if row.name == "50 annotators against 50 others, as they are"]
    assert people.value == pytest.approx(expected, abs=0.004)
    assert people.low < people.value < people.high


def test_shares_are_no_counts() -> None:
    items = [item(0, [], {"neutral": 0.5, "entailment": 0.5})]
    with pytest.raises(InputError, match="1 items, expected references that are counts"):
        evaluate(items, {}, load_task("nli"), metrics=["tvd"], bootstrap=0, with_ceiling="reference")


def test_fewer_splits_of_many_items_say_the_same() -> None:
    chance = np.random.default_rng(2)
    items = [item(at, list(chance.choice(LABELS, 4, p=[0.6, 0.3, 0.1]))) for at in range(6000)]
    few, many = (
        [ceiling(part, LABELS, [TVD], resamples=0, seed=0)[0].metrics["tvd"].value for part in parts]
        for parts in ([items], [items[at : at + 1000] for at in range(0, 6000, 1000)])
    )
    assert few[0] == pytest.approx(np.mean(many), abs=0.005)


def test_no_ceiling_of_single_annotators() -> None:
    assert ceiling([item(0, ["neutral"])], LABELS, [TVD], resamples=0, seed=0) == []
