"""Evidence that saw no label of the item: the embedded model's own MJD, and a regression on texts of other items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np

from benchmarks.embedded.setup import CACHE
from benchmarks.populations.smoothing import Array
from labeldist.core.item import Item
from labeldist.datasets.predictions import read_predictions
from labeldist.datasets.source import open_source
from labeldist.models.open import open_model
from labeldist.runs.single import judge_to_file

OWN = "embedded"
FOLDS = 5
WORDS = 300  # of hypotheses, the most frequent ones
INVERSE_PENALTY = 0.003
NEGATIONS = frozenset({"no", "not", "never", "nobody", "nothing", "none", "n't", "without"})
FLOOR = 1e-6  # of a probability before its logarithm is scaled


@cache
def own_mjds(source: str) -> Array:
    """The embedded model's distributions (N, K) of a source's items, without explanations; kept in ``CACHE``."""
    dataset = open_source(source)
    file = CACHE / "own-mjds-none" / f"{source}.jsonl"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        judge_to_file(dataset, open_model(OWN), file, explanations="none")
    known = {row.id: row.distribution.probabilities for row in read_predictions(file, dataset.task)}
    return np.array([known[item.id] for item in dataset.items()])


def cross_fitted(features: Array, together: Sequence[str], counts: Array, seed: int = 0) -> Array:
    """Distributions (N, K) by a softmax regression on ``features`` (N, F), learnt from the label counts of other folds.

    ``counts`` (N, K). Items that share ``together`` (N,), such as a premise, are in one fold.
    """
    names, group = np.unique(np.array(together), return_inverse=True)
    folds = np.random.default_rng(seed).integers(FOLDS, size=len(names))[group]
    said = np.empty(counts.shape)
    for fold in range(FOLDS):
        learnt, left = folds != fold, folds == fold
        if left.any():
            said[left] = _regression(features[learnt], counts[learnt], features[left])
    return said


def _regression(features: Array, counts: Array, wanted: Array) -> Array:
    """Each item counts as often as it has labels, once with each label."""
    from sklearn.linear_model import LogisticRegression

    labels = counts.shape[1]
    middle, spread = features.mean(axis=0), features.std(axis=0) + FLOOR
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=300)
    repeated = np.tile((features - middle) / spread, (labels, 1))
    model.fit(repeated, np.repeat(np.arange(labels), len(counts)), counts.T.ravel())
    said = np.full((len(wanted), labels), FLOOR)
    said[:, model.classes_] = model.predict_proba((wanted - middle) / spread)
    shares: Array = said / said.sum(axis=1, keepdims=True)
    return shares


def nli_features(items: Sequence[Item], said: Array) -> Array:
    """Of NLI items (N, F): the logarithms of ``said`` (N, K), how the two texts overlap, negations, and words."""
    from sklearn.feature_extraction.text import CountVectorizer

    pairs = [(_words(item.fields["premise"]), _words(item.fields["hypothesis"])) for item in items]
    shape = [
        [
            len(set(hypothesis) & set(premise)) / max(len(set(hypothesis)), 1),
            np.log1p(len(premise)),
            np.log1p(len(hypothesis)),
            float(bool(NEGATIONS & set(premise))),
            float(bool(NEGATIONS & set(hypothesis))),
        ]
        for premise, hypothesis in pairs
    ]
    words = CountVectorizer(binary=True, max_features=WORDS).fit_transform(item.fields["hypothesis"] for item in items)
    return np.hstack([np.log(np.maximum(said, FLOOR)), shape, words.toarray()])


def _words(text: str) -> list[str]:
    return re.findall(r"n't|\w+", text.lower())
