"""The bootstrap interval of D.Corr: by weights, as labeldist does it, against computing it anew on every resample."""

from __future__ import annotations

import time

import numpy as np

from labeldist.evaluation.bootstrap import intervals
from labeldist.evaluation.metric import METRICS

ITEMS, RESAMPLES = 341, 200


def main() -> None:
    """Print both times, their ratio, and both intervals."""
    chance = np.random.default_rng(1)
    reference = chance.dirichlet([2, 2, 1], ITEMS)
    prediction = 0.5 * reference + 0.5 * chance.dirichlet([1, 1, 1], ITEMS)
    dcorr = METRICS.get("dcorr")
    began = time.perf_counter()
    [interval] = intervals(dcorr, reference, [prediction], resamples=RESAMPLES, seed=1)
    weighted = time.perf_counter() - began
    began = time.perf_counter()
    drawn = chance.integers(0, ITEMS, (RESAMPLES, ITEMS))
    values = [dcorr.value(reference[rows], prediction[rows]) for rows in drawn]
    anew = time.perf_counter() - began
    low, high = np.percentile(values, [2.5, 97.5])
    print(f"{ITEMS} items, {RESAMPLES} resamples")
    print(f"by weights  {weighted:8.3f} s  [{interval.low:.3f}, {interval.high:.3f}]")
    print(f"anew        {anew:8.3f} s  [{low:.3f}, {high:.3f}]")
    print(f"ratio       {anew / weighted:8.1f}")


if __name__ == "__main__":
    main()
