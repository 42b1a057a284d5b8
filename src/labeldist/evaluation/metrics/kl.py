"""Kullback-Leibler divergence of the prediction from the reference."""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, item_metric

CLIP = 1e-10


def clipped(probabilities: Array) -> Array:
    """Each row clipped to [1e-10, 1] and renormalised, so that a probability of 0 has a logarithm."""
    inside = np.clip(probabilities, CLIP, 1.0)
    renormalised: Array = inside / inside.sum(axis=1, keepdims=True)
    return renormalised


@item_metric("kl", title="KL", position=1)
def kl(reference: Array, prediction: Array) -> Array:
    r"""KL(reference || prediction) = sum_k r_k ln(r_k / p_k) in nats, both clipped: (N, K), (N, K) -> (N,).

    With the clipping of arXiv 2412.13942. Raises :class:`~labeldist.core.errors.InputError` for empty input.

    >>> kl([[0.5, 0.5]], [[0.25, 0.75]]).round(4)
    array([0.1438])
    """
    r, p = clipped(reference), clipped(prediction)
    values: Array = (r * np.log(r / p)).sum(axis=1)
    return values
