"""Pooling: from the option scores under every order to one model judgment distribution (MJD)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeldist.core.distribution import LabelDistribution, OptionScores
from labeldist.core.errors import ModelError, UsageError
from labeldist.judge.transform import Transform


@dataclass(frozen=True, slots=True)
class Pooled:
    """An MJD with what is known of its making.

    ``standard_error``: per label, of the mean over orders (NaN with one order). ``letter_mass``: mean probability
    of all the answers together, before renormalising. ``orders``: how many were pooled.
    """

    distribution: LabelDistribution
    standard_error: tuple[float, ...]
    letter_mass: float
    orders: int


def pool(scores: Sequence[OptionScores], transform: Transform) -> Pooled:
    """The mean over orders of each prompt's distribution: first transformed, then averaged (method, section 3).

    Raises :class:`UsageError` where ``transform`` needs raw logits and the scores are log-probabilities, or where
    there is nothing to pool.

    >>> from labeldist.judge.transform import read_transform
    >>> pool([OptionScores(("yes", "no"), (1.0, 3.0), 4.0)], read_transform("norm")).distribution.as_dict()
    {'yes': 0.25, 'no': 0.75}
    """
    if not scores:
        raise UsageError("no option scores to pool", hint="judge at least one order")
    if transform.needs_raw_logits and not all(score.raw for score in scores):
        raise UsageError(
            f"transform {transform.spec!r} needs raw logits, and this model gives log-probabilities only",
            hint="use softmax:T",
        )
    raw = transform.needs_raw_logits
    logits = [score.likeliest if raw and score.likeliest else score.logits for score in scores]
    shares = transform.apply(np.array(logits, dtype=np.float64))
    if not np.isfinite(shares).all():
        raise ModelError(f"{transform.spec} of these logits is no distribution", hint="use a higher temperature")
    mean = shares.mean(axis=0)
    mean /= mean.sum()
    error = shares.std(axis=0, ddof=1) / math.sqrt(len(scores)) if len(scores) > 1 else np.full(len(mean), math.nan)
    return Pooled(
        LabelDistribution(scores[0].labels, tuple(mean.tolist())),
        tuple(error.tolist()),
        math.fsum(score.letter_mass for score in scores) / len(scores),
        len(scores),
    )
