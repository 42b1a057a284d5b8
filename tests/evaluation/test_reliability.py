"""Stated probabilities against what people did: numbers as one would count them by hand."""

from __future__ import annotations

import numpy as np
import pytest

from labeldist.evaluation.reliability import coverage, reliability


def test_bins_are_means_of_their_members() -> None:
    draw = np.random.default_rng(0)
    predicted, observed = draw.dirichlet([1, 1, 1], 80), draw.dirichlet([1, 1, 1], 80)
    pairs = sorted(zip(predicted.ravel().tolist(), observed.ravel().tolist(), strict=True))
    found = reliability(predicted, observed)
    wanted = []
    for at in range(10):
        mine = pairs[at * 24 : (at + 1) * 24]
        wanted.append((np.mean([said for said, _ in mine]), np.mean([seen for _, seen in mine]), len(mine)))
    assert [(one.predicted, one.observed, one.shares) for one in found] == [pytest.approx(row) for row in wanted]
    assert all(0 <= one.low <= one.observed <= one.high <= 1 for one in found)


def test_what_is_unknown_does_not_count() -> None:
    predicted = np.array([[0.5, 0.5], [np.nan, np.nan], [0.5, 0.5]])
    observed = np.array([[0.2, 0.8], [0.1, 0.9], [np.nan, np.nan]])
    [one] = reliability(predicted, observed)
    assert (one.shares, one.observed) == (2, 0.5)


def test_intervals_of_a_true_posterior_hold_what_they_promise() -> None:
    draw = np.random.default_rng(1)
    truth = draw.uniform(0, 1, (4000, 1))
    share = np.hstack([truth, 1 - truth])
    held = coverage(np.full(share.shape, 0.05), np.full(share.shape, 0.95), share)
    assert held.low < 0.9 < held.high
    assert held.shares == 8000
    assert coverage(share, share, share).held == 1
    assert coverage(share + 0.1, share + 0.2, share).held == 0
