"""Rank correlation over items, also with other quantities held constant, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labeldist.core.errors import InputError, UsageError
from labeldist.evaluation.bootstrap import RESAMPLES, interval
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.metric import Array

LEAST_ITEMS = 3


def spearman(one: ArrayLike, other: ArrayLike, given: Sequence[ArrayLike] = ()) -> Array:
    """Spearman's rank correlation along the last axis: (..., N), (..., N) -> (...).

    With ``given``, each of that shape too, the partial correlation: that of the ranks after the ranks of ``given`` have
    been removed from both by linear regression. NaN where one of the two does not vary, or nothing of it is left; a
    ``given`` that does not vary removes nothing. Ties have their mean rank.

    >>> spearman([1, 2, 3, 4], [1, 4, 9, 17]).item(), spearman([1, 2, 3], [1, 1, 1]).item()
    (1.0, nan)
    """
    from scipy.stats import rankdata

    stacked = np.stack([rankdata(np.asarray(values, dtype=np.float64), axis=-1) for values in (one, other, *given)], -2)
    centred = stacked - stacked.mean(axis=-1, keepdims=True)
    lengths = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    varies = lengths > 1e-12
    scaled = np.divide(centred, lengths, out=np.zeros_like(centred), where=varies)
    table = scaled @ np.swapaxes(scaled, -1, -2)
    if given:
        # What is left of the first two after regression on the rest: the Schur complement of the rest.
        across, within = table[..., :2, 2:], table[..., 2:, 2:]
        table = table[..., :2, :2] - across @ np.linalg.pinv(within, hermitian=True) @ np.swapaxes(across, -1, -2)
    left = np.clip(table[..., 0, 0], 0, None) * np.clip(table[..., 1, 1], 0, None)
    defined = (left > 1e-18) & varies[..., 0, 0] & varies[..., 1, 0]
    found: Array = np.divide(table[..., 0, 1], np.sqrt(left), out=np.full(left.shape, np.nan), where=defined)
    return np.asarray(np.clip(found, -1, 1))


def item_draws(items: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Which items each resample drew (B, items): those of :func:`labeldist.evaluation.bootstrap.resample_weights`."""
    return np.random.default_rng(seed).integers(items, size=(resamples, items))


def spearman_interval(
    one: ArrayLike,
    other: ArrayLike,
    given: Sequence[ArrayLike] = (),
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Interval, Array]:
    """:func:`spearman` of two quantities of the same items (N,), its interval, and its values in the resamples (B,).

    Items where any quantity is NaN do not count; ranks are made anew in each resample. Fewer than 3 items: undefined.
    Raises :class:`InputError` where the quantities differ in length and :class:`UsageError` for negative ``resamples``.

    >>> spearman_interval([1, 2, 3, float("nan")], [3, 2, 1, 0], resamples=0)[0]
    Interval(value=-1.0, low=nan, high=nan, items=3)
    """
    if resamples < 0:
        raise UsageError(f"{resamples} bootstrap resamples", hint="use 0 for no intervals, or about 1000")
    quantities = [np.asarray(values, dtype=np.float64) for values in (one, other, *given)]
    if len({values.shape for values in quantities}) > 1:
        found = f"quantities of {', '.join(str(values.size) for values in quantities)} items"
        raise InputError(found, expected="one number per item in each of them")
    rows = np.stack(quantities)
    rows = rows[:, ~np.isnan(rows).any(axis=0)]
    items = rows.shape[1]
    if items < LEAST_ITEMS:
        return Interval(float("nan"), float("nan"), float("nan"), items), np.full(resamples, np.nan)
    value = float(spearman(rows[0], rows[1], list(rows[2:])))
    drawn = rows[:, item_draws(items, resamples, seed)] if resamples else np.empty((len(rows), 0, items))
    draws = spearman(drawn[0], drawn[1], list(drawn[2:])) if resamples else np.empty(0)
    return interval(value, draws, items), draws
