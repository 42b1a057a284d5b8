"""The biases of annotators who recur, learnt beside a prior, and whether to believe in them at all.

Biases are normal around 0 with one spread, and sum to 0 over labels and, weighted by labels given, over annotators:
what is estimated is the mean of what all these annotators say, never one of them.

The biases that an item is read with are learnt without its labels, in folds: else they would take from an item what
its annotators disagree on. The spread is the one with which, over folds, a label is likeliest to somebody who knows the
item's other labels and whose they are, but not who is asked. Where that is not surely better than without, no biases
are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeldist.core.errors import UsageError
from labeldist.core.item import group_of
from labeldist.estimation.annotator_biases import AnnotatorBiases, population
from labeldist.estimation.exposure import SMALLEST, Exposed, exposed, per_annotator, said, slopes
from labeldist.estimation.given_labels import GivenLabels
from labeldist.estimation.observations import Array, Observations, drawn

SPREADS = (0.2, 0.4, 0.8, 1.6)
FOLDS = 5
FEWEST_LABELS = 10  # of an annotator who has a bias
FEWEST_ITEMS = 30
PILOT, MOST_ITEMS = 2_500, 60_000  # items on which the spread is chosen, and biases are learnt
OUT_OF_ORDER = 0.01  # of neighbouring labels that differ, where these were sorted
SWEEPS, STEPS, CLOSE, LONGEST_STEP = 30, 3, 3e-3, 1.0

Rows = NDArray[np.intp]


def biases_of(
    observed: Observations, alpha: Array, seed: int = 0, wanted: bool | None = None
) -> AnnotatorBiases | None:
    """Those of the annotators of ``observed`` under the prior parameters ``alpha`` (N, K).

    None where too few recur, or where chance explains the gain, unless they are ``wanted``.
    """
    given = recurring(observed.given, observed.counts)
    if given is None:
        if wanted:
            raise UsageError(
                f"no biases of annotators: fewer than two gave {FEWEST_LABELS} labels or more on {FEWEST_ITEMS} items, "
                "or their names are places in a list sorted by label",
                hint="leave them out",
            )
        return None
    found = choose_biases(given, observed.counts, alpha, seed)
    return found if found.sure or wanted else None


def recurring(given: GivenLabels | None, counts: Array) -> GivenLabels | None:
    """The labels of annotators who gave some number of them; None where there are too few to compare."""
    if given is None:
        return None
    kept = given.of(given.numbers() >= FEWEST_LABELS)
    # Counts that were drawn anew are nobody's labels.
    if len(kept.names) < 2 or (kept.counts(len(counts)) > counts).any() or in_label_order(kept):
        return None
    return kept if np.count_nonzero(kept.items(len(counts))) >= FEWEST_ITEMS else None


def in_label_order(given: GivenLabels) -> bool:
    """Whether each group's labels of an item stand, by annotator, in one order: then names are places in a list.

    Such are counts that were written out, or sorted columns: their first "annotator" gives the first label more often.
    """
    groups: dict[str | None, int] = {}
    group = np.array([groups.setdefault(group_of(name), len(groups)) for name in given.names])[given.annotator]
    order = np.lexsort((given.annotator, group, given.item))
    item, group, label = given.item[order], group[order], given.label[order].astype(np.int64)
    next_ = np.flatnonzero((item[1:] == item[:-1]) & (group[1:] == group[:-1]))
    count = len(given.labels)
    pairs = np.bincount(label[next_] * count + label[next_ + 1], minlength=count**2)
    table = pairs.reshape(count, count)
    apart = int(table.sum() - np.trace(table))
    against = int(np.minimum(table, table.T).sum() - np.trace(table)) // 2
    return apart > 0 and against < OUT_OF_ORDER * apart


def choose_biases(given: GivenLabels, counts: Array, alpha: Array, seed: int = 0) -> AnnotatorBiases:
    """With the best of :data:`SPREADS`, under the prior parameters ``alpha`` (N, K); from some of many items."""
    labelled = np.flatnonzero(given.items(len(counts)))
    few, most = drawn(labelled, PILOT, seed), drawn(labelled, MOST_ITEMS, seed)
    part = given.take(few, len(counts)), counts[few], alpha[few]
    gains = [asked_gain(*part, spread, seed) for spread in SPREADS]
    spread = SPREADS[_smallest_good(gains)]
    found = learn_biases(given.take(most, len(counts)), counts[most], alpha[most], spread, seed)
    # Of many items one more or less changes no bias: those that were not drawn are read with the biases of all.
    exposure = exposed(given, found.bias, alpha, counts).exposure if len(most) < len(counts) else found.exposure
    exposure[most] = found.exposure
    return replace(found, numbers=given.numbers(), others=float(counts.sum() - given.times.sum()), exposure=exposure)


def _smallest_good(gains: list[Array]) -> int:
    """The first that is within one standard error of the best, in pairs."""
    best = gains[int(np.argmax([one.sum() for one in gains]))]
    near = (float((best - one).sum()) <= float((best - one).std()) * len(best) ** 0.5 for one in gains)
    return next(at for at, good in enumerate(near) if good)


def learn_biases(given: GivenLabels, counts: Array, alpha: Array, spread: float, seed: int = 0) -> AnnotatorBiases:
    """With that ``spread``, under the prior parameters ``alpha`` (N, K)."""
    bias = fit(given, counts, alpha, spread)
    numbers, others = given.numbers(), float(counts.sum() - given.times.sum())
    exposure, gain = counts.copy(), np.zeros(len(counts))
    for one in _crossed(given, counts, alpha, spread, seed, bias):
        exposure[one.held] = one.exposure
        gain[one.held] = one.likelier(population(one.mean, one.total, one.bias, numbers, others))
    wrong = errors(given, bias, counts, alpha, spread)
    number = len(gain) ** 0.5
    gains = float(gain.mean()), float(gain.std()) / number
    return AnnotatorBiases(given.names, given.labels, bias, wrong, numbers, others, spread, *gains, exposure)


def fit(given: GivenLabels, counts: Array, alpha: Array, spread: float, start: Array | None = None) -> Array:
    """The likeliest biases (A, K): by Newton's steps, annotator by annotator, theta following."""
    weights = given.numbers() / max(float(given.times.sum()), 1.0)
    bias = np.zeros((len(weights), counts.shape[1])) if start is None else start
    mean, total = None, (alpha + counts).sum(axis=1)[given.item]
    for _ in range(SWEEPS):
        found = exposed(given, bias, alpha, counts, mean, STEPS)
        mean = found.mean
        chance = said(mean[given.item], total, bias[given.annotator])
        slope = slopes(given, chance) - bias / spread**2
        step = np.linalg.solve(_information(given, chance, spread), slope[..., None])[..., 0]
        moved = bias + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        moved -= weights @ moved
        far = np.abs(moved - bias).max()
        bias = moved
        if far < CLOSE:
            break
    return bias


