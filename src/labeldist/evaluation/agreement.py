"""Krippendorff's alpha: agreement beyond chance, of any number of annotators per item, with labels missing anywhere.

Klaus Krippendorff, *Computing Krippendorff's Alpha-Reliability* (2011), https://repository.upenn.edu/asc_papers/43.
Everything is made from value-by-unit counts: how often each label (K) was given to each item (N). Items with fewer
than two labels pair with nothing and do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from labeldist.core.errors import UsageError
from labeldist.core.registry import did_you_mean
from labeldist.evaluation.bootstrap import RESAMPLES, interval
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.metric import Array
from labeldist.evaluation.patterns import Figures, Patterns, patterns_of

NOMINAL, ORDINAL, INTERVAL = "nominal", "ordinal", "interval"
LEVELS = (NOMINAL, ORDINAL, INTERVAL)
PART = 1 << 12  # items whose places on a scale are looked at together, one column per resample


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much people agree on N items, each value with its interval over items.

    ``alpha`` by level of measurement. ``unanimous``: the share of items with one label only, of those with two or more
    annotations. ``shares``: of each label among all annotations. ``compared``: items with two annotations or more.
    """

    items: int
    compared: int
    alpha: Mapping[str, Interval]
    unanimous: Interval
    shares: Mapping[str, Interval]


def krippendorff_alpha(counts: ArrayLike, level: str = NOMINAL, values: Sequence[float] | None = None) -> float:
    """Krippendorff's alpha of ``counts`` (N, K); NaN where nothing pairs or only one label occurs.

    ``level``: nominal, ordinal or interval. ``values`` says where each label stands; without, its place does.
    Four annotators of twelve items, as in Krippendorff's paper:

    >>> said = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    >>> units = [["".join(column).count(value) for value in "12345"] for column in zip(*said)]
    >>> [round(krippendorff_alpha(units, level), 3) for level in LEVELS]
    [0.743, 0.815, 0.849]
    """
    found = np.asarray(counts, dtype=np.float64)
    return float(alphas(found, np.ones((1, len(found))), level, values)[0])


def alphas(counts: Array, weights: Array, level: str = NOMINAL, values: Sequence[float] | None = None) -> Array:
    """Alpha of ``counts`` (P, K) where row p counts ``weights[b, p]`` times, for each b (B,)."""
    if level not in LEVELS:
        raise did_you_mean("level of measurement", level, LEVELS)
    size = counts.sum(axis=1)
    paired = size >= 2
    counts, weights, size = counts[paired], weights[:, paired], size[paired]
    totals = weights @ counts
    if level == NOMINAL:
        apart = weights @ ((size**2 - (counts**2).sum(axis=1)) / (size - 1))
        expected = totals.sum(axis=1) ** 2 - (totals**2).sum(axis=1)
    else:
        places = _ranks(totals, values) if level == ORDINAL else _centred(values, counts.shape[1])
        apart = _apart(counts, size, weights, places)
        expected = _spread(totals, places)
    several = (totals > 0).sum(axis=1) > 1  # else nothing could disagree, and 0/0 is nobody's agreement
    expected = np.where(several, expected, np.nan)
    found: Array = 1 - (totals.sum(axis=1) - 1) * apart / expected
    return found


def agreement(
    counts: Array,
    labels: Sequence[str],
    levels: Sequence[str] = (NOMINAL,),
    values: Sequence[float] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Agreement:
    """Everything of :class:`Agreement` for ``counts`` (N, K), with 95% intervals from resamples of the items.

    >>> found = agreement(np.array([[3.0, 0], [2, 1], [0, 3], [1, 0]]), ["ok", "toxic"], resamples=200)
    >>> found.compared, round(found.alpha["nominal"].value, 3), round(found.unanimous.value, 3)
    (3, 0.6, 0.667)
    """
    if resamples < 0:
        raise UsageError(f"{resamples} bootstrap resamples", hint="use 0 for no intervals, or about 1000")
    patterns = patterns_of(counts)
    value = _figures(patterns.rows, patterns.times[None], levels, values)[:, 0]
    items = int(patterns.times[patterns.rows.sum(axis=1) > 0].sum())
    draws = resampled(patterns, lambda rows, weights: _figures(rows, weights, levels, values), resamples, seed)
    found = [interval(float(one), draw, items) for one, draw in zip(value, draws, strict=True)]
    more = len(levels) + 1
    return Agreement(
        items,
        int((patterns.times * (patterns.rows.sum(axis=1) >= 2)).sum()),
        dict(zip(levels, found, strict=False)),
        found[len(levels)],
        dict(zip(labels, found[more:], strict=True)),
    )


def resampled(patterns: Patterns, figures: Figures, resamples: int, seed: int) -> Array:
    """What ``figures`` gives (M, B) for each of so many resamples of the items; none of fewer than two items."""
    if patterns.items < 2 or not resamples:
        return np.empty((len(figures(patterns.rows, patterns.times[None])), 0))
    return np.concatenate([figures(patterns.rows, times) for times in patterns.draws(resamples, seed)], axis=1)


def _figures(rows: Array, weights: Array, levels: Sequence[str], values: Sequence[float] | None) -> Array:
    """Alpha of each level, the share of unanimous items, and each label's share (M, B)."""
    size = rows.sum(axis=1)
    several = size >= 2
    totals = weights @ rows
    with np.errstate(invalid="ignore", divide="ignore"):
        unanimous = (weights @ (several & (rows.max(axis=1) == size))) / (weights @ several)
        shares = totals / totals.sum(axis=1, keepdims=True)
    found: Array = np.concatenate([[alphas(rows, weights, one, values) for one in levels], [unanimous], shares.T])
    return found


def _ranks(totals: Array, values: Sequence[float] | None) -> Array:
    """Where each label stands among all annotations (B, K): the middle of its ranks, about the middle of all."""
    order = np.arange(totals.shape[1]) if values is None else np.argsort(values, kind="stable")
    below = np.empty_like(totals)
    below[:, order] = np.cumsum(totals[:, order], axis=1) - totals[:, order] / 2
    centred: Array = below - totals.sum(axis=1, keepdims=True) / 2
    return centred


def _centred(values: Sequence[float] | None, labels: int) -> Array:
    places = np.arange(labels, dtype=np.float64) if values is None else np.asarray(values, dtype=np.float64)
    centred: Array = (places - places.mean())[None]
    return centred


def _apart(counts: Array, size: Array, weights: Array, places: Array) -> Array:
    """The observed disagreement (B,): squared distances of all pairs within items, each item by its other labels.

    Of one item that is 2 (n Σ n_c x_c² - (Σ n_c x_c)²) / (n - 1), so no matrix of pairs of labels is made.
    """
    if len(places) == 1:
        x = places[0]
        one: Array = weights @ (2 * (size * (counts @ x**2) - (counts @ x) ** 2) / (size - 1))
        return one
    found: Array = 2 * ((weights @ (counts * (size / (size - 1))[:, None])) * places**2).sum(axis=1)
    for start in range(0, len(counts), PART):
        part = slice(start, start + PART)
        found -= 2 * (weights[:, part] / (size[part] - 1) * (counts[part] @ places.T).T ** 2).sum(axis=1)
    return found


def _spread(totals: Array, places: Array) -> Array:
    """The expected disagreement (B,), times n: squared distances of all pairs of annotations."""
    found: Array = 2 * (totals.sum(axis=1) * (totals * places**2).sum(axis=1) - (totals * places).sum(axis=1) ** 2)
    return found
