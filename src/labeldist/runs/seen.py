"""Whether distributions rest on labels that they are compared with, where annotators are held out as the reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from labeldist.core.errors import UsageError, shown
from labeldist.core.item import Item
from labeldist.datasets.predictions import Prediction
from labeldist.explanations.condition import HUMAN


class Seen:
    """Compares the labels that distributions saw with those that holding annotators out has left of each item.

    Labels of another number of annotators, or of others, would make the comparison look far too good; what rows do not
    tell is not known.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels
        self._left: dict[str, tuple[int, ...]] = {}
        self._alike: dict[tuple[int, ...], tuple[int, ...]] = {}  # one object for all items with these counts

    def noted(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items as they come, what is left of each noted."""
        for item in items:
            counts = item.label_counts(self._labels)
            self._left[item.id] = self._alike.setdefault(counts, counts)
            yield item

    def refused(self, name: str, rows: Iterable[Prediction]) -> Iterator[Prediction]:
        """The rows of the prediction ``name`` as they come; :class:`UsageError` at the end if any saw more labels."""
        ids = 0
        first = ""
        for row in rows:
            left = self._left.get(row.id)
            if left is not None and not labels_seen(row.extra) <= Counter(dict(zip(self._labels, left, strict=True))):
                first = first or row.id
                ids += 1
            yield row
        if ids:
            raise UsageError(
                f"{name} saw labels that are the reference here: of {ids:,} items, such as {shown(first)}",
                hint="make it with the same --reference-annotators N:SEED that it is evaluated with",
            )


def labels_seen(extra: Mapping[str, Any]) -> Counter[str]:
    """How many labels of each kind a row must have seen: those that a posterior counted or that guided explanations.

    >>> labels_seen({"label_counts": {"yes": 2, "no": 0}})
    Counter({'yes': 2, 'no': 0})
    >>> labels_seen({"saw_labels": True, "explanations": [{"label": "no", "text": "It is not.", "source": "llm"}]})
    Counter({'no': 1})
    """
    counts = extra.get("label_counts")
    if isinstance(counts, dict):
        return Counter({label: count for label, count in counts.items() if isinstance(count, int)})
    given = extra.get("explanations")
    explanations = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    # People's own explanations may be several for one label.
    if extra.get("saw_labels") is True and all(one.get("source") != HUMAN for one in explanations):
        return Counter(str(one.get("label")) for one in explanations)
    return Counter()
