"""How far to trust the mixture, how far the single Dirichlet: by the labels of items that neither was fitted to.

Each of five folds is foretold by fits to the other four; the shares are those under which these labels are likeliest.
Source: Yao et al. (2018), Using Stacking to Average Bayesian Predictive Distributions, Bayesian Analysis 13(3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeldist.estimation.annotator_biases import SeenBiases
from labeldist.estimation.labels import FLOORS, LabelFit, Rows, opinions, refit
from labeldist.estimation.mixture import Mixture, log_softmax
from labeldist.estimation.mixture_draws import plausible_mixtures
from labeldist.estimation.mixture_fit import MixtureFit, first_components, fit_mixture
from labeldist.estimation.mixture_likelihood import Layout, MixtureLikelihood
from labeldist.estimation.observations import Array, Observations, drawn
from labeldist.estimation.stack import Stack, log_marginal, one_dirichlet

FOLDS = 5
MOST_TO_CHOOSE_ON, MOST_TO_FIT_ON = 4_000, 20_000  # items with evidence
FEW_STEPS = 25  # of a fit that begins near its end
LEAST_SHARE = 0.02
SURE, LEAST_GAIN = 2.0, 5e-4  # standard errors, and nats: of less it is not told by how much the mixture is better
DRAWS = 6  # of other mixtures, where few items leave the parameters open


@dataclass(frozen=True, slots=True)
class Stacked:
    """The ``stack`` of both, the ``mixture``'s fit, and the ``share`` that it has.

    ``gain``: how much likelier it makes labels that were held out, in nats per item (or label: ``each``), with its
    standard ``error``.
    """

    stack: Stack
    mixture: MixtureFit
    share: float
    gain: float
    error: float
    each: str = "item"

    @property
    def used(self) -> bool:
        """Whether the mixture has any part in the prior."""
        return self.share > LEAST_SHARE

    def in_words(self) -> str:
        """What the prior is."""
        kinds = f"a mixture of {len(self.mixture.mixture.alpha)} kinds of items"
        if not self.used:
            return f"The prior is a single Dirichlet: {kinds} foretells held-out labels no better."
        whole = kinds if self.share > 1 - LEAST_SHARE else f"{kinds} ({self.share:.0%}) and a single Dirichlet"
        if self.gain <= SURE * self.error or self.gain < LEAST_GAIN:
            return f"The prior is {whole}: held-out labels do not surely prefer it to the Dirichlet alone."
        better = f"{self.gain:.3f} nats per {self.each} (±{self.error:.3f})"
        return f"The prior is {whole}: held-out labels are likelier than with the Dirichlet alone by {better}."

    def as_dict(self, labels: Sequence[str]) -> dict[str, Any]:
        """For JSON: the share, the gain, and the kinds of items with how common they are."""
        found = self.mixture.mixture
        weights = np.exp(log_softmax(found.log_weight))
        with_it = {"concentration": found.concentration, "weights": found.weights.tolist(), "gate": found.gate}
        return {
            "share": self.share,
            "gain": self.gain,
            "gain_error": self.error,
            "gain_per": self.each,
            "kinds": [
                {"weight": float(weight), "alpha": dict(zip(labels, alpha.tolist(), strict=True))}
                for weight, alpha in zip(weights, found.alpha, strict=True)
            ],
            "evidence": {**with_it, "bias": found.bias.tolist(), "floor": found.floor} if len(found.weights) else None,
        }


def stacked(observed: Observations, dirichlet: LabelFit, *, biases: SeenBiases | None = None, seed: int = 0) -> Stacked:
    """The mixture fitted to the labels of ``observed``, beside ``dirichlet``, which was fitted to the same ones.

    ``biases`` of their annotators have a say in how far each is trusted.
    """
    labelled = np.flatnonzero(observed.counts.sum(axis=1))
    few, many = drawn(labelled, MOST_TO_CHOOSE_ON), drawn(labelled, MOST_TO_FIT_ON)
    fit = _likeliest(observed.take(few), dirichlet)
    gains = _held_out(observed, few, dirichlet, fit, biases, seed)
    if len(many) > len(few):
        fit = _again(observed.take(many), fit)
    share = _share(*gains)
    better = gains[0] - gains[1]
    open_ = len(few) == len(labelled) and share > LEAST_SHARE
    draws = _draws(observed.take(few), fit, seed) if open_ else ()
    return Stacked(
        _stack(fit.mixture, draws, share, dirichlet),
        fit,
        share,
        float(better.mean()),
        float(better.std() / len(better) ** 0.5),
        "item" if biases is None else "label",
    )


def _draws(observed: Observations, fit: MixtureFit, seed: int) -> tuple[Mixture, ...]:
    """Other mixtures that the labels leave possible; of many items they leave none that would differ."""
    likelihood = _likelihood(observed, fit.layout)
    return plausible_mixtures(likelihood, fit, DRAWS, np.random.default_rng(seed))


def _stack(mixture: Mixture, plausible: tuple[Mixture, ...], share: float, dirichlet: LabelFit) -> Stack:
    """The mixture with its share, and the Dirichlet; what has hardly any is left out."""
    if share <= LEAST_SHARE:
        return Stack((one_dirichlet(dirichlet),), (1.0,))
    if share >= 1 - LEAST_SHARE:
        return Stack((mixture,), (1.0,), plausible)
    return Stack((mixture, one_dirichlet(dirichlet)), (share, 1 - share), plausible)


def _likeliest(observed: Observations, dirichlet: LabelFit) -> MixtureFit:
    """The fit with the likeliest floor; without evidence there is none to choose."""
    labels = observed.counts.shape[1]
    first = first_components(observed.counts, ordered=observed.ordered)
    floors = [share / labels for share in FLOORS] if observed.evidence else [dirichlet.floor]
    floors.sort(key=lambda one: abs(np.log(one / dirichlet.floor)))
    best: MixtureFit | None = None
    for floor in floors:
        likelihood = _likelihood(observed, Layout(first, len(observed.evidence), floor))
        found = fit_mixture(likelihood) if best is None else fit_mixture(likelihood, best.vector, FEW_STEPS)
        best = found if best is None or found.reached > best.reached else best
    assert best is not None
    return best


def _again(observed: Observations, fit: MixtureFit) -> MixtureFit:
    return fit_mixture(_likelihood(observed, fit.layout), fit.vector, FEW_STEPS)


def _likelihood(observed: Observations, layout: Layout) -> MixtureLikelihood:
    said = opinions(observed.evidence, layout.floor, *observed.counts.shape)
    return MixtureLikelihood.of(observed.counts, said, layout)


def _held_out(
    observed: Observations, few: Rows, dirichlet: LabelFit, fit: MixtureFit, biases: SeenBiases | None, seed: int
) -> tuple[Array, Array]:
    """How likely labels of the items ``few`` are when foretold by the other folds, by the mixture and the Dirichlet.

    All labels of an item together, or with ``biases`` each when the others are known.
    """
    fold = np.random.default_rng(seed).permutation(len(few)) % FOLDS
    found: tuple[list[Array], list[Array]] = ([], [])
    for number in range(min(FOLDS, len(few))):
        out, kept = few[fold == number], few[fold != number]
        left, seen = observed.take(out), observed.take(kept)
        priors = (_again(seen, fit).mixture, one_dirichlet(refit(seen, dirichlet)))
        for chances, one in zip(found, priors, strict=True):
            prior = Stack((one,), (1.0,)).prior(left.evidence, len(out))
            chances.append(
                log_marginal(*prior, left.counts) if biases is None else biases.foretold(out, *prior, left.counts)
            )
    return np.concatenate(found[0]), np.concatenate(found[1])


def _share(mixture: Array, dirichlet: Array) -> float:
    """The share of the mixture under which the labels are likeliest."""
    from scipy.optimize import minimize_scalar

    def loss(share: float) -> float:
        return -float(np.logaddexp(np.log(share) + mixture, np.log1p(-share) + dirichlet).sum())

    return float(minimize_scalar(loss, bounds=(1e-6, 1 - 1e-6), method="bounded").x)
