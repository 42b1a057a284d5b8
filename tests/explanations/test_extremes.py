"""The most and the least alike explanations: against trying everything with plain loops."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.core.errors import ModelError
from labeldist.core.item import Explanation, Item
from labeldist.explanations import extremes as module
from labeldist.explanations.extremes import extreme_set, in_turn, lexical_overlaps

ITEM = Item("1", {})
WORDS = st.lists(st.sampled_from(["it", "rains", "may", "not", "wet"]), min_size=1, max_size=6).map(" ".join)
POOLS = st.lists(st.tuples(WORDS, st.sampled_from(["yes", "no"])), min_size=1, max_size=7).map(
    lambda pairs: [Explanation(text, label, "m") for text, label in pairs]
)


def overlap(one: str, other: str) -> float:
    values = []
    for n in (1, 2, 3):
        grams = [[tuple(t.split()[i : i + n]) for i in range(len(t.split()) - n + 1)] for t in (one, other)]
        total = len(grams[0]) + len(grams[1])
        if total:
            values.append((sum(g in grams[1] for g in grams[0]) + sum(g in grams[0] for g in grams[1])) / total)
    return sum(values) / len(values) if values else 0.0


def weight(texts: list[str]) -> float:
    return sum(overlap(one, other) for one, other in itertools.combinations(texts, 2))


def different(found: tuple[Explanation, ...], pool: list[Explanation]) -> list[int]:
    """The places in the pool; explanations are told apart by identity."""
    places = [next(at for at, one in enumerate(pool) if one is chosen) for chosen in found]
    return list(dict.fromkeys(places))


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_lexical_overlap_is_the_mean_over_n(texts: list[str]) -> None:
    wanted = [[overlap(one, other) for other in texts] for one in texts]
    np.testing.assert_allclose(lexical_overlaps(texts), wanted)


@settings(deadline=None)
@given(POOLS, st.lists(st.sampled_from(["yes", "no"]), min_size=1, max_size=5), st.booleans())
def test_no_other_set_is_more_or_less_alike(pool: list[Explanation], sequence: list[str], alike: bool) -> None:
    sizes = Counter(one.label for one in pool)
    if not set(sequence) <= set(sizes):
        with pytest.raises(ModelError, match="no explanation for label"):
            extreme_set(ITEM, pool, sequence, alike=alike)
        return
    found = extreme_set(ITEM, pool, sequence, alike=alike)
    assert [one.label for one in found] == sequence
    wanted = {label: min(count, sizes[label]) for label, count in Counter(sequence).items()}
    chosen = different(found, pool)
    assert Counter(pool[at].label for at in chosen) == wanted
    options = [
        list(itertools.combinations([at for at, one in enumerate(pool) if one.label == label], count))
        for label, count in wanted.items()
    ]
    weights = [weight([pool[at].text for group in groups for at in group]) for groups in itertools.product(*options)]
    best = max(weights) if alike else min(weights)
    assert weight([pool[at].text for at in chosen]) == pytest.approx(best, abs=1e-6)
    for label in wanted:  # in the order of the pool, then the first again
        own = [at for at, one in zip(different_or_all(found, pool), found, strict=True) if one.label == label]
        new = list(dict.fromkeys(own))
        assert new == sorted(new)
        assert own[len(new) :] == [new[0]] * (len(own) - len(new))


def different_or_all(found: tuple[Explanation, ...], pool: list[Explanation]) -> list[int]:
    return [next(at for at, one in enumerate(pool) if one is chosen) for chosen in found]


def test_of_equal_sets_the_first_listed_is_taken() -> None:
    pool = [Explanation(text, "yes", "m") for text in ("a b", "c d", "e f", "g h")]
    assert extreme_set(ITEM, pool, ["yes"] * 2) == tuple(pool[:2])
    assert extreme_set(ITEM, pool, ["yes"], alike=True) == (pool[0],)


@settings(deadline=None, max_examples=50)
@given(POOLS, st.integers(1, 3), st.booleans())
def test_where_sets_are_too_many_no_single_exchange_helps(pool: list[Explanation], count: int, alike: bool) -> None:
    sequence = [label for label in ("yes", "no") if any(one.label == label for one in pool) for _ in range(count)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_SETS", 0)
        found = extreme_set(ITEM, pool, sequence, alike=alike)
    assert [one.label for one in found] == sequence
    chosen = different(found, pool)
    sign = -1 if alike else 1
    reached = sign * weight([pool[at].text for at in chosen])
    for place, out in enumerate(chosen):
        for new in range(len(pool)):
            if new not in chosen and pool[new].label == pool[out].label:
                other = [*chosen[:place], new, *chosen[place + 1 :]]
                assert sign * weight([pool[at].text for at in other]) >= reached - 1e-6
    first = [at for label in dict.fromkeys(sequence)
             for at in [at for at, one in enumerate(pool) if one.label == label][:count]]  # fmt: skip
    assert reached <= sign * weight([pool[at].text for at in first]) + 1e-6


@given(st.lists(WORDS, min_size=1, max_size=6), st.booleans())
def test_each_is_ranked_by_its_overlap_with_those_before(texts: list[str], alike: bool) -> None:
    pool = [Explanation(f"{text} {at}", "yes", "m") for at, text in enumerate(texts)]
    ranked = in_turn(pool, alike=alike)
    assert Counter(ranked) == Counter(pool)
    assert ranked[0] == pool[0]
    for done in range(1, len(ranked)):
        means = [math.fsum(overlap(one.text, before.text) for before in ranked[:done]) / done for one in ranked[done:]]
        assert means[0] == pytest.approx(max(means) if alike else min(means), abs=1e-6)


def test_nothing_to_rank() -> None:
    assert in_turn([], alike=True) == []
