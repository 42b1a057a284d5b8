"""What n labels per item would achieve, with and without each evidence: predicted from a pilot, and checked on it.

Each set of evidence is another model of the same items, and its error is the one that it expects itself. Intervals
are over the parameters, which a small pilot leaves open, and over which items happened to be in it. A prediction
cannot see whether the annotators differ from the people whose judgments are wanted: where there are references,
:func:`measured_errors` can.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeldist.core.errors import InputError
from labeldist.estimation.labels import Rows
from labeldist.estimation.observations import Array, Observations, drawn
from labeldist.estimation.posterior import SMALLEST, expected_kl
from labeldist.estimation.preposterior import preposterior_error
from labeldist.estimation.sets import Fitted, fits
from labeldist.estimation.uncertainty import plausible

MOST_LABELS = 20
MOST_ITEMS = 2_000  # on which errors are averaged
DRAWS = 60
MASS = 0.9
FEWEST_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Predicted:
    """The error to expect with so many ``labels`` per item in all and this ``evidence``; intervals of 90%."""

    labels: int
    evidence: tuple[str, ...]
    kl: float
    kl_low: float
    kl_high: float
    tvd: float
    tvd_low: float
    tvd_high: float

    def error(self, metric: str) -> tuple[float, float, float]:
        """Value and interval of ``kl`` or ``tvd``."""
        if metric == "kl":
            return self.kl, self.kl_low, self.kl_high
        return self.tvd, self.tvd_low, self.tvd_high


@dataclass(frozen=True, slots=True)
class Measured:
    """The distance of the estimates to ``references``, with the ``labels`` per item at hand (their mean).

    ``expected_kl``: what the model expects of the same items. ``sampling_kl``: what the references' own votes add to
    the KL, about (K - 1) / (2 votes).
    """

    labels: float
    evidence: tuple[str, ...]
    references: int
    kl: float
    kl_low: float
    kl_high: float
    tvd: float
    tvd_low: float
    tvd_high: float
    expected_kl: float
    sampling_kl: float

    @property
    def worse_than_expected(self) -> bool:
        """Whether chance and the references' own votes cannot explain how far the estimates are off."""
        return self.kl_low - self.sampling_kl > self.expected_kl

    @property
    def better_than_expected(self) -> bool:
        """Whether the estimates are nearer to the references than chance explains."""
        return self.kl_high < self.expected_kl


def predicted_errors(
    observed: Observations,
    counts: Sequence[int] = range(MOST_LABELS + 1),
    *,
    models: Sequence[Fitted] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Predicted]:
    """The expected error for each number of labels in ``counts``, for each set of evidence.

    ``models`` are those of :func:`~labeldist.estimation.sets.fits` where they are at hand. Items are taken as new
    ones: what their own labels say is used to fit, not to predict. Raises :class:`InputError` where no item has a
    label.

    >>> observed = Observations(("yes", "no"), ("1", "2"), np.array([[3.0, 0.0], [1.0, 2.0]]))
    >>> none, ten = predicted_errors(observed, [0, 10])
    >>> none.kl > ten.kl, none.kl_low <= none.kl <= none.kl_high
    (True, True)
    """
    require_labels(observed)
    found = []
    for model in fits(observed) if models is None else models:
        rows = _averaged(model, seed)
        if len(rows):
            found += _predicted(model, rows, counts, draws, np.random.default_rng(seed))
    return found


def require_labels(observed: Observations) -> None:
    """Refuse a pilot without any label."""
    if not observed.counts.any():
        raise InputError(
            f"no label on any of {len(observed.ids):,} items",
            expected="a pilot: items with a few labels each",
            hint="collect labels for some items first; with --annotators only those of that group count",
        )


def measured_errors(models: Sequence[Fitted]) -> list[Measured]:
    """What the estimates are off by, measured on the items with references; empty with fewer than 20."""
    from labeldist.evaluation.metrics.kl import kl
    from labeldist.evaluation.metrics.tvd import tvd

    found = []
    for model in models:
        seen, rows = model.observed, model.observed.referenced
        if seen.reference is None or seen.votes is None or len(rows) < FEWEST_REFERENCES:
            continue
        alpha = np.maximum(model.concentration * model.prior()[rows] + seen.counts[rows], SMALLEST)
        mean, reference = alpha / alpha.sum(axis=1, keepdims=True), seen.reference[rows]
        found.append(
            Measured(
                float(seen.counts[rows].sum(axis=1).mean()),
                model.names,
                len(rows),
                *_mean(kl(reference, mean)),
                *_mean(tvd(reference, mean)),
                expected_kl=float(expected_kl(alpha).mean()),
                sampling_kl=float(((reference.shape[1] - 1) / (2 * seen.votes[rows])).mean()),
            )
        )
    return found


def _mean(values: Array) -> tuple[float, float, float]:
    """The mean over items, with its interval of 90%."""
    mean = float(values.mean())
    error = 1.645 * float(values.std()) / len(values) ** 0.5
    return mean, mean - error, mean + error


def _averaged(model: Fitted, seed: int) -> Rows:
    """The items to average over: those that have all of the evidence."""
    seen = model.observed
    there = np.all([one.present for one in seen.evidence], axis=0) if seen.evidence else np.ones(len(seen.ids), bool)
    return drawn(np.flatnonzero(there), MOST_ITEMS, seed)


def _predicted(
    model: Fitted, rows: Rows, counts: Sequence[int], draws: int, generator: np.random.Generator
) -> list[Predicted]:
    few = Fitted(model.observed.take(rows), model.fit, model.concentration)
    fixed = model.concentration != model.fit.concentration
    middle = np.stack(preposterior_error(few.prior(), model.concentration, counts)).mean(axis=1)
    ends = []
    for fit in plausible(model.observed, model.fit, draws, generator):
        errors = np.stack(
            preposterior_error(few.prior(fit), model.concentration if fixed else fit.concentration, counts)
        )
        # Weights of a Bayesian bootstrap (Rubin 1981): another pilot would have had other items.
        ends.append(np.einsum("mnl,n->ml", errors, generator.dirichlet(np.ones(len(rows)))))
    low, high = np.quantile(ends, [(1 - MASS) / 2, (1 + MASS) / 2], axis=0)
    low, high = np.minimum(low, middle), np.maximum(high, middle)
    return [
        Predicted(labels, model.names, *(float(one[metric, at]) for metric in (0, 1) for one in (middle, low, high)))
        for at, labels in enumerate(counts)
    ]
