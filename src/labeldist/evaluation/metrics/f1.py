"""F1 against the label that most people chose: the mean over labels, plain (macro) or by frequency (weighted)."""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, set_metric


def f1_by_label(reference: Array, prediction: Array, weights: Array) -> tuple[Array, Array]:
    """F1 of each label in each of B weighted sets (B, K), NaN where the label occurs in neither; and its frequency.

    The class of a row is its likeliest label, of a tie the first.
    """
    labels = np.arange(reference.shape[1])
    true, predicted = (rows.argmax(axis=1)[:, None] == labels for rows in (reference, prediction))
    hits, frequency, chosen = (weights @ one.astype(np.float64) for one in (true & predicted, true, predicted))
    total = frequency + chosen
    f1 = np.divide(2 * hits, total, out=np.full_like(total, np.nan), where=total > 0)
    return f1, frequency


@set_metric("f1_macro", title="F1 macro", higher_is_better=True, position=52, standard=False)
def f1_macro(reference: Array, prediction: Array, weights: Array) -> Array:
    """The mean of F1 over the labels that occur: (N, K), (N, K), (B, N) -> (B,).

    >>> f1_macro([[1, 0], [1, 0], [0, 1]], [[1, 0], [0, 1], [0, 1]], np.full((1, 3), 1 / 3)).round(4)
    array([0.6667])
    """
    f1, _ = f1_by_label(reference, prediction, weights)
    values: Array = np.nanmean(f1, axis=1)
    return values


@set_metric("f1_weighted", title="F1 weighted", higher_is_better=True, position=51, standard=False)
def f1_weighted(reference: Array, prediction: Array, weights: Array) -> Array:
    """The mean of F1 over labels, each as often as people chose it: (N, K), (N, K), (B, N) -> (B,).

    >>> f1_weighted([[1, 0], [1, 0], [1, 0], [0, 1]], [[1, 0], [0, 1], [1, 0], [0, 1]], np.full((1, 4), 0.25)).round(4)
    array([0.7667])
    """
    f1, frequency = f1_by_label(reference, prediction, weights)
    values: Array = (np.nan_to_num(f1) * frequency).sum(axis=1)
    return values
