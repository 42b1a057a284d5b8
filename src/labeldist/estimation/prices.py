"""The cheapest way to a target: how many labels each set of evidence leaves to pay for, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeldist.estimation.observations import Array
from labeldist.estimation.plan import Predicted


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one label and of one model call, and how many ``calls`` the evidence of one item takes; None: not known."""

    label: float | None = None
    call: float | None = None
    calls: int | None = None

    def of_item(self, labels: int, evidence: int) -> float | None:
        """What so many labels and so many models' evidence cost; None where a price that matters is not known.

        >>> Prices(label=0.1, call=0.001, calls=10).of_item(5, 2), Prices(label=0.1).of_item(5, 2)
        (0.52, None)
        """
        parts = [
            (labels, self.label),
            (evidence, None if not self.calls or self.call is None else self.call * self.calls),
        ]
        if any(number and price is None for number, price in parts):
            return None
        return float(sum(number * price for number, price in parts if price is not None))


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


def ways(predicted: Sequence[Predicted], target: float, metric: str, prices: Prices, at_hand: Array) -> tuple[Way, ...]:
    """For each set of evidence the fewest labels whose error is at most ``target``.

    ``at_hand`` (N,): how many labels each item of the source has.
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
        cost = prices.of_item(surely, len(evidence))
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
