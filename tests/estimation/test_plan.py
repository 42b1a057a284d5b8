"""Predictions hold what they promise where the model is right; costs are those that one computes by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.estimation.simulation import Truth, simulated

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Evidence, Item
from labeldist.datasets.source import open_source
from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.observations import Array, Observations, observe
from labeldist.estimation.pilot import plan
from labeldist.estimation.plan import Predicted, measured_errors, predicted_errors
from labeldist.estimation.posterior import expected_kl, expected_tvd
from labeldist.estimation.preposterior import preposterior_error
from labeldist.estimation.prices import Prices, cheapest, ways
from labeldist.estimation.reference_curve import reference_curve
from labeldist.estimation.sets import fits
from labeldist.evaluation.metrics.kl import kl
from labeldist.evaluation.metrics.tvd import tvd

TRUTH = Truth(np.array([0.4, 0.0, -0.4]), np.array([2.5, 0.3]), 3.0)
BOTH = ("model 0", "model 1")


def pilot(items: int, labels: int, seed: int = 0) -> tuple[Observations, Array]:
    """A pilot of which the model is right, and the truth."""
    return simulated(TRUTH, items, labels, seed)


def by_set(predicted: list[Predicted]) -> dict[tuple[str, ...], dict[int, Predicted]]:
    return {
        evidence: {one.labels: one for one in predicted if one.evidence == evidence}
        for evidence in {one.evidence for one in predicted}
    }


def test_the_error_foreseen_is_that_of_many_draws() -> None:
    generator = np.random.default_rng(0)
    mean, worth, labels = generator.dirichlet(np.ones(3), 4), 2.5, 6
    found = preposterior_error(mean, worth, [0, labels])
    for at, item in enumerate(mean):
        shares = generator.dirichlet(worth * item, 40_000)
        alpha = worth * item + generator.multinomial(labels, shares)
        for error, expected in zip(found, (expected_kl, expected_tvd), strict=True):
            np.testing.assert_allclose(error[at, 0], expected(worth * item[None])[0], rtol=1e-9)
            np.testing.assert_allclose(error[at, 1], expected(alpha).mean(), rtol=0.02)


def test_reading_between_the_points_of_the_grid_loses_little() -> None:
    mean = np.random.default_rng(0).dirichlet([1.0, 0.5, 0.1], 400)
    exactly = [preposterior_error(mean[at : at + 40], 1.5, range(0, 21, 5)) for at in range(0, 400, 40)]
    for at, whole in enumerate(preposterior_error(mean, 1.5, range(0, 21, 5))):
        np.testing.assert_allclose(whole, np.concatenate([one[at] for one in exactly]), rtol=0.005, atol=1e-5)


@pytest.mark.parametrize("evidence", [(), BOTH])
def test_predicted_errors_come_true(evidence: tuple[str, ...]) -> None:
    observed, _ = pilot(800, 3)
    later, truth = pilot(8_000, 1, seed=1)
    predicted = by_set(predicted_errors(observed, [0, 2, 5, 12]))[evidence]
    generator = np.random.default_rng(2)
    for labels, foretold in predicted.items():
        counts = generator.multinomial(labels, truth).astype(float)
        # Estimated with the prior that the pilot taught, as somebody would who collects these labels.
        model = next(one for one in fits(observed) if one.names == evidence)
        chosen = tuple(one for one in later.evidence if one.name in evidence)
        alpha = model.concentration * model.fit.prior_mean(chosen, len(counts)) + counts
        mean = alpha / alpha.sum(axis=1, keepdims=True)
        assert foretold.kl == pytest.approx(kl(truth, mean).mean(), rel=0.1)
        assert foretold.tvd == pytest.approx(tvd(truth, mean).mean(), rel=0.1)


def test_more_labels_and_good_evidence_help() -> None:
    found = by_set(predicted_errors(pilot(800, 3)[0]))
    assert set(found) == {(), ("model 0",), ("model 1",), BOTH}
    for rows in found.values():
        errors = [(rows[labels].kl, rows[labels].tvd) for labels in range(21)]
        assert (np.diff(errors, axis=0) < 0).all()
    for labels in range(21):
        assert found["model 0",][labels].kl < found[()][labels].kl
        assert found[BOTH][labels].tvd < found[()][labels].tvd
    gains = [found[()][labels].kl - found["model 0",][labels].kl for labels in (0, 3, 20)]
    assert gains == sorted(gains, reverse=True)


def test_intervals_hold_the_error_of_another_pilot_and_shrink() -> None:
    best, _ = pilot(8_000, 5, seed=9)
    truth = by_set(predicted_errors(best, [1, 4]))
    held = []
    for seed in range(8):
        found = by_set(predicted_errors(pilot(150, 3, seed)[0], [1, 4]))
        for evidence, rows in found.items():
            held += [one.kl_low <= truth[evidence][one.labels].kl <= one.kl_high for one in rows.values()]
    assert np.mean(held) > 0.75  # 90% are promised, and these 64 are 8 pilots
    few, many = (predicted_errors(pilot(items, 3)[0], [2], draws=40)[-1] for items in (100, 1_600))
    assert few.kl_high - few.kl_low > 2.5 * (many.kl_high - many.kl_low)


def test_the_prediction_at_hand_is_what_estimate_expects() -> None:
    observed, _ = pilot(1_000, 4)
    foretold = by_set(predicted_errors(observed, [4]))[BOTH][4]
    known = estimate_from(observed).posterior
    assert foretold.kl == pytest.approx(known.expected_kl.mean(), rel=0.03)
    assert foretold.tvd == pytest.approx(known.expected_tvd.mean(), rel=0.03)


def test_evidence_that_is_half_a_copy_of_the_labels_counts_for_nothing() -> None:
    items, third = items_of(60), {"entailment": 1 / 3, "neutral": 1 / 3, "contradiction": 1 / 3}

    def mixed(*labels: str) -> dict[str, float]:
        return {name: (third[name] + labels.count(name) / len(labels)) / 2 for name in third}

    given = {}
    for one in items:
        labels = [annotation.label for annotation in one.labels]
        held = {name: mixed(*(labels[: labels.index(name)] + labels[labels.index(name) + 1 :])) for name in labels}
        given[one.id] = Evidence(mixed(*labels), True, leave_one_out=held)
    found = plan(items, {"guided": given})
    # Without the labels it says nothing, so it is none.
    assert found.evidence == ()
    assert any("guided has no part in the prior" in note for note in found.notes)
    assert {one.evidence for one in found.predicted} == {()}


def test_guided_evidence_counts_for_what_it_says_without_the_labels() -> None:
    generator = np.random.default_rng(0)
    names = ("entailment", "neutral", "contradiction")
    items, given = [], {}
    for at, truth in enumerate(generator.dirichlet([0.5, 0.5, 0.5], 80)):
        labels = [names[label] for label in generator.choice(3, 4, p=truth)]
        items.append(Item(str(at), {}, tuple(Annotation(label) for label in labels)))

        def mixed(*labels: str, known: Array = truth) -> dict[str, float]:
            return {
                name: float(part + labels.count(name) / len(labels)) / 2
                for name, part in zip(names, known, strict=True)
            }

        held = {name: mixed(*(labels[: labels.index(name)] + labels[labels.index(name) + 1 :])) for name in labels}
        given[str(at)] = Evidence(mixed(*labels), True, leave_one_out=held)
    found = plan(items, {"guided": given})
    assert found.evidence == ("guided",)
    assert any("guided was made with the labels" in note for note in found.notes)
    by_evidence = by_set(list(found.predicted))
    assert by_evidence["guided",][0].kl < 0.8 * by_evidence[()][0].kl


def test_a_pilot_with_one_label_each_promises_little() -> None:
    few, more = (predicted_errors(pilot(400, labels)[0], [0])[0] for labels in (1, 4))
    assert few.kl_high - few.kl_low > 5 * (more.kl_high - more.kl_low)


# KL with 0, 1, 2 ... labels.
ALONE = [Predicted(n, (), k, k, k + 0.04, 0.5, 0.5, 0.5) for n, k in enumerate([0.5, 0.3, 0.2, 0.12, 0.1, 0.05])]
HELPED = [Predicted(n, ("llm",), k, k, k + 0.04, 0.5, 0.5, 0.5) for n, k in enumerate([0.3, 0.15, 0.1, 0.09, 0.06])]
AT_HAND = np.array([1.0, 0.0, 3.0])


def test_costs_are_those_of_hand() -> None:
    alone, helped = ways([*ALONE, *HELPED], 0.1, "kl", Prices(0.5, 0.01, 20), AT_HAND)
    assert (alone.labels, alone.labels_surely, alone.missing) == (4, 5, 4 + 5 + 2)
    assert (helped.labels, helped.labels_surely, helped.missing) == (2, 4, 3 + 4 + 1)
    assert (alone.cost_per_item, alone.cost_of_source) == (2.5, 7.5)  # 5 x 0.50
    assert (helped.cost_per_item, helped.cost_of_source) == pytest.approx((2.2, 6.6))  # 4 x 0.50 + 20 x 0.01
    assert cheapest([alone, helped]) is helped
    dear = ways([*ALONE, *HELPED], 0.1, "kl", Prices(0.5, 0.06, 20), AT_HAND)
    assert [way.cost_per_item for way in dear] == pytest.approx([2.5, 3.2])
    assert cheapest(dear) is dear[0]


@pytest.mark.parametrize("prices", [Prices(), Prices(label=0.5), Prices(call=0.1, calls=2), Prices(0.5, 0.1)])
def test_an_unknown_price_is_never_0(prices: Prices) -> None:
    alone, helped = ways([*ALONE, *HELPED], 0.1, "kl", prices, AT_HAND)
    assert helped.cost_per_item is None
    assert helped.cost_of_source is None
    assert alone.cost_per_item == (None if prices.label is None else 2.5)
    assert cheapest([alone, helped]) is helped  # by labels


def test_a_target_that_is_not_reached() -> None:
    alone, helped = ways([*ALONE, *HELPED], 0.09, "kl", Prices(0.5, 0.01, 20), AT_HAND)
    assert (alone.labels, helped.labels, helped.labels_surely, helped.cost_per_item) == (5, 3, None, None)
    assert cheapest([alone, helped]) is alone
    assert cheapest(ways(ALONE, 0.01, "kl", Prices(), AT_HAND)) is None


def test_what_a_prediction_says_and_its_interval_does_not_is_nothing_to_go_by() -> None:
    """A pilot whose prediction says 0 labels and whose interval says 6."""
    rows = [Predicted(n, ("llm",), 0.09, 0.05, 0.16 - 0.01 * n, 0.5, 0.5, 0.5) for n in range(7)]
    (way,) = ways(rows, 0.1, "kl", Prices(0.5, 0.0, 1), AT_HAND)
    assert (way.labels, way.labels_surely, way.cost_per_item) == (0, 6, 3.0)
    assert cheapest([way]) is way
    (unsure,) = ways(rows[:5], 0.1, "kl", Prices(0.5, 0.0, 1), AT_HAND)
    assert (unsure.labels, unsure.labels_surely) == (0, None)
    assert cheapest([unsure]) is None


def with_reference(observed: Observations, truth: Array) -> Observations:
    return replace(observed, reference=truth, votes=np.full(len(truth), 100.0))


def test_measured_errors_tell_other_people_from_the_same() -> None:
    observed, truth = pilot(500, 4)
    same = measured_errors(fits(with_reference(observed, truth)))
    assert not any(one.worse_than_expected for one in same)
    others = measured_errors(fits(with_reference(observed, truth[:, ::-1])))
    assert all(one.worse_than_expected for one in others)


def test_references_correct_what_annotators_get_wrong_and_few_are_not_enough() -> None:
    observed, truth = pilot(120, 3)
    shifted = with_reference(replace(observed, evidence=()), truth[:, [1, 2, 0]])
    known = estimate_from(shifted)
    told: list[tuple[str, int, int | None]] = []
    curve = reference_curve(
        shifted, known.mean, known.posterior.concentration, draws=2, progress=lambda *done: told.append(done)
    )
    assert [point.references for point in curve] == [0, 10, 25, 50]
    assert told == [("references", 1, 6)] * 6
    assert all(point.measured_on == 40 for point in curve)
    assert all(point.kl_low <= point.kl <= point.kl_high for point in curve)
    assert curve[-1].kl < 0.7 * curve[0].kl
    few = shifted.take(np.arange(19))
    assert reference_curve(few, known.mean[:19], known.posterior.concentration[:19]) == []


def items_of(count: int, labels: int = 3) -> list[Item]:
    generator = np.random.default_rng(0)
    names = ("entailment", "neutral", "contradiction")
    return [
        Item(str(at), {}, tuple(Annotation(names[label]) for label in generator.choice(3, labels)))
        for at in range(count)
    ]


def test_what_a_plan_leaves_out_it_names() -> None:
    third = dict.fromkeys(("entailment", "neutral", "contradiction"), 1 / 3)
    given = {
        "blind": {str(at): Evidence(third, False) for at in range(40)},
        "seeing": {str(at): Evidence(third, True) for at in range(40)},
    }
    found = plan(items_of(40), given)
    assert found.evidence == ("blind",)
    assert "seeing is left out" in found.notes[0]
    assert {one.evidence for one in found.predicted} == {(), ("blind",)}


def test_selected_items_are_no_ground_for_a_plan() -> None:
    three_of_five = [Annotation(label) for label in ("neutral",) * 3 + ("entailment",) * 2]
    found = plan([Item(str(at), {}, tuple(three_of_five)) for at in range(60)], target=0.1)
    assert found.doubtful
    assert "cannot be trusted" in found.notes[0]


def test_one_label_each_is_called_an_assumption() -> None:
    found = plan(items_of(40, 1))
    assert found.doubtful
    assert "no item has two labels" in found.notes[0]
    assert found.replay.rows == ()


def test_too_few_references_are_called_that() -> None:
    items = items_of(40)
    found = plan([replace(items[0], reference={"neutral": 5}), *items[1:]])
    assert found.measured == found.curve == ()
    assert found.votes is None
    assert "only references can show" in found.notes[0]
    assert "items with a reference: 1, and it takes 20" in found.notes[1]


def test_bad_requests() -> None:
    with pytest.raises(InputError, match="no label on any of 3 items"):
        plan(items_of(3, 0))
    with pytest.raises(UsageError, match="target"):
        plan(items_of(3), target=0)
    with pytest.raises(UsageError, match="metric"):
        plan(items_of(3), metric="jsd")


@pytest.mark.usefixtures("real")
def test_experts_of_varierr_promise_more_than_the_crowd_confirms() -> None:
    dataset = open_source("mjd-estimator")
    observed = observe(dataset.items(), dataset.task.label_names, annotators="varierr")
    measured = measured_errors(fits(observed))
    assert [len(one.evidence) for one in measured] == [0, 1, 1, 2]
    assert all(one.worse_than_expected for one in measured)
    assert measured[-1].kl < measured[0].kl
