"""Many said distributions as one: averaged linearly or in log space, with a standard error.

An item is asked N questions, each under an order and in one of P paraphrases, S times each. With effects of orders, of
paraphrases and of the single answer (variances o, p, e), the mean has the variance o / N + p / P + e / NS. Estimated:

1. Of orders and answers as for any judge (:mod:`labeldist.judging.precision`), after the means of the paraphrases are
   taken out; nothing where all T orders were asked.
2. Of paraphrases by the variance of their means / P, less what the first part has of it already: (1 - N / T) times
   the variance within paraphrases / N. Paraphrases are a sample of the many that there could be, so that all that were
   asked are not all.
3. Of answers that are drawn, where there is one paraphrase: their variance within a question / NS, times the N / T of
   it that the first part leaves out.

Variance components by moments: Searle, Casella and McCulloch, *Variance Components*, 1992, chapter 3. In log space the
average is q = softmax(mean of logs), whose error is that of its linear part, q (l - q.l). ``benchmarks/verbalised.py``
measures both, and how often the error is right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labeldist.core.errors import UsageError
from labeldist.judging.orders import Order
from labeldist.judging.precision import standard_errors

Floats = NDArray[np.float64]

LINEAR, LOG = "linear", "log"
AVERAGES = (LINEAR, LOG)
# Of a hundred: 0 that is said means less than a half, and has no logarithm.
LEAST = 0.5


def averaged(
    shares: Floats, orders: Sequence[Order], paraphrases: Sequence[int], how: str = LINEAR
) -> tuple[Floats, Floats, Floats]:
    """The average (K,) of said ``shares`` (N, S, K), its standard error (K,), and the spread (K,) over questions.

    NaN shares are answers that could not be read; one at least is read. ``orders``, ``paraphrases``: of each of the N
    questions, none twice; orders in the row that :func:`~labeldist.judging.orders.orders` has them in.

    >>> asked = [Order((), (0, 1)), Order((), (1, 0))]
    >>> mean, error, spread = averaged(np.array([[[0.5, 0.5]], [[0.9, 0.1]]]), asked, [0, 0])
    >>> mean.tolist(), error.tolist()
    ([0.7, 0.3], [0.0, 0.0])
    >>> averaged(np.array([[[0.5, 0.5]], [[0.9, 0.1]]]), asked, [0, 0], "log")[0].round(3).tolist()
    [0.746, 0.254]
    """
    if how not in AVERAGES:
        raise UsageError(f"average {how!r}", hint=f"use one of: {', '.join(AVERAGES)}")
    rows = shares if how == LINEAR else _logs(shares)
    # Exact sums, so that answers give one mean in whatever order they came.
    read = rows[~np.isnan(rows).any(axis=-1)]
    mean = np.array([math.fsum(column) for column in read.T.tolist()]) / len(read)
    if how == LOG:
        mean = np.exp(mean - mean.max())
    mean /= mean.sum()
    linear = rows if how == LINEAR else mean * (rows - (rows * mean).sum(axis=-1, keepdims=True))
    of_questions = _mean(linear)
    known = of_questions[~np.isnan(of_questions).any(axis=-1)]
    spread = known.std(axis=0, ddof=1) if len(known) > 1 else np.full(mean.shape, math.nan)
    return mean, np.sqrt(_variance(linear, of_questions, orders, np.array(paraphrases))), spread


def _logs(shares: Floats) -> Floats:
    """The logarithms of shares of which none is 0."""
    return np.log((100 * shares + LEAST) / (100 + LEAST * shares.shape[-1]))  # type: ignore[no-any-return]


def _mean(rows: Floats) -> Floats:
    """The mean (N, K) over samples of rows (N, S, K) that were read; NaN where none was."""
    known = ~np.isnan(rows)
    counts = known.sum(axis=1)
    return np.where(counts > 0, np.where(known, rows, 0.0).sum(axis=1) / np.maximum(counts, 1), math.nan)


def _variance(rows: Floats, means: Floats, orders: Sequence[Order], paraphrases: NDArray[np.int64]) -> Floats:
    """The variance (K,) of the mean of rows (N, S, K), whose ``means`` over samples are (N, K)."""
    whole = not np.isnan(rows).any()
    known = ~np.isnan(means).any(axis=-1)
    means, paraphrases = means[known], paraphrases[known]
    groups = [means[paraphrases == one] for one in dict.fromkeys(paraphrases.tolist())]
    free = len(means) - len(groups)
    # A question for each paraphrase at most: what it is worth and what the order is worth cannot be told apart.
    within = sum(((group - group.mean(axis=0)) ** 2).sum(axis=0) for group in groups) / max(free, 1)
    said = _share_of_orders(orders) if whole else 0.0
    if whole and (free or len(groups) == 1):
        variance = _of_orders(means, orders, paraphrases, free)
    else:
        variance = within / len(means) if free else np.full(means.shape[-1], 0.0 if len(groups) > 1 else math.nan)
    if len(groups) > 1:
        apart = np.array([group.mean(axis=0) for group in groups]).var(axis=0, ddof=1) / len(groups)
        variance = variance + np.maximum(apart - (1 - said) * within / len(means) * bool(free), 0)
    elif whole and rows.shape[1] > 1:
        variance = variance + said * rows.var(axis=1, ddof=1).mean(axis=0) / (rows.shape[0] * rows.shape[1])
    return variance


def _share_of_orders(orders: Sequence[Order]) -> float:
    """Which part of all the orders were asked."""
    every = math.factorial(len(orders[0].explanations)) * math.factorial(len(orders[0].options))
    return len(set(orders)) / every


def _of_orders(means: Floats, orders: Sequence[Order], paraphrases: NDArray[np.int64], free: int) -> Floats:
    """The variance (K,) that comes of orders, of questions whose paraphrases are taken out."""
    rest = means.copy()
    for one in dict.fromkeys(paraphrases.tolist()):
        rest[paraphrases == one] -= rest[paraphrases == one].mean(axis=0)
    by_order: dict[Order, list[int]] = {}
    for at, order in enumerate(orders):
        by_order.setdefault(order, []).append(at)
    rows = np.array([rest[places].mean(axis=0) for places in by_order.values()])
    errors = standard_errors(rows, [o.explanations for o in by_order], [o.options for o in by_order])
    return errors**2 * (len(means) - 1) / max(free, 1) if len(means) > 1 else errors**2
