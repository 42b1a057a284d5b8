"""Evidence that saw no label of the item: the embedded model's own MJD, and n-grams of the other items' texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from benchmarks.embedded.setup import CACHE
from benchmarks.populations.smoothing import Array
from labeldist.datasets.predictions import read_predictions
from labeldist.datasets.source import open_source
from labeldist.models.open import open_model
from labeldist.runs.single import judge_to_file

OWN = "embedded"
FOLDS = 5
FEWEST = 3  # items that an n-gram must be in
INVERSE_PENALTY = 1.0
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


def cross_fitted(texts: Sequence[Sequence[str]], together: Sequence[str], counts: Array, seed: int = 0) -> Array:
    """Distributions (N, K) by a softmax regression on n-grams, learnt from the label counts (N, K) of other folds.

    ``texts``: a column of N texts per field. Items that share ``together`` (N,), such as a premise, are in one fold.
    """
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    folds = _folds(together, seed)
    said = np.empty(counts.shape)
    for fold in range(FOLDS):
        learnt, left = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        parts = []
        for column in texts:
            for analyzer, lengths in (("word", (1, 2)), ("char_wb", (3, 5))):
                grams = TfidfVectorizer(analyzer=analyzer, ngram_range=lengths, min_df=FEWEST, sublinear_tf=True)
                grams.fit([column[at] for at in learnt])
                parts.append(grams.transform(column))
        features = hstack(parts).tocsr()
        said[left] = _regression(features[learnt], counts[learnt], features[left])
    return said


def _folds(together: Sequence[str], seed: int) -> np.ndarray:
    """A fold (N,) for each item."""
    names, group = np.unique(np.array(together), return_inverse=True)
    return np.random.default_rng(seed).integers(FOLDS, size=len(names))[group]


def _regression(features: object, counts: Array, wanted: object) -> Array:
    """Each item counts as often as it has labels, once with each label."""
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    labels = counts.shape[1]
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=300)
    model.fit(vstack([features] * labels), np.repeat(np.arange(labels), len(counts)), counts.T.ravel())
    said = np.full((wanted.shape[0], labels), FLOOR)  # type: ignore[attr-defined]
    said[:, model.classes_] = model.predict_proba(wanted)
    return said / said.sum(axis=1, keepdims=True)
