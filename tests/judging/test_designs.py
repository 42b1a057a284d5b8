"""Designs against what their names promise: Latin squares, every two things once in every two places, all rows once."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.judging.designs import balanced_pairs, latin_rows

LENGTHS = st.integers(1, 12)


@settings(deadline=None)
@given(LENGTHS, st.text(max_size=3), st.integers(0, 20))
def test_every_so_many_rows_are_a_latin_square(length: int, seed: str, skipped: int) -> None:
    start = min(skipped, math.factorial(length - 1) - 1) * length
    square = list(itertools.islice(latin_rows(length, seed), start, start + length))
    for lines in (square, zip(*square, strict=True)):
        assert all(sorted(line) == list(range(length)) for line in lines)


@pytest.mark.parametrize("length", [2, 3, 4, 5, 7, 8, 11])
@pytest.mark.parametrize("seed", ["0", "1"])
def test_two_things_stand_once_in_every_two_places(length: int, seed: str) -> None:
    # Twice as many rows: the second family of squares has the property too.
    families = 2 if length > 3 else 1
    rows = list(itertools.islice(latin_rows(length, seed), families * length * (length - 1)))
    for family in _halves(rows, families):
        often = Counter(
            (one, other, row[one], row[other])
            for row in family
            for one, other in itertools.permutations(range(length), 2)
        )
        assert set(often.values()) == {1}
        assert len(often) == (length * (length - 1)) ** 2


def _halves(rows: list[tuple[int, ...]], parts: int) -> list[list[tuple[int, ...]]]:
    size = len(rows) // parts
    return [rows[at * size : (at + 1) * size] for at in range(parts)]


@pytest.mark.parametrize("length", range(8))
def test_rows_are_all_orders_once(length: int) -> None:
    assert sorted(latin_rows(length, "x")) == list(itertools.permutations(range(length)))


@pytest.mark.parametrize("length", [9, 10, 16])
def test_of_many_things_no_row_comes_twice(length: int) -> None:
    rows = list(itertools.islice(latin_rows(length, "x"), 6000))
    assert len(set(rows)) == 6000


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([(4, 3), (3, 4), (3, 3), (2, 4), (1, 4), (0, 3), (4, 4)]), st.integers(0, 9))
def test_in_a_whole_turn_each_goes_with_each_equally_often(lengths: tuple[int, int], seed: int) -> None:
    """After each turn of the longer wheel all rows of both have come up equally often."""
    longer, shorter = (math.factorial(length) for length in sorted(lengths, reverse=True))
    pairs = balanced_pairs(*lengths, longer * shorter, seed=seed)
    for turn in range(shorter):
        part = pairs[turn * longer : (turn + 1) * longer]
        for side, length in enumerate(lengths):
            often = Counter(pair[side] for pair in part)
            assert set(often.values()) == {longer // math.factorial(length)}


def test_explanations_and_options_of_one_number_are_not_ordered_alike() -> None:
    assert any(one != other for one, other in balanced_pairs(3, 3, 6, seed=0))
    alike = [sum(one == other for one, other in balanced_pairs(3, 3, 6, seed=seed)) for seed in range(40)]
    assert 0.5 < sum(alike) / 40 < 1.5  # a row of six is the other's by chance once in six
