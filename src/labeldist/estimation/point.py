"""Which one distribution stands for a posterior: its mean, or the medians that ordered labels and TVD ask for.

The mean has the least expected KL divergence from the truth. Wasserstein distance on a scale is the sum over its steps
of |F - G|, with the cumulative distributions F and G, so the medians of F have the least of it. TVD is half the sum of
|p - q| over labels, with q that sum to 1: least where all q are the same quantile of their label's probability. Of N
annotators' shares in place of the truth the same holds, with the Beta-binomial in place of the Beta distribution.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

import numpy as np

from labeldist.core.errors import UsageError
from labeldist.estimation.marginals import Marginals
from labeldist.estimation.observations import Array
from labeldist.estimation.posterior import SMALLEST, Chooser

MOST_ANNOTATORS = 100  # whose shares are told from the truth; of more the plain median says the same
HALVINGS = 10  # of the chance that all quantiles share; between its last two values they are nearly straight lines
EVEN = 1e-9  # chances nearer than this are the same


@dataclass(frozen=True, slots=True)
class Point:
    """The mean, or the ``median``: of the true distribution, or of the shares that ``annotators`` would give."""

    median: bool = False
    annotators: int | None = None

    @classmethod
    def of(cls, name: str) -> Point:
        """By its name: mean, median, or median:N. Raises :class:`UsageError` for any other.

        >>> Point.of("median:2")
        Point(median=True, annotators=2)
        """
        found = re.fullmatch(r"(mean|median)(?::([0-9]{1,9}))?", name)
        kind, number = found.groups() if found else ("", None)
        if not kind or (kind == "mean" and number):
            raise UsageError(f"no point is named {name!r}", hint="use mean, median, or median:N, such as median:2")
        annotators = None if number is None else int(number)
        if annotators is not None and not 1 <= annotators <= MOST_ANNOTATORS:
            raise UsageError(
                f"the median of the shares of {annotators:,} annotators",
                hint=f"N of median:N is how many annotators a reference has, 1 to {MOST_ANNOTATORS}; median is that of "
                "the true distribution",
            )
        return cls(kind == "median", annotators)

    def __str__(self) -> str:
        name = "median" if self.median else "mean"
        return name if self.annotators is None else f"{name}:{self.annotators}"

    def chooser(self, *, ordered: bool) -> Chooser | None:
        """What makes the points (N, K) of posteriors, given components (N, J, K) and weights (N, J); None: the mean."""
        if not self.median:
            return None
        if self.annotators is None:
            return partial(medians, ordered=ordered)
        return partial(medians_of_shares, annotators=self.annotators, ordered=ordered)


def medians(alpha: Array, weights: Array, *, ordered: bool) -> Array:
    """Of Dirichlet mixtures: the medians of the cumulative distribution, or one quantile of each label that sum to 1.

    >>> medians(np.array([[[1.0, 1.0, 2.0]]]), np.ones((1, 1)), ordered=True).round(3).tolist()
    [[0.206, 0.294, 0.5]]
    >>> medians(np.array([[[1.0, 1.0, 1.0]]]), np.ones((1, 1)), ordered=False).round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """
    if not (ordered or alpha.shape[2] == 2):  # of two labels both are the same
        return _common_quantiles(alpha, weights)
    below, above = _cumulative(alpha)
    steps = [_median(below[..., at], above[..., at], weights) for at in range(below.shape[2])]
    return _shares(np.stack(steps, axis=1))


def medians_of_shares(alpha: Array, weights: Array, *, annotators: int, ordered: bool) -> Array:
    """The same of the shares of so many annotators' labels; where several points are as good, their middle.

    >>> medians_of_shares(np.array([[[3.0, 1.0]]]), np.ones((1, 1)), annotators=2, ordered=True).tolist()
    [[1.0, 0.0]]
    """
    if not (ordered or alpha.shape[2] == 2):
        rest = alpha.sum(axis=2, keepdims=True) - alpha
        return _allotted(_at_most(alpha, rest, weights, annotators), annotators)
    chances = _at_most(*_cumulative(alpha), weights, annotators)
    lowest = (chances < 0.5 - EVEN).sum(axis=2)
    highest = (chances <= 0.5 + EVEN).sum(axis=2)
    return _shares((lowest + highest) / (2 * annotators))


def _cumulative(alpha: Array) -> tuple[Array, Array]:
    """The parameters (N, J, K - 1) of the Beta distributions of the share up to each label but the last."""
    below = np.cumsum(alpha, axis=2)[..., :-1]
    above = np.cumsum(alpha[..., ::-1], axis=2)[..., ::-1][..., 1:]
    return below, above


def _shares(cumulative: Array) -> Array:
    """The shares (N, K) between the steps (N, K - 1) of a cumulative distribution."""
    rising = np.maximum.accumulate(cumulative, axis=1)  # but for rounding they rise
    return np.diff(rising, axis=1, prepend=0.0, append=1.0)


def _median(a: Array, b: Array, weights: Array) -> Array:
    """Of mixtures of Beta distributions (N, J); exact of a single one."""
    from scipy.special import betaincinv

    if a.shape[1] == 1:
        single: Array = betaincinv(np.maximum(a, SMALLEST), np.maximum(b, SMALLEST), 0.5)[:, 0]
        return single
    return _quantile(Marginals.of(a, b, weights), np.full(len(a), 0.5))


def _quantile(of: Marginals, chance: Array) -> Array:
    return of.quantile(chance[:, None])[:, 0]


def _common_quantiles(alpha: Array, weights: Array) -> Array:
    """Quantiles (N, K) of all labels for one chance per item, the one at which they sum to 1: by halving."""
    rest = alpha.sum(axis=2, keepdims=True) - alpha
    labels = [Marginals.of(alpha[..., at], rest[..., at], weights) for at in range(alpha.shape[2])]
    low, high = np.zeros(len(alpha)), np.ones(len(alpha))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        over = sum(_quantile(one, middle) for one in labels) >= 1
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    # A probability that is nearly sure to be 0 or 1 jumps between the two: what sums to 1 is in between.
    under, above = (np.stack([_quantile(one, chance) for one in labels], axis=1) for chance in (low, high))
    lacking, gap = 1 - under.sum(axis=1), (above - under).sum(axis=1)
    share = np.clip(lacking / np.maximum(gap, 1e-300), 0.0, 1.0)
    found = under + share[:, None] * (above - under)
    normalised: Array = found / found.sum(axis=1, keepdims=True)
    return normalised


def _at_most(a: Array, b: Array, weights: Array, annotators: int) -> Array:
    """The chances (N, P, annotators) that at most 0, 1, ... of them do what has a Beta mixture (N, J, P) as chance."""
    from scipy.special import betaln

    a, b = np.maximum(a, SMALLEST), np.maximum(b, SMALLEST)
    log = betaln(a, b + annotators) - betaln(a, b)
    found = np.empty((len(a), a.shape[2], annotators))
    for votes in range(annotators):
        found[..., votes] = np.einsum("nj,njp->np", weights, np.exp(log))
        log += np.log((annotators - votes) / (votes + 1) * (a + votes) / (b + annotators - votes - 1))
    return np.cumsum(found, axis=2)


def _allotted(chances: Array, annotators: int) -> Array:
    """Shares (N, K) given one annotator at a time to the label where one more is worth most.

    ``chances`` (N, K, annotators): that a label has no more than 0, 1, ... of them. One more to a label lessens its
    expected distance in proportion to 1 less twice that chance, so the lowest are taken, as many as there are
    annotators; equal ones in equal parts.
    """
    whole = chances.reshape(len(chances), -1)
    last = np.partition(whole, annotators - 1, axis=1)[:, annotators - 1, None, None]
    sure = (chances < last - EVEN).sum(axis=2)
    even = (np.abs(chances - last) <= EVEN).sum(axis=2)
    left = annotators - sure.sum(axis=1, keepdims=True)
    shares: Array = (sure + left * even / even.sum(axis=1, keepdims=True)) / annotators
    return shares
