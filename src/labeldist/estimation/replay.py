"""Where should the next labels go? Two ways of giving them out, replayed on the labels of the pilot itself.

Labels are hidden and given back within the same budget: evenly, or always to the items whose estimate is least
certain. Sending labels to uncertain items sounds better than it is: few labels say little about which items are
contested, so it is recommended only where it wins here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.labels import PILOT, fit_labels
from labeldist.estimation.observations import Array, Observations, drawn
from labeldist.estimation.posterior import SMALLEST, expected_kl

FEWEST_LABELS = 4
FEWEST_ITEMS = 30
MOST_ITEMS = 1_000
DRAWS = 20
AVERAGES = (2, 3, 5, 8, 12)
ROUNDS_PER_LABEL = 20  # how often uncertainty is looked at anew while each item gets one label on average
LEAST_SHARE = 0.02  # of what even spreading brings: nobody would change a campaign for a smaller gain
SHARE_OF_LABELS = 0.75  # with a budget for nearly all labels there is nothing left to choose
NONE = -1
BY_REFERENCE, BY_HIDDEN = "KL from the references", "-log-likelihood of hidden labels"


@dataclass(frozen=True, slots=True)
class Replayed:
    """From ``start`` labels per item to ``labels`` on average: the errors when spread ``evenly`` and when ``targeted``.

    ``begin`` is the error with ``start`` labels; ``gain`` by how much targeting is better, paired by item, with an
    interval of 90% over items.
    """

    start: int
    labels: int
    begin: float
    evenly: float
    targeted: float
    gain: float
    gain_low: float
    gain_high: float

    @property
    def wins(self) -> bool:
        """Whether the whole interval is a gain worth having: 2% of what even spreading brings, or more."""
        return self.gain_low > LEAST_SHARE * max(self.begin - self.evenly, 0.0)


@dataclass(frozen=True, slots=True)
class Replay:
    """What was replayed on so many ``items``; ``measure`` is what errors were measured by. No rows: not tried."""

    rows: tuple[Replayed, ...]
    items: int
    measure: str = ""
    why_not: str = ""

    @property
    def offers(self) -> tuple[Replayed, ...]:
        """The budgets at which targeting wins."""
        return tuple(row for row in self.rows if row.wins)

    def verdict(self) -> str:
        """What the replay says, in a sentence or two."""
        if not self.rows:
            return f"Where the next labels go could not be tried: {self.why_not}. Spread them evenly."
        if not self.offers:
            return (
                "Spread the next labels evenly: on your pilot, sending them to the least certain items was no better "
                f"({_listed([row.labels for row in self.rows])} labels per item)."
            )
        best = max(self.offers, key=lambda row: row.gain / max(row.begin - row.evenly, SMALLEST))
        others = [row.labels for row in self.rows if not row.wins]
        return (
            "Sending the next labels to the least certain items was better on your pilot at "
            f"{_listed([row.labels for row in self.offers])} labels per item: at {best.labels}, spreading evenly "
            f"brings the error from {best.begin:.3f} to {best.evenly:.3f}, targeting to {best.targeted:.3f}."
            + (f" At {_listed(others)} it was no better than spreading evenly." if others else "")
        )


def replay(
    observed: Observations,
    *,
    concentration: float | None = None,
    start: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Replay:
    """Replay both ways on the items with at least 4 labels.

    Measured by the KL from the references where at least 30 such items have one, else by the log-likelihood of a
    label of each item that is never given out. ``concentration`` replaces the fitted one, ``start`` is how many
    labels each item has at first (default: 1, or 2 where there are many labels). Evidence that saw the labels must not
    be there: it would know what is hidden.
    """
    totals = observed.counts.sum(axis=1)
    labelled = np.flatnonzero(totals >= FEWEST_LABELS)
    if len(labelled) < FEWEST_ITEMS:
        return Replay(
            (),
            len(labelled),
            why_not=f"{len(labelled):,} items have {FEWEST_LABELS} labels or more, and it takes {FEWEST_ITEMS}",
        )
    referenced = np.intersect1d(labelled, observed.referenced)
    by_reference = len(referenced) >= FEWEST_ITEMS
    seen = replace(observed, groups={})
    fit = fit_labels(seen, most=PILOT)
    rows = drawn(referenced if by_reference else labelled, MOST_ITEMS, seed)
    few = seen.take(rows)
    prior = (fit.concentration if concentration is None else concentration) * fit.prior_mean(few.evidence, len(rows))
    typical = float(np.median(totals[rows])) - (not by_reference)
    first = start or (1 if typical < 6 else 2)
    averages = [number for number in AVERAGES if first < number <= max(SHARE_OF_LABELS * typical, first + 1)]
    generator = np.random.default_rng(seed)
    steps = [first, *averages]
    errors = np.zeros((2, len(steps), len(rows)))
    for _ in range(draws):
        order = _shuffled(few.counts, generator)
        hidden, given = (None, order) if by_reference else (order[:, 0], order[:, 1:])
        for way, path in enumerate((_evenly(given, steps), _targeted(given, prior, steps))):
            for at, taken in enumerate(path):
                alpha = np.maximum(prior + _counted(given, taken, prior.shape[1]), SMALLEST)
                errors[way, at] += _errors(alpha / alpha.sum(axis=1, keepdims=True), few.reference, hidden)
    errors /= draws
    begin = float(errors[0, 0].mean())
    compared = tuple(_row(first, number, begin, errors[:, at]) for at, number in enumerate(averages, 1))
    return Replay(compared, len(rows), BY_REFERENCE if by_reference else BY_HIDDEN)


def _shuffled(counts: Array, generator: np.random.Generator) -> NDArray[np.intp]:
    """The labels of each item in random order (N, T), -1 after the last one."""
    whole = counts.astype(np.intp)
    longest = int(whole.sum(axis=1).max())
    order = np.full((len(whole), longest), NONE)
    for at, row in enumerate(whole):
        labels = np.repeat(np.arange(len(row)), row)
        order[at, : len(labels)] = generator.permutation(labels)
    return order


def _counted(given: NDArray[np.intp], taken: NDArray[np.intp], labels: int) -> Array:
    """The counts (N, K) of the first ``taken`` labels of each item."""
    known = np.arange(given.shape[1]) < taken[:, None]
    counts: Array = np.stack([((given == label) & known).sum(axis=1) for label in range(labels)], axis=1).astype(float)
    return counts


def _evenly(given: NDArray[np.intp], steps: list[int]) -> list[NDArray[np.intp]]:
    """How many labels each item has at each step: as many as all others, if it has so many."""
    there = (given != NONE).sum(axis=1)
    return [np.minimum(there, number) for number in steps]


def _targeted(given: NDArray[np.intp], prior: Array, steps: list[int]) -> list[NDArray[np.intp]]:
    """How many labels each item has at each step when they go to the largest expected KL; as many in all as evenly."""
    there = (given != NONE).sum(axis=1)
    taken = np.minimum(there, steps[0])
    counts = _counted(given, taken, prior.shape[1])
    batch = max(len(given) // ROUNDS_PER_LABEL, 1)
    path = []
    for number in steps:
        left = int(np.minimum(there, number).sum() - taken.sum())
        while left > 0:
            unsure = np.where(taken < there, expected_kl(np.maximum(prior + counts, SMALLEST)), -np.inf)
            chosen = np.argsort(-unsure, kind="stable")[: min(batch, left, int((taken < there).sum()))]
            counts[chosen, given[chosen, taken[chosen]]] += 1
            taken[chosen] += 1
            left -= len(chosen)
        path.append(taken.copy())
    return path


def _errors(mean: Array, reference: Array | None, hidden: NDArray[np.intp] | None) -> Array:
    if hidden is not None:
        chance: Array = mean[np.arange(len(mean)), hidden]
        return -np.log(chance)
    from labeldist.evaluation.metrics.kl import kl

    assert reference is not None
    return kl(reference, mean)


def _row(start: int, labels: int, begin: float, errors: Array) -> Replayed:
    evenly, targeted = errors.mean(axis=1)
    further = errors[0] - errors[1]
    gain, error = float(further.mean()), 1.645 * float(further.std()) / len(further) ** 0.5
    return Replayed(start, labels, begin, float(evenly), float(targeted), gain, gain - error, gain + error)


def _listed(numbers: list[int]) -> str:
    """Numbers in words.

    >>> _listed([2, 3, 5]), _listed([2])
    ('2, 3 and 5', '2')
    """
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}" if most else last