def errors(given: GivenLabels, bias: Array, counts: Array, alpha: Array, spread: float) -> Array:
    """Standard errors of biases (A, K), as far as items are known."""
    mean = exposed(given, bias, alpha, counts).mean[given.item]
    chance = said(mean, (alpha + counts).sum(axis=1)[given.item], bias[given.annotator])
    inverse = np.linalg.inv(_information(given, chance, spread))
    around = np.eye(bias.shape[1]) - 1 / bias.shape[1]
    found: Array = np.sqrt(np.einsum("kl,alm,km->ak", around, inverse, around))
    return found


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


def asked_gain(given: GivenLabels, counts: Array, alpha: Array, spread: float, seed: int) -> Array:
    """How much likelier biases make a label of each item (N,), held out, to somebody who knows who is asked."""
    gain = np.zeros(len(counts))
    for one in _crossed(given, counts, alpha, spread, seed):
        gain[one.held] = one.likelier(said(one.mean, one.total, one.bias[one.given.annotator]))
    return gain


@dataclass(frozen=True, slots=True)
class _Fold:
    """Items ``held`` out, their labels ``given``, the ``bias`` (A, K) learnt from others, and so their ``exposure``.

    Of each label (V,) its item's ``mean`` (V, K) without it, that ``plain`` of biases, and the ``total`` of both.
    """

    held: Rows
    given: GivenLabels
    bias: Array
    exposure: Array
    mean: Array
    plain: Array
    total: Array

    def likelier(self, chances: Array) -> Array:
        """How much likelier labels are by ``chances`` (V, K) than without biases: means of the items."""
        own = np.arange(len(self.given)), self.given.label
        better = self.given.times * (np.log(chances[own]) - np.log(self.plain[own]))
        number = self.given.items(len(self.held))
        return np.bincount(self.given.item, better, len(self.held)) / np.maximum(number, 1.0)


def _crossed(
    given: GivenLabels, counts: Array, alpha: Array, spread: float, seed: int, start: Array | None = None
) -> Iterator[_Fold]:
    for held, rest in _folds(len(counts), seed):
        bias = fit(given.take(rest, len(counts)), counts[rest], alpha[rest], spread, start)
        mine = given.take(held, len(counts))
        found = exposed(mine, bias, alpha[held], counts[held])
        mean = _left_out(mine, bias, alpha[held], counts[held], found)
        plain = _left_out(mine, bias, alpha[held], counts[held], None)
        total = np.maximum((alpha[held] + counts[held]).sum(axis=1)[mine.item] - 1, SMALLEST)
        yield _Fold(held, mine, bias, found.exposure, mean, plain, total)


def _left_out(given: GivenLabels, bias: Array, alpha: Array, counts: Array, found: Exposed | None) -> Array:
    """The distribution of each label's item without that label (V, K), as it was ``found`` with biases, or plainly."""
    rest = (alpha + counts)[given.item]
    rest[np.arange(len(given)), given.label] -= 1
    if found is not None:
        lean = np.exp(bias)[given.annotator]
        share = np.einsum("vk,vk->v", found.mean[given.item], lean)[:, None]
        rest /= (alpha.sum(axis=1, keepdims=True) + found.exposure)[given.item] - lean / share
    rest = np.maximum(rest, SMALLEST)
    whole: Array = rest / rest.sum(axis=1, keepdims=True)
    return whole


def _folds(items: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Rows held out, and the others."""
    fold = np.random.default_rng(seed).permutation(items) % FOLDS
    for one in range(FOLDS):
        yield np.flatnonzero(fold == one), np.flatnonzero(fold != one)
