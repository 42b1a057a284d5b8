"""What evidence is said to save is what it saves: so many labels more, without it, bring the same error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.estimation.simulation import Truth, simulated

from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.observations import Array, EvidenceArray, Observations
from labeldist.evaluation.metrics.kl import kl

ITEMS = 1_500


def error(observed: Observations, truth: Array) -> float:
    return float(kl(truth, estimate_from(observed).mean).mean())


@pytest.mark.parametrize(("weight", "concentration"), [(1.5, 3.0), (0.8, 2.0), (2.0, 5.0)])
def test_the_labels_that_are_saved(weight: float, concentration: float) -> None:
    observed, truth = simulated(Truth(np.zeros(3), np.array([weight]), concentration), ITEMS, 4, 0)
    (saves,) = estimate_from(observed).calibration.saves
    reached = error(observed, truth)
    generator = np.random.default_rng(1)
    counts, errors = observed.counts.copy(), [error(observed.without_evidence(), truth)]
    for _ in range(6):
        counts = counts + np.array([generator.multinomial(1, row) for row in truth])
        errors.append(error(replace(observed, counts=counts, evidence=()), truth))
    needed = float(np.interp(-reached, -np.array(errors), np.arange(7)))
    assert 0 < needed < 6
    assert saves.labels == pytest.approx(needed, abs=0.6)
    assert saves.low - 0.4 < needed < saves.high + 0.4


def test_a_useless_model_saves_nothing_however_large_its_concentration() -> None:
    """The base rate alone is worth several annotators where items are alike."""
    generator = np.random.default_rng(3)
    truth = generator.dirichlet([6.0, 2.0, 1.0], 800)
    counts = generator.multinomial(4, truth).astype(float)
    useless = EvidenceArray("coin", generator.dirichlet(np.ones(3), 800))
    observed = Observations(("a", "b", "c"), tuple(map(str, range(800))), counts, evidence=(useless,))
    known = estimate_from(observed).calibration
    (saves,) = known.saves
    assert known.concentration > 6
    assert abs(saves.labels) < 0.5
    assert saves.low < 0.3
    assert known.in_words()[0].startswith("The evidence saves ")


def test_the_interval_is_narrower_than_of_two_fits_that_know_nothing_of_each_other() -> None:
    observed, _ = simulated(Truth(np.zeros(3), np.array([1.0]), 4.0), 600, 4, 2)
    known = estimate_from(observed).calibration
    (saves,) = known.saves
    low, high = known.range()
    assert saves.low < saves.labels < saves.high
    assert saves.high - saves.low < high - low


def test_intervals_hold_what_larger_data_give() -> None:
    truth = Truth(np.zeros(3), np.array([1.2]), 3.0)
    (large,) = estimate_from(simulated(truth, 20_000, 4, 99)[0]).calibration.saves
    inside = 0
    for seed in range(20):
        (saves,) = estimate_from(simulated(truth, 300, 4, seed)[0]).calibration.saves
        inside += saves.low <= large.labels <= saves.high
    assert inside >= 15
