"""Pooling: from the option scores under every order to one model judgment distribution (MJD)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeldist.core.distribution import LabelDistribution, OptionScores
from labeldist.core.errors import ModelError, UsageError
from labeldist.core.task import LETTERS
from labeldist.judging.orders import Order
from labeldist.judging.precision import standard_errors
from labeldist.judging.transform import Transform

# Of an item's answers; the rest would no longer stand for all orders.
MOST_UNREAD = 0.5


@dataclass(frozen=True, slots=True)
class Pooled:
    """An MJD with what is known of its making.

    ``standard_error``: per label, how far the MJD may be from the one over all orders: 0 where all were asked, NaN
    where one of several was. ``spread``: per label, the standard deviation over orders, which is how much the order
    matters (NaN with one order). ``answer_mass``: mean probability of all the answers together, before renormalising.
    ``orders``: how many were pooled. ``unlisted``: the share of scores that are no more than upper bounds. ``unread``:
    under how many orders more the answer could not be read, which happens to verbalised ones only.
    """

    distribution: LabelDistribution
    standard_error: tuple[float, ...]
    spread: tuple[float, ...]
    answer_mass: float
    orders: int
    unlisted: float = 0.0
    unread: int = 0


def pool(answers: Sequence[OptionScores | None], transform: Transform, asked: Sequence[Order]) -> Pooled:
    """The mean over orders of each prompt's distribution: first transformed, then averaged (method, section 3).

    ``asked[i]`` is the order that gave ``answers[i]``, none twice; None is an answer that could not be read. How the
    standard error comes about: :mod:`labeldist.judging.precision`; where answers are missing it is that of orders drawn
    by chance, which is more. Raises :class:`UsageError` where ``transform`` needs raw logits and the scores are
    log-probabilities, or where there is nothing to pool, :class:`ModelError` where most answers could not be read, or
    where no option was listed.

    >>> from labeldist.judging.transform import read_transform
    >>> pooled = pool([OptionScores(("yes", "no"), (1.0, 3.0), 4.0)], read_transform("norm"), [Order((), (0, 1))])
    >>> pooled.distribution.as_dict(), pooled.standard_error
    ({'yes': 0.25, 'no': 0.75}, (nan, nan))
    """
    return pool_alike([answers], transform, asked)[0]


def pool_alike(
    answers: Sequence[Sequence[OptionScores | None]], transform: Transform, asked: Sequence[Order]
) -> list[Pooled]:
    """As :func:`pool`, of items that were all asked under the same orders; of each as many answers could be read."""
    read = [_read(of_item, transform, asked) for of_item in answers]
    items, orders = len(read), len(read[0])
    raw = transform.needs_raw_logits
    logits = [score.likeliest if raw and score.likeliest else score.logits for scores in read for score in scores]
    rows = transform.apply(np.array(logits, dtype=np.float64))
    if not np.isfinite(rows).all():
        raise ModelError(f"{transform.spec} of these logits is no distribution", hint="use a higher temperature")
    shares = rows.reshape(items, orders, -1)
    # Exact sums, so that all orders give one MJD in whatever order they were asked.
    means = np.array([[math.fsum(column) for column in of_item] for of_item in shares.transpose(0, 2, 1).tolist()])
    means /= means.sum(axis=1, keepdims=True)
    spread = shares.std(axis=1, ddof=1) if orders > 1 else np.full(means.shape, math.nan)
    if orders < len(answers[0]):
        errors = spread / math.sqrt(orders)
    else:
        errors = standard_errors(shares, [order.explanations for order in asked], [order.options for order in asked])
    numbers = zip(means.tolist(), errors.tolist(), spread.tolist(), strict=True)
    return [_pooled(scores, *of_item, len(answers[0])) for scores, of_item in zip(read, numbers, strict=True)]


def _read(answers: Sequence[OptionScores | None], transform: Transform, asked: Sequence[Order]) -> list[OptionScores]:
    """The answers of one item that could be read, where they can be pooled."""
    if not answers:
        raise UsageError("no option scores to pool", hint="judge at least one order")
    scores = [score for score in answers if score is not None]
    unread = len(answers) - len(scores)
    if unread > MOST_UNREAD * len(answers):
        other = "letters" if len(asked[0].options) <= len(LETTERS) else "words"
        raise ModelError(
            f"{unread} of {len(answers)} answers are not one number for each option, a hundred together",
            hint=f"use --answers {other}, or a model that follows instructions",
        )
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
    return scores


def _pooled(
    scores: Sequence[OptionScores], mean: list[float], errors: list[float], spread: list[float], answers: int
) -> Pooled:
    return Pooled(
        LabelDistribution(scores[0].labels, tuple(mean)),
        tuple(errors),
        tuple(spread),
        math.fsum(score.answer_mass for score in scores) / len(scores),
        len(scores),
        sum(score.unlisted for score in scores) / (len(scores) * len(mean)),
        answers - len(scores),
    )
