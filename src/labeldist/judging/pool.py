"""Pooling: from the option scores under every order to one model judgment distribution (MJD)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import LabelDistribution, OptionScores
from labeldist.core.errors import ModelError, UsageError
from labeldist.judging.orders import Order
from labeldist.judging.precision import standard_errors
from labeldist.judging.transform import Transform


@dataclass(frozen=True, slots=True)
class Pooled:
    """An MJD with what is known of its making.

    ``standard_error``: per label, how far the MJD may be from the one over all orders: 0 where all were asked, NaN
    where one of several was. ``spread``: per label, the standard deviation over orders, which is how much the order
    matters (NaN with one order). ``answer_mass``: mean probability of all the answers together, before renormalising.
    ``orders``: how many were pooled. ``unlisted``: the share of scores that are no more than upper bounds.
    ``paraphrases``: in how many was asked. ``unread``: what else was answered and could not be read, as it was written,
    each with what it is; it happens to verbalised answers only. ``answers``: how many could be read.
    """

    distribution: LabelDistribution
    standard_error: tuple[float, ...]
    spread: tuple[float, ...]
    answer_mass: float
    orders: int
    unlisted: float = 0.0
    paraphrases: int = 1
    unread: tuple[tuple[str, str], ...] = ()
    answers: int = 0


def pool(answers: Sequence[OptionScores], transform: Transform, asked: Sequence[Order]) -> Pooled:
    """The mean over orders of each prompt's distribution: first transformed, then averaged (method, section 3).

    ``asked[i]`` is the order that gave ``answers[i]``, none twice. How the standard error comes about:
    :mod:`labeldist.judging.precision`. Raises :class:`UsageError` where ``transform`` needs raw logits and the scores
    are log-probabilities, or where there is nothing to pool, :class:`ModelError` where no option was listed.

    >>> from labeldist.judging.transform import read_transform
    >>> pooled = pool([OptionScores(("yes", "no"), (1.0, 3.0), 4.0)], read_transform("norm"), [Order((), (0, 1))])
    >>> pooled.distribution.as_dict(), pooled.standard_error
    ({'yes': 0.25, 'no': 0.75}, (nan, nan))
    """
    return pool_alike([answers], transform, asked)[0]


def pool_alike(answers: Sequence[Sequence[OptionScores]], transform: Transform, asked: Sequence[Order]) -> list[Pooled]:
    """As :func:`pool`, of items that were all asked under the same orders."""
    for of_item in answers:
        check_scores(of_item, transform)
    items, orders = len(answers), len(answers[0])
    shares = distributions([score for of_item in answers for score in of_item], transform).reshape(items, orders, -1)
    # Exact sums, so that all orders give one MJD in whatever order they were asked.
    means = np.array([[math.fsum(column) for column in of_item] for of_item in shares.transpose(0, 2, 1).tolist()])
    means /= means.sum(axis=1, keepdims=True)
    spread = shares.std(axis=1, ddof=1) if orders > 1 else np.full(means.shape, math.nan)
    errors = standard_errors(shares, [order.explanations for order in asked], [order.options for order in asked])
    numbers = zip(means.tolist(), errors.tolist(), spread.tolist(), strict=True)
    return [_pooled(scores, *of_item) for scores, of_item in zip(answers, numbers, strict=True)]


def distributions(scores: Sequence[OptionScores], transform: Transform) -> NDArray[np.float64]:
    """What the transform makes of each of the scores (N, K); :class:`ModelError` where that is no distribution."""
    raw = transform.needs_raw_logits
    logits = [score.likeliest if raw and score.likeliest else score.logits for score in scores]
    rows = transform.apply(np.array(logits, dtype=np.float64))
    if not np.isfinite(rows).all():
        raise ModelError(f"{transform.spec} of these logits is no distribution", hint="use a higher temperature")
    return rows


def check_scores(scores: Sequence[OptionScores], transform: Transform) -> None:
    """Refuse the answers of one item where they cannot be pooled."""
    if not scores:
        raise UsageError("no option scores to pool", hint="judge at least one order")
    if transform.needs_raw_logits and not all(score.raw for score in scores):
        raise UsageError(
            f"transform {transform.spec!r} needs raw logits, and this model gives log-probabilities only",
            hint="use softmax:T",
        )
    if all(score.unlisted == len(score.labels) for score in scores):
        raise ModelError(
            "no option is among the tokens that the server lists, in any order: bounds alone are no distribution",
            hint="the model would rather say something else: use other --answers, or --scores sampled",
        )


def _pooled(scores: Sequence[OptionScores], mean: list[float], errors: list[float], spread: list[float]) -> Pooled:
    return Pooled(
        LabelDistribution(scores[0].labels, tuple(mean)),
        tuple(errors),
        tuple(spread),
        math.fsum(score.answer_mass for score in scores) / len(scores),
        len(scores),
        sum(score.unlisted for score in scores) / (len(scores) * len(mean)),
    )
