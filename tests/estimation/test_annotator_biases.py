"""Annotators with biases: found, allowed for, and left alone where there are none."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Item
from labeldist.estimation.annotator_biases import AnnotatorBiases, population
from labeldist.estimation.estimate import Estimate, estimate_from
from labeldist.estimation.exposure import exposed, said, tilted_back, value_and_gradient
from labeldist.estimation.given_labels import GivenLabels
from labeldist.estimation.likelihood import Marginal
from labeldist.estimation.observations import Array, Observations, observe
from labeldist.evaluation.metrics.kl import kl


def simulated(
    *, items: int = 900, labels: int = 2, people: int = 8, each: int = 4, spread: float = 0.8, seed: int = 0
) -> tuple[Observations, Array, Array]:
    """Observations, what the annotators together say of each item (N, K), and their biases (A, K)."""
    draw = np.random.default_rng(seed)
    theta = draw.dirichlet(np.full(labels, 2.5 / labels), items)
    bias = draw.normal(0, spread, (people, labels))
    bias -= bias.mean(axis=1, keepdims=True)
    bias -= bias.mean(axis=0)
    who = np.stack([draw.choice(people, each, replace=False) for _ in range(items)])
    chances = theta[:, None] * np.exp(bias[who])
    chances /= chances.sum(axis=2, keepdims=True)
    chosen = np.minimum((chances.cumsum(axis=2) > draw.random((items, each, 1))).argmax(axis=2), labels - 1)
    names = [f"label {label}" for label in range(labels)]
    rows = zip(who.tolist(), chosen.tolist(), strict=True)
    made = [
        Item(str(at), {}, tuple(Annotation(names[y], f"a{a}") for a, y in zip(*row, strict=True)))
        for at, row in enumerate(rows)
    ]
    every = theta[:, None] * np.exp(bias)
    return observe(made, names), (every / every.sum(axis=2, keepdims=True)).mean(axis=1), bias


def with_and_without(observed: Observations) -> tuple[Estimate, Estimate, AnnotatorBiases]:
    found = estimate_from(observed)
    assert found.calibration.biases is not None
    return found, estimate_from(observed, annotator_biases=False), found.calibration.biases


@pytest.mark.parametrize("labels", [2, 3])
def test_biases_are_recovered_and_estimates_better(labels: int) -> None:
    observed, truth, bias = simulated(labels=labels, items=1200)
    found, without, learnt = with_and_without(observed)
    expected = bias[[int(name[1:]) for name in learnt.names]]
    slope = (learnt.bias * expected).sum() / (expected**2).sum()
    assert 0.85 < slope < 1.15
    assert ((learnt.bias - expected) / learnt.errors).std() < 1.7
    assert kl(truth, found.mean).mean() < kl(truth, without.mean).mean() - 0.001
    assert without.calibration.biases is None


def test_estimates_are_of_all_annotators_and_not_biased() -> None:
    apart, plain = [], []
    for seed in range(4):
        observed, truth, _ = simulated(seed=seed, labels=3)
        found, without, _ = with_and_without(observed)
        apart.append((found.mean - truth).mean(axis=0))
        plain.append((without.mean - truth).mean(axis=0))
    # What labels happen to be drawn moves both estimates alike.
    assert np.abs(np.mean(apart, axis=0)).max() < 0.008
    assert np.abs(np.mean(apart, axis=0) - np.mean(plain, axis=0)).max() < 0.005


def test_intervals_hold_what_they_say() -> None:
    observed, truth, _ = simulated(items=1500)
    known = with_and_without(observed)[0].posterior
    inside = (truth >= known.low) & (truth <= known.high)
    assert 0.87 < inside.mean() < 0.94


def test_where_annotators_do_not_differ_nothing_changes() -> None:
    used = 0
    for seed in range(5):
        observed, truth, _ = simulated(spread=0.0, seed=seed, items=500)
        found, without = estimate_from(observed), estimate_from(observed, annotator_biases=False)
        used += found.calibration.biases is not None
        assert kl(truth, found.mean).mean() < kl(truth, without.mean).mean() + 0.001
    assert used <= 1


def test_the_gradient_is_that_of_the_likelihood() -> None:
    observed, _, _ = simulated(items=40, labels=3, people=5)
    given = observed.given
    assert given is not None
    draw = np.random.default_rng(1)
    alpha, bias = draw.gamma(1.0, size=observed.counts.shape) + 0.1, draw.normal(0, 0.5, (5, 3))
    gradient = value_and_gradient(bias, given, alpha, observed.counts)[1]
    step = 1e-5
    for at in np.ndindex(bias.shape):
        up, down = bias.copy(), bias.copy()
        up[at] += step
        down[at] -= step
        values = [value_and_gradient(one, given, alpha, observed.counts)[0] for one in (up, down)]
        assert gradient[at] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-5)


def test_the_gradient_of_a_prior_under_exposure() -> None:
    draw = np.random.default_rng(2)
    counts = draw.integers(0, 4, (30, 3)).astype(float)
    counts[0] = 0.0
    chances = Marginal(
        counts, draw.normal(size=(30, 1, 3)), counts.sum(axis=1, keepdims=True) * draw.gamma(5, 0.2, (30, 3))
    )
    at = np.array([0.2, -0.3, 0.1, 0.7, 0.4])
    numeric = [
        (chances.value_and_gradient(at + step)[0] - chances.value_and_gradient(at - step)[0]) / 2e-6
        for step in 1e-6 * np.eye(5)
    ]
    np.testing.assert_allclose(chances.value_and_gradient(at)[1], numeric, atol=1e-5)
    np.testing.assert_allclose(np.concatenate([*chances.gradients(at)]).sum(axis=0), numeric, atol=1e-5)


def test_the_approximation_is_near_the_integral() -> None:
    """One item of two labels, four annotators, against the integral over theta."""
    places = np.zeros(4, int), np.arange(4), np.array([0, 0, 1, 0])
    given = GivenLabels(tuple("abcd"), ("x", "y"), *(one.astype(np.int32) for one in places), np.ones(4))
    severity = np.array([0.6, -0.2, 0.4, -0.8])
    bias, alpha, counts = np.stack([severity, -severity], axis=1) / 2, np.array([[1.2, 1.6]]), np.array([[3.0, 1.0]])
    theta = (np.arange(200_000) + 0.5) / 200_000
    density = theta**0.2 * (1 - theta) ** 0.6
    chance = 1 / (1 + np.exp(-(np.log(theta / (1 - theta))[:, None] + severity)))
    after = density * chance[:, 0] * chance[:, 1] * (1 - chance[:, 2]) * chance[:, 3]
    plain = density * theta**3 * (1 - theta)
    found = exposed(given, bias, alpha, counts)
    assert found.gain[0] == pytest.approx(np.log(after.sum() / plain.sum()), abs=0.03)
    assert found.mean[0, 0] == pytest.approx((theta * after).sum() / after.sum(), abs=0.01)
    np.testing.assert_allclose(tilted_back(alpha, counts, found.exposure)[0], found.mean[0] * 6.8, rtol=1e-5)
    expected = [(after * one).sum() / after.sum() for one in chance.T]
    np.testing.assert_allclose(said(found.mean.repeat(4, 0), np.full(4, 6.8), bias)[:, 0], expected, atol=0.015)


def test_many_annotators_are_told_as_few_are() -> None:
    draw = np.random.default_rng(0)
    bias, mean = draw.normal(0, 0.6, (200, 3)), draw.dirichlet(np.ones(3), 50)
    total, numbers = np.full(50, 8.0), draw.integers(1, 9, 200).astype(float)
    singly = np.average([said(mean, total, one) for one in bias], axis=0, weights=numbers)
    np.testing.assert_allclose(population(mean, total, bias, numbers), singly, atol=0.006)


def test_labels_without_names_and_names_without_a_second_label_have_no_biases() -> None:
    said = ["xx", "xy", "yy"] * 20
    unnamed = [Item(str(at), {}, (Annotation(a), Annotation(b))) for at, (a, b) in enumerate(said)]
    once = [Item(str(at), {}, (Annotation(a, f"a{at}"), Annotation(b, f"b{at}"))) for at, (a, b) in enumerate(said)]
    one = [Item(str(at), {}, (Annotation(a, "ann"), Annotation(b))) for at, (a, b) in enumerate(said)]
    for items in (unnamed, once, one):
        observed = observe(items, ["x", "y"])
        assert estimate_from(observed).calibration.biases is None
        with pytest.raises(UsageError, match="no biases of annotators"):
            estimate_from(observed, annotator_biases=True)
    assert observe(unnamed, ["x", "y"]).given is None


def test_unanimous_labels_and_eight_labels_are_sensible() -> None:
    same = [Item(str(at), {}, tuple(Annotation("abcdefgh"[at % 8], f"g/{a}") for a in range(4))) for at in range(80)]
    found = estimate_from(observe(same, list("abcdefgh")), annotator_biases=True)
    assert np.isfinite(found.mean).all()
    assert found.calibration.biases is not None
    assert np.abs(found.calibration.biases.bias).max() < 0.01


def test_only_the_group_that_counts_is_learnt_of() -> None:
    items = [
        Item(str(at), {}, (Annotation("x", "mnli/3"), Annotation("y", "mnli/4"), Annotation("x", "other/1")))
        for at in range(40)
    ]
    given = observe(items, ["x", "y"], annotators="mnli").given
    assert given is not None
    assert given.names == ("mnli/3", "mnli/4")


def test_taken_items_keep_their_annotators() -> None:
    observed, _, _ = simulated(items=50)
    rows = np.array([7, 3, 3, 40])
    part = observed.take(rows).given
    assert part is not None
    np.testing.assert_array_equal(part.counts(4), observed.counts[rows])
    np.testing.assert_array_equal(part.items(4), [4, 4, 4, 4])


@pytest.mark.parametrize("order", ["abc", "cab"])
def test_places_in_a_sorted_list_are_nobody(order: str) -> None:
    """Counts written out, as annotators 1 to 4: the first would seem to prefer the first label."""
    draw = np.random.default_rng(0)
    shares = draw.dirichlet(np.ones(3), 300)
    said = [sorted(draw.choice(list("abc"), 4, p=one), key=order.index) for one in shares]
    items = [
        Item(str(at), {}, tuple(Annotation(str(y), f"crowd/{place}") for place, y in enumerate(row)))
        for at, row in enumerate(said)
    ]
    assert estimate_from(observe(items, list("abc"))).calibration.biases is None


def test_labels_of_people_may_be_stored_in_order() -> None:
    observed, _, _ = simulated()
    given = observed.given
    assert given is not None
    order = np.lexsort((given.label, given.item))
    parts = (part[order] for part in (given.item, given.annotator, given.label, given.times))
    item, annotator, label, times = parts
    stored = replace(observed, given=replace(given, item=item, annotator=annotator, label=label, times=times))
    assert estimate_from(stored).calibration.biases is not None


def test_counts_that_nobody_gave_are_nobodys() -> None:
    observed, _, _ = simulated()
    drawn = replace(observed, counts=np.roll(observed.counts, 1, axis=0))
    assert estimate_from(drawn).calibration.biases is None


def test_it_is_told() -> None:
    found = with_and_without(simulated()[0])[0].calibration
    (line,) = [one for one in found.in_words() if one.startswith("Annotators differ:")]
    assert "8 annotators" in line
    told = found.as_dict(["label 0", "label 1"])["annotator_biases"]
    assert json.loads(json.dumps(told, allow_nan=False))["annotators"]["a0"]["labels"] > 100
