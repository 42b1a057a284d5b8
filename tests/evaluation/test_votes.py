"""How many votes a reference has: counts are believed, probabilities looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.evaluation.votes import votes_behind

NAN = UNKNOWN = float("nan")  # of which nobody knows
CASES: dict[str, tuple[list[list[float]], list[float]]] = {
    "counts": ([[3, 1, 0], [0, 9, 1]], [4, 10]),
    "one vote each": ([[1, 0, 0], [0, 1, 0]], [1, 1]),
    "one vote and several": ([[1, 0, 0], [0, 2, 1]], [1, 3]),
    "certain among dense probabilities": ([[1, 0, 0], [0.37, 0.21, 0.42]], [UNKNOWN, UNKNOWN]),
    "counts among probabilities": ([[30, 10, 0], [0.371, 0.213, 0.416]], [40, UNKNOWN]),
    "none": ([[NAN] * 3, [4, 1, 0]], [UNKNOWN, 5]),
    "fifths": ([[0.2, 0.4, 0.4], [0.8, 0.2, 0], [1, 0, 0]], [5, 5, 5]),
    "thirds, rounded": ([[0.33, 0.67, 0], [0.67, 0.33, 0], [0.33, 0.33, 0.33]], [3, 3, 3]),
    "thirds, as computed": ([[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0]], [3, 3]),
    "four to six annotators": ([[0.25, 0.75, 0], [0.4, 0.6, 0], [1 / 6, 5 / 6, 0]], [6, 6, 6]),
    "hundredths": ([[0.71, 0.28, 0.01], [0.02, 0.68, 0.3]], [UNKNOWN, UNKNOWN]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_behind(case: str) -> None:
    weights, expected = CASES[case]
    np.testing.assert_array_equal(votes_behind(np.array(weights, dtype=float)), expected)


@given(st.integers(1, 20), st.integers(0, 2**32 - 1), st.sampled_from([None, 3, 4]))
def test_votes_that_were_made_shares_are_found_or_called_dense(votes: int, seed: int, decimals: int | None) -> None:
    counts = np.random.default_rng(seed).multinomial(votes, np.full(3, 1 / 3), size=60)
    shares: Any = counts / votes
    found = votes_behind(shares if decimals is None else np.round(shares, decimals))
    # A divisor explains the same shares, where chance drew no others.
    assert ((found <= votes) | np.isnan(found)).all()
    if decimals is None:
        assert (found <= votes).all()
    np.testing.assert_array_equal(votes_behind(counts.astype(float)), np.full(60, float(votes)))


def test_dense_probabilities_are_no_few_votes() -> None:
    truth = np.random.default_rng(0).dirichlet(np.ones(3), 200)
    assert np.isnan(votes_behind(truth)).all()
    assert np.isnan(votes_behind(np.round(truth, 2))).all()
    assert np.isnan(votes_behind(np.random.default_rng(1).multinomial(100, truth) / 100)).all()


@pytest.mark.parametrize("labels", [2, 3, 5])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_single_votes_beside_dense_references_are_single(labels: int, share: float) -> None:
    generator = np.random.default_rng([labels, int(10 * share)])
    truth = generator.dirichlet(np.full(labels, 2.0), 200)
    dense = np.array([generator.multinomial(100, row) for row in truth]) / 100
    single = np.array([generator.multinomial(1, row) for row in truth])
    alone = generator.uniform(size=200) < share
    votes = votes_behind(np.where(alone[:, None], single, dense))
    assert (votes[alone] == 1).all()
    assert np.isnan(votes[~alone]).all() or (votes[~alone] >= 20).all()


@pytest.mark.parametrize("labels", [2, 3, 5])
@pytest.mark.parametrize("sharpness", [0.15, 0.5, 2.0])
def test_people_of_one_mind_are_not_single_votes(labels: int, sharpness: float) -> None:
    generator = np.random.default_rng([labels, int(100 * sharpness)])
    truth = generator.dirichlet(np.full(labels, sharpness), 300)
    for number in (5, 100):
        given = np.array([generator.multinomial(number, row) for row in truth]) / number
        assert not (votes_behind(given) == 1).any()
