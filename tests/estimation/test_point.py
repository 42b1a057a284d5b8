"""What stands for a posterior: beside draws from it, and beside everything else that might."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import betabinom

from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Item
from labeldist.estimation.estimate import estimate, estimate_from
from labeldist.estimation.observations import Array, EvidenceArray, Observations
from labeldist.estimation.point import MOST_ANNOTATORS, Point, medians, medians_of_shares
from labeldist.tasks.labels import labels_task

ONE = np.ones((1, 1))


def mixture(labels: int, parts: int, seed: int) -> tuple[Array, Array]:
    """The components (1, J, K) and weights (1, J) of one posterior."""
    generator = np.random.default_rng([labels, parts, seed])
    return np.exp(generator.normal(0, 1, (1, parts, labels))), generator.dirichlet(np.ones(parts), 1)


def truths(alpha: Array, weights: Array, number: int = 20_000) -> Array:
    """Draws (S, K) from the posterior."""
    generator = np.random.default_rng(0)
    parts = generator.choice(len(weights[0]), number, p=weights[0])
    gammas = generator.gamma(alpha[0][parts])
    drawn: Array = gammas / gammas.sum(axis=1, keepdims=True)
    return drawn


def wasserstein(truth: Array, point: Array) -> float:
    return float(np.abs(np.cumsum(truth - point, axis=1)[:, :-1]).sum(axis=1).mean())


def tvd(truth: Array, point: Array) -> float:
    return float(np.abs(truth - point).sum(axis=1).mean() / 2)


@pytest.mark.parametrize("labels", [2, 3, 11])
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_the_medians_of_the_cumulative_distribution_are_those_of_draws(labels: int, parts: int, seed: int) -> None:
    alpha, weights = mixture(labels, parts, seed)
    point = medians(alpha, weights, ordered=True)[0]
    below = np.cumsum(truths(alpha, weights), axis=1)[:, :-1]
    # The chance below each median is a half, give or take what 20,000 draws tell and what the grid does.
    np.testing.assert_allclose((below <= np.cumsum(point)[:-1]).mean(axis=0), 0.5, atol=0.02)
    assert point.min() >= 0
    assert point.sum() == pytest.approx(1)


@pytest.mark.parametrize("labels", [2, 3, 11])
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("parts", [1, 3])
def test_no_other_distribution_is_expected_to_be_nearer(labels: int, ordered: bool, parts: int) -> None:
    alpha, weights = mixture(labels, parts, 7)
    distance = wasserstein if ordered else tvd
    truth = truths(alpha, weights, 3_000)
    point = medians(alpha, weights, ordered=ordered)[0]
    mean = truth.mean(axis=0)

    def loss(scores: Array) -> float:
        shares = np.exp(scores - scores.max())
        return distance(truth, shares / shares.sum())

    searched = min(
        float(minimize(loss, np.log(np.maximum(start, 1e-4)), method="Powell", options={"maxiter": 20}).fun)
        for start in (mean, point)
    )
    found = distance(truth, point)
    assert found < searched + 0.004  # 3,000 draws are not the posterior
    assert found < distance(truth, mean) - 1e-4 or np.abs(point - mean).max() < 0.05


def test_two_labels_have_one_median_in_any_order() -> None:
    alpha, weights = mixture(2, 3, 1)
    for annotators in (None, 1, 3):
        point = Point(median=True, annotators=annotators)
        both = [point.chooser(ordered=ordered) for ordered in (True, False)]
        first, second = (choose(alpha, weights) for choose in both if choose)
        assert first.tolist() == second.tolist()
        turned = [choose(alpha[..., ::-1], weights)[:, ::-1] for choose in both if choose]
        np.testing.assert_allclose(turned[0], first, atol=1e-3)


@pytest.mark.parametrize("ordered", [True, False])
def test_where_all_is_nearly_sure_so_is_the_point(ordered: bool) -> None:
    sure = np.array([[[1e-12, 5000.0, 1e-12]], [[1e-4, 6e-4, 3e-4]], [[1e5, 2e5, 1e5]]])
    found = medians(sure, np.ones((3, 1)), ordered=ordered)
    np.testing.assert_allclose(found, [[0, 1, 0], [0, 1, 0], [0.25, 0.5, 0.25]], atol=2e-3)
    # Nearly all votes for one of three labels, and nobody knows which: no label has more than another.
    torn = medians(np.full((1, 1, 3), 1e-6), ONE, ordered=ordered)
    np.testing.assert_allclose(torn, [[0, 1, 0]] if ordered else np.full((1, 3), 1 / 3), atol=1e-3)


def shares_of(labels: int, annotators: int) -> Array:
    """All ways to share out so many votes."""
    ways = itertools.product(range(annotators + 1), repeat=labels)
    return np.array([way for way in ways if sum(way) == annotators]) / annotators


@settings(max_examples=30, deadline=None)
@given(
    labels=st.sampled_from([2, 3, 4]),
    annotators=st.integers(1, 4),
    parts=st.integers(1, 3),
    ordered=st.booleans(),
    seed=st.integers(0, 500),
)
def test_no_share_of_votes_is_expected_to_be_nearer_to_few_annotators(
    labels: int, annotators: int, parts: int, ordered: bool, seed: int
) -> None:
    alpha, weights = mixture(labels, parts, seed)
    point = medians_of_shares(alpha, weights, annotators=annotators, ordered=ordered)[0]
    ways = shares_of(labels, annotators)
    chance = np.array([likely(way * annotators, alpha[0], weights[0]) for way in ways])
    assert chance.sum() == pytest.approx(1)

    def loss(one: Array) -> float:
        apart = ways - one
        each = np.abs(np.cumsum(apart, axis=1)[:, :-1]) if ordered else np.abs(apart) / 2
        return float(chance @ each.sum(axis=1))

    generator = np.random.default_rng(seed)
    others = [*ways, *generator.dirichlet(np.ones(labels), 200), alpha[0].sum(axis=0) / alpha.sum()]
    assert loss(point) <= min(map(loss, others)) + 1e-9
    assert point.sum() == pytest.approx(1)
    assert point.min() >= -1e-12


def likely(votes: Array, alpha: Array, weights: Array) -> float:
    """The chance of these votes: label by label, of those that are left, by Beta-binomials."""
    total = 0.0
    for one, weight in zip(alpha, weights, strict=True):
        chance, left = weight, int(votes.sum().round())
        for at in range(len(one) - 1):
            chance *= betabinom.pmf(round(votes[at]), left, one[at], one[at + 1 :].sum())
            left -= round(votes[at])
        total += chance
    return total


def test_equally_good_points_give_their_middle() -> None:
    even = np.ones((1, 1, 2))
    assert medians_of_shares(even, ONE, annotators=1, ordered=True).tolist() == [[0.5, 0.5]]
    three = np.ones((1, 1, 3))
    np.testing.assert_allclose(medians_of_shares(three, ONE, annotators=1, ordered=False), np.full((1, 3), 1 / 3))
    assert medians_of_shares(three, ONE, annotators=1, ordered=True).tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("ordered", [True, False])
def test_the_shares_of_many_annotators_are_nearly_the_true_ones(ordered: bool) -> None:
    alpha, weights = mixture(4, 3, 3)
    many = medians_of_shares(alpha * 3, weights, annotators=MOST_ANNOTATORS, ordered=ordered)
    np.testing.assert_allclose(many, medians(alpha * 3, weights, ordered=ordered), atol=0.02)


def test_names() -> None:
    assert [str(Point.of(name)) for name in ("mean", "median", "median:2")] == ["mean", "median", "median:2"]
    assert Point.of("mean").chooser(ordered=True) is None
    for name in ("medians", "mean:2", "median:", "median:-1", "median:2.5", "Median", "", "median:٢", "median:2\n"):
        with pytest.raises(UsageError, match="no point is named") as caught:
            Point.of(name)
        assert "median:2" in str(caught.value.hint)
    for number in (0, 101, 999_999_999):
        with pytest.raises(UsageError, match=f"{number:,} annotators"):
            Point.of(f"median:{number}")


def scaled(items: int, labels: int, *, ordered: bool, seed: int = 0) -> tuple[Observations, Array]:
    """Three labels per item, of two kinds of items, and the truth."""
    generator = np.random.default_rng([seed, items, labels])
    near = np.exp(-np.abs(np.arange(labels) - generator.integers(0, labels, (items, 1))))
    truth = np.array([generator.dirichlet(4 * one * (1 + 9 * (at % 2))) for at, one in enumerate(near + 0.02)])
    counts = generator.multinomial(3, truth).astype(float)
    return Observations(tuple(map(str, range(labels))), tuple(map(str, range(items))), counts, ordered=ordered), truth


@pytest.mark.parametrize("prior", ["mixture", "dirichlet"])
@pytest.mark.parametrize(("labels", "ordered"), [(2, False), (3, True), (3, False), (11, True), (11, False)])
def test_an_estimate_gives_the_point_and_keeps_all_else(prior: str, labels: int, ordered: bool) -> None:
    observed, _ = scaled(150, labels, ordered=ordered)
    mean = estimate_from(observed, prior=prior)
    assert mean.distribution is mean.mean
    for point in ("median", "median:2"):
        found = estimate_from(observed, prior=prior, point=point)
        assert found.calibration.prior == mean.calibration.prior
        for name in ("mean", "expected_kl", "expected_tvd", "concentration"):
            assert getattr(found.posterior, name).tolist() == getattr(mean.posterior, name).tolist()
        np.testing.assert_allclose(found.distribution.sum(axis=1), 1)
        assert np.abs(found.distribution - mean.mean).max() > 0.01
        for held in (found.distribution, found.mean):
            assert (found.posterior.low <= held).all()
            assert (held <= found.posterior.high).all()
        assert (found.posterior.low <= mean.posterior.low).all()


@pytest.mark.parametrize(
    ("labels", "ordered", "prior"),
    [
        (2, False, "mixture"),
        (3, True, "mixture"),
        (3, False, "mixture"),
        (3, False, "dirichlet"),
        (11, True, "dirichlet"),
        (11, False, "dirichlet"),
    ],
)
def test_each_point_is_nearest_by_its_own_distance(labels: int, ordered: bool, prior: str) -> None:
    """Where items come from the model; the mean is so by KL, and the median of two by that of two annotators."""
    generator = np.random.default_rng([labels, ordered])
    truth = generator.dirichlet(np.linspace(0.1, 0.6, labels), 1200)
    counts, others = (generator.multinomial(2, truth).astype(float) for _ in range(2))
    names = tuple(map(str, range(labels)))
    observed = Observations(names, tuple(map(str, range(len(counts)))), counts, ordered=ordered)
    points = ("mean", "median", "median:2")
    found = {point: estimate_from(observed, prior=prior, point=point).distribution for point in points}
    distance = wasserstein if ordered else tvd

    def best(reference: Array) -> str:
        return min(points, key=lambda point: distance(reference, found[point]))

    assert best(truth) == "median"
    assert best(others / 2) == "median:2"


def test_items_without_evidence_and_corrected_ones_have_their_point() -> None:
    observed, truth = scaled(150, 3, ordered=True)
    said = 0.5 * truth + 0.5 / 3
    said[::3] = np.nan
    some = replace(observed, evidence=(EvidenceArray("m", said),), reference=truth, votes=np.full(150, 100.0))
    for prior, calibrate in (("mixture", "labels"), ("mixture", "reference"), ("dirichlet", "off")):
        found = estimate_from(some, prior=prior, calibrate=calibrate, point="median")
        np.testing.assert_allclose(found.distribution.sum(axis=1), 1)
        assert np.abs(found.distribution - found.mean).max(axis=1).min() > 0


@pytest.mark.parametrize("point", ["mean", "median", "median:2"])
def test_rows_and_frames_and_words_have_the_point(point: str) -> None:
    pytest.importorskip("pandas")
    task = labels_task(("1", "2", "3"), scale="ordinal")
    items = [Item(str(at), {}, tuple(Annotation(str(1 + (at + v * v) % 3)) for v in range(3))) for at in range(40)]
    found = estimate(items, task=task, point=point)
    row = json.loads(json.dumps(found.row(3)))
    assert row["point"] == point
    assert row["prior_used"] == found.calibration.prior
    assert [*row["distribution"].values()] == found.distribution[3].tolist()
    frame = found.to_frame("pandas")
    columns = [f"distribution.{label}" for label in found.labels]
    assert frame[columns].to_numpy().tolist() == found.distribution.tolist()
    told = repr(found)
    assert ("expected KL of the mean" in told) == (f"point {point}" in told) == (point != "mean")
    assert f"{found.distribution[0, 0]:.3f}".lstrip("0") in found._repr_html_()
