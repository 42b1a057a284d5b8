"""All orders are all; balanced ones are balanced, distinct where possible, and the same for a seed."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.core.errors import UsageError
from labeldist.judge.orders import all_orders, balanced_orders, orders


def place_counts(rows: Sequence[Sequence[int]]) -> Counter[tuple[int, int]]:
    """How often each index stands in each place."""
    return Counter((index, place) for row in rows for place, index in enumerate(row))


def test_counts_of_the_paper() -> None:
    assert [len(all_orders(4, 3, shown)) for shown in range(5)] == [6, 24, 72, 144, 144]
    assert sum(len(all_orders(4, 3, shown)) for shown in range(5)) == 390


@given(st.integers(0, 4), st.integers(2, 4))
def test_all_orders_are_distinct_permutations(explanations: int, options: int) -> None:
    every = all_orders(explanations, options)
    assert len(set(every)) == len(every) == math.factorial(explanations) * math.factorial(options)


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(2, 6), st.integers(1, 60), st.integers(0, 5))
def test_balanced_orders_are_balanced(explanations: int, options: int, count: int, seed: int) -> None:
    chosen = balanced_orders(explanations, options, count, seed=seed)
    total = math.factorial(explanations) * math.factorial(options)
    assert len(chosen) == min(count, total)
    for rows, length in (([o.explanations for o in chosen], explanations), ([o.options for o in chosen], options)):
        assert all(sorted(row) == list(range(length)) for row in rows)
        counts = place_counts(rows)
        often = [counts[index, place] for index in range(length) for place in range(length)]
        assert not often or max(often) - min(often) <= 1
    if count <= total // 8:
        assert max(Counter(chosen).values()) == 1


@pytest.mark.parametrize(("explanations", "options", "count"), [(8, 3, 5040), (6, 3, 4319), (0, 8, 5040)])
def test_many_orders_are_balanced_and_quick(explanations: int, options: int, count: int) -> None:
    began = time.process_time()
    chosen = balanced_orders.__wrapped__(explanations, options, count)
    assert time.process_time() - began < 10  # about 1 s; minutes where every pair is compared
    assert len(chosen) == count
    for rows, length in (([o.explanations for o in chosen], explanations), ([o.options for o in chosen], options)):
        often = place_counts(rows).values()
        assert len(often) == length**2
        assert not often or max(often) - min(often) <= 1
    if explanations == 8:
        assert max(Counter(chosen).values()) == 1


@pytest.mark.parametrize("number", ["5041", "10000000000", "9" * 5000])
def test_a_number_of_too_many_orders_is_refused(number: str) -> None:
    with pytest.raises(UsageError, match="at most 5,040") as caught:
        orders(f"balanced:{number}", 2, 3)
    assert "balanced:N" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_seed_is_repeatable_and_seeds_differ() -> None:
    assert balanced_orders(4, 3, 12, seed=1) == balanced_orders.__wrapped__(4, 3, 12, seed=1)
    assert balanced_orders(4, 3, 12, seed=1) != balanced_orders(4, 3, 12, seed=2)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "some",
        "balanced",
        "balanced:",
        "balanced:0",
        "balanced:00",
        "balanced:-3",
        "balanced:²",
        "balanced:x",
        "ALL",
    ],
)
def test_bad_specs_are_refused_with_the_choices(spec: str) -> None:
    with pytest.raises(UsageError, match="balanced:N"):
        orders(spec, 2, 3)


@pytest.mark.parametrize(("explanations", "options"), [(7, 3), (0, 20)])
def test_too_many_orders_are_refused(explanations: int, options: int) -> None:
    with pytest.raises(UsageError, match=r"balanced:24"):
        orders("all", explanations, options)
