"""Groups: what differs is found on the same items where there are any, with intervals; what is disputed is ranked."""

from __future__ import annotations

import numpy as np
import pytest

from labeldist.core.item import Annotation, Item
from labeldist.evaluation.annotations import AnnotationLog, Annotations
from labeldist.evaluation.by_group import groups_of
from labeldist.evaluation.contested import ChosenItems, disagreement


def study(seed: int, more: float, *, apart: bool = False) -> Annotations:
    """Women choose ``yes`` ``more`` often than men, each item with two of both, or items with women or men only."""
    chance = np.random.default_rng(seed)
    log = AnnotationLog(["yes", "no"])
    for number in range(150):
        share = chance.beta(2, 2) * (1 - more)
        groups = ["w", "w", "m", "m"] if not apart else [("w", "m")[number % 2]] * 4
        labels = ["yes" if chance.random() < share + more * (group == "w") else "no" for group in groups]
        given = tuple(
            Annotation(label, f"{group}{at}") for at, (group, label) in enumerate(zip(groups, labels, strict=True))
        )
        log.add(Item(str(number), {}, given), groups)
    return log.annotations()


@pytest.mark.parametrize("apart", [False, True])
def test_differences_and_their_intervals(apart: bool) -> None:
    held = 0
    for seed in range(100):
        groups = {one.name: one for one in groups_of(study(seed, 0.2, apart=apart), ["nominal"], resamples=300)}
        women = groups["w"]
        assert women.both == (0 if apart else 150)
        one = women.difference["yes"]
        assert one.value == pytest.approx(-groups["m"].difference["yes"].value)
        assert one.value == pytest.approx(-women.difference["no"].value)
        held += one.low <= 0.2 <= one.high
    assert 90 <= held <= 100


def test_no_difference_is_seldom_found() -> None:
    found = [groups_of(study(seed, 0.0), ["nominal"], resamples=300)[0].stands_out("yes") for seed in range(100)]
    assert sum(found) <= 11


def test_the_same_items_are_compared_where_there_are_some() -> None:
    """Men also labelled items that all find ``yes``: their share is larger, and they do not differ."""
    log = AnnotationLog(["yes", "no"])
    for number in range(20):
        label = ("yes", "no")[number % 2]
        log.add(Item(f"a{number}", {}, (Annotation(label, "w1"), Annotation(label, "m1"))), ["w", "m"])
    for number in range(80):
        log.add(Item(f"b{number}", {}, (Annotation("yes", "m1"),)), ["m"])
    men, women = groups_of(log.annotations(), ["nominal"])
    assert (men.name, men.both, men.labels) == ("m", 20, 100)
    assert men.agreement.shares["yes"].value == pytest.approx(0.9)
    assert men.own["yes"] == pytest.approx(0.5)
    assert men.difference["yes"].value == 0
    assert not women.stands_out("yes")


def test_groups_with_numbers_come_in_their_order() -> None:
    log = AnnotationLog(["yes", "no"])
    log.add(Item("1", {}, tuple(Annotation("yes", times=times) for times in (1, 5, 3))), ["10", "2", None])
    assert [one.name for one in groups_of(log.annotations(), ["nominal"])] == ["2", "10"]


def test_items_are_chosen_as_they_pass() -> None:
    chance = np.random.default_rng(0)
    items = []
    for number in range(300):
        counts = chance.multinomial(int(chance.integers(0, 7)), [0.5, 0.3, 0.2])
        labels = tuple(Annotation(name, times=int(n)) for name, n in zip("abc", counts, strict=True) if n)
        items.append(Item(str(number), {}, labels))
    chosen = ChosenItems(["disputed:5", "17", "agreed:4", "gone"], "abc")
    for item in items:
        chosen.add(item)
    counts = np.array([item.label_counts("abc") for item in items], float)
    value = disagreement(counts).round(12)
    several = [row for row in range(300) if counts[row].sum() >= 2]
    disputed = sorted(several, key=lambda row: (-value[row], row))[:5]
    agreed = sorted(several, key=lambda row: (value[row], row))[:4]
    expected = list(dict.fromkeys([*disputed, 17, *agreed]))
    assert [int(item.id) for item, _ in chosen.items()] == expected
    assert chosen.missing == ["gone"]


def test_disagreement_is_the_chance_that_two_more_differ() -> None:
    """Of the Dirichlet posterior with half a count per label: by drawing from it."""
    chance = np.random.default_rng(1)
    counts = np.array([3.0, 1, 0])
    shares = chance.dirichlet(counts + 0.5, size=200_000)
    assert disagreement(counts[None])[0] == pytest.approx((1 - (shares**2).sum(axis=1)).mean(), abs=2e-3)
