"""Distance correlation between references and predictions: what is left when scale is ignored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labeldist.evaluate.metric import Array, set_metric

BLOCK = 1_000_000  # distances at a time
LEAST_SPREAD = 1e-12


@set_metric("dcorr", title="D.Corr", higher_is_better=True, position=4, most_items=5_000, bounds=(0.0, 1.0))
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
    # Centred, so that the squared norms below keep their precision where all rows are nearly equal.
    x, y = reference - reference.mean(axis=0), prediction - prediction.mean(axis=0)
    columns = np.ascontiguousarray(weights.T)
    # Few labels per item make few different rows: their weights are added up before the products, not after.
    x_kinds, x_kind, x_columns = _kinds(x, columns)
    y_kinds, y_kind, y_columns = _kinds(y, columns)
    n, b = columns.shape
    if len(x_kinds) == 1 or len(y_kinds) == 1:
        return np.full(b, np.nan)
    cross, mean_x, mean_y, both, twice_x, twice_y = np.zeros((6, b))
    step = max(1, BLOCK // max(n, b))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        p, dx, dy = columns[rows], _distances(x[rows], x_kinds), _distances(y[rows], y_kinds)
        from_x, from_y = dx @ x_columns, dy @ y_columns
        weighted_x, weighted_y = p * from_x, p * from_y
        # Each pair of rows is the same from both sides: those of this block, and twice those with all later rows.
        here, later = slice(start, rows.stop), slice(rows.stop, n)
        cross += np.einsum("rb,rb->b", p, (dx[:, x_kind[here]] * dy[:, y_kind[here]]) @ columns[here])
        if rows.stop < n:
            cross += 2 * np.einsum("rb,rb->b", p, (dx[:, x_kind[later]] * dy[:, y_kind[later]]) @ columns[later])
        mean_x += weighted_x.sum(axis=0)
        mean_y += weighted_y.sum(axis=0)
        both += np.einsum("rb,rb->b", weighted_x, from_y)
        twice_x += np.einsum("rb,rb->b", weighted_x, from_x)
        twice_y += np.einsum("rb,rb->b", weighted_y, from_y)
    covariance = cross + mean_x * mean_y - 2 * both
    variance_x = _mean_squared_distance(x, weights) + mean_x**2 - 2 * twice_x
    variance_y = _mean_squared_distance(y, weights) + mean_y**2 - 2 * twice_y
    defined = (mean_x > LEAST_SPREAD) & (mean_y > LEAST_SPREAD) & (variance_x > 0) & (variance_y > 0)
    scale = np.sqrt(np.where(defined, variance_x, np.nan)) * np.sqrt(np.where(defined, variance_y, np.nan))
    correlation: Array = np.sqrt(np.maximum(covariance, 0.0) / scale)
    return correlation


def _kinds(rows: Array, columns: Array) -> tuple[Array, NDArray[np.intp], Array]:
    """The different rows, which of them each row is, and the weights (N, B) summed over equal rows."""
    kinds, kind = np.unique(rows, axis=0, return_inverse=True)
    kind = kind.ravel()  # numpy 2.0.0 gave it a second axis
    summed = np.zeros((len(kinds), columns.shape[1]))
    np.add.at(summed, kind, columns)
    return kinds, kind, summed


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
