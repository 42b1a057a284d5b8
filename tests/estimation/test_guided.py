"""Evidence that labels guided: what they did is taken out, so that intervals hold what they promise.

Whatever the form in which labels steer a simulated model, blind evidence of the same model is what must come out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from labeldist.estimation.estimate import Estimate, estimate_from
from labeldist.estimation.guidance import unguided
from labeldist.estimation.log_pool import log_pool, pooled, softmax
from labeldist.estimation.observations import Array, EvidenceArray, Observations

ITEMS, LABELS = 500, 3
LEAST, MOST = 0.86, 0.94  # of intervals with a chance of 90%


def shares(counts: Array) -> Array:
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


# How labels steer: from what the model says without them and the counts to what it says with them.
STEERED: dict[str, Callable[[Array, Array], Array]] = {
    "by each label's count": lambda blind, counts: softmax(np.log(blind) + 0.35 * counts),
    "by the count's logarithm": lambda blind, counts: softmax(np.log(blind) + 0.8 * np.log(counts + 0.5)),
    "by the count's root": lambda blind, counts: softmax(np.log(blind) + 0.8 * np.sqrt(counts)),
    "by the share": lambda blind, counts: softmax(np.log(blind) + 2 * shares(counts)),
    "by another label's count": lambda blind, counts: softmax(np.log(blind) + counts * [0.6, 0.1, 0.3]),
    "by whether a label is there": lambda blind, counts: softmax(np.log(blind) + 1.2 * (counts > 0)),
    "half of it the labels": lambda blind, counts: 0.5 * blind + 0.5 * shares(counts),
    "by which labels are there": lambda blind, counts: np.where(
        counts.any(axis=1, keepdims=True), 0.6 * blind + 0.4 * shares(1.0 * (counts > 0)), blind
    ),
    "by the most frequent label": lambda blind, counts: np.where(
        counts.any(axis=1, keepdims=True), 0.6 * blind + 0.4 * shares(counts**20), blind
    ),
    "smoothed labels": lambda blind, counts: (3 * blind + counts) / (3 + counts.sum(axis=1, keepdims=True)),
}


def made(labels: int, seed: int, steered: Callable[[Array, Array], Array] | None) -> tuple[Observations, Array]:
    """Items whose model is right without labels, and the truth; evidence is blind or steered, with some noise."""
    generator = np.random.default_rng([seed, labels])
    blind = generator.dirichlet(np.ones(LABELS), ITEMS)
    prior = pooled(np.array([0.3, 0.0, -0.3]), np.array([0.7]), log_pool(blind, 0.03)[:, None])
    truth = np.array([generator.dirichlet(np.maximum(4 * row, 1e-3)) for row in prior])
    counts = generator.multinomial(labels, truth).astype(float)
    if steered is None:
        return seen(counts, EvidenceArray("m", blind, False)), truth

    def said(given: Array) -> Array:
        return softmax(np.log(steered(blind, given) + 1e-9) + generator.normal(0, 0.05, blind.shape))

    held = np.stack([said(np.maximum(counts - one, 0)) for one in np.eye(LABELS)], axis=1)
    held[counts == 0] = np.nan
    return seen(counts, EvidenceArray("m", said(counts), True, leave_one_out=held)), truth


def seen(counts: Array, *evidence: EvidenceArray) -> Observations:
    return Observations(("a", "b", "c"), tuple(map(str, range(len(counts)))), counts, evidence=evidence)


def covered(found: Estimate, truth: Array) -> float:
    known = found.posterior
    return float(((known.low <= truth + 1e-9) & (truth <= known.high + 1e-9)).mean())


@pytest.mark.parametrize("labels", [2, 4, 8])
@pytest.mark.parametrize("how", [None, *STEERED])
def test_intervals_hold_the_truth_as_often_as_they_say(how: str | None, labels: int) -> None:
    observed, truth = made(labels, 0, STEERED[how] if how else None)
    found = estimate_from(observed)
    assert LEAST <= covered(found, truth) <= MOST
    assert found.calibration.fit is not None
    assert found.calibration.fit.names == ("m",)
    blind = estimate_from(made(labels, 0, None)[0]).calibration
    # Labels that were not taken out would make it look better than it is.
    assert found.calibration.concentration < 1.35 * blind.concentration


@pytest.mark.parametrize(
    "votes", [1, pytest.param(3, marks=pytest.mark.slow), pytest.param(10, marks=pytest.mark.slow), 100]
)
@pytest.mark.parametrize(("how", "labels"), [(None, 2), (None, 8), ("by the share", 4)])
def test_intervals_hold_with_references_of_any_number_of_votes(how: str | None, labels: int, votes: int) -> None:
    observed, truth = made(labels, 1, STEERED[how] if how else None)
    reference = np.random.default_rng(votes).multinomial(votes, truth) / votes
    known = Observations(
        observed.labels, observed.ids, observed.counts, {}, observed.evidence, reference, np.full(ITEMS, float(votes))
    )
    found = estimate_from(known, calibrate="reference")
    assert LEAST <= covered(found, truth) <= MOST
    assert 0.7 < found.calibration.confidence < 1.4


def test_what_the_labels_did_is_found_exactly() -> None:
    generator = np.random.default_rng(0)
    blind = generator.dirichlet(np.ones(LABELS) * 2, 300)
    counts = generator.multinomial(4, blind).astype(float)
    for how, form, off in (("half of it the labels", "mixture", 0.01), ("smoothed labels", "smoothing", 0.01)):
        steer = STEERED[how]
        held = np.stack([steer(blind, np.maximum(counts - one, 0)) for one in np.eye(LABELS)], axis=1)
        found, guidance = unguided(EvidenceArray("m", steer(blind, counts), True, leave_one_out=held), counts)
        assert guidance.form == form
        assert guidance.explained > 0.999
        np.testing.assert_allclose(found.distribution, blind, atol=off)
        assert found.leave_one_out is not None
        given = counts > 0
        np.testing.assert_allclose(found.leave_one_out[given], np.repeat(blind[:, None], 3, axis=1)[given], atol=off)


def test_what_no_label_guided_is_left_as_it_is() -> None:
    blind = np.random.default_rng(0).dirichlet(np.ones(LABELS), 60)
    counts = np.random.default_rng(1).multinomial(3, blind).astype(float)
    same = EvidenceArray("m", blind, None, leave_one_out=np.repeat(blind[:, None], LABELS, axis=1))
    found, _ = unguided(same, counts)
    np.testing.assert_allclose(found.distribution, blind, atol=1e-3)
    part = np.arange(60) % 2 == 0
    mixed = np.where(part[:, None], blind, STEERED["half of it the labels"](blind, counts))
    held = np.stack(
        [STEERED["half of it the labels"](blind, np.maximum(counts - one, 0)) for one in np.eye(LABELS)], axis=1
    )
    held[part] = blind[part][:, None]
    found, guidance = unguided(EvidenceArray("m", mixed, True, leave_one_out=held, blind=part), counts)
    assert guidance.form == "mixture"
    np.testing.assert_array_equal(found.distribution[part], blind[part])
    np.testing.assert_allclose(found.distribution, blind, atol=0.02)


@pytest.mark.parametrize("options", [2, 4])
def test_unequal_numbers_of_labels_and_a_model_that_is_not_exact(options: int) -> None:
    generator = np.random.default_rng(options)
    truth = softmax(generator.normal(0, 0.7, options) + 1.4 * generator.normal(size=(ITEMS, options)))
    blind = softmax(0.8 * np.log(truth) + 0.6 * generator.normal(size=truth.shape))
    counts = np.array(
        [generator.multinomial(n, p) for n, p in zip(generator.integers(2, 7, ITEMS), truth, strict=True)]
    )

    def said(given: Array) -> Array:
        smoothed = (2 * blind + given) / (2 + given.sum(axis=1, keepdims=True))
        return softmax(np.log(smoothed + 1e-4) + generator.normal(0, 0.1, blind.shape))

    held = np.stack([said(np.maximum(counts - one, 0)) for one in np.eye(options)], axis=1)
    guided = EvidenceArray("m", said(counts), True, leave_one_out=held)
    names = tuple("abcd"[:options])
    found = estimate_from(Observations(names, tuple(map(str, range(ITEMS))), counts.astype(float), evidence=(guided,)))
    assert [one.form for one in found.calibration.guided] == ["smoothing"]
    assert LEAST <= covered(found, truth) <= MOST


COPIES: dict[str, Callable[[Array], Array]] = {
    "as they are": lambda copied: copied,
    "sharper": lambda copied: softmax(2 * np.log(0.9 * copied + 0.1 / LABELS)),
    "flatter": lambda copied: softmax(0.5 * np.log(0.9 * copied + 0.1 / LABELS)),
}


@pytest.mark.parametrize("labels", [2, 4, 8])
@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_the_labels_is_worth_nothing(copied: str, labels: int) -> None:
    generator = np.random.default_rng([3, labels])
    truth = generator.dirichlet(np.ones(LABELS), ITEMS)
    counts = generator.multinomial(labels, truth).astype(float)

    def said(given: Array) -> Array:
        known = np.where(given.any(axis=1, keepdims=True), shares(given), 1 / LABELS)
        return softmax(np.log(COPIES[copied](known) + 1e-4) + generator.normal(0, 0.1, given.shape))

    held = np.stack([said(np.maximum(counts - one, 0)) for one in np.eye(LABELS)], axis=1)
    found = estimate_from(seen(counts, EvidenceArray("m", said(counts), True, leave_one_out=held)))
    alone = estimate_from(seen(counts))
    np.testing.assert_allclose(found.mean, alone.mean, atol=0.01)
    assert found.calibration.concentration == pytest.approx(alone.calibration.concentration, rel=0.1)
