"""Who stands out: exact chances as enumerated, valid where annotators are exchangeable; who differs is found."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from labeldist.core.item import Annotation, Item
from labeldist.evaluation.annotations import AnnotationLog, Annotations
from labeldist.evaluation.annotators import Annotator, annotators_of
from labeldist.evaluation.exchangeable import SMALLEST, tail_chances

LABELS = ("a", "b", "c")
Said = Iterable[Sequence[tuple[str, str]]]


def log_of(items: Said, labels: Sequence[str] = LABELS) -> Annotations:
    log = AnnotationLog(labels)
    for number, said in enumerate(items):
        given = tuple(Annotation(label, name) for name, label in said)
        log.add(Item(str(number), {}, given), [None] * len(given))
    return log.annotations()


def simulated(seed: int, people: int = 8, items: int = 60, each: int = 4, odd: float = 0.0) -> Annotations:
    """Annotators who draw from the item's distribution; the first one chooses ``c`` as often as ``odd`` says more."""
    chance = np.random.default_rng(seed)

    def said() -> Said:
        for _ in range(items):
            shares = chance.dirichlet([1.5, 0.7, 0.2])
            who = chance.choice(people, each, replace=False)
            yield [
                (f"p{one}", "c" if one == 0 and chance.random() < odd else LABELS[chance.choice(3, p=shares)])
                for one in who
            ]

    return log_of(said())


def by_name(found: Annotations) -> dict[str, Annotator]:
    return {one.name: one for one in annotators_of(found)}


def test_tails_are_those_of_an_enumeration() -> None:
    chances, times = np.array([0.5, 0.25, 0.8]), np.array([[2.0, 1, 1], [0, 3, 2], [1, 0, 0]])
    for row in times:
        trials = [p for p, n in zip(chances, row, strict=True) for _ in range(int(n))]
        mass = np.zeros(len(trials) + 1)
        for hits in itertools.product([0, 1], repeat=len(trials)):
            mass[sum(hits)] += np.prod([p if hit else 1 - p for p, hit in zip(trials, hits, strict=True)])
        for observed in range(len(trials) + 1):
            expected = min(1.0, 2 * min(mass[: observed + 1].sum(), mass[observed:].sum()))
            assert tail_chances(row[None], chances, np.array([float(observed)]))[0] == pytest.approx(
                expected, abs=1e-12
            )


def test_far_tails_and_many_trials() -> None:
    assert tail_chances(np.array([[300.0]]), np.array([0.5]), np.array([300.0]))[0] == SMALLEST
    exact = tail_chances(np.array([[60_000.0]]), np.array([0.3]), np.array([18_200.0]))[0]
    many = tail_chances(np.array([[240_000.0]]), np.array([0.3]), np.array([72_400.0]))[0]
    assert exact == pytest.approx(many, rel=0.03)  # both 1.78 standard deviations out


def test_an_annotator_beside_the_others_by_hand() -> None:
    found = by_name(
        log_of([[("x", "a"), ("y", "a"), ("z", "b")], [("x", "b"), ("y", "a")], [("x", "c")], [("z", "a"), ("z", "b")]])
    )
    x = found["x"]
    assert (x.items, x.labels, x.compared) == (3, 3, 2)
    assert x.shares == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert x.own == pytest.approx({"a": 0.5, "b": 0.5, "c": 0})
    assert x.others == pytest.approx({"a": 0.75, "b": 0.25, "c": 0})
    assert x.agreement == pytest.approx((1 / 2 + 0) / 2)
    assert (found["z"].items, found["z"].labels, found["z"].compared) == (2, 3, 1)
    assert x.chance is not None


def test_where_all_agree_nobody_stands_out() -> None:
    found = annotators_of(log_of([[("x", "a"), ("y", "a")]] * 50))
    assert [(one.chance, one.label, one.stands_out) for one in found] == [(None, None, False)] * 2
    assert annotators_of(log_of([])) == []


def test_chances_are_valid_where_annotators_are_exchangeable() -> None:
    """Of 250 simulated studies about 5% at most name anybody; a single annotator's chance is no smaller than due."""
    false_alarms, chances = 0, []
    for seed in range(250):
        found = by_name(simulated(seed))
        false_alarms += any(one.stands_out for one in found.values())
        chances.append(found["p0"].uncorrected)
    assert false_alarms / 250 <= 0.07
    for level in (0.01, 0.05, 0.2, 0.5):
        share = np.mean([chance <= level for chance in chances])
        assert share <= level + 3 * (level * (1 - level) / 250) ** 0.5, level
    assert np.mean([chance <= 0.2 for chance in chances]) >= 0.03  # careful, and not blind


def test_rare_labels_raise_no_false_alarm() -> None:
    """Sums of a few unlikely trials are skewed: a chi-squared test is wrong there by orders of magnitude."""
    chance = np.random.default_rng(5)
    alarms = 0
    for _ in range(60):
        rare = chance.random((200, 10)) < 0.01
        said = [[(f"p{one}", "b" if row[one] else "a") for one in range(10)] for row in rare]
        alarms += any(one.stands_out for one in annotators_of(log_of(said, ("a", "b"))))
    assert alarms <= 6


def test_a_planted_annotator_is_named_first() -> None:
    named = [annotators_of(simulated(seed, items=120, odd=0.3))[0] for seed in range(40)]
    right = [one for one in named if one.name == "p0" and one.label == "c" and one.stands_out]
    assert len(right) >= 36
    assert all(one.own["c"] > one.others["c"] and one.chosen > one.expected for one in right)


def test_a_label_that_annotators_share_among_several_is_chosen_once() -> None:
    several = [[("x", "a"), ("x", "b"), ("y", "a")], [("x", "a"), ("x", "a"), ("y", "b")]]
    x = by_name(log_of(several))["x"]
    assert x.own == pytest.approx({"a": 0.75, "b": 0.25, "c": 0})
    assert x.others == pytest.approx({"a": 0.5, "b": 0.5, "c": 0})
