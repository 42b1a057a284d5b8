"""Labels of one group of annotators tell less than as many of different people."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from labeldist.estimation.clusters import clustering, independent
from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.log_pool import softmax
from labeldist.estimation.observations import Array, Observations

ITEMS = 400


def grouped(each: int, apart: float, seed: int = 0) -> tuple[dict[str, Array], Array]:
    """Labels of two groups whose distributions scatter around the item's, and that; the less, the larger ``apart``."""
    generator = np.random.default_rng(seed)
    truth = generator.dirichlet([1.2, 0.9, 0.6], ITEMS)
    groups = {}
    for name in ("a", "b"):
        own = np.array([generator.dirichlet(np.maximum(apart * row, 1e-3)) for row in truth]) if apart else truth
        groups[name] = generator.multinomial(each, own).astype(float)
    return groups, truth


def seen(groups: dict[str, Array]) -> Observations:
    counts = sum(groups.values(), np.zeros((ITEMS, 3)))
    return Observations(("x", "y", "z"), tuple(map(str, range(ITEMS))), counts, groups)


def covered(observed: Observations, truth: Array) -> float:
    known = estimate_from(observed).posterior
    return float(((known.low <= truth + 1e-9) & (truth <= known.high + 1e-9)).mean())


def test_agreement_is_that_of_all_pairs() -> None:
    groups, _ = grouped(3, 2.0)
    found = clustering(groups)
    assert found is not None
    within, across = [], []
    for at in range(ITEMS):
        labels = {name: np.repeat(np.arange(3), counts[at].astype(int)) for name, counts in groups.items()}
        of_one = [a == b for given in labels.values() for a, b in combinations(given, 2)]
        within.append(np.mean(of_one))
        across.append(np.mean([a == b for a in labels["a"] for b in labels["b"]]))
    assert found.within == pytest.approx(np.mean(within))
    assert found.across == pytest.approx(np.mean(across))


@pytest.mark.parametrize("apart", [2.0, 5.0])
def test_the_correlation_is_that_of_the_draws(apart: float) -> None:
    found = [clustering(grouped(6, apart, seed)[0]) for seed in range(6)]
    mean = np.mean([one.correlation for one in found if one is not None])
    # Labels of one group are Dirichlet-multinomial around the item's distribution: correlated by 1 / (apart + 1).
    assert mean == pytest.approx(1 / (apart + 1), abs=0.04)


@pytest.mark.parametrize("apart", [2.0, 5.0])
def test_groups_that_differ_count_for_less(apart: float) -> None:
    groups, truth = grouped(4, apart)
    observed = seen(groups)
    found = estimate_from(observed)
    assert any("labels of one group count for less" in note for note in found.calibration.notes)
    alone = Observations(observed.labels, observed.ids, observed.counts)
    assert covered(alone, truth) < 0.85
    assert max(0.86, covered(alone, truth) + 0.04) <= covered(observed, truth) <= 0.94


def test_groups_that_do_not_differ_change_nothing() -> None:
    groups, truth = grouped(4, 0.0)
    observed = seen(groups)
    alone = Observations(observed.labels, observed.ids, observed.counts)
    np.testing.assert_array_equal(estimate_from(observed).mean, estimate_from(alone).mean)
    assert 0.86 <= covered(observed, truth) <= 0.94


def test_a_group_that_leans_the_other_way_is_noticed() -> None:
    generator = np.random.default_rng(4)
    truth = generator.dirichlet([1.2, 0.9, 0.6], ITEMS)
    leaning = softmax(np.log(truth + 1e-6) + np.array([-1.0, 0.5, 0.5]))
    groups = {"a": generator.multinomial(4, truth).astype(float), "b": generator.multinomial(4, leaning).astype(float)}
    found = clustering(groups)
    assert found is not None
    assert found.sure


def test_independent_counts_by_hand() -> None:
    a, b = np.array([[4.0, 0, 0], [1, 0, 0]]), np.array([[0, 2.0, 0], [0, 0, 0]])
    unnamed = np.array([[0, 0, 3.0], [0, 0, 0]])
    found = independent(a + b + unnamed, {"a": a, "b": b}, 0.25)
    np.testing.assert_allclose(found, [[4 / 1.75, 2 / 1.25, 3], [1, 0, 0]])
    assert clustering({"a": a, "b": b}) is None  # two items tell nothing
    assert clustering({"a": a}) is None
