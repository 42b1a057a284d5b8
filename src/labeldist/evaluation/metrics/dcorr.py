"""Distance correlation between references and predictions: what is left when scale is ignored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.evaluation.metric import Array, set_metric

BLOCK = 1_000_000  # distances at a time
LEAST_SPREAD = 1e-12
MOSTLY_DIFFERENT = 0.75  # of the rows


@dataclass(frozen=True, slots=True)
class _Side:
    """Rows (N, K), the different ones of them (``kinds``), which each is, and the weights summed over equal rows."""

    rows: Array
    kinds: Array
    kind: NDArray[np.intp]
    columns: Array


def dcorr_together(reference: Array, predictions: Sequence[Array], weights: Array) -> Array:
    """:func:`dcorr` of M predictions (M, B): what rests on the reference alone is a third of the work, done once."""
    columns = np.ascontiguousarray(weights.T)
    x, sides = _side(reference, columns), [_side(prediction, columns) for prediction in predictions]
    n, b = columns.shape
    found = np.full((len(sides), b), np.nan)
    varied = [place for place, y in enumerate(sides) if len(x.kinds) > 1 and len(y.kinds) > 1]
    mean_x, twice_x = np.zeros((2, b))
    sums = {place: np.zeros((4, b)) for place in varied}
    step = max(1, BLOCK // max(n, b))
    for start in range(0, n if varied else 0, step):
        rows = slice(start, start + step)
        # Each pair of rows is the same from both sides: those of this block, and twice those with all later rows.
        here, later = slice(start, rows.stop), slice(rows.stop, n)
        p, dx = columns[rows], _distances(x.rows[rows], x.kinds)
        from_x = dx @ x.columns
        weighted_x = p * from_x
        mean_x += weighted_x.sum(axis=0)
        twice_x += np.einsum("rb,rb->b", weighted_x, from_x)
        x_here, x_later = dx[:, x.kind[here]], dx[:, x.kind[later]]
        for place in varied:
            y, (cross, mean_y, both, twice_y) = sides[place], sums[place]
            dy = _distances(y.rows[rows], y.kinds)
            from_y = dy @ y.columns
            weighted_y = p * from_y
            cross += np.einsum("rb,rb->b", p, (x_here * dy[:, y.kind[here]]) @ columns[here])
            if rows.stop < n:
                cross += 2 * np.einsum("rb,rb->b", p, (x_later * dy[:, y.kind[later]]) @ columns[later])
            mean_y += weighted_y.sum(axis=0)
            both += np.einsum("rb,rb->b", weighted_x, from_y)
            twice_y += np.einsum("rb,rb->b", weighted_y, from_y)
    variance_x = _mean_squared_distance(x.rows, weights) + mean_x**2 - 2 * twice_x
    for place in varied:
        cross, mean_y, both, twice_y = sums[place]
        covariance = cross + mean_x * mean_y - 2 * both
        variance_y = _mean_squared_distance(sides[place].rows, weights) + mean_y**2 - 2 * twice_y
        defined = (mean_x > LEAST_SPREAD) & (mean_y > LEAST_SPREAD) & (variance_x > 0) & (variance_y > 0)
        scale = np.sqrt(np.where(defined, variance_x, np.nan)) * np.sqrt(np.where(defined, variance_y, np.nan))
        found[place] = np.sqrt(np.maximum(covariance, 0.0) / scale)
    return found


@set_metric(
    "dcorr",
    title="D.Corr",
    higher_is_better=True,
    position=4,
    most_items=5_000,
    bounds=(0.0, 1.0),
    together=dcorr_together,
)
def dcorr(reference: Array, prediction: Array, weights: Array) -> Array:
    r"""Distance correlation (V-statistic) of two N x K matrices, for each of B weightings of the items: (B,).

    sqrt(dCov^2(x, y) / sqrt(dCov^2(x, x) dCov^2(y, y))), from 0 to 1; NaN where all items with weight have the
    same reference or the same prediction (to 1e-12). With a and b the N x N Euclidean distances within
    references and within predictions, and item weights p (summing to 1; 1/N each for the plain statistic),

        dCov^2 = sum_ij p_i p_j a_ij b_ij + (p'ap)(p'bp) - 2 sum_i p_i (ap)_i (bp)_i,

    computed over blocks of rows: no N x N matrix is kept.

    It is biased upwards in small sets (.2 between a hundred items that have nothing to do with each other), and more so
    in bootstrap resamples, which hold items twice. Intervals are therefore those of the resamples less their bias: what
    other sets of as many items would give, not what infinitely many would.

    Székely, Rizzo and Bakirov (2007), Measuring and testing dependence by correlation of distances.

    >>> three = np.full((1, 3), 1 / 3)
    >>> dcorr([[1, 0], [0.5, 0.5], [0, 1]], [[0.6, 0.4], [0.5, 0.5], [0.4, 0.6]], three).round(4)
    array([1.])
    >>> dcorr([[1, 0], [0.5, 0.5], [0, 1]], [[0.5, 0.5]] * 3, three)
    array([nan])
    """
    correlation: Array = dcorr_together(reference, [prediction], weights)[0]
    return correlation


def dcorr_by_chance(reference: Array, prediction: Array) -> float:
    """The D.Corr to expect of the same N predictions, dealt to the items at random; NaN where it is undefined.

    The root of the mean of dCov^2 over all N! deals, which is exactly ab / (N - 1) for the mean distances a within
    references and b within predictions: centred distances sum to 0, so their traces, -Na and -Nb, say all.

    >>> draw = np.random.default_rng(0)
    >>> references, predictions = draw.dirichlet([1, 1, 1], 100), draw.dirichlet([1, 1, 1], 100)
    >>> equal = np.full((1, 100), 0.01)
    >>> dealt = [dcorr(references, draw.permutation(predictions), equal)[0] ** 2 for _ in range(200)]
    >>> bool(abs(dcorr_by_chance(references, predictions) - np.mean(dealt) ** 0.5) < 0.005)
    True
    """
    equal, count = np.full((1, len(reference)), 1 / max(len(reference), 1)), len(reference)
    if count < 2:
        return float("nan")
    means, variances = np.zeros(2), np.zeros(2)
    for place, rows in enumerate((reference - reference.mean(axis=0), prediction - prediction.mean(axis=0))):
        step = max(1, BLOCK // count)
        away = np.concatenate([_distances(rows[at : at + step], rows).mean(axis=1) for at in range(0, count, step)])
        means[place] = away.mean()
        variances[place] = _mean_squared_distance(rows, equal)[0] + means[place] ** 2 - 2 * (away**2).mean()
    if (means <= LEAST_SPREAD).any() or (variances <= 0).any():
        return float("nan")
    return float(np.sqrt(means.prod() / (count - 1) / np.sqrt(variances.prod())))


def _side(given: Array, columns: Array) -> _Side:
    """The rows of a reference or prediction, with the weights of its kinds in each of the ``columns`` (N, B)."""
    # Centred, so that the squared norms below keep their precision where all rows are nearly equal.
    rows = given - given.mean(axis=0)
    # Few labels per item make few different rows: their weights are added up before the products, not after.
    kinds, kind = np.unique(rows, axis=0, return_inverse=True)
    if len(kinds) > MOSTLY_DIFFERENT * len(rows):  # then their weights are shared by all sides, which spares memory
        return _Side(rows, rows, np.arange(len(rows)), columns)
    kind = kind.ravel()  # numpy 2.0.0 gave it a second axis
    summed = np.zeros((len(kinds), columns.shape[1]))
    np.add.at(summed, kind, columns)
    return _Side(rows, kinds, kind, summed)


def _distances(rows: Array, others: Array) -> Array:
    """Euclidean distances, from differences: exactly 0 between equal rows, as the gram matrix would not give."""
    squares = np.zeros((len(rows), len(others)))
    for mine, theirs in zip(rows.T, others.T, strict=True):
        squares += np.subtract.outer(mine, theirs) ** 2
    distances: Array = np.sqrt(squares, out=squares)
    return distances


def _mean_squared_distance(rows: Array, weights: Array) -> Array:
    """sum_ij p_i p_j |x_i - x_j|^2 without the pairs: twice the variance."""
    centres = weights @ rows
    variance: Array = weights @ (rows**2).sum(axis=1) - (centres**2).sum(axis=1)
    return 2 * variance
