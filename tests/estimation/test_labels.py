"""The prior fitted to labels: it finds a known truth, and stays finite wherever labels say too little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.estimation.simulation import Truth, simulated
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.labels import fit_labels
from labeldist.estimation.observations import EvidenceArray, Observations

TRUTH = Truth(np.array([0.4, 0.0, -0.4]), np.array([0.8, 0.3]), 3.0)


def seen(counts: Any, *evidence: Any) -> Observations:
    """Observations of counts (N, K) and distributions (N, K) that did not see them."""
    counts = np.asarray(counts, dtype=float)
    told = tuple(EvidenceArray(f"m{at}", np.asarray(one, dtype=float)) for at, one in enumerate(evidence))
    names = tuple(f"label {at}" for at in range(counts.shape[1]))
    return Observations(names, tuple(map(str, range(len(counts)))), counts, evidence=told)


def sound(observed: Observations, calibrate: str = "labels") -> Any:
    """The estimate, after every number in it was checked."""
    found = estimate_from(observed, calibrate=calibrate)
    known = found.posterior
    for numbers in (
        known.concentration,
        known.mean,
        known.low,
        known.high,
        known.expected_kl,
        known.expected_tvd,
        found.prior,
    ):
        assert np.isfinite(numbers).all()
    for shares in (known.mean, found.prior):
        assert (shares >= 0).all()
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-9)
    assert (known.low >= 0).all()
    assert (known.low <= known.high).all()
    assert (known.high <= 1).all()
    assert (known.expected_kl >= -1e-9).all()
    assert (known.expected_tvd >= 0).all()
    assert np.isfinite(found.calibration.concentration)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_known_truth_is_found(seed: int) -> None:
    fit = fit_labels(simulated(TRUTH, 4_000, 4, seed)[0])
    assert fit.names == ("model 0", "model 1")
    found = np.array([*(fit.bias - fit.bias.mean()), *fit.weights, np.log(fit.concentration)])
    true = np.array([*TRUTH.bias, *TRUTH.weights, np.log(TRUTH.concentration)])
    assert (np.abs(found - true) <= 3 * fit.errors).all(), (found - true) / fit.errors
    assert (fit.errors < 0.15).all()


def test_errors_shrink_with_the_root_of_the_items() -> None:
    few, many = (fit_labels(simulated(TRUTH, items, 4, 1)[0]).errors for items in (1_000, 4_000))
    # Not those of the weights: how large they are depends on the floor, and the two fits may choose different ones.
    np.testing.assert_allclose((few / many)[[0, 1, 2, 5]], 2, rtol=0.15)


def test_a_large_fit_begins_with_a_part_and_ends_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    observed = simulated(TRUTH, 3_000, 4, 2)[0]
    whole = fit_labels(observed)
    monkeypatch.setattr("labeldist.estimation.labels.PILOT", 300)
    by_parts = fit_labels(observed)
    if by_parts.floor == whole.floor:
        np.testing.assert_allclose(by_parts.weights, whole.weights, atol=1e-3)
        assert by_parts.log_likelihood == pytest.approx(whole.log_likelihood, abs=0.1)
    assert fit_labels(observed, most=300).log_likelihood > whole.log_likelihood / 5


def test_unanimous_items_leave_hardly_any_concentration() -> None:
    unanimous = np.eye(3)[np.arange(300) % 3] * 5
    found = sound(seen(unanimous))
    assert 0 < found.calibration.concentration < 0.3
    assert found.mean.max(axis=1).min() > 0.95


def test_all_items_alike_give_much_concentration_but_not_without_end() -> None:
    found = fit_labels(seen(np.tile([3.0, 2.0], (500, 1))))
    assert 100 < found.concentration < 1e6
    mean = sound(seen(np.tile([3.0, 2.0], (20, 1)))).mean
    assert 0.5 < mean[0, 0] < 0.65


def test_evidence_that_is_the_truth_gets_its_weight_and_much_concentration() -> None:
    generator = np.random.default_rng(0)
    truth = generator.dirichlet(np.ones(3), 2_000)
    counts = generator.multinomial(4, truth)
    fit = fit_labels(seen(counts, truth))
    assert 0.8 < fit.weights[0] < 1.2
    assert 50 < fit.concentration < 1e6


def test_useless_evidence_is_worth_little_more_than_none() -> None:
    generator = np.random.default_rng(1)
    counts = generator.multinomial(4, generator.dirichlet(np.ones(3), 3_000))
    found = sound(seen(counts, generator.dirichlet(np.ones(3), 3_000)))
    assert abs(found.calibration.fit.weights[0]) < 0.1
    assert found.calibration.concentration == pytest.approx(found.calibration.base, rel=0.05)


@pytest.mark.parametrize("count", range(1, 21))
def test_tasks_of_1_to_20_labels(count: int) -> None:
    generator = np.random.default_rng(count)
    truth = generator.dirichlet(np.ones(count), 40)
    found = sound(seen(generator.multinomial(3, truth), truth))
    assert found.mean.shape == (40, count)
    if count == 1:
        assert found.mean.tolist() == [[1.0]] * 40


FEW: dict[str, tuple[Any, ...]] = {
    "one item": ([[2, 1, 0]],),
    "one item with evidence": ([[2, 1, 0]], [[0.2, 0.3, 0.5]]),
    "one annotator": ([[0, 1, 0]],),
    "no annotator": ([[0, 0, 0], [0, 0, 0]],),
    "no annotator but evidence": ([[0, 0, 0], [0, 0, 0]], [[0.2, 0.3, 0.5], [1, 0, 0]]),
    "one evidence of certainty": ([[2, 1, 0], [0, 3, 0]], [[1, 0, 0], [1, 0, 0]]),
    "an evidence that no item has": ([[2, 1, 0], [0, 3, 0]], np.full((2, 3), np.nan)),
    "a label that nobody chose": ([[2, 1, 0]] * 30,),
    "hundreds of annotators": ([[200, 300, 1], [0, 0, 900]],),
    "all unanimous": ([[3, 0, 0]] * 40,),
    "all unanimous, with evidence": ([[3, 0, 0]] * 40, np.tile([0.9, 0.1, 0.0], (40, 1))),
}


@pytest.mark.parametrize("calibrate", ["labels", "off"])
@pytest.mark.parametrize("case", FEW.values(), ids=FEW.keys())
def test_where_labels_say_little_all_numbers_stay_sound(case: tuple[Any, ...], calibrate: str) -> None:
    sound(seen(*case), calibrate)


def test_without_labels_the_mean_is_what_the_evidence_says() -> None:
    told = [[0.2, 0.3, 0.5], [0.6, 0.2, 0.2]]
    mean = sound(seen(np.zeros((2, 3)), told)).mean
    np.testing.assert_allclose(mean, told, atol=0.05)


def test_items_without_evidence_get_the_base_rate() -> None:
    observed = simulated(TRUTH, 1_000, 4, 0)[0]
    missing = np.arange(1_000) % 2 == 0
    parts = []
    for one in observed.evidence:
        distribution = one.distribution.copy()
        distribution[missing] = np.nan
        parts.append(distribution)
    found = sound(seen(observed.counts, *parts))
    assert len(np.unique(found.prior[missing].round(12), axis=0)) == 1
    assert len(np.unique(found.prior[~missing].round(12), axis=0)) == 500


def test_the_order_of_items_labels_and_evidence_does_not_matter() -> None:
    observed = simulated(TRUTH, 120, 4, 3)[0]
    parts = [one.distribution for one in observed.evidence]
    whole = sound(seen(observed.counts, *parts))
    order, labels = np.random.default_rng(0).permutation(120), [2, 0, 1]
    mixed = sound(seen(observed.counts[order][:, labels], *(one[order][:, labels] for one in parts[::-1])))
    np.testing.assert_allclose(mixed.mean, whole.mean[order][:, labels], atol=1e-3)


@st.composite
def observations(draw: st.DrawFn) -> Observations:
    items, labels = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = generator.integers(0, draw(st.sampled_from([1, 2, 5, 200])), (items, labels))
    parts = []
    for _ in range(draw(st.integers(0, 2))):
        part = generator.dirichlet(np.full(labels, draw(st.sampled_from([0.02, 1.0, 100.0]))), items)
        part[generator.random(items) < draw(st.sampled_from([0.0, 0.5]))] = np.nan
        parts.append(part)
    return seen(counts, *parts)


@given(observations(), st.sampled_from(["labels", "off"]))
@settings(max_examples=25, deadline=None)
def test_any_data_give_sound_numbers(observed: Observations, calibrate: str) -> None:
    sound(observed, calibrate)
