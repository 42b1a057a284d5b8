"""Calibration on references: an item's own never counts, and corrections minimise what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benchmarks.estimation.simulation import Truth, simulated
from scipy.optimize import approx_fprime

from labeldist.core.errors import InputError
from labeldist.estimation.estimate import Estimate, estimate_from
from labeldist.estimation.links import BIAS_SHARE, PENALTIES, Link, correct, links
from labeldist.estimation.log_pool import softmax
from labeldist.estimation.observations import Observations

ITEMS = 50
REFERENCED = 40
TRUTH = Truth(np.array([0.4, 0.0, -0.4]), np.array([0.8, 0.3]), 3.0)


@pytest.fixture
def few_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of the links, one of each kind: what is tested is who learns from whom."""

    def some(known: Observations, estimate: Any) -> list[Link]:
        return [link for link in links(known, estimate) if link.name in ("bias", "shared", "groups matrix")]

    monkeypatch.setattr("labeldist.estimation.references.links", some)


def observed(referenced: int = ITEMS, seed: int = 0) -> Observations:
    """Simulated items, the first so many with a reference of 100 votes, two groups of annotators."""
    made, truth = simulated(TRUTH, ITEMS, 4, seed)
    generator = np.random.default_rng(seed)
    reference = generator.multinomial(100, truth) / 100
    reference[referenced:] = np.nan
    half = generator.binomial(made.counts.astype(int), 0.5).astype(float)
    groups = {"a": half, "b": made.counts - half}
    return replace(made, groups=groups, reference=reference, votes=np.full(ITEMS, 100.0))


def numbers(found: Estimate) -> Any:
    known = found.posterior
    return np.concatenate([known.concentration[:, None], known.mean, known.low, known.high], axis=1)


def test_no_items_own_reference_enters_its_own_estimate(few_links: None) -> None:
    known = observed(referenced=REFERENCED)
    before = numbers(estimate_from(known, calibrate="reference"))
    assert known.reference is not None
    for at in (0, 39):
        reference = known.reference.copy()
        reference[at] = [0, 0, 1] if reference[at, 0] > 0.5 else [1, 0, 0]
        after = numbers(estimate_from(replace(known, reference=reference), calibrate="reference"))
        changed = (before != after).any(axis=1)
        assert not changed[at]
        assert changed[REFERENCED:].all()  # items without a reference learn from all
        # Items in the same fold learn from the same others; all other folds learn from this one.
        assert changed[:REFERENCED].sum() == 32


def test_how_many_votes_are_behind_it_does_not_enter_either(few_links: None) -> None:
    known = observed()
    before = numbers(estimate_from(known, calibrate="reference"))
    votes = np.full(ITEMS, 100.0)
    votes[3] = 7.0
    after = numbers(estimate_from(replace(known, votes=votes), calibrate="reference"))
    assert (before[3] == after[3]).all()
    assert (before != after).any()


@pytest.mark.parametrize("count", [0, 1, 4])
def test_fewer_than_5_references_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"found {count} items with a reference, expected at least 5") as caught:
        estimate_from(observed(referenced=count), calibrate="reference")
    assert "--calibrate labels" in caught.value.hint
    with pytest.raises(InputError, match="0 items with a reference"):
        estimate_from(replace(observed(), reference=None), calibrate="reference")


@pytest.mark.parametrize("count", [5, 6, 12])
def test_a_few_references_are_enough_for_sound_numbers(count: int, few_links: None) -> None:
    found = estimate_from(observed(referenced=count), calibrate="reference")
    assert np.isfinite(numbers(found)).all()
    np.testing.assert_allclose(found.mean.sum(axis=1), 1)
    assert found.calibration.references == count
    assert found.calibration.folds == 5
    assert sum(found.calibration.links.values()) == pytest.approx(1)


