"""The human ceiling: how well annotators predict other annotators of the same items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.core.errors import InputError
from labeldist.core.item import Item
from labeldist.evaluation.baselines import smoothed_by
from labeldist.evaluation.bootstrap import interval, resampled
from labeldist.evaluation.evaluation import Interval, Row
from labeldist.evaluation.metric import Array, Metric
from labeldist.evaluation.people import votes_of

MOST_SPLITS, FEWEST_SPLITS = 20, 4
SPLIT_ITEMS = 20_000  # so many items in all splits together, since the chance of a split averages out over items
MOST_ANNOTATORS = 500_000_000  # of one item; numpy draws from fewer than twice that


def ceiling(
    items: Sequence[Item], labels: Sequence[str], metrics: Sequence[Metric], *, resamples: int, seed: int
) -> list[Row]:
    """Split-half agreement, as rows of an evaluation: annotators of an item against as many as its reference has.

    All the annotators take part, those who are held out as the reference (m) and those whose labels are left (n - m):
    in each split m are drawn by chance as a reference, and m of the others, or all of them where they are fewer, as a
    prediction. Without labels, or without a reference, halves of n // 2 are drawn. Splits are drawn 4 to 20 times, the
    fewer the more items there are; each number is the mean over the splits, with an interval over items. As a
    prediction the annotators stand as they are, and with half a pseudo-count per label. A reference takes part where it
    is whole counts, an item where it has two annotators or more; no rows where that is none.

    So this is what people of the same number as the reference reach. It is no bound: a model that knows more than so
    few people may be better. Where only a reference is halved (50 against 50 of 100), both sides are noisier than the
    whole reference is, so that a distance between halves is larger than that of two whole references would be.
    Distances to a few annotators reward whoever is sharp, and annotators as they are are: with few votes compare a
    prediction with this ceiling by CE, Brier or RPS (:mod:`labeldist.evaluation.few_votes`).
    Labels are drawn one by one, also where an annotator gave several.

    >>> from labeldist.core.item import Annotation
    >>> from labeldist.evaluation.metric import METRICS
    >>> items = [Item(str(at), {}, (Annotation("yes"),), reference={"yes": 1}) for at in range(3)]
    >>> ceiling(items, ["yes", "no"], [METRICS.get("tvd")], resamples=10, seed=0)[0].metrics["tvd"].value
    0.0
    """
    references = [item.reference or {} for item in items]
    weights = np.array([[float(one.get(label, 0)) for label in labels] for one in references])
    shape = (len(items), len(labels))
    return ceiling_of(votes_of(items, labels).counts(), weights.reshape(shape), metrics, resamples=resamples, seed=seed)


def ceiling_of(votes: Array, references: Array, metrics: Sequence[Metric], *, resamples: int, seed: int) -> list[Row]:
    """As :func:`ceiling`, from the counts of labels and the references as given, 0 where there is none, both (N, K)."""
    whole = (references == np.floor(references)).all(axis=1, keepdims=True)
    taken_out = np.where(whole, references, 0.0).astype(np.int64)
    counts = votes.astype(np.int64) + taken_out
    most = int(counts.sum(axis=1).max(initial=0))
    if most > MOST_ANNOTATORS:
        raise InputError(
            f"{most:,} annotators of one item",
            expected=f"at most {MOST_ANNOTATORS:,} for a human ceiling",
            hint="leave --ceiling away",
        )
    enough = counts.sum(axis=1) >= 2
    known, sizes = counts[enough], _sizes(counts[enough].sum(axis=1), taken_out[enough].sum(axis=1))
    if not len(known):
        return []
    generator = np.random.default_rng(seed)
    splits = [_split(known, sizes, generator) for _ in range(_how_many(len(known)))]
    name = f"{_number(sizes[:, 0], 'annotator')} against {_number(sizes[:, 1], 'other')}"
    ways = (("as they are", 0.0), (smoothed_by(PSEUDO_COUNT), PSEUDO_COUNT))
    found: list[dict[str, Interval]] = [{} for _ in ways]
    for metric in metrics:
        made = [
            resampled(metric, _shares(others, 0.0), [_shares(some, extra) for _, extra in ways], resamples, seed)
            for some, others in splits
        ]
        for way, metrics_of in enumerate(found):
            value, draws = np.mean([one[0][way] for one in made]), np.mean([one[1][way] for one in made], axis=0)
            metrics_of[metric.name] = interval(float(value), draws, made[0][2])
    return [
        Row(f"{name}, {way}", "ceiling", len(known), metrics_of)
        for (way, _), metrics_of in zip(ways, found, strict=True)
    ]


def _sizes(annotators: NDArray[np.int64], taken_out: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of each item's annotators predict, and how many are the reference: (N, 2)."""
    halved = (taken_out == 0) | (taken_out == annotators)
    reference = np.where(halved, annotators // 2, taken_out)
    return np.stack([np.minimum(reference, annotators - reference), reference], axis=1)


def _how_many(items: int) -> int:
    return min(MOST_SPLITS, max(FEWEST_SPLITS, -(-SPLIT_ITEMS // items)))


def _number(sizes: NDArray[np.int64], what: str) -> str:
    low, high = sizes.min(), sizes.max()
    return f"{low if low == high else f'{low} to {high}'} {what}{'' if high == 1 else 's'}"


def _split(
    counts: NDArray[np.int64], sizes: NDArray[np.int64], generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two disjoint random groups of each item's annotators, of the ``sizes`` (N, 2), as counts (N, K) each."""
    groups = []
    for row, (some, others) in zip(counts, sizes, strict=True):
        one = generator.multivariate_hypergeometric(row, some)
        groups.append((one, generator.multivariate_hypergeometric(row - one, others)))
    first, second = zip(*groups, strict=True)
    return np.array(first), np.array(second)


def _shares(counts: NDArray[np.int64], extra: float) -> Array:
    smoothed = counts + extra
    shares: Array = smoothed / smoothed.sum(axis=1, keepdims=True)
    return shares
