"""A calibration that was learnt on one set and is applied to others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.estimation.data import EVIDENCE, figures, reference_of, the_341, without_references

from labeldist.core.errors import InputError, UsageError
from labeldist.datasets.source import open_source
from labeldist.estimation.estimate import Estimate, estimate_by, estimate_from
from labeldist.estimation.guidance import Smoothing
from labeldist.estimation.learnt import Learnt
from labeldist.estimation.observations import EvidenceArray, Observations, observe
from labeldist.estimation.stored_calibration import as_row, from_row
from labeldist.estimation.stored_fields import Part

NAMES = ("yes", "no", "maybe")


def simulated(items: int, seed: int, tilt: tuple[float, ...] = (1, 1, 1), sharp: float = 1.0) -> Observations:
    """Items with 2 to 5 labels and a model; annotators may prefer a label, or be surer than the truth."""
    generator = np.random.default_rng(seed)
    truth = generator.dirichlet([1.0, 0.7, 0.4], items)
    said = generator.standard_gamma(8 * truth + 0.3)
    theirs = truth**sharp * np.array(tilt)
    theirs /= theirs.sum(axis=1, keepdims=True)
    numbers = generator.integers(2, 6, items)
    counts = np.array([generator.multinomial(n, one) for n, one in zip(numbers, theirs, strict=True)], dtype=float)
    evidence = (EvidenceArray("llm", said / said.sum(axis=1, keepdims=True)),)
    return Observations(NAMES, tuple(map(str, range(items))), counts, evidence=evidence)


def lacking(observed: Observations) -> Observations:
    said = observed.evidence[0].distribution.copy()
    said[::4] = np.nan
    return replace(observed, evidence=(EvidenceArray("llm", said),))


def guided(observed: Observations) -> Observations:
    """With evidence that repeats the labels, and its leave-one-out form."""
    form, blind, counts = Smoothing(4.0), observed.evidence[0].distribution, observed.counts
    held = np.stack([form.guided(blind, np.maximum(counts - one, 0)) for one in np.eye(3)], axis=1)
    return replace(observed, evidence=(EvidenceArray("llm", form.guided(blind, counts), True, leave_one_out=held),))


def grouped(observed: Observations) -> Observations:
    """Two groups, each with an opinion of its own on every item."""
    generator = np.random.default_rng(5)
    theirs = generator.dirichlet([0.7] * 3, (2, len(observed.ids)))
    first, second = (generator.multinomial(3, one).astype(float) for one in theirs)
    return replace(observed, counts=first + second, groups={"crowd": first, "experts": second})


def selected(observed: Observations) -> Observations:
    counts = np.random.default_rng(0).permuted(np.tile([3.0, 2.0, 0.0], (len(observed.ids), 1)), axis=1)
    return replace(observed, counts=counts)


def half_referenced(observed: Observations) -> Observations:
    reference = observed.evidence[0].distribution ** 1.5
    reference /= reference.sum(axis=1, keepdims=True)
    reference[60:] = np.nan
    return replace(observed, reference=reference, votes=np.full(len(reference), 100.0))


def through_json(learnt: Learnt) -> Learnt:
    return from_row(Part(json.loads(json.dumps(as_row(learnt), allow_nan=False)), None))


def same(one: Estimate, other: Estimate, rows: slice = slice(None)) -> bool:
    """Whether both are equal to the last bit."""
    names = ("mean", "low", "high", "concentration", "expected_kl", "expected_tvd")
    pairs = [(getattr(one.posterior, name)[rows], getattr(other.posterior, name)[rows]) for name in names]
    return all(np.array_equal(*pair) for pair in [*pairs, (one.prior, other.prior)])


@pytest.mark.parametrize(
    ("made", "how"),
    [
        (lambda one: one, {}),
        (lambda one: one, {"prior": "dirichlet"}),
        (lambda one: one.without_evidence(), {}),
        (lambda one: one, {"population": "other"}),
        (lacking, {}),
        (guided, {}),
        (grouped, {}),
        (selected, {}),
    ],
)
def test_on_the_same_items_it_gives_the_same_posterior(
    made: Callable[[Observations], Observations], how: dict[str, str]
) -> None:
    observed = made(simulated(120, 3))
    found = estimate_from(observed, learn=True, **how)  # type: ignore[arg-type]
    assert found.learnt is not None
    again = estimate_by(through_json(found.learnt), observed)
    assert same(found, again)
    assert again.calibration.elsewhere is not None
    assert again.calibration.elsewhere.drift is not None
    assert not again.calibration.elsewhere.drift.found
    assert again.calibration.prior == found.calibration.prior
    assert again.evidence == found.evidence
    assert again.row(0).get("warning") == found.row(0).get("warning")


def test_what_the_cases_above_are_about() -> None:
    """Each is what its name says, or the test above would show nothing of it."""
    calibration = estimate_from(guided(simulated(120, 3))).calibration
    assert [one.name for one in calibration.guided] == ["llm"]
    calibration = estimate_from(grouped(simulated(120, 3))).calibration
    assert calibration.clustering is not None
    assert calibration.clustering.sure
    assert not estimate_from(selected(simulated(120, 3))).calibration.fitted
    mixed = estimate_from(lacking(simulated(120, 3)), learn=True).learnt
    assert mixed is not None
    assert mixed.stack is not None
    assert mixed.base_stack is not None


def test_what_references_taught_is_applied_to_items_without_any() -> None:
    observed = half_referenced(simulated(120, 3))
    found = estimate_from(observed, calibrate="reference", learn=True)
    assert found.learnt is not None
    again = estimate_by(through_json(found.learnt), without_references(observed))
    assert same(found, again, slice(60, None))
    assert not np.allclose(again.mean, estimate_from(without_references(observed), prior="dirichlet").mean, atol=0.01)
    assert "as the references there taught" in " ".join(again.calibration.in_words())


def test_a_single_item_gets_what_it_gets_among_others() -> None:
    learnt = estimate_from(simulated(120, 3), learn=True).learnt
    assert learnt is not None
    new = simulated(40, 9)
    whole, one = estimate_by(learnt, new), estimate_by(learnt, new.take(np.array([7])))
    assert np.allclose(one.mean[0], whole.mean[7])
    assert one.calibration.elsewhere is not None
    assert one.calibration.elsewhere.drift is None  # of one item nothing can be told


def test_items_without_labels_or_evidence_are_estimated_too() -> None:
    learnt = estimate_from(simulated(120, 3), learn=True).learnt
    assert learnt is not None
    new = lacking(replace(simulated(40, 9), counts=np.zeros((40, 3))))
    found = estimate_by(learnt, new)
    assert np.allclose(found.mean, found.prior)
    assert np.isfinite(found.posterior.expected_kl).all()
    assert np.allclose(found.mean[0], found.mean[4])  # both have nothing


@cache
def learnt_on_references() -> Learnt:
    found = estimate_from(half_referenced(simulated(120, 3)), calibrate="reference", learn=True).learnt
    assert found is not None
    return found


def with_scores(observed: Observations) -> Observations:
    one = observed.evidence[0]
    return replace(observed, evidence=(replace(one, scores=one.distribution),))


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda one: replace(one, labels=("yes", "maybe", "no")), "items with yes, maybe, no"),
        (lambda one: replace(one, evidence=()), "for evidence llm, and items with no evidence"),
        (lambda one: replace(one, evidence=(replace(one.evidence[0], name="gpt"),)), "items with evidence gpt"),
        (lambda one: replace(one, evidence=(replace(one.evidence[0], saw_labels=None),)), "may have used"),
        (with_scores, "distributions alone in the calibration, and with scores here"),
        (grouped, "crowd, experts"),
    ],
)
def test_what_does_not_match_is_refused(made: Callable[[Observations], Observations], told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)) as error:
        estimate_by(learnt_on_references(), made(simulated(40, 9)))
    assert error.value.hint


def changed(row: dict[str, Any], path: str, value: Any) -> None:
    *way, last = [int(key) if key.isdecimal() else key for key in path.split(".")]
    place: Any = row
    for key in way:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("labeldist_calibration", 99, "field 'labeldist_calibration'"),
        ("labels", ["yes"], "field 'labels'"),
        ("labels", ["yes", "yes", "no"], "field 'labels'"),
        ("fit.bias", [0.1, 0.2], "field 'fit.bias'"),
        ("fit.bias.1", "0.2", "field 'fit.bias[1]'"),
        ("fit.bias.1", True, "field 'fit.bias[1]'"),
        ("fit.concentration", 0, "field 'fit.concentration'"),
        ("fit.concentration", 10**400, "field 'fit.concentration'"),
        ("fit.names", ["gpt"], "field 'fit.names'"),
        ("fit.floor", None, "field 'fit'"),
        ("stack.shares.0", 0.9, "field 'stack.shares'"),
        ("stack.parts.0.alpha.0.1", -1.0, "field 'stack.parts[0].alpha[0][1]'"),
        ("stack.parts", [], "field 'stack.parts'"),
        ("calibrate", "off", "field 'calibrate'"),
        ("calibrate", "reference", "calibrate: reference"),
        ("evidence.0.scores", 1, "field 'evidence[0].scores'"),
        ("surprise.variance.0", -1.0, "field 'surprise.variance[0]'"),
        ("population", "everybody", "field 'population'"),
    ],
)
def test_a_damaged_calibration_is_refused_with_its_place(path: str, value: Any, place: str) -> None:
    learnt = estimate_from(simulated(60, 3), learn=True).learnt
    assert learnt is not None
    row = json.loads(json.dumps(as_row(learnt)))
    from_row(Part(row, Path("c.json")))
    changed(row, path, value)
    with pytest.raises(InputError, match=re.escape(place)) as error:
        from_row(Part(row, Path("c.json")))
    assert "c.json" in str(error.value)


@pytest.mark.parametrize("value", [[], 3, {}, {"labels": []}, "text"])
def test_what_is_no_calibration_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="a calibration, as estimate --calibration-out writes it"):
        from_row(Part(value, Path("c.json")))


def test_a_damaged_correction_is_refused_with_its_place() -> None:
    row = json.loads(json.dumps(as_row(learnt_on_references())))
    row["taught"]["parts"][0]["spread"] = [0.0]
    with pytest.raises(InputError, match=re.escape("field 'taught.parts[0].spread'")):
        from_row(Part(row, None))


def test_annotators_who_changed_are_told() -> None:
    learnt = estimate_from(simulated(150, 3), learn=True).learnt
    assert learnt is not None
    prefer = estimate_by(learnt, simulated(300, 9, tilt=(1, 1, 4))).calibration
    assert "maybe is commoner by" in prefer.notes[0]
    assert "maybe is commoner by" in " ".join(prefer.as_dict(NAMES)["notes"])
    surer = estimate_by(learnt, simulated(300, 9, sharp=4.0)).calibration
    assert "an item's labels are likelier by" in surer.notes[0]
    unlike = estimate_by(learnt, simulated(300, 9, sharp=0.1)).calibration
    assert "less likely by" in unlike.notes[0]


def test_false_alarms_are_rare_and_changes_are_seen() -> None:
    alarms, seen, runs = 0, 0, 60
    for seed in range(runs):
        learnt = estimate_from(simulated(100, seed), prior="dirichlet", learn=True, seed=seed).learnt
        assert learnt is not None
        for tilt in (1.0, 4.0):
            new = simulated(200, 1_000 + seed, tilt=(1, 1, tilt))
            elsewhere = estimate_by(learnt, new, seed=seed).calibration.elsewhere
            assert elsewhere is not None
            assert elsewhere.drift is not None
            alarms += elsewhere.drift.found and tilt == 1
            seen += elsewhere.drift.found and tilt == 4
    assert alarms < 0.05 * runs
    assert seen > 0.9 * runs


def of_other_items() -> tuple[Observations, int]:
    """The VariErr items that are not among the 341, told by their texts, and how many are."""

    def text(item: Any) -> str:
        return re.sub(r"\W+", "", " ".join(item.fields.values()).lower())

    dataset = open_source("varierr")
    those = {text(item) for item in open_source("mjd-estimator").items()}
    items = [*dataset.items()]
    others = [item for item in items if text(item) not in those]
    return observe(others, dataset.task.label_names, use=EVIDENCE), len(items) - len(others)


def test_from_other_varierr_items_to_the_341(real: Path) -> None:
    others, among = of_other_items()
    assert (len(others.ids), among) == (159, 341)
    target = the_341("varierr")
    learnt = estimate_from(others, calibrate="reference", learn=True).learnt
    assert learnt is not None
    found = figures(reference_of(target), estimate_by(through_json(learnt), without_references(target)).mean)
    assert found["kl"] < 0.134
    assert found["dcorr"] > 0.78