def test_items_without_reference_labels_or_evidence_get_an_estimate(few_links: None) -> None:
    known = observed(referenced=REFERENCED)
    counts = known.counts.copy()
    counts[45] = counts[3] = 0
    evidence = []
    for one in known.evidence:
        distribution = one.distribution.copy()
        distribution[[4, 45]] = np.nan
        evidence.append(replace(one, distribution=distribution))
    groups = {name: np.where(counts > 0, part, 0.0) for name, part in known.groups.items()}
    found = estimate_from(replace(known, counts=counts, groups=groups, evidence=tuple(evidence)), calibrate="reference")
    assert np.isfinite(numbers(found)).all()
    np.testing.assert_allclose(found.mean.sum(axis=1), 1)


def test_folds_depend_on_the_seed_and_nothing_else_does(few_links: None) -> None:
    known = observed(referenced=REFERENCED)
    first, again, other = (numbers(estimate_from(known, calibrate="reference", seed=seed)) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first[:REFERENCED] != other[:REFERENCED]).any()
    assert (first[REFERENCED:] == other[REFERENCED:]).all()


def test_references_teach_what_labels_cannot(few_links: None) -> None:
    """Annotators who call everything neutral that the others are not sure about."""
    made, truth = simulated(TRUTH, 150, 4, 1)
    shifted = 0.5 * truth + [0, 0.5, 0]
    counts = np.random.default_rng(2).multinomial(4, shifted).astype(float)
    known = replace(made, counts=counts, reference=truth, votes=np.full(150, 100.0))
    errors = {}
    for calibrate in ("labels", "reference"):
        mean = estimate_from(known, calibrate=calibrate).mean
        errors[calibrate] = float((truth * np.log(truth / mean)).sum(axis=1).mean())
    assert errors["reference"] < 0.6 * errors["labels"]


@pytest.mark.parametrize("at", range(7))
def test_a_correction_minimises_its_loss(at: int) -> None:
    known = observed()
    assert known.reference is not None
    link = links(known, estimate_from(known).mean)[at]
    rows = np.arange(0, ITEMS, 2)
    d, s = link.crossed.shape[1], link.shared.shape[1]
    told = np.random.default_rng(at).uniform(0.1, 1.0, ITEMS) if at % 2 else np.ones(ITEMS)
    for penalty, made in zip(PENALTIES, correct(link, known.reference, rows, told=told), strict=True):
        scaled = (link.crossed[rows] - made.centre) / made.spread

        def loss(weights: Any, penalty: float = penalty, scaled: Any = scaled) -> float:
            bias, shared, crossed = weights[:3], weights[3 : 3 + s], weights[3 + s :].reshape(d, 3)
            scores = link.start[rows] + bias + scaled @ crossed
            for weight, numbers_of in zip(shared, np.moveaxis(link.shared[rows], 1, 0), strict=True):
                scores = scores + weight * numbers_of
            entropy = -told[rows] @ (known.reference[rows] * np.log(softmax(scores))).sum(axis=1)  # type: ignore[index]
            squares = BIAS_SHARE * (bias**2).sum() + (shared**2).sum() + (crossed**2).sum()
            return float(entropy + penalty * squares / 2)

        found = np.concatenate([made.bias, made.shared, made.crossed.ravel()])
        slope = approx_fprime(found, loss, 1e-6)
        assert np.abs(slope).max() < 0.05, (link.name, penalty)
        assert loss(found) <= loss(np.zeros(len(found)))
        np.testing.assert_allclose(made.of(link, rows).sum(axis=1), 1)


def test_links_are_named_and_those_that_cost_too_much_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    known = observed()
    names = [link.name for link in links(known, np.full((ITEMS, 3), 1 / 3))]
    assert names == ["bias", "scale", "shared", "matrix", "squares", "groups matrix", "groups squares"]
    monkeypatch.setattr("labeldist.estimation.links.MOST_WEIGHTS", 27)
    names = [link.name for link in links(known, np.full((ITEMS, 3), 1 / 3))]
    assert names == ["bias", "scale", "shared", "matrix"]
