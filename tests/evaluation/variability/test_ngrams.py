"""The overlap of n-grams: against a plain reading of its definition, and by its properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.evaluation.variability.ngrams import ngrams, overlaps

SEQUENCES = st.lists(st.lists(st.sampled_from("abcd"), max_size=7), min_size=1, max_size=5)


def plainly(one: list[str], other: list[str], n: int) -> float:
    grams = [[",".join(s[i : i + n]) for i in range(len(s)) if i + n <= len(s)] for s in (one, other)]
    total = len(grams[0]) + len(grams[1])
    if total == 0:
        return math.nan
    return (sum(g in grams[1] for g in grams[0]) + sum(g in grams[0] for g in grams[1])) / total


@given(SEQUENCES, st.integers(1, 4))
def test_overlaps_of_all_pairs_are_what_the_definition_says(sequences: list[list[str]], n: int) -> None:
    found = overlaps(sequences, n)
    wanted = [[plainly(one, other, n) for other in sequences] for one in sequences]
    np.testing.assert_allclose(found, wanted, equal_nan=True)
    np.testing.assert_array_equal(found, found.T)
    assert ((found >= 0) & (found <= 1) | np.isnan(found)).all()


def test_repetitions_count_as_often_as_they_occur() -> None:
    # 4 + 1 words; three "a" of the first are in the second, "b" is not, "a" of the second is in the first: 4 of 5.
    assert overlaps(["aaab", "a"], 1)[0, 1] == pytest.approx(4 / 5)


def test_a_text_that_is_too_short_shares_nothing_and_two_of_them_are_undefined() -> None:
    found = overlaps([["a", "b", "c"], ["a"], ["b"]], 2)
    assert found[0, 1] == 0
    assert math.isnan(found[1, 2])
    assert ngrams(["a"], 2) == []


def test_nothing_has_no_overlaps() -> None:
    assert overlaps([], 1).shape == (0, 0)
