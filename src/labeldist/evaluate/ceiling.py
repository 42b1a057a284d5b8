"""The human ceiling: how well annotators predict other annotators of the same items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeldist.core.item import Item
from labeldist.evaluate.bootstrap import interval, resampled
from labeldist.evaluate.evaluation import Interval, Row
from labeldist.evaluate.metric import Array, Metric

SPLITS = 20
SPLITS_RESAMPLED = 4  # of a set metric on thousands of items each takes seconds, and they say much the same
PSEUDO_COUNT = 0.5


def ceiling(
    items: Sequence[Item], labels: Sequence[str], metrics: Sequence[Metric], *, resamples: int, seed: int
) -> list[Row]:
    """Split-half agreement, as rows of an evaluation: half of an item's annotators against as many others.

    All the annotators take part, those who are held out as the reference and those whose labels are left. A half is
    n // 2 of n annotators; halves are drawn 20 times, and each number is the mean over the draws, with an interval over
    items (from 4 of the draws). As a prediction a half stands as it is, and with half a pseudo-count per label. Items
    with fewer than two annotators take no part; no rows where that is all of them.

    Two halves of few annotators differ more than the reference and a perfect prediction would: where the halves are
    as large as the reference, this is what people of the same number reach, and a model that knows more may be better.

    >>> from labeldist.core.item import Annotation
    >>> from labeldist.evaluate.metric import METRICS
    >>> items = [Item(str(at), {}, (Annotation("yes"),), reference={"yes": 1}) for at in range(3)]
    >>> ceiling(items, ["yes", "no"], [METRICS.get("tvd")], resamples=10, seed=0)[0].metrics["tvd"].value
    0.0
    """
    counts = np.array([_counts(item, labels) for item in items], dtype=np.int64).reshape(len(items), len(labels))
    known = counts[counts.sum(axis=1) >= 2]
    if not len(known):
        return []
    generator = np.random.default_rng(seed)
    halves = [_halves(known, generator) for _ in range(SPLITS)]
    each = np.unique(known.sum(axis=1) // 2)
    size = f"{each[0]}" if len(each) == 1 else "half"
    rows = []
    for way, extra in (("as they are", 0.0), ("+ 0.5 per label", PSEUDO_COUNT)):
        found: dict[str, Interval] = {}
        for metric in metrics:
            made = [
                resampled(metric, _shares(other, 0.0), [_shares(half, extra)], resamples, seed)
                for half, other in halves
            ]
            values, draws = np.mean([one[0][0] for one in made]), np.mean([one[1][0] for one in made], axis=0)
            found[metric.name] = interval(float(values), draws, made[0][2])
        rows.append(Row(f"{size} annotators against {size} others, {way}", "ceiling", len(known), found))
    return rows


def _counts(item: Item, labels: Sequence[str]) -> list[int]:
    """How many annotators chose each label, those of the reference included."""
    reference = item.reference or {}
    return [
        count + round(reference.get(label, 0)) for count, label in zip(item.label_counts(labels), labels, strict=True)
    ]


def _halves(counts: Array, generator: np.random.Generator) -> tuple[Array, Array]:
    """Two disjoint random groups of n // 2 of each item's n annotators, as counts (N, K) each."""
    halves = []
    for row in counts:
        size = int(row.sum()) // 2
        one = generator.multivariate_hypergeometric(row, size)
        halves.append((one, generator.multivariate_hypergeometric(row - one, size)))
    first, second = zip(*halves, strict=True)
    return np.array(first), np.array(second)


def _shares(counts: Array, extra: float) -> Array:
    smoothed = counts + extra
    shares: Array = smoothed / smoothed.sum(axis=1, keepdims=True)
    return shares
