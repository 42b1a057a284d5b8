"""Whether stated probabilities and intervals are what people do: against references, or the labels themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from labeldist.evaluation.metric import Array
from labeldist.reporting.read import ReadItems, ReadSet
from labeldist.reports.view import Bin, Coverage, ViewCalibration

BINS = 10
FEWEST = 20  # items with which anything is said
FEWEST_SHARES = 10  # in a bin
DRAWS = 20
MOST_ITEMS = 5_000  # that the expected coverage is simulated on
WIDE = 1.96
FEW_VOTES = 20
SMALLEST = 1e-3


def calibration_of(
    read: ReadItems, counts: Array, sets: Sequence[ReadSet], labels: Sequence[str], seed: int = 0
) -> ViewCalibration | None:
    """Against references where 20 items have one, else the prior against the labels; None where neither can be."""
    main = next((one for one in sets if one.kind == "posterior"), None)
    known = ~np.isnan(read.reference[:, 0])
    if known.sum() >= FEWEST:
        votes = float(np.nanmedian(read.votes[known])) if not np.isnan(read.votes[known]).all() else np.nan
        bins = [one for each in sets for one in _bins(each.key, each.share, read.reference)]
        coverage = [] if main is None else [*_coverage(main, read, labels, seed)]
        told = [*_in_words(main, coverage, votes, int(known.sum()))]
        return {
            "against": "reference",
            "votes": None if np.isnan(votes) else votes,
            "coverage": coverage,
            "bins": bins,
            "in_words": told,
        }
    size = counts.sum(axis=1)
    if main is None or (size > 0).sum() < FEWEST or np.isnan(main.prior).all():
        return None
    shares = np.where(size[:, None] > 0, counts / np.maximum(size, 1)[:, None], np.nan)
    words = [
        "What was expected of each item before its own labels were counted, against those labels: on the line, the "
        "prior says what people say. References would also tell whether intervals hold what they promise."
    ]
    return {
        "against": "labels",
        "votes": float(np.median(size[size > 0])),
        "coverage": [],
        "bins": [*_bins(main.key, main.prior, shares)],
        "in_words": words,
    }


def _bins(key: str, predicted: Array, observed: Array) -> Iterator[Bin]:
    """The predicted probabilities of all labels, in order, in up to ten bins of as many each."""
    both = ~np.isnan(predicted) & ~np.isnan(observed)
    said, seen = predicted[both], observed[both]
    order = np.argsort(said, kind="stable")
    for part in np.array_split(order, min(BINS, max(len(order) // FEWEST_SHARES, 1))):
        if len(part) < FEWEST_SHARES:
            continue
        mean, wide = seen[part].mean(), WIDE * seen[part].std(ddof=1) / np.sqrt(len(part))
        yield {
            "set": key,
            "predicted": round(float(said[part].mean()), 6),
            "observed": round(float(mean), 6),
            "low": round(float(max(mean - wide, 0)), 6),
            "high": round(float(min(mean + wide, 1)), 6),
            "shares": len(part),
        }


def _coverage(main: ReadSet, read: ReadItems, labels: Sequence[str], seed: int) -> Iterator[Coverage]:
    """How often the intervals hold the share of the reference: of all labels, and of each."""
    rows = np.flatnonzero(~np.isnan(read.reference[:, 0]) & ~np.isnan(main.low).any(axis=1))
    if len(rows) < FEWEST or main.mass is None:
        return
    held = (main.low[rows] <= read.reference[rows] + 1e-9) & (read.reference[rows] <= main.high[rows] + 1e-9)
    expected = _expected(main, read.votes, rows, seed)
    yield _covered(main, None, held.mean(axis=1), expected.mean(), held.size)
    if len(labels) > 2:
        for at, label in enumerate(labels):
            yield _covered(main, label, held[:, at].astype(float), expected[at], len(rows))


def _covered(main: ReadSet, label: str | None, held: Array, expected: float, shares: int) -> Coverage:
    mean, wide = held.mean(), WIDE * held.std(ddof=1) / np.sqrt(len(held))
    return {
        "set": main.key,
        "label": label,
        "mass": float(main.mass or 0),
        "held": round(float(mean), 6),
        "low": round(float(max(mean - wide, 0)), 6),
        "high": round(float(min(mean + wide, 1)), 6),
        "expected": round(float(expected), 6),
        "shares": int(shares),
    }


def _expected(main: ReadSet, votes: Array, rows: NDArray[np.intp], seed: int) -> Array:
    """The shares (K,) that right intervals hold of references of so many votes, by simulation: a probability of each
    posterior (a beta distribution of its mean and concentration), and votes by it.
    """
    random = np.random.default_rng(seed)
    some = rows if len(rows) <= MOST_ITEMS else random.choice(rows, MOST_ITEMS, replace=False)
    mean, weight = main.share[some], main.concentration[some][:, None]
    low, high, count = main.low[some], main.high[some], votes[some][:, None]
    if np.isnan(weight).any():
        return np.full(mean.shape[1], float(main.mass or np.nan))
    held, people = np.zeros(mean.shape), np.where(np.isnan(count), 1, count).astype(int)
    for _ in range(DRAWS):
        true = random.beta(np.maximum(mean * weight, SMALLEST), np.maximum((1 - mean) * weight, SMALLEST))
        seen = np.where(np.isnan(count), true, random.binomial(people, true) / people)
        held += (low <= seen + 1e-9) & (seen <= high + 1e-9)
    share: Array = held.mean(axis=0) / DRAWS
    return share


def _in_words(main: ReadSet | None, coverage: Sequence[Coverage], votes: float, items: int) -> Iterator[str]:
    if main is None or not coverage:
        yield "There are no intervals to check: these distributions come without any."
        return
    first = coverage[0]
    wrong = not first["low"] <= first["expected"] <= first["high"]
    few = first["held"] < first["expected"]
    off = "less than chance explains: intervals are too narrow" if few else "more: intervals are wider than need be"
    yield (
        f"Intervals of {first['mass']:.0%} hold {first['held']:.1%} of the shares in {items:,} references "
        f"(95%: {first['low']:.1%} to {first['high']:.1%}); right ones would hold {first['expected']:.1%}, since "
        f"references rest on {'a number of votes that is not known' if np.isnan(votes) else f'{votes:,.0f} votes'}."
    )
    yield f"That is {off} here." if wrong else "Chance explains the difference."
    if votes < FEW_VOTES:
        yield f"References of {votes:,.0f} votes are rough themselves: they show large errors only."
