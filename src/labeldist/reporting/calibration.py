"""Whether stated probabilities and intervals are what people do: against references, or the labels themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from labeldist.evaluation.metric import Array
from labeldist.evaluation.reliability import Held, coverage, expected_coverage, reliability
from labeldist.reporting.read import ReadItems, ReadSet
from labeldist.reports.view import Bin, Coverage, ViewCalibration

DIGITS = 6
FEWEST = 20  # items with which anything is said
FEW_VOTES = 20


def calibration_of(
    read: ReadItems, counts: Array, sets: Sequence[ReadSet], labels: Sequence[str], seed: int = 0
) -> ViewCalibration | None:
    """Against references where 20 items have one, else the prior against the labels; None where neither can be."""
    main = next((one for one in sets if one.kind == "posterior"), None)
    known = ~np.isnan(read.reference[:, 0])
    if known.sum() >= FEWEST:
        votes = float(np.nanmedian(read.votes[known])) if not np.isnan(read.votes[known]).all() else np.nan
        bins = [one for each in sets for one in _bins(each.key, each.share, read.reference)]
        covered = [] if main is None else [*_coverage(main, read, labels, seed)]
        told = [*_in_words(main, covered, votes, int(known.sum()))]
        return {
            "against": "reference",
            "votes": None if np.isnan(votes) else votes,
            "coverage": covered,
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


def too_narrow(found: ViewCalibration | None) -> list[str]:
    """The warning that intervals hold less than they promise, where that is beyond chance."""
    first = found["coverage"][0] if found is not None and found["coverage"] else None
    if first is None or first["high"] >= first["expected"]:
        return []
    return [
        f"The {first['mass']:.0%} intervals are too narrow: they hold {first['held']:.0%} of what the reference "
        f"annotators said, where perfect ones would hold {first['expected']:.0%}."
    ]


def _bins(key: str, predicted: Array, observed: Array) -> Iterator[Bin]:
    for one in reliability(predicted, observed):
        ends = {name: round(getattr(one, name), DIGITS) for name in ("predicted", "observed", "low", "high")}
        yield {"set": key, **ends, "shares": one.shares}  # type: ignore[typeddict-item]


def _coverage(main: ReadSet, read: ReadItems, labels: Sequence[str], seed: int) -> Iterator[Coverage]:
    """How often the intervals hold the share of the reference: of all labels, and of each."""
    rows = np.flatnonzero(~np.isnan(read.reference[:, 0]) & ~np.isnan(main.low).any(axis=1))
    if len(rows) < FEWEST or main.mass is None:
        return
    low, high, reference, weight = main.low[rows], main.high[rows], read.reference[rows], main.concentration[rows]
    expected = np.full(len(labels), main.mass)
    if not np.isnan(weight).any():
        expected = expected_coverage(main.share[rows], weight, low, high, read.votes[rows], mass=main.mass, seed=seed)
    yield _covered(main, None, coverage(low, high, reference), float(expected.mean()))
    for at, label in enumerate(labels if len(labels) > 2 else ()):
        mine = slice(at, at + 1)
        held = coverage(low[:, mine], high[:, mine], reference[:, mine])
        yield _covered(main, label, held, float(expected[at]))


def _covered(main: ReadSet, label: str | None, found: Held, expected: float) -> Coverage:
    return {
        "set": main.key,
        "label": label,
        "mass": float(main.mass or 0),
        "held": round(found.held, DIGITS),
        "low": round(found.low, DIGITS),
        "high": round(found.high, DIGITS),
        "expected": round(expected, DIGITS),
        "shares": found.shares,
    }


def _in_words(main: ReadSet | None, covered: Sequence[Coverage], votes: float, items: int) -> Iterator[str]:
    if main is None or not covered:
        yield "There are no intervals to check: these distributions come without any."
        return
    first = covered[0]
    wrong = not first["low"] <= first["expected"] <= first["high"]
    few = first["held"] < first["expected"]
    off = "less than chance explains: intervals are too narrow" if few else "more: intervals are wider than need be"
    yield (
        f"Intervals of {first['mass']:.0%} hold {first['held']:.1%} of the shares in {items:,} references "
        f"(95%: {first['low']:.1%} to {first['high']:.1%}); perfect ones would hold {first['expected']:.1%}, since "
        f"references rest on {'a number of votes that is not known' if np.isnan(votes) else _votes(votes)}."
    )
    yield f"That is {off} here." if wrong else "The difference is within chance."
    if votes < FEW_VOTES:
        yield f"References of {_votes(votes)} are rough themselves: they show large errors only."


def _votes(number: float) -> str:
    return f"{number:,.0f} vote{'' if number == 1 else 's'}"
