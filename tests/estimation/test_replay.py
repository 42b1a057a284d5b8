"""Targeting is offered where it wins, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labeldist.datasets.source import open_source
from labeldist.estimation.observations import Observations, observe
from labeldist.estimation.replay import BY_HIDDEN, BY_REFERENCE, Replay, Replayed, replay


def simulated(shares: object, labels: int, seed: int = 0, *, referenced: bool = True) -> Observations:
    """Items with these distributions (N, K), so many labels each, and the distributions as references."""
    shares = np.asarray(shares)
    counts = np.random.default_rng(seed).multinomial(labels, shares).astype(float)
    names, ids = tuple(f"label {at}" for at in range(shares.shape[1])), tuple(map(str, range(len(shares))))
    votes = np.full(len(shares), 100.0)
    return Observations(names, ids, counts, reference=shares if referenced else None, votes=votes)


def few_contested(items: int = 400) -> object:
    """One in ten is contested, the others are clear."""
    generator = np.random.default_rng(1)
    contested = np.arange(items)[:, None] % 10 == 0
    return np.where(contested, generator.dirichlet([3, 3, 3], items), generator.dirichlet([60, 0.3, 0.3], items))


@pytest.mark.parametrize("referenced", [True, False])
def test_targeting_wins_where_few_items_are_contested(referenced: bool) -> None:
    found = replay(simulated(few_contested(), 40, referenced=referenced))
    assert found.measure == (BY_REFERENCE if referenced else BY_HIDDEN)
    assert [(row.start, row.labels) for row in found.rows] == [(2, 3), (2, 5), (2, 8), (2, 12)]
    eight = found.rows[2]
    assert eight.wins
    assert eight.targeted < eight.evenly < eight.begin
    assert eight.gain == pytest.approx(eight.evenly - eight.targeted)
    assert "least certain items was better" in found.verdict()


def test_targeting_does_not_win_where_all_items_are_alike() -> None:
    shares = np.random.default_rng(0).dirichlet([8, 8, 8], 400)
    found = replay(simulated(shares, 40))
    assert not found.offers
    assert found.verdict().startswith("Spread the next labels evenly")


@pytest.mark.parametrize("name", ["chaosnli-snli", "chaosnli-mnli"])
@pytest.mark.usefixtures("real")
def test_on_chaosnli_even_spreading_is_as_good(name: str) -> None:
    dataset = open_source(name)
    observed = observe(dataset.items(), dataset.task.label_names)
    assert observed.reference is not None
    assert observed.votes is not None
    votes = np.round(observed.reference * observed.votes[:, None])
    found = replay(replace(observed, counts=votes, groups={}, evidence=()))
    rows = {row.labels: row for row in found.rows}
    for labels in (3, 5):
        assert not rows[labels].wins
        assert abs(rows[labels].gain) < 0.01 * rows[labels].evenly
    # What targeting gains at 8 is there, and too small to be worth anything.
    assert rows[8].gain < 0.015 * rows[8].evenly
    assert not found.offers
    assert "evenly" in found.verdict()


@pytest.mark.parametrize("labels", [3, 4, 5])
def test_few_labels(labels: int) -> None:
    found = replay(simulated(few_contested(), labels))
    if labels < 4:
        assert found.rows == ()
        assert "could not be tried: 0 items have 4 labels" in found.verdict()
    else:
        assert [(row.start, row.labels) for row in found.rows] == [(1, 2), (1, 3)]
    hidden = replay(simulated(few_contested(), labels, referenced=False))
    assert [row.labels for row in hidden.rows] == {3: [], 4: [2], 5: [2, 3]}[labels]


def test_both_ways_spend_the_same_when_items_have_different_numbers_of_labels() -> None:
    observed = simulated(few_contested(200), 12)
    counts = observed.counts.copy()
    counts[::2] = np.random.default_rng(3).multinomial(4, few_contested(200)[::2])  # type: ignore[index]
    found = replay(replace(observed, counts=counts))
    assert found.items == 200
    assert all(np.isfinite([row.gain, row.gain_low, row.gain_high]).all() for row in found.rows)


def test_a_small_gain_is_none() -> None:
    small = Replayed(2, 8, begin=0.2, evenly=0.08, targeted=0.079, gain=0.001, gain_low=0.0005, gain_high=0.0015)
    assert not small.wins
    large = replace(small, targeted=0.07, gain=0.01, gain_low=0.006, gain_high=0.014)
    assert large.wins
    both = Replay((small, large), 100, BY_REFERENCE).verdict()
    assert "from 0.200 to 0.080, targeting to 0.070" in both
    assert "no better than spreading evenly" in both
