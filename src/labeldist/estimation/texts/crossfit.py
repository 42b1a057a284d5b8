"""What a regression says of each item that learnt from the labels of others: an item's own fold is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labeldist.estimation.observations import Array, drawn
from labeldist.estimation.texts.folds import FOLDS, Whole, folds
from labeldist.estimation.texts.regression import Regression, compact, fit

# Penalties on the squared weights, the strongest first: each fit begins where the last one ended.
RIDGES = (100.0, 20.0, 5.0, 1.5, 0.5, 0.15)
CHOOSING = 2_500  # items on which the penalty is chosen
ALIKE = 3.0  # a label tells as much as another item's, the n-th of the same item (1 + ALIKE) / (n + ALIKE) of it


@dataclass(frozen=True, slots=True)
class CrossFitted:
    """``distribution`` (N, K); ``ridges`` (FOLDS,): the penalty with which each fold was predicted."""

    distribution: Array
    ridges: tuple[float, ...]


def cross_fitted(features: Any, counts: Array, groups: Whole, seed: int) -> CrossFitted:
    """Predictions for all rows of ``features`` (N, D) from label ``counts`` (N, K): the labels of other ``groups``.

    Items without labels are predicted by a model of all labelled ones. The penalty of a fold, too, is chosen without
    its labels.
    """
    labelled = np.flatnonzero(counts.any(axis=1))
    own = folds(np.unique(groups[labelled], return_inverse=True)[1], seed)
    weighed = _weighed(counts[labelled])
    few = drawn(np.arange(len(labelled)), CHOOSING, seed)
    small = compact(features[labelled[few]])
    scores = _scores(small, weighed[few], own[few])
    chosen = [RIDGES[int(np.argmax(scores[:, fold]))] for fold in range(FOLDS)]
    told = small if len(few) == len(labelled) else features[labelled]
    found = np.empty(counts.shape)
    for fold, ridge in enumerate(chosen):
        inside, outside = np.flatnonzero(own == fold), np.flatnonzero(own != fold)
        found[labelled[inside]] = fit(told[outside], weighed[outside], ridge).predict(told[inside])
    lacking = np.flatnonzero(~counts.any(axis=1))
    if len(lacking):
        ridge = RIDGES[int(np.argmax(scores.sum(axis=1)))]
        found[lacking] = fit(features[labelled], weighed, ridge).predict(features[lacking])
    return CrossFitted(found, tuple(chosen))


def _weighed(counts: Array) -> Array:
    """Labels of one item are alike: many tell less of a text than as many of other items do."""
    total = counts.sum(axis=1, keepdims=True)
    weighed: Array = counts * (1 + ALIKE) / (total + ALIKE)
    return weighed


def _scores(features: Any, counts: Array, own: Whole) -> Array:
    """How likely each penalty makes labels that neither it nor the fold at hand has seen (RIDGES, FOLDS).

    A model without two neighbouring folds tells of each of them, without the other, how the other would be predicted.
    """
    scores = np.full((len(RIDGES), FOLDS), -np.inf)
    models: list[Regression | None] = [None] * FOLDS
    for step, ridge in enumerate(RIDGES):
        scores[step] = 0.0
        for one in range(FOLDS):
            other = (one + 1) % FOLDS
            left = np.flatnonzero((own != one) & (own != other))
            models[one] = model = fit(features[left], counts[left], ridge, models[one])
            for judged, asked in ((one, other), (other, one)):
                rows = np.flatnonzero(own == asked)
                scores[step, judged] += model.log_likelihood(features[rows], counts[rows])
        if step and (scores[step] < scores[:step].max(axis=0)).all():
            break
    return scores
