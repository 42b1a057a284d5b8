"""The mixture of Dirichlets: its likelihood and gradients, its fit beside the trial's, its posterior, its stacking."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import beta, dirichlet

from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.labels import fit_labels
from labeldist.estimation.log_pool import log_pool
from labeldist.estimation.marginals import Marginals
from labeldist.estimation.mixture import Mixture
from labeldist.estimation.mixture_fit import first_components, fit_mixture
from labeldist.estimation.mixture_likelihood import Layout, MixtureLikelihood
from labeldist.estimation.mixture_posterior import mixture_posterior
from labeldist.estimation.observations import Array, EvidenceArray, Observations
from labeldist.estimation.stack import Stack, log_marginal, one_dirichlet, updated
from labeldist.estimation.stacking import stacked
from labeldist.evaluation.metric import METRICS

FLOOR = 0.1
kl = METRICS.get("kl").value


def seen(counts: Array, *evidence: Array, ordered: bool = False) -> Observations:
    said = tuple(EvidenceArray(f"m{at}", one) for at, one in enumerate(evidence))
    names = tuple(f"label {at}" for at in range(counts.shape[1]))
    return Observations(names, tuple(map(str, range(len(counts)))), counts, evidence=said, ordered=ordered)


def kinds(items: int, labels: int = 3, votes: int = 4, seed: int = 0) -> tuple[Array, Array, Array]:
    """Counts, truth and evidence of items of two kinds: nearly all agree on one label, or two labels share them."""
    generator = np.random.default_rng([seed, items, labels])
    sure = np.full(labels, 0.3)
    sure[0] = 6.0
    split = np.full(labels, 0.2)
    split[-2:] = 3.0
    truth = np.array([generator.dirichlet(sure if at % 2 else split) for at in range(items)])
    noise = generator.dirichlet(np.ones(labels), items)
    return generator.multinomial(votes, truth).astype(float), truth, 0.7 * truth + 0.3 * noise


def naive(mixture: Mixture, counts: Array, opinions: Array) -> float:
    """The log-likelihood by the formulas of the module, an item and a component at a time."""
    total = 0.0
    for count, said in zip(counts, opinions, strict=True):
        score = np.zeros(len(count))
        for weight, one in zip(mixture.weights, said, strict=True):
            score += weight * one
        own = np.exp(mixture.bias + score) / np.exp(mixture.bias + score).sum() * mixture.concentration
        logits = [
            log_weight + mixture.gate * float(alpha / alpha.sum() @ score)
            for alpha, log_weight in zip(mixture.alpha, mixture.log_weight, strict=True)
        ]
        shares = np.exp(logits) / np.exp(logits).sum()
        likely = 0.0
        for share, alpha in zip(shares, mixture.alpha, strict=True):
            a = alpha + own
            log = gammaln(a.sum()) - gammaln(a.sum() + count.sum()) + (gammaln(a + count) - gammaln(a)).sum()
            likely += share * np.exp(log)
        total += np.log(likely)
    return float(total)


def likelihood_of(counts: Array, evidence: tuple[Array, ...]) -> MixtureLikelihood:
    opinions = np.empty((len(counts), len(evidence), counts.shape[1]))
    for at, one in enumerate(evidence):
        opinions[:, at] = log_pool(one, FLOOR)
    return MixtureLikelihood.of(counts, opinions, Layout(first_components(counts), len(evidence), FLOOR))


@settings(max_examples=25, deadline=None)
@given(labels=st.integers(2, 6), models=st.integers(0, 2), seed=st.integers(0, 1000), most=st.sampled_from([3, 200]))
def test_the_likelihood_and_its_gradient(labels: int, models: int, seed: int, most: int) -> None:
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(most, generator.dirichlet(np.ones(labels), 12)).astype(float)
    counts[0] = 0
    counts[1] = counts[2]
    evidence = tuple(generator.dirichlet(np.ones(labels), 12) for _ in range(models))
    likelihood = likelihood_of(counts, evidence)
    vector = generator.normal(0, 0.5, len(likelihood.layout.spread()))
    value, gradient = likelihood.value_and_gradient(vector)
    opinions = np.stack([log_pool(one, FLOOR) for one in evidence], axis=1) if models else np.empty((12, 0, labels))
    assert value == pytest.approx(naive(likelihood.layout.mixture(vector), counts, opinions))
    for at in range(len(vector)):
        step = np.zeros(len(vector))
        step[at] = 1e-5
        above, below = (likelihood.value_and_gradient(vector + sign * step)[0] for sign in (1, -1))
        assert gradient[at] == pytest.approx((above - below) / 2e-5, abs=1e-4, rel=1e-4)


def test_counts_that_are_not_whole_count_as_they_are() -> None:
    counts = np.array([[2.5, 1.0], [0.0, 3.0], [1.0, 70.25]])
    likelihood = likelihood_of(counts, ())
    vector = np.zeros(len(likelihood.layout.spread()))
    mixture = likelihood.layout.mixture(vector)
    assert likelihood.value_and_gradient(vector)[0] == pytest.approx(naive(mixture, counts, np.empty((3, 0, 2))))


def test_equal_rows_are_computed_once() -> None:
    counts, _, _ = kinds(2000)
    whole = likelihood_of(counts, ())
    assert len(whole.ballots.order) == len(np.unique(counts, axis=0)) < 20


def trial() -> Any:
    file = Path(__file__).parents[3] / "shared/reference/gated_mixture.py"
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("gated_mixture", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("with_evidence", [False, True])
def test_the_fit_is_the_one_of_the_trial(with_evidence: bool) -> None:
    module = trial()
    counts, _, said = kinds(80)
    opinions = module.centred_log(said, FLOOR)[:, None] if with_evidence else np.empty((len(counts), 0, 3))
    theirs = module.fit(counts, opinions)
    likelihood = MixtureLikelihood.of(counts, opinions, Layout(first_components(counts), opinions.shape[1], FLOOR))
    ours = fit_mixture(likelihood)
    assert ours.reached == pytest.approx(-theirs["loss"], abs=1e-3)
    alpha, log_weight = ours.mixture.prior(opinions)
    after, weights = updated(alpha, log_weight, counts)
    mean = np.einsum("nj,njk->nk", weights, after / after.sum(axis=2, keepdims=True))
    np.testing.assert_allclose(mean, theirs["mean"], atol=2e-3)


def random_mixtures(rows: int, parts: int, labels: int, seed: int = 0) -> tuple[Array, Array]:
    generator = np.random.default_rng(seed)
    return np.exp(generator.normal(0, 1.5, (rows, parts, labels))), generator.dirichlet(np.ones(parts), rows)


def test_intervals_are_the_shortest_and_hold_their_chance() -> None:
    alpha, weights = random_mixtures(300, 4, 2)
    a, b = alpha[..., 0], alpha[..., 1]
    found = Marginals.of(a, b, weights)
    low, high = found.shortest(0.9)

    def below(x: NDArray[np.float64]) -> Array:
        chances: Array = (weights * beta.cdf(x[:, None], a, b)).sum(axis=1)
        return chances

    held = below(high) - below(low)
    assert held.min() > 0.89
    inside = (low > 0) & (high < 1)
    assert held[inside].max() < 0.91
    grid = np.sin(np.pi / 2 * np.linspace(0, 1, 3001)) ** 2
    for row in range(0, 300, 7):
        whole = (weights[row] * beta.cdf(grid[:, None], a[row], b[row])).sum(axis=1)
        end = np.searchsorted(whole, whole + 0.9 - 1e-12)
        widths = np.where(end < len(grid), grid[np.minimum(end, len(grid) - 1)] - grid, np.inf)
        assert high[row] - low[row] < widths.min() + 0.004
    middle = found.quantile(np.full((300, 1), 0.5))[:, 0]
    firm = (middle > 1e-3) & (middle < 1 - 1e-3)
    np.testing.assert_allclose(below(middle)[firm], 0.5, atol=0.01)


@pytest.mark.parametrize("total", [0.5, 3.0, 50.0, 1000.0, 1e6])
def test_one_component_is_the_beta_distribution(total: float) -> None:
    a, b = np.array([[0.3 * total]]), np.array([[0.7 * total]])
    found = Marginals.of(a, b, np.ones((1, 1)))
    low, high = found.shortest(0.9)
    held = beta.cdf(high, a[0], b[0]) - beta.cdf(low, a[0], b[0])
    assert 0.89 < held[0] <= 1  # of a total above 1,200 it is a little wide
    assert high[0] - low[0] < 0.05 or total < 1000
    exact = 2 * np.exp(gammaln(total) - gammaln(a) - gammaln(b) + a * np.log(0.3) + b * np.log(0.7)) / total
    if total <= 1000:
        assert found.deviation(np.array([0.3]))[0] == pytest.approx(float(exact[0, 0]), rel=0.02)


def test_expected_errors_are_those_of_draws() -> None:
    alpha, weights = random_mixtures(3, 3, 4, seed=2)
    generator = np.random.default_rng(0)
    for at in range(3):
        parts = tuple(Mixture(one[None], np.zeros(1), 0.0, np.empty(0), np.zeros(4), 0.0, FLOOR) for one in alpha[at])
        counts = np.zeros((1, 4))
        known, prior = mixture_posterior(Stack(parts, tuple(weights[at])), (), counts)
        chosen = generator.choice(3, 40_000, p=weights[at])
        draws = np.concatenate(
            [dirichlet.rvs(alpha[at, part], int((chosen == part).sum()), generator) for part in range(3)]
        )
        np.testing.assert_allclose(known.mean[0], draws.mean(axis=0), atol=0.01)
        np.testing.assert_allclose(prior, known.mean)
        inside = np.where(draws > 0, draws * np.log(np.maximum(draws, 1e-300) / known.mean[0]), 0.0).sum(axis=1)
        assert known.expected_kl[0] == pytest.approx(inside.mean(), rel=0.03)
        assert known.expected_tvd[0] == pytest.approx(np.abs(draws - known.mean[0]).sum(axis=1).mean() / 2, rel=0.03)
        variance = draws.var(axis=0).sum()
        mean = known.mean[0]
        assert known.concentration[0] == pytest.approx((1 - (mean**2).sum()) / variance - 1, rel=0.05)


def test_a_single_dirichlet_as_a_mixture_is_the_same() -> None:
    counts, _, said = kinds(150)
    for observed in (seen(counts), seen(counts, said)):
        plain = estimate_from(observed, prior="dirichlet")
        fit = fit_labels(observed)
        known, prior = mixture_posterior(Stack((one_dirichlet(fit),), (1.0,)), observed.evidence, counts)
        np.testing.assert_allclose(known.mean, plain.mean, atol=1e-6)
        np.testing.assert_allclose(prior, plain.prior, atol=1e-6)
        np.testing.assert_allclose(known.expected_kl, plain.posterior.expected_kl, atol=1e-6)
        np.testing.assert_allclose(known.low, plain.posterior.low, atol=0.01)
        np.testing.assert_allclose(known.high, plain.posterior.high, atol=0.01)
        likely = log_marginal(*Stack((one_dirichlet(fit),), (1.0,)).prior(observed.evidence, 150), counts).sum()
        assert likely == pytest.approx(fit.log_likelihood, rel=1e-6)


def test_kinds_of_items_are_found_and_bring_the_estimate_nearer() -> None:
    counts, truth, said = kinds(600)
    for observed in (seen(counts), seen(counts, said)):
        mixed, plain = estimate_from(observed), estimate_from(observed, prior="dirichlet")
        assert mixed.calibration.prior == "mixture"
        assert plain.calibration.prior == "dirichlet"
        assert kl(truth, mixed.mean) < 0.97 * kl(truth, plain.mean)
        assert mixed.calibration.mixture is not None
        assert mixed.calibration.mixture.gain > 2 * mixed.calibration.mixture.error
        assert any("kinds of items" in line for line in mixed.calibration.in_words())
        found = mixed.calibration.as_dict(observed.labels)["mixture"]
        assert sum(kind["weight"] for kind in found["kinds"]) == pytest.approx(1)


@pytest.mark.parametrize("votes", [2, 5])
def test_where_the_truth_is_a_dirichlet_next_to_nothing_is_lost(votes: int) -> None:
    lost = []
    for seed in range(4):
        generator = np.random.default_rng([seed, votes])
        truth = generator.dirichlet([1.5, 0.8, 0.5], 800)
        observed = seen(generator.multinomial(votes, truth).astype(float))
        lost.append(
            kl(truth, estimate_from(observed).mean) / kl(truth, estimate_from(observed, prior="dirichlet").mean)
        )
    assert np.mean(lost) < 1.012


def test_intervals_hold_the_truth_where_few_items_leave_the_parameters_open() -> None:
    held = []
    for seed in range(6):
        counts, truth, said = kinds(150, votes=3, seed=seed)
        known = estimate_from(seen(counts, said)).posterior
        held.append(((known.low - 1e-9 <= truth) & (truth <= known.high + 1e-9)).mean())
    assert 0.87 <= np.mean(held) <= 0.94


def test_one_label_per_item_tells_no_kinds() -> None:
    counts = np.eye(3)[np.random.default_rng(0).integers(0, 3, 400)]
    assert estimate_from(seen(counts)).calibration.prior == "dirichlet"
    few, _, _ = kinds(20)
    assert estimate_from(seen(few)).calibration.mixture is None


def test_items_without_evidence_have_a_mixture_of_their_own() -> None:
    counts, _, said = kinds(400)
    said[::3] = np.nan
    observed = seen(counts, said)
    found = estimate_from(observed)
    bare = np.flatnonzero(np.isnan(said[:, 0]))
    alone = estimate_from(observed.without_evidence())
    np.testing.assert_allclose(found.mean[bare], alone.mean[bare], atol=1e-9)
    assert np.abs(found.prior - found.prior[0]).max() > 0.1


def test_edges_of_a_scale_are_between_neighbours() -> None:
    counts = np.random.default_rng(0).multinomial(4, np.full(7, 1 / 7), 50).astype(float)
    for row in first_components(counts, ordered=True)[6:-1]:
        one, other = np.sort(np.argsort(-row)[:2])
        assert other == one + 1
    assert len(first_components(counts)) == len(first_components(counts, ordered=True)) == 13


def test_the_order_of_items_and_labels_changes_nothing() -> None:
    counts, _, said = kinds(200)
    first = estimate_from(seen(counts, said), prior="dirichlet").mean
    turned = estimate_from(seen(counts[:, ::-1], said[:, ::-1]), prior="dirichlet").mean[:, ::-1]
    np.testing.assert_allclose(first, turned, atol=1e-4)
    observed = seen(counts, said)
    fit = fit_labels(observed)
    mixed = stacked(observed, fit).stack
    back = stacked(replace(observed, ids=observed.ids[::-1]), fit).stack
    assert mixed.shares == back.shares


def test_a_gain_that_may_be_chance_is_not_told_as_one() -> None:
    counts, _, _ = kinds(600)
    found = estimate_from(seen(counts)).calibration.mixture
    assert found is not None
    assert "are likelier than with the Dirichlet alone by" in found.in_words()
    unsure = replace(found, share=0.5, gain=0.001, error=0.002)
    assert unsure.in_words().endswith(
        "(50%) and a single Dirichlet: held-out labels do not surely prefer it to the Dirichlet alone."
    )
    assert "foretells held-out labels no better" in replace(found, share=0.01).in_words()


def test_what_few_labels_leave_open_widens_intervals_and_moves_no_mean() -> None:
    wider = []
    for seed in range(8):
        counts, _, said = kinds(60, votes=6, seed=seed)
        observed = seen(counts, said)
        stack = stacked(observed, fit_labels(observed), seed=seed).stack
        assert len(stack.plausible) == 6
        open_, _ = mixture_posterior(stack, observed.evidence, counts)
        taken_as_known, _ = mixture_posterior(replace(stack, plausible=()), observed.evidence, counts)
        np.testing.assert_array_equal(open_.mean, taken_as_known.mean)
        widths = [(one.high - one.low).mean() for one in (open_, taken_as_known)]
        wider.append((widths[0] / widths[1], open_.expected_kl.mean() / taken_as_known.expected_kl.mean()))
    # One set of draws may come out narrower by chance, not all of them.
    assert (np.mean(wider, axis=0) > 1.02).all(), np.mean(wider, axis=0)


def test_of_many_items_no_other_parameters_are_plausible() -> None:
    counts, _, _ = kinds(4_200)
    observed = seen(counts)
    assert not stacked(observed, fit_labels(observed)).stack.plausible
