"""Annotators who recur: how much more often than others each gives which label of the same items.

Annotator a labels an item of distribution theta by softmax(log theta + b_a): for two labels, b is a severity. Biases
are normal around 0 with one spread, and sum to 0 over labels and, weighted by labels given, over annotators. What is
estimated is the mean of what all these annotators say, never one hand.

The biases that an item is read with are learnt without its labels, in folds: else they would take from an item what
its annotators disagree on. The spread is the one with which, over folds, labels are likeliest to one who knows the
item's other labels and their annotators, but not who is asked; where that is not surely better than no biases, there
are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.exposure import Array, exposed, per_annotator, slopes
from labeldist.estimation.given_labels import GivenLabels
from labeldist.estimation.observations import blocks, drawn

SPREADS = (0.1, 0.2, 0.4, 0.8, 1.6)
FOLDS = 5
FEWEST_LABELS = 10  # of an annotator who has a bias
FEWEST_ITEMS = 30
PILOT = 20_000  # items on which the spread is chosen
SURE = 2.0  # standard errors
SWEEPS, CLOSE, LONGEST_STEP = 30, 1e-3, 1.0
SINGLY = 64  # annotators up to whom a mean over them is taken one by one

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class AnnotatorBiases:
    """Of the annotators ``names`` (A,): ``bias`` (A, K) with standard ``errors`` (A, K), in log odds, and the number of
    ``labels`` (A,) they gave; ``others``: how many labels are of nobody who recurs.

    ``spread``: the standard deviation of biases that was chosen. ``gain``: how much likelier they make a label, as a
    logarithm, on the average, with its standard error ``gain_error``. ``exposure`` (N, K): the labels of each item as
    :mod:`labeldist.estimation.exposure` has them.
    """

    names: tuple[str, ...]
    bias: Array
    errors: Array
    labels: Array
    others: float
    spread: float
    gain: float
    gain_error: float
    exposure: Array

    @property
    def sure(self) -> bool:
        """Whether chance does not explain the gain."""
        return self.gain > SURE * self.gain_error

    def population(self, mean: Array) -> Array:
        """What all annotators together say of items (N, K) on which one without bias would say ``mean`` (N, K)."""
        return population(mean, self.bias, self.labels, self.others)

    def as_dict(self, labels: tuple[str, ...]) -> dict[str, Any]:
        """For JSON."""
        each: dict[str, Mapping[str, Any]] = {
            name: {
                "labels": int(self.labels[at]),
                "bias": dict(zip(labels, self.bias[at].tolist(), strict=True)),
                "standard_errors": dict(zip(labels, self.errors[at].tolist(), strict=True)),
            }
            for at, name in enumerate(self.names)
        }
        return {"spread": self.spread, "gain": self.gain, "gain_error": self.gain_error, "annotators": each}

    def in_words(self) -> str:
        """How much annotators differ, and what it is good for."""
        return (
            f"Annotators differ: the odds of a label are {np.exp(np.sqrt(np.average(self.bias**2, axis=0)).max()):.1f}"
        )


def population(mean: Array, bias: Array, labels: Array, others: float = 0.0) -> Array:
    """The mean over annotators of softmax(log ``mean`` + bias), weighted by ``labels`` (A,); ``others`` have no bias.

    Of many annotators 2 K points with the mean and covariance of their biases stand for all: exact to the second order.
    Source: Julier and Uhlmann (1997), A New Extension of the Kalman Filter to Nonlinear Systems.

    >>> two = population(np.array([[0.5, 0.5]]), np.array([[1.0, -1.0], [-1.0, 1.0]]), np.ones(2))
    >>> two.tolist()
    [[0.5, 0.5]]
    """
    points, weights = np.vstack([bias, np.zeros((1, bias.shape[1]))]), np.append(labels, others)
    weights = weights / weights.sum()
    if len(points) > SINGLY:
        centre = weights @ points
        apart = points - centre
        values, axes = np.linalg.eigh(apart.T @ (apart * weights[:, None]))
        far = (axes * np.sqrt(np.maximum(values, 0.0) * len(values))).T
        points = np.vstack([centre + far, centre - far])
        weights = np.full(len(points), 1 / len(points))
    whole = np.empty_like(mean)
    for part in blocks(len(mean)):
        each = np.zeros_like(mean[part])
        for point, weight in zip(points, weights, strict=True):
            if weight:
                tilted = mean[part] * np.exp(point)
                each += weight * tilted / tilted.sum(axis=1, keepdims=True)
        whole[part] = each
    return whole


def recurring(given: GivenLabels | None, counts: Array) -> GivenLabels | None:
    """The labels of annotators who gave some number of them; None where there are too few to compare."""
    if given is None:
        return None
    kept = given.of(given.numbers() >= FEWEST_LABELS)
    # Counts that were drawn anew are nobody's labels.
    if len(kept.names) < 2 or (kept.counts(*counts.shape) > counts).any():
        return None
    return kept if len(np.unique(kept.item)) >= FEWEST_ITEMS else None


def choose_biases(given: GivenLabels, counts: Array, alpha: Array, seed: int = 0) -> AnnotatorBiases:
    """With the best of :data:`SPREADS`, under the prior parameters ``alpha`` (N, K)."""
    some = drawn(np.unique(given.item).astype(np.intp), PILOT, seed)
    part = given.take(some, len(counts))
    few = [crossed(part, counts[some], alpha[some], spread, seed) for spread in SPREADS]
    gains = [float(found.sum()) for _, found in few]
    return learn_biases(given, counts, alpha, SPREADS[int(np.argmax(gains))], seed)


def learn_biases(given: GivenLabels, counts: Array, alpha: Array, spread: float, seed: int = 0) -> AnnotatorBiases:
    """With that ``spread``, under the prior parameters ``alpha`` (N, K)."""
    bias = fit(given, counts, alpha, spread)
    exposure, gains = crossed(given, counts, alpha, spread, seed, bias)
    labels = given.numbers()
    labelled = np.unique(given.item)
    number = float(given.times.sum())
    gain = gains[labelled]
    return AnnotatorBiases(
        given.names,
        bias,
        errors(given, bias, counts, alpha, spread),
        labels,
        float(counts.sum()) - number,
        spread,
        float(gain.sum()) / number,
        float(gain.std()) * len(gain) ** 0.5 / number,
        exposure,
    )


def fit(given: GivenLabels, counts: Array, alpha: Array, spread: float, start: Array | None = None) -> Array:
    """The likeliest biases (A, K): by Newton's steps, annotator by annotator, theta following."""
    labels = given.numbers()
    weights = labels / max(labels.sum(), 1.0)
    bias = np.zeros((len(labels), counts.shape[1])) if start is None else start
    mean = None
    for _ in range(SWEEPS):
        found = exposed(given, bias, alpha, counts, mean)
        mean = found.mean
        slope = slopes(given, found.chance) - bias / spread**2
        step = np.linalg.solve(_information(given, found.chance, spread), slope[..., None])[..., 0]
        moved = bias + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        moved -= weights @ moved
        far = np.abs(moved - bias).max()
        bias = moved
        if far < CLOSE:
            break
    return bias


