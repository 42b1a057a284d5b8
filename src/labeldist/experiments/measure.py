"""From distributions to cells and differences: every metric against the references, with bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labeldist.core.errors import InputError
from labeldist.evaluation.bootstrap import interval, resampled
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.metric import Array, Metric
from labeldist.experiments.findings import Cell, Difference, Factor

Distributions = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Entry:
    """Distributions to measure, {item id: one probability per label}: one such mapping for each draw of chance.

    ``costs``: other numbers of the cell, such as how many prompts an item took. ``way``, ``group``: of a baseline, how
    it is made, and from whose labels.
    """

    name: str
    factors: Mapping[str, Factor]
    draws: tuple[Distributions, ...]
    section: str = ""
    costs: Mapping[str, float] | None = None
    way: str = ""
    group: str | None = None

    def ids(self) -> set[str]:
        """The items of which every draw has a distribution."""
        return set.intersection(*(set(draw) for draw in self.draws)) if self.draws else set()


@dataclass(frozen=True, slots=True)
class Measured:
    """An entry's metrics, by name: the mean over its draws, and that mean in each resample (B,)."""

    entry: Entry
    ids: tuple[str, ...]
    values: Mapping[str, tuple[float, Array]]

    def cell(self) -> Cell:
        """The row of the result."""
        found = {name: interval(value, draws, len(self.ids)) for name, (value, draws) in self.values.items()}
        costs = {name: Interval(cost, cost, cost, len(self.ids)) for name, cost in (self.entry.costs or {}).items()}
        return Cell(self.entry.name, self.entry.factors, found | costs, self.entry.section)


def measure(
    entry: Entry,
    references: Distributions,
    metrics: Sequence[Metric],
    *,
    resamples: int,
    seed: int,
    ids: Iterable[str] | None = None,
) -> Measured:
    """The metrics of ``entry`` on the items ``ids`` (default: all that have a reference and every draw).

    A resample draws items, the same ones for every entry with the same items, and draws of chance, where there are
    several: the interval tells what other items and other draws would have given. Raises :class:`InputError` where no
    item is left.

    >>> from labeldist.evaluation.metric import METRICS
    >>> entry = Entry("e", {}, ({"1": (1.0, 0.0)}, {"1": (0.5, 0.5)}))
    >>> measure(entry, {"1": (1.0, 0.0)}, [METRICS.get("tvd")], resamples=10, seed=0).values["tvd"][0]
    0.25
    """
    known = entry.ids()
    wanted = tuple(id_ for id_ in (references if ids is None else ids) if id_ in known and id_ in references)
    if not wanted:
        raise InputError(
            f"no item with a reference and a distribution of {entry.name!r}", expected="at least one item with both"
        )
    reference = np.array([references[id_] for id_ in wanted], dtype=np.float64)
    arrays = [np.array([draw[id_] for id_ in wanted], dtype=np.float64) for draw in entry.draws]
    found = {}
    for metric in metrics:
        values, draws, _ = resampled(metric, reference, arrays, resamples, seed)
        weights = _draw_weights(len(arrays), draws.shape[1], seed)
        found[metric.name] = (float(np.mean(values)), np.einsum("db,bd->b", draws, weights))
    return Measured(entry, wanted, found)


def difference(
    one: Measured,
    other: Measured,
    references: Distributions,
    metrics: Sequence[Metric],
    *,
    resamples: int,
    seed: int,
) -> list[Difference]:
    """Each metric of ``one`` minus that of ``other`` on the items of both, by paired bootstrap."""
    if one.ids != other.ids:
        both = [id_ for id_ in one.ids if id_ in set(other.ids)]
        one, other = (
            measure(m.entry, references, metrics, resamples=resamples, seed=seed, ids=both) for m in (one, other)
        )
    return [
        Difference(
            one.entry.name,
            other.entry.name,
            metric.name,
            interval(
                one.values[metric.name][0] - other.values[metric.name][0],
                one.values[metric.name][1] - other.values[metric.name][1],
                len(one.ids),
            ),
        )
        for metric in metrics
    ]


def _draw_weights(draws: int, resamples: int, seed: int) -> Array:
    """Weights (B, D) of D draws of chance, whose rows sum to 1.

    How often each was drawn again, divided by D, spreads the mean by (D - 1) / D of the variance that new draws would;
    with three that is a third too little, so the spread is widened to what it should be.
    """
    if draws == 1:
        return np.ones((resamples, 1))
    generator = np.random.default_rng([seed, draws])
    again = generator.multinomial(draws, np.full(draws, 1 / draws), size=resamples) / draws
    weights: Array = 1 / draws + (again - 1 / draws) * math.sqrt(draws / (draws - 1))
    return weights
