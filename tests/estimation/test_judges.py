"""What several judges save adds up where their errors do, and a copy adds nothing; by an oracle of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaln

from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Evidence, Item
from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.judges import FEWEST, compare_judges, judges_of
from labeldist.estimation.labels import FLOORS
from labeldist.estimation.observations import Array, EvidenceArray, Observations
from labeldist.estimation.pilot import plan
from labeldist.estimation.prices import Prices, judge_costs
from labeldist.tasks.labels import labels_task

ITEMS = 500


def world(items: int = ITEMS, seed: int = 0) -> tuple[Observations, Array]:
    """Items with four labels each, and the truth."""
    generator = np.random.default_rng(seed)
    truth = 0.97 * generator.dirichlet(np.full(3, 0.7), items) + 0.01
    counts = generator.multinomial(4, truth).astype(float)
    return Observations(("a", "b", "c"), tuple(map(str, range(items))), counts), truth


def judged(name: str, truth: Array, noise: Array, model: str | None = None) -> EvidenceArray:
    said = np.exp(np.log(truth) + noise)
    return EvidenceArray(name, said / said.sum(axis=1, keepdims=True), model=model)


def noise(seed: int, spread: float = 2.0, items: int = ITEMS) -> Array:
    return np.random.default_rng(seed).normal(0, spread, (items, 3))


def test_independent_errors_add_up_and_copied_ones_do_not() -> None:
    observed, truth = world()
    one, two = judged("one", truth, noise(1)), judged("two", truth, noise(2))
    copied = judged("copy", truth, noise(1) + 0.1 * noise(3))
    apart = compare_judges(replace(observed, evidence=(one, two)))
    alike = compare_judges(replace(observed, evidence=(one, copied)))
    three = compare_judges(replace(observed, evidence=(one, two, copied)))
    assert apart is not None
    assert alike is not None
    assert three is not None
    alone = sum(judge.alone.labels for judge in apart.each)
    assert apart.together.labels == pytest.approx(alone, rel=0.1)
    assert apart.effective == pytest.approx(2, abs=0.2)
    assert alike.effective == pytest.approx(1, abs=0.15)
    assert three.effective == pytest.approx(2, abs=0.25)
    for found, number in ((apart, 2), (alike, 1)):
        assert found.effective_low is not None
        assert found.effective_high is not None
        assert found.effective_low - 0.15 < number < found.effective_high + 0.15
        assert found.effective_high - found.effective_low < 1
    # Without a copy nothing is lost; without the only one of its kind all that it saves.
    lost = {judge.name: judge.lost for judge in three.each}
    assert three.least.name in ("one", "copy")
    assert max(lost["one"], lost["copy"]) < 0.15
    assert lost["two"] == pytest.approx(three.each[1].alone.labels, rel=0.25)


def oracle(counts: Array, evidence: tuple[EvidenceArray, ...]) -> float:
    """What the prior is worth, by the definition: penalised likelihood, written down anew, minimised by differences."""
    labels, number = counts.shape[1], len(evidence)
    centre = np.array([*np.zeros(labels), *np.full(number, 1 / max(number, 1)), np.log(3.0)])
    spread = np.array([*np.full(labels, 1.5), *np.ones(number), 1.5])
    best, worth = -np.inf, np.nan
    for share in FLOORS if number else FLOORS[:1]:
        logs = [np.log(one.distribution + share / labels) for one in evidence]

        def likelihood(at: Array, logs: list[Array] = logs) -> float:
            scores = at[:labels] + sum((weight * log for weight, log in zip(at[labels:-1], logs, strict=True)), 0.0)
            shares = np.exp(scores) * np.ones_like(counts)
            alpha = np.exp(at[-1]) * shares / shares.sum(axis=1, keepdims=True)
            total, given = alpha.sum(axis=1), counts.sum(axis=1)
            terms = gammaln(alpha + counts) - gammaln(alpha)
            return float((gammaln(total) - gammaln(total + given) + terms.sum(axis=1)).sum())

        def loss(at: Array) -> float:
            return float((((at - centre) / spread) ** 2).sum()) / 2 - likelihood(at)

        found = minimize(loss, centre, method="BFGS", options={"gtol": 1e-4}).x
        if likelihood(found) > best:
            best, worth = likelihood(found), float(np.exp(found[-1]))
    return worth


def test_the_figures_are_those_of_an_oracle() -> None:
    observed, truth = world(120)
    one, two = (judged(str(seed), truth, noise(seed, 1.0 + seed, 120)) for seed in (0, 1))
    found = compare_judges(replace(observed, evidence=(one, two)))
    assert found is not None
    base, both = oracle(observed.counts, ()), oracle(observed.counts, (one, two))
    alone = [oracle(observed.counts, (judge,)) - base for judge in (one, two)]
    assert [judge.alone.labels for judge in found.each] == pytest.approx(alone, rel=0.01)
    assert found.together.labels == pytest.approx(both - base, rel=0.01)
    assert [judge.lost for judge in found.each] == pytest.approx(
        [both - base - alone[1], both - base - alone[0]], rel=0.02
    )
    assert found.effective == pytest.approx((both - base) / np.mean(alone), rel=0.01)
    assert found.least.name == "1"


def test_intervals_hold_what_many_items_give() -> None:
    def found(items: int, seed: int) -> tuple[float, float, float]:
        observed, truth = world(items, seed)
        shared = noise(seed + 50, 1.0, items)
        evidence = tuple(judged(str(at), truth, shared + noise(seed + at, 1.2, items)) for at in (100, 200))
        judges = compare_judges(replace(observed, evidence=evidence))
        assert judges is not None
        assert judges.effective is not None
        assert judges.effective_low is not None
        assert judges.effective_high is not None
        return judges.effective, judges.effective_low, judges.effective_high

    large, _, _ = found(8_000, 0)
    assert 1.2 < large < 1.8
    inside = [low <= large <= high for _, low, high in (found(250, seed) for seed in range(1, 11))]
    assert sum(inside) >= 7


def test_a_judge_is_a_model_with_all_of_its_evidence() -> None:
    observed, truth = world()
    first = [judged(f"MJD {at}", truth, noise(1) + 0.3 * noise(at), "server:q@http://a/v1") for at in (3, 4)]
    other = judged("b", truth, noise(2), "transformers:org/B.gguf")
    evidence = (*first, other, judged("text", truth, noise(9)))
    found = compare_judges(replace(observed, evidence=evidence))
    assert found is not None
    assert {judge.name: judge.alone.evidence for judge in found.each} == {"q": ("MJD 3", "MJD 4"), "B": ("b",)}
    assert found.together.evidence == ("MJD 3", "MJD 4", "b")
    assert compare_judges(replace(observed, evidence=tuple(first))) is None
    known = estimate_from(replace(observed, evidence=tuple(first)), prior="dirichlet").calibration
    assert known.judges is None
    assert "judges" not in known.as_dict(observed.labels)
    told = estimate_from(replace(observed, evidence=(*first, other)), prior="dirichlet").calibration
    assert told.judges is not None
    assert told.as_dict(observed.labels)["judges"]["effective"] == told.judges.effective
    assert any(line.startswith("By itself q, with MJD 3, MJD 4, saves about") for line in told.in_words())
    assert any(line.startswith("q and B together save as much as") for line in told.in_words())


def test_evidence_that_is_called_as_a_model_is_stays_apart() -> None:
    given = [EvidenceArray("m", np.ones((1, 2))), EvidenceArray("x", np.ones((1, 2)), model="m")]
    assert judges_of(given) == {"m": ("m",), "model m": ("x",)}


def test_judges_are_compared_on_the_items_that_all_have_judged() -> None:
    observed, truth = world()
    one, two = judged("one", truth, noise(1)), judged("two", truth, noise(2))
    half = two.distribution.copy()
    half[200:] = np.nan
    lacking = replace(observed, evidence=(one, replace(two, distribution=half)))
    found, few = compare_judges(lacking), compare_judges(lacking.take(np.arange(200 - FEWEST + 1, ITEMS)))
    some = compare_judges(replace(observed, evidence=(one, two)).take(np.arange(200)))
    assert found == some
    assert found is not None
    assert found.items == 200
    assert few is None


def test_nothing_saved_is_no_number_of_judges() -> None:
    observed, truth = world()
    flat = np.full_like(truth, 1 / 3)
    found = compare_judges(replace(observed, evidence=tuple(judged(str(at), flat, noise(at)) for at in (1, 2))))
    assert found is not None
    assert found.effective is None
    assert "these labels cannot tell" in found.in_words()[0]


def rows(names: str = "abc") -> tuple[list[Item], dict[str, dict[str, Evidence]]]:
    observed, truth = world(150)
    said = {
        name: dict(
            zip(
                observed.ids,
                (
                    Evidence(dict(zip("abc", row, strict=True)), False)
                    for row in judged(
                        name, truth, noise(at // 2, 2.0, 150) + 0.1 * noise(at + 10, 2.0, 150)
                    ).distribution
                ),
                strict=True,
            )
        )
        for at, name in enumerate(names)
    }
    labels = [
        [Annotation(k) for k, n in zip("abc", row, strict=True) for _ in range(int(n))] for row in observed.counts
    ]
    return [Item(id_, {}, tuple(own)) for id_, own in zip(observed.ids, labels, strict=True)], said


def test_a_plan_says_which_judge_to_do_without_and_what_it_costs() -> None:
    items, said = rows()  # a and b have the same errors, c its own
    task = labels_task(tuple("abc"))
    prices = Prices(label=0.1, call=0.001, calls=10, by_judge={"b": 0.008})
    found = plan(items, said, task=task, most_labels=8, target=0.2, prices=prices, references=False)
    assert found.judges is not None
    assert found.judges.least.name in ("a", "b")
    costs = {one.judge: one for one in found.costs}
    assert {name: one.share for name, one in costs.items()} == pytest.approx({"a": 0.1, "b": 0.8, "c": 0.1})
    assert costs["b"].per_item == pytest.approx(0.08)
    lost = {judge.name: judge.lost for judge in found.judges.each}
    assert costs["c"].lost_labels == pytest.approx(0.1 * lost["c"])
    by_evidence = {way.evidence: way for way in found.ways}
    for evidence, calls in ((("b",), 0.08), (("a",), 0.01), (("a", "b", "c"), 0.1)):
        way = by_evidence[evidence]
        if way.labels_surely is not None:
            assert way.cost_per_item == pytest.approx(way.labels_surely * 0.1 + calls)
    assert any(by_evidence[one].labels_surely for one in (("b",), ("a",), ("a", "b", "c")))
    unpriced = judge_costs(found.judges, Prices(label=0.1))
    assert [one.share for one in unpriced] == pytest.approx([1 / 3] * 3)
    assert not any(one.priced or one.per_item for one in unpriced)
    with pytest.raises(UsageError, match="no judge is named 'd'"):
        plan(items, said, task=task, prices=Prices(by_judge={"d": 1.0}), references=False)
