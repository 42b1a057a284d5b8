"""What evidence saves beyond the base rate, beside what is true of simulated items."""

from __future__ import annotations

import numpy as np
import pytest

from labeldist.estimation.beyond_base_rate import beyond_base_rate
from labeldist.estimation.observations import Array, EvidenceArray, Observations


def simulated(draw: np.random.Generator, items: int, weight: float, worth: float, labels: int) -> Observations:
    """Items whose truths are Dirichlet with ``worth`` annotators around what the evidence says, to that power."""
    views = draw.normal(0, 1, (items, 3))
    truths = np.array([draw.dirichlet(worth * mean) for mean in powered(views, weight)])
    counts = np.array([draw.multinomial(labels, truth) for truth in truths]).astype(float)
    evidence = (EvidenceArray("m", powered(views, 1.0)),)
    return Observations(("a", "b", "c"), tuple(map(str, range(items))), counts, evidence=evidence)


def powered(views: Array, weight: float) -> Array:
    raised = np.exp(weight * views)
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


def true_savings(weight: float, worth: float) -> float:
    """By the definition, from the variance of truths: of Dirichlets around means that vary, and of one Dirichlet."""
    draw = np.random.default_rng(0)
    truths = np.array([draw.dirichlet(worth * mean) for mean in powered(draw.normal(0, 1, (40_000, 3)), weight)])
    base = truths.mean(axis=0)
    return worth - float((base * (1 - base)).sum() / truths.var(axis=0).sum() - 1)


@pytest.mark.parametrize(("weight", "worth", "labels"), [(0.0, 2.0, 4), (0.5, 2.0, 100), (1.5, 2.0, 4), (1.5, 6.0, 4)])
def test_intervals_hold_what_is_true(weight: float, worth: float, labels: int) -> None:
    draw, true = np.random.default_rng(1), true_savings(weight, worth)
    found = [beyond_base_rate(simulated(draw, 30, weight, worth, labels)) for _ in range(12)]
    assert sum(one.high >= true for one in found) >= 9
    if weight == 0:
        assert np.median([one.high for one in found]) < 0.5
        assert max(one.labels for one in found) < 0.5
    else:
        assert sum(one.low <= true for one in found) >= 9


def test_many_items_find_what_is_true() -> None:
    found = beyond_base_rate(simulated(np.random.default_rng(2), 500, 1.5, 4.0, 6))
    assert found.labels == pytest.approx(true_savings(1.5, 4.0), rel=0.3)
    assert found.low < true_savings(1.5, 4.0) < found.high


def test_items_without_labels_say_nothing() -> None:
    seen = simulated(np.random.default_rng(3), 40, 1.0, 3.0, 5)
    counts = np.vstack([seen.counts, np.zeros((40, 3))])
    shares = np.vstack([seen.evidence[0].distribution, np.full((40, 3), 1 / 3)])
    more = Observations(seen.labels, tuple(map(str, range(80))), counts, evidence=(EvidenceArray("m", shares),))
    assert beyond_base_rate(more) == beyond_base_rate(seen)