def errors(given: GivenLabels, bias: Array, counts: Array, alpha: Array, spread: float) -> Array:
    """Standard errors of biases (A, K), as far as items are known."""
    inverse = np.linalg.inv(_information(given, exposed(given, bias, alpha, counts).chance, spread))
    around = np.eye(bias.shape[1]) - 1 / bias.shape[1]
    return np.sqrt(np.einsum("kl,alm,km->ak", around, inverse, around))


def _information(given: GivenLabels, chance: Array, spread: float) -> Array:
    """Of each annotator's labels on the annotator's biases (A, K, K), with what is believed of them."""
    labels = chance.shape[1]
    products = np.stack([chance[:, k] * chance[:, m] for k in range(labels) for m in range(k, labels)], axis=1)
    sums = per_annotator(given, products * given.times[:, None])
    whole = np.zeros((len(given.names), labels, labels))
    rows, columns = np.triu_indices(labels)
    whole[:, rows, columns] = whole[:, columns, rows] = -sums
    diagonal = np.arange(labels)
    whole[:, diagonal, diagonal] += per_annotator(given, chance * given.times[:, None]) + spread**-2.0
    return whole


def crossed(
    given: GivenLabels, counts: Array, alpha: Array, spread: float, seed: int, start: Array | None = None
) -> tuple[Array, Array]:
    """Exposures (N, K) under biases learnt from other folds, and by how much they make an item's labels likelier (N,).

    Likelier to one who knows the other labels of the item, and not who gives this one.
    """
    exposure, gains = np.empty_like(counts), np.zeros(len(counts))
    for held, rest in _folds(len(counts), seed):
        bias = fit(given.take(rest, len(counts)), counts[rest], alpha[rest], spread, start)
        mine = given.take(held, len(counts))
        found = exposed(mine, bias, alpha[held], counts[held])
        exposure[held] = found.exposure
        said = _left_out(mine, bias, alpha[held], counts[held], found.exposure, found.mean)
        said = population(said, bias, given.numbers(), float(counts.sum() - given.times.sum()))
        plain = _left_out(mine, np.zeros_like(bias), alpha[held], counts[held], None, None)
        own = np.arange(len(mine)), mine.label
        better = mine.times * (np.log(said[own]) - np.log(plain[own]))
        gains[held] = np.bincount(mine.item, weights=better, minlength=len(held))
    return exposure, gains


def _left_out(
    given: GivenLabels, bias: Array, alpha: Array, counts: Array, exposure: Array | None, mean: Array | None
) -> Array:
    """The distribution of each label's item without that label (V, K)."""
    rest = (alpha + counts)[given.item]
    rest[np.arange(len(given)), given.label] -= 1
    if exposure is not None and mean is not None:
        lean = np.exp(bias)[given.annotator]
        share = (mean[given.item] * lean).sum(axis=1, keepdims=True)
        rest /= (alpha.sum(axis=1, keepdims=True) + exposure)[given.item] - lean / share
    rest = np.maximum(rest, 1e-12)
    whole: Array = rest / rest.sum(axis=1, keepdims=True)
    return whole


def _folds(items: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Rows held out, and the others."""
    fold = np.random.default_rng(seed).permutation(items) % FOLDS
    for one in range(FOLDS):
        yield np.flatnonzero(fold == one), np.flatnonzero(fold != one)
