"""How surprising a number of successes is whose trials each have a chance of their own: Poisson's binomial, exactly."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from labeldist.evaluation.metric import Array

EXACT = 1 << 16  # trials up to which chances are summed exactly; beyond, by the normal distribution
CELLS = 1 << 22  # complex numbers in memory at a time
SMALLEST = 1e-12  # what a Fourier transform can tell from 0; smaller chances are given as this


def tail_chances(times: Array, chances: Array, observed: Array) -> Array:
    """The two-sided chance (A,) of a sum as far out as ``observed`` (A,), or farther: twice the smaller tail.

    The sum of row a has ``times[a, d]`` independent trials with the chance ``chances[d]`` (times: A, D). By the
    discrete Fourier transform of the characteristic function (Fernández and Williams 2010). A chance below SMALLEST is
    given as SMALLEST.

    >>> tail_chances(np.array([[3.0, 0], [2, 1]]), np.array([0.5, 0.25]), np.array([3.0, 0.0])).round(4).tolist()
    [0.25, 0.375]
    """
    trials = times.sum(axis=1)
    found = np.ones(len(times))
    many = trials > EXACT
    found[many] = _normal(times[many], chances, observed[many])
    # Transforms have lengths of powers of two, each for those that it just holds.
    lengths = 2 ** np.ceil(np.log2(np.maximum(trials, 1) + 1)).astype(np.int64)
    for length in np.unique(lengths[~many]):
        rows = np.flatnonzero((lengths == length) & ~many)
        step = max(1, CELLS // int(length))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            found[some] = _exact(times[some], chances, observed[some], int(length))
    return np.clip(found, SMALLEST, 1.0)


def _exact(times: Array, chances: Array, observed: Array, length: int) -> Array:
    turns = np.exp(-2j * np.pi * np.arange(length // 2 + 1) / length)
    transform = np.empty((len(times), len(turns)), dtype=np.complex128)
    step = max(1, CELLS // len(chances))
    for start in range(0, len(turns), step):
        part = slice(start, start + step)
        factors = 1 + chances[:, None] * (turns[part] - 1)
        factors[np.abs(factors) < 1e-300] = 1e-300  # of a chance of one half; its logarithm must be a number
        transform[:, part] = np.exp(times @ np.log(factors))
    mass = np.maximum(np.fft.irfft(transform, n=length, axis=1), 0.0)
    at = observed.astype(np.int64)[:, None]
    below = np.cumsum(mass, axis=1)
    above = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1]
    tails: Array = 2 * np.minimum(np.take_along_axis(below, at, axis=1), np.take_along_axis(above, at, axis=1))[:, 0]
    return tails


def _normal(times: Array, chances: Array, observed: Array) -> Array:
    mean, variance = times @ chances, times @ (chances * (1 - chances))
    far = np.maximum(np.abs(observed - mean) - 0.5, 0.0) / np.sqrt(np.maximum(variance, 1e-9))
    tails: Array = 2 * ndtr(-far)
    return tails


def holm(chances: Array) -> Array:
    """P-values corrected for their number by Holm's steps (1979), which hold however the tests depend on each other.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(chances, kind="stable")
    steps = np.maximum.accumulate(chances[order] * np.arange(len(chances), 0, -1))
    corrected = np.empty(len(chances))
    corrected[order] = np.minimum(steps, 1.0)
    return corrected
