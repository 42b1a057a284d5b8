"""The standard error of an MJD: how far the mean over the asked orders may be from the mean over all orders.

The orders of an item are finitely many and a balanced part of them was asked, so the usual s / sqrt(N) says too much:
what places are worth is no error where everything stands equally often in each place, and what has been asked is
none at all. The orders come in Latin squares of k rows (:mod:`labeldist.judging.designs`), whose choice is by chance,
so squares, not prompts, are what was sampled: a two-stage sample of clusters without replacement (Cochran, *Sampling
Techniques*, 3rd ed. 1977, chapters 9 and 11). With N of T orders asked, m whole squares and their means u_j:

1. What options' places are worth is fitted (least squares) and taken out, since no square is balanced in the options.
2. The squares give s_u^2 / m, with s_u^2 the variance of the u_j. Where squares of the same explanation orders came up
   again with other orders of the options, this is split: what differs between kinds of squares counts as far as
   the kinds stand unequally in what was asked, what differs within a kind counts as s_w^2 / m.
3. Few squares say little, so the variance of rows, s^2 / N, joins in with the weight of one square (as in moderated
   variances: Smyth 2004, with one prior degree of freedom). Balancing only lowers the error, so this is on the safe
   side; with less than two squares it is all there is. Where squares came up again, what explanations' places are
   worth is first taken out of it too.
4. An unfinished square of explanations or options is a sample of its rows: r of k of them add
   (r / N)^2 s_k^2 / r (1 - r / k).
5. All of it times 1 - N / T: nothing is left to chance once all orders have been asked.

Squares of a field are better balanced than by chance, which this cannot see: it then overestimates.
``benchmarks/orders.py`` measures by how much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Row = tuple[int, ...]


def standard_errors(shares: Floats, explanations: Sequence[Row], options: Sequence[Row]) -> Floats:
    """The standard error (..., K) of the mean of ``shares`` (..., N, K), rows asked under these orders, none twice.

    Items that were asked under the same orders may stand one beside the other. ``explanations[i]`` and ``options[i]``
    are the orders of row i, as they come from :func:`~labeldist.judging.designs.balanced_pairs`. NaN for one row of
    several possible ones, 0 for all of them.

    >>> rows = np.array([[0.2, 0.8], [0.3, 0.7]])
    >>> standard_errors(rows, [(), ()], [(0, 1), (1, 0)]).tolist()
    [0.0, 0.0]
    """
    *items, count, labels = shares.shape
    things, choices = len(explanations[0]), len(options[0])
    every = math.factorial(things) * math.factorial(choices)
    if count >= every:
        return np.zeros((*items, labels))
    if count == 1:
        return np.full((*items, labels), math.nan)
    rest = shares - shares.mean(axis=-2, keepdims=True)
    fitted = 0
    if things > 1 and _enough(count, choices):
        rest, fitted = _without_places(rest, options)
    by_rows = (rest**2).sum(axis=-2) / (count - 1 - fitted) / count
    if count > math.factorial(things) and _enough(count, choices, things):
        residual, more = _without_places(rest, explanations, options)
        by_rows = (residual**2).sum(axis=-2) / (count - 1 - more) / count
    # One thing stands in one place always, so the squares are those of the options.
    variance = _of_squares(rest, explanations if things > 1 else options, by_rows)
    if fitted:
        variance += _of_unfinished(shares, choices)
    return np.sqrt(variance * (1 - count / every))  # type: ignore[no-any-return]


def _enough(rows: int, *lengths: int) -> bool:
    """Whether so many rows leave as many free as a fit of the places of so many things takes."""
    return rows > 2 * (1 + sum((length - 1) ** 2 for length in lengths))


def _without_places(rest: Floats, *orders: Sequence[Row]) -> tuple[Floats, int]:
    """What is left of centred rows (..., N, K) after a fit of the places in these orders; how many numbers it has."""
    base = _base(*(tuple(rows) for rows in orders))
    return rest - base @ (base.T @ rest), base.shape[1]


@lru_cache(maxsize=256)
def _base(*orders: tuple[Row, ...]) -> Floats:
    """An orthonormal base of what places in these orders can be worth: many items are asked under the same orders."""
    placed = np.hstack([np.eye(len(rows[0]))[np.array(rows, dtype=int)].reshape(len(rows), -1) for rows in orders])
    placed -= placed.mean(axis=0)
    base, sizes, _ = np.linalg.svd(placed, full_matrices=False)
    kept: Floats = base[:, sizes > 1e-9 * sizes[0]]
    return kept


def _of_squares(rest: Floats, orders: Sequence[Row], by_rows: Floats) -> Floats:
    """The variance (..., K) of the mean of centred rows: from whole squares; that from rows is one square's word."""
    count, size = rest.shape[-2], len(orders[0])
    squares = count // size
    if squares < 2:
        return by_rows
    means = _squares(rest, size).mean(axis=-2)
    kind = _kinds(tuple(orders[: squares * size]), size)
    if kind.max() + 1 < squares:
        between = _of_kinds(means, kind, math.factorial(size - 1))
    else:
        between = means.var(axis=-2, ddof=1) * (squares * size**2 + (count % size) ** 2) / count**2
    return (by_rows + (squares - 1) * (between + _of_unfinished(rest, size))) / squares  # type: ignore[no-any-return]


@lru_cache(maxsize=256)
def _kinds(orders: tuple[Row, ...], size: int) -> NDArray[np.int64]:
    """Which kind each square of rows is of: those with the same rows are of one."""
    kinds: dict[frozenset[Row], int] = {}
    return np.array(
        [kinds.setdefault(frozenset(orders[at : at + size]), len(kinds)) for at in range(0, len(orders), size)]
    )


def _of_kinds(means: Floats, kind: NDArray[np.int64], every: int) -> Floats:
    """The variance of the mean of squares (..., m, K), of which some are of one kind; there are ``every`` kinds."""
    often = np.bincount(kind)
    of_kind = np.stack([means[..., kind == one, :].mean(axis=-2) for one in range(len(often))], axis=-2)
    within = ((means - of_kind[..., kind, :]) ** 2).sum(axis=-2) / (len(kind) - len(often))
    apart = of_kind.var(axis=-2, ddof=1) if len(often) > 1 else np.zeros_like(within)
    apart = np.maximum(apart - within * (1 / often).mean(), 0)
    share = np.concatenate([often / len(kind), np.zeros(every - len(often))])
    return apart * ((share - 1 / every) ** 2).sum() + within / len(kind)  # type: ignore[no-any-return]


def _of_unfinished(rows: Floats, size: int) -> Floats:
    """What the last ``N % size`` of the rows (..., N, K), part of a square only, add to the variance of the mean."""
    count = rows.shape[-2]
    squares, left = divmod(count, size)
    if not left or not squares:
        return np.zeros((*rows.shape[:-2], rows.shape[-1]))
    within = _squares(rows, size).var(axis=-2, ddof=1).mean(axis=-2)
    return (left / count) ** 2 * within / left * (1 - left / size)  # type: ignore[no-any-return]


def _squares(rows: Floats, size: int) -> Floats:
    """The whole squares (..., m, size, K) at the beginning of the rows (..., N, K)."""
    *items, count, labels = rows.shape
    whole = count // size
    return rows[..., : whole * size, :].reshape(*items, whole, size, labels)
