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
from labeldist.judging.orders import Order, OrdersWanted, all_orders, balanced_orders, orders, read_orders

FIRST_OF_SEED_0 = (Order((2, 1, 0), (0, 1)), Order((0, 2, 1), (1, 0)))


def place_counts(rows: Sequence[Sequence[int]]) -> Counter[tuple[int, int]]:
    """How often each index stands in each place."""
    return Counter((index, place) for row in rows for place, index in enumerate(row))


def test_counts_of_the_paper() -> None:
    assert [len(all_orders(4, 3, shown)) for shown in range(5)] == [6, 24, 72, 144, 144]
    assert sum(len(all_orders(4, 3, shown)) for shown in range(5)) == 390


@settings(deadline=None)
@given(st.integers(0, 4), st.integers(2, 4))
def test_all_orders_are_distinct_permutations(explanations: int, options: int) -> None:
    every = all_orders(explanations, options)
    assert len(set(every)) == len(every) == math.factorial(explanations) * math.factorial(options)


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(2, 6), st.integers(1, 200), st.integers(0, 5))
def test_balanced_orders_are_balanced_and_none_comes_twice(
    explanations: int, options: int, count: int, seed: int
) -> None:
    chosen = balanced_orders(explanations, options, count, seed=seed)
    assert len(chosen) == len(set(chosen)) == min(count, math.factorial(explanations) * math.factorial(options))
    for rows, length in (([o.explanations for o in chosen], explanations), ([o.options for o in chosen], options)):
        assert all(sorted(row) == list(range(length)) for row in rows)
        counts = place_counts(rows)
        often = [counts[index, place] for index in range(length) for place in range(length)]
        assert not often or max(often) - min(often) <= 1


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(2, 6), st.integers(1, 200), st.integers(0, 200), st.integers(0, 5))
def test_more_balanced_orders_begin_with_the_fewer(
    explanations: int, options: int, count: int, more: int, seed: int
) -> None:
    longer = balanced_orders(explanations, options, count + more, seed=seed)
    assert longer[:count] == balanced_orders(explanations, options, count, seed=seed)


@pytest.mark.parametrize(("explanations", "options"), [(k, n) for k in range(6) for n in (2, 3, 4) if (k, n) < (5, 4)])
def test_all_that_there_are_come_once(explanations: int, options: int) -> None:
    every = all_orders(explanations, options)
    for count in (len(every), len(every) + 1, 5040):
        assert sorted(map(repr, balanced_orders(explanations, options, count, seed=3))) == sorted(map(repr, every))


@pytest.mark.parametrize(
    ("explanations", "options", "count"), [(8, 3, 5040), (6, 3, 4319), (0, 8, 5040), (20, 26, 999)]
)
def test_many_orders_are_balanced_and_quick(explanations: int, options: int, count: int) -> None:
    began = time.process_time()
    chosen = balanced_orders(explanations, options, count, seed=7)
    assert time.process_time() - began < 3  # about a tenth of a second
    assert len(chosen) == len(set(chosen)) == count
    for rows, length in (([o.explanations for o in chosen], explanations), ([o.options for o in chosen], options)):
        often = place_counts(rows).values()
        assert len(often) == length**2
        assert not often or max(often) - min(often) <= 1


@pytest.mark.parametrize("number", ["5041", "10000000000", "9" * 5000])
def test_a_number_of_too_many_orders_is_refused(number: str) -> None:
    with pytest.raises(UsageError, match="at most 5,040") as caught:
        orders(f"balanced:{number}", 2, 3)
    assert "balanced:N" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_seed_is_repeatable_and_seeds_differ() -> None:
    first = balanced_orders(4, 3, 12, seed=1)
    balanced_orders.cache_clear()
    assert balanced_orders(4, 3, 12, seed=1) == first
    assert balanced_orders(4, 3, 12, seed=2) != first
    # A design of another time or machine is the same too: runs that resume depend on it.
    assert balanced_orders(3, 2, 2, seed=0) == FIRST_OF_SEED_0


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
        "all:3",
        "automatic:0.1",
    ],
)
def test_bad_specs_are_refused_with_the_choices(spec: str) -> None:
    with pytest.raises(UsageError, match=r"balanced:N.*auto:SE"):
        orders(spec, 2, 3)


@pytest.mark.parametrize("number", ["", "0", "-0.01", "nan", "inf", "0.51", "1e9", "x", "0,01", "12", "9" * 5000])
def test_a_standard_error_that_cannot_be_reached_for_is_refused(number: str) -> None:
    with pytest.raises(UsageError, match=r"at most 0\.5") as caught:
        orders(f"auto:{number}", 2, 3)
    assert len(str(caught.value)) < 300


def test_auto_without_a_number_is_refused() -> None:
    with pytest.raises(UsageError, match=r"auto:0\.01"):
        read_orders("auto")


@pytest.mark.parametrize("number", ["0.5", "0.01", "1e-3", ".02"])
def test_a_standard_error_is_read(number: str) -> None:
    assert read_orders(f"auto:{number}") == OrdersWanted(target=float(number))


@pytest.mark.parametrize(("explanations", "options"), [(7, 3), (0, 20)])
def test_too_many_orders_are_refused(explanations: int, options: int) -> None:
    with pytest.raises(UsageError, match=r"balanced:24"):
        orders("all", explanations, options)
