"""What m references achieve: measured by learning from m of those at hand and looking at others.

Nothing is extrapolated: the curve ends where the references do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labeldist.estimation.links import links
from labeldist.estimation.observations import Array, Observations, drawn
from labeldist.estimation.plan import FEWEST_REFERENCES
from labeldist.estimation.references import LEAST, Rows, choose

NUMBERS = (10, 25, 50, 100, 200)
DRAWS = 3
MOST_ITEMS = 500
SHARE_TO_MEASURE_ON = 1 / 3

Progress = Callable[[str, int, int | None], None]  # what is done, how many more of it, how many in all


@dataclass(frozen=True, slots=True)
class ReferencePoint:
    """The error with so many ``references`` to calibrate on; 0: with the labels and evidence alone.

    Measured on ``measured_on`` other items in each draw; low and high are the least and the greatest of the draws,
    which have the same items for each number of references.
    """

    references: int
    measured_on: int
    kl: float
    kl_low: float
    kl_high: float
    tvd: float
    tvd_low: float
    tvd_high: float

    def error(self, metric: str) -> tuple[float, float, float]:
        """Value, least and greatest of ``kl`` or ``tvd``."""
        return (self.kl, self.kl_low, self.kl_high) if metric == "kl" else (self.tvd, self.tvd_low, self.tvd_high)


def reference_curve(
    observed: Observations,
    estimate: Array,
    weight: Array,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[ReferencePoint]:
    """Errors on items whose references are left aside, by the number of references that are learned from.

    ``estimate`` (N, K) and ``weight`` (N,) are what the correction starts from, as in
    :func:`~labeldist.estimation.references.calibrate_on_references`. Of more than 500 items with a reference so many
    are drawn. Empty with fewer than 20 references.
    """
    rows = drawn(observed.referenced, MOST_ITEMS, seed)
    if len(rows) < FEWEST_REFERENCES:
        return []
    few, start, worth = observed.take(rows), np.maximum(estimate[rows], LEAST), weight[rows]
    available = links(few, start)
    aside = max(int(len(rows) * SHARE_TO_MEASURE_ON), 1)
    numbers = [number for number in NUMBERS if number <= len(rows) - aside]
    errors = np.empty((draws, 1 + len(numbers), 2))
    generator = np.random.default_rng(seed)
    for draw in range(draws):
        order = generator.permutation(len(rows))
        out, rest = np.sort(order[:aside]), order[aside:]
        errors[draw, 0] = _error(few, start[out], out)
        for at, number in enumerate(numbers, 1):
            errors[draw, at] = _error(few, choose(few, available, start, worth, np.sort(rest[:number])).of(out), out)
            if progress is not None:
                progress("references", 1, draws * len(numbers))
    return [
        ReferencePoint(
            number,
            aside,
            *(float(by(errors[:, at, metric])) for metric in (0, 1) for by in (np.mean, np.min, np.max)),
        )
        for at, number in enumerate([0, *numbers])
    ]


def _error(observed: Observations, mean: Array, rows: Rows) -> tuple[float, float]:
    from labeldist.evaluation.metrics.kl import kl
    from labeldist.evaluation.metrics.tvd import tvd

    assert observed.reference is not None
    reference = observed.reference[rows]
    return float(kl(reference, mean).mean()), float(tvd(reference, mean).mean())
