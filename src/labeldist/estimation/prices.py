"""The cheapest way to a target: how many labels each set of evidence leaves to pay for, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from labeldist.estimation.judges import Judges
from labeldist.estimation.observations import Array
from labeldist.estimation.plan import Predicted


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one label and of one model call, and how many ``calls`` the evidence of one item takes; None: not known.

    ``by_judge``: the price of a call of the judges named, where it is another.
    """

    label: float | None = None
    call: float | None = None
    calls: int | None = None
    by_judge: Mapping[str, float] = field(default_factory=dict)

    def of_call(self, judge: str) -> float | None:
        """What a call of that judge costs.

        >>> Prices(call=0.1, by_judge={"large": 0.5}).of_call("large")
        0.5
        """
        return self.by_judge.get(judge, self.call)

    def of_item(self, labels: int, evidence: int | Sequence[str]) -> float | None:
        """What so many labels and so many models' evidence cost; None where a price that matters is not known.

        ``evidence``: how much of it, or whose each is.

        >>> Prices(label=0.1, call=0.001, calls=10).of_item(5, 2), Prices(label=0.1).of_item(5, 2)
        (0.52, None)
        >>> Prices(label=0.1, call=0.001, calls=10, by_judge={"large": 0.1}).of_item(0, ["large", "small"])
        1.01
        """
        said = [self.call] * evidence if isinstance(evidence, int) else [self.of_call(judge) for judge in evidence]
        parts = [(labels, self.label), *((self.calls or 0, price if self.calls else None) for price in said)]
        if (said and not self.calls) or any(number and price is None for number, price in parts):
            return None
        return float(sum(number * price for number, price in parts if price is not None))


@dataclass(frozen=True, slots=True)
class JudgeCost:
    """What a judge costs: its ``share`` of the price of all judges' calls, or of their calls where some price is not
    known (``priced``). ``per_item``, and what the labels that would be lost without it cost: None: not known.
    """

    judge: str
    share: float
    priced: bool
    per_item: float | None
    lost_labels: float | None

    def in_words(self) -> str:
        """A sentence or two, after one about the judge.

        >>> JudgeCost("large", 0.9, True, 0.02, 0.01).in_words()
        'It takes 90% of what all judges cost: 0.02 per item, where the labels lost without it cost 0.01.'
        """
        whole = "what all judges cost" if self.priced else "the calls, if each kind of evidence takes as many"
        told = f"It takes {self.share:.0%} of {whole}"
        if self.per_item is None:
            return f"{told}."
        labels = "" if self.lost_labels is None else f", where the labels lost without it cost {self.lost_labels:.2g}"
        return f"{told}: {self.per_item:.2g} per item{labels}."


def judge_costs(judges: Judges, prices: Prices) -> tuple[JudgeCost, ...]:
    """What each judge costs, beside what would be lost without it."""
    known = [prices.of_call(one.name) for one in judges.each]
    priced = all(price is not None for price in known) and any(known)
    evidence = [len(one.alone.evidence) for one in judges.each]
    parts = [number * (price or 0.0) if priced else number for number, price in zip(evidence, known, strict=True)]
    return tuple(
        JudgeCost(
            one.name,
            part / sum(parts),
            priced,
            prices.of_item(0, [one.name] * number),
            None if prices.label is None else max(one.lost, 0.0) * prices.label,
        )
        for one, part, number in zip(judges.each, parts, evidence, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Way:
    """How one set of ``evidence`` reaches the target.

    ``labels`` per item, by the prediction, and ``labels_surely``, by the upper end of its interval: None where none of
    the numbers tried is enough. What follows is for the sure number: ``missing``, labels that the items of the source
    do not have yet, and costs, from nothing, what is already there included; None: unknown.
    """

    evidence: tuple[str, ...]
    labels: int | None
    labels_surely: int | None
    missing: int | None
    cost_per_item: float | None
    cost_of_source: float | None


def ways(
    predicted: Sequence[Predicted],
    target: float,
    metric: str,
    prices: Prices,
    at_hand: Array,
    judge_of: Mapping[str, str] | None = None,
) -> tuple[Way, ...]:
    """For each set of evidence the fewest labels whose error is at most ``target``.

    ``at_hand`` (N,): how many labels each item of the source has. ``judge_of``: whose each evidence is, where judges
    have prices of their own.
    """
    found = []
    for evidence in dict.fromkeys(one.evidence for one in predicted):
        rows = sorted((one for one in predicted if one.evidence == evidence), key=lambda one: one.labels)
        labels = next((one.labels for one in rows if one.error(metric)[0] <= target), None)
        surely = next((one.labels for one in rows if one.error(metric)[2] <= target), None)
        if surely is None:
            found.append(Way(evidence, labels, None, None, None, None))
            continue
        missing = int(np.maximum(surely - at_hand, 0).sum())
        cost = prices.of_item(surely, [(judge_of or {}).get(name, name) for name in evidence])
        found.append(Way(evidence, labels, surely, missing, cost, None if cost is None else cost * len(at_hand)))
    return tuple(found)


def cheapest(found: Sequence[Way]) -> Way | None:
    """The way that surely gets there and costs least; where a cost is unknown, the one with the fewest labels.

    None if none surely gets there: a prediction that may be far off is nothing to buy labels by.

    Of equal ones, the one that takes less evidence.

    >>> near = Way(("llm",), 2, 3, 10, None, None)
    >>> cheapest([Way((), 5, 6, 20, 0.5, 5.0), near]) is near
    True
    """
    reaching = [way for way in found if way.labels_surely is not None]
    if not reaching:
        return None
    if any(way.cost_per_item is None for way in reaching):
        return min(reaching, key=lambda way: (way.labels_surely, len(way.evidence)))
    return min(reaching, key=lambda way: (way.cost_per_item, len(way.evidence)))
