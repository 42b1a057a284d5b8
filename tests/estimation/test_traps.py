"""Evidence that saw the labels looks perfect to them. It must be neither believed nor thrown away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Evidence, Item
from labeldist.estimation.estimate import Estimate, estimate, estimate_from
from labeldist.estimation.observations import Array, EvidenceArray, Observations
from labeldist.evaluation.metric import METRICS

ITEMS = 1_200
LABELS = ("entailment", "neutral", "contradiction")


@dataclass(frozen=True)
class Forged:
    """Labels of annotators, and evidence that repeats them: ``distribution`` all, ``leave_one_out`` those of the
    others."""

    truth: Array
    counts: Array
    distribution: Array
    leave_one_out: Array

    def estimated(self, *evidence: EvidenceArray, calibrate: str = "labels") -> Estimate:
        ids = tuple(map(str, range(ITEMS)))
        return estimate_from(Observations(LABELS, ids, self.counts, evidence=evidence), calibrate=calibrate)

    def error(self, found: Estimate) -> float:
        return METRICS.get("kl").value(self.truth, found.mean)

    def covered(self, found: Estimate) -> float:
        """The share of probabilities inside their intervals."""
        return float(((found.posterior.low <= self.truth) & (self.truth <= found.posterior.high)).mean())


def forged(annotators: int, seed: int = 0) -> Forged:
    generator = np.random.default_rng(seed)
    truth = generator.dirichlet([1.2, 0.8, 1.0], ITEMS)
    counts = generator.multinomial(annotators, truth).astype(float)
    held = np.full((ITEMS, 3, 3), np.nan)
    for label in range(3):
        given = counts[:, label] > 0
        held[given, label] = (counts[given] - np.eye(3)[label]) / (annotators - 1)
    return Forged(truth, counts, counts / annotators, held)


@pytest.mark.parametrize("saw", [True, None])
def test_evidence_that_may_have_seen_the_labels_is_refused(saw: bool | None) -> None:
    made = forged(5)
    with pytest.raises(UsageError, match="may have used these labels") as caught:
        made.estimated(EvidenceArray("copy", made.distribution, saw))
    assert "copy" in caught.value.message
    assert ("saw the" if saw else "does not say") in caught.value.message
    for way in ("saw_labels: false", "leave-one-out", "--calibrate reference", "off"):
        assert way in caught.value.hint


def test_a_leave_one_out_form_with_a_gap_is_refused() -> None:
    made = forged(5)
    held = made.leave_one_out.copy()
    item, label = np.argwhere(made.counts > 0)[7]
    held[item, label] = np.nan
    with pytest.raises(UsageError, match="may have used these labels"):
        made.estimated(EvidenceArray("copy", made.distribution, True, leave_one_out=held))


@pytest.mark.parametrize("annotators", [3, 5, 10])
def test_a_copy_that_denies_it_is_believed_without_limit(annotators: int) -> None:
    """What the rule is there for: nothing in the data shows that this evidence saw the labels."""
    made = forged(annotators)
    naive = made.estimated(EvidenceArray("copy", made.distribution, False))
    assert naive.calibration.concentration > 300
    assert made.error(naive) > 1.5 * made.error(made.estimated())


@pytest.mark.parametrize("saw", [True, None])
@pytest.mark.parametrize("annotators", [3, 5, 10])
def test_a_copy_with_its_leave_one_out_form_is_worth_nothing(annotators: int, saw: bool | None) -> None:
    made = forged(annotators)
    alone = made.estimated()
    honest = made.estimated(EvidenceArray("copy", made.distribution, saw, leave_one_out=made.leave_one_out))
    assert honest.calibration.fit is not None
    assert honest.calibration.fit.names == ()
    assert any("copy has no part in the prior" in note for note in honest.calibration.notes)
    np.testing.assert_array_equal(honest.mean, alone.mean)


@pytest.mark.parametrize(("annotators", "seed"), [(5, 1), (3, 2), (2, 3)])
def test_what_chance_makes_of_a_copy_stays_small(annotators: int, seed: int) -> None:
    """A copy that is no more than that, but for noise."""
    made = forged(annotators, seed)
    alone = made.estimated()
    noise = np.random.default_rng(seed).dirichlet(np.ones(3), ITEMS)
    mixed, held = 0.8 * made.distribution + 0.2 * noise, 0.8 * made.leave_one_out + 0.2 * noise[:, None]
    honest = made.estimated(EvidenceArray("copy", mixed, True, leave_one_out=held))
    assert honest.calibration.concentration < 1.1 * alone.calibration.concentration
    assert made.error(honest) < 1.02 * made.error(alone)
    assert made.covered(honest) > 0.87


def test_evidence_that_knows_more_than_the_labels_it_saw_is_worth_that() -> None:
    """A mixture of a good guess and the labels: leaving one out finds the guess's worth."""
    made = forged(5)
    guess = np.random.default_rng(9).dirichlet(np.ones(3), ITEMS) * 0.3 + made.truth * 0.7
    mixed = (guess + made.distribution) / 2
    held = (guess[:, None] + made.leave_one_out) / 2
    found = made.estimated(EvidenceArray("mixed", mixed, True, leave_one_out=held))
    assert found.calibration.base is not None
    assert found.calibration.concentration > 2 * found.calibration.base
    assert made.covered(found) > 0.87
    assert made.error(found) < 0.8 * made.error(made.estimated())


def test_the_same_of_items() -> None:
    def item(at: int, held: bool) -> Item:
        given = (Annotation("neutral"), Annotation(LABELS[at % 3]))
        counts = {label: sum(one.label == label for one in given) / 2 for label in LABELS}
        others = {"neutral": {LABELS[at % 3]: 1.0}, LABELS[at % 3]: {"neutral": 1.0}}
        return Item(str(at), {}, given, evidence={"copy": Evidence(counts, True, leave_one_out=others if held else {})})

    with pytest.raises(UsageError, match="copy"):
        estimate([item(at, held=False) for at in range(30)])
    # One item without is enough: what is not known of it cannot be left out.
    with pytest.raises(UsageError, match="copy"):
        estimate([item(at, held=at > 0) for at in range(30)])
    found = estimate([item(at, held=True) for at in range(30)])
    assert found.calibration.fit is not None
    assert found.calibration.fit.names == ()
    assert found.calibration.concentration < 100


def test_off_counts_it_and_warns() -> None:
    made = forged(5)
    found = made.estimated(EvidenceArray("copy", made.distribution, True), calibrate="off")
    assert any("evidence copy" in note for note in found.calibration.notes)
    assert made.estimated(EvidenceArray("m", made.distribution, False), calibrate="off").calibration.notes == ()


def test_references_correct_with_it_but_the_prior_does_not_have_it() -> None:
    made = forged(5)
    copy = EvidenceArray("copy", made.distribution, None)
    ids = tuple(map(str, range(ITEMS)))
    few = np.full_like(made.truth, np.nan)
    few[:60] = made.truth[:60]
    observed = Observations(LABELS, ids, made.counts, {}, (copy,), few, np.full(ITEMS, 100.0))
    found = estimate_from(observed, calibrate="reference")
    assert found.calibration.fit is not None
    assert found.calibration.fit.names == ()
    assert any("evidence copy" in note for note in found.calibration.notes)
    assert len(np.unique(found.prior.round(12), axis=0)) == 1
    assert made.error(found) < 1.05 * made.error(made.estimated())
