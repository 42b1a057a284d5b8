"""Who gave which label, label by label: flat arrays over the labels whose annotators are known by name."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.core.item import Item
from labeldist.core.spelling import same_person

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GivenLabels:
    """V labels whose annotators are named. ``item`` (V,) is the row each is of, in the order of items.

    ``annotator`` (V,) and ``label`` (V,): places in ``names`` and ``labels``; ``times`` (V,): how often it was given.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    item: NDArray[np.int32]
    annotator: NDArray[np.int32]
    label: NDArray[np.int32]
    times: Array

    def __len__(self) -> int:
        return len(self.item)

    def take(self, rows: NDArray[np.intp], items: int) -> GivenLabels:
        """Those of some of the ``items`` rows; the annotators keep their places.

        >>> places = (np.array(x) for x in ([0, 1, 1], [0, 0, 1], [1, 0, 1]))
        >>> three = GivenLabels(("a", "b"), ("no", "yes"), *places, np.ones(3))
        >>> three.take(np.array([1]), 2).item.tolist(), three.take(np.array([1]), 2).annotator.tolist()
        ([0, 0], [0, 1])
        """
        # The labels of an item are next to each other, and rows may come in any order, or twice.
        starts = np.searchsorted(self.item, np.arange(items + 1))
        number = np.diff(starts)[rows]
        within = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
        at = np.repeat(starts[rows], number) + within
        item = np.repeat(np.arange(len(rows), dtype=np.int32), number)
        return GivenLabels(self.names, self.labels, item, self.annotator[at], self.label[at], self.times[at])

    def of(self, some: NDArray[np.bool_]) -> GivenLabels:
        """Those of ``some`` (A,) of the annotators."""
        kept = some[self.annotator]
        names = tuple(name for name, own in zip(self.names, some.tolist(), strict=True) if own)
        place = np.cumsum(some, dtype=np.int32) - 1
        places = self.item[kept], place[self.annotator[kept]], self.label[kept]
        return GivenLabels(names, self.labels, *places, self.times[kept])

    def counts(self, items: int) -> Array:
        """How often each label was given to each item by somebody named (N, K)."""
        labels = len(self.labels)
        cells = self.item * np.int64(labels) + self.label
        return np.bincount(cells, self.times, items * labels).astype(np.float64).reshape(items, labels)

    def items(self, items: int) -> Array:
        """How many of them are of each item (N,)."""
        return np.bincount(self.item, self.times, items).astype(np.float64)

    def numbers(self) -> Array:
        """How many labels each annotator gave (A,)."""
        return np.bincount(self.annotator, self.times, len(self.names)).astype(np.float64)


class GivenLog:
    """Takes in the labels of items one by one.

    >>> from labeldist.core.item import Annotation
    >>> log = GivenLog(["no", "yes"])
    >>> log.add(0, Item("1", {}, (Annotation("yes", "g/ann"), Annotation("no", times=2))))
    >>> found = log.whole()
    >>> found.names, found.label.tolist()
    (('g/ann',), [1])
    """

    def __init__(self, labels: Sequence[str], group: str | None = None) -> None:
        self._labels = {label: place for place, label in enumerate(labels)}
        self._group = group
        self._names: dict[str, int] = {}
        self._item, self._annotator, self._label = array("i"), array("i"), array("i")
        self._times = array("d")

    def add(self, at: int, item: Item) -> None:
        """Take in the item in that row, which is after those taken in before."""
        names, places = self._names, self._labels
        said = [
            one
            for one in item.labels
            if one.annotator is not None and (self._group is None or one.group == self._group)
        ]
        self._item.extend([at] * len(said))
        self._annotator.extend([names.setdefault(same_person(one.annotator or ""), len(names)) for one in said])
        self._label.extend([places[one.label] for one in said])
        self._times.extend([one.times for one in said])

    def whole(self) -> GivenLabels | None:
        """All of them, None where nobody is named; nothing may be added afterwards."""
        if not self._item:
            return None
        item, annotator, label = (
            np.frombuffer(part, dtype=np.int32) for part in (self._item, self._annotator, self._label)
        )
        times = np.frombuffer(self._times, dtype=np.float64)
        return GivenLabels(tuple(self._names), tuple(self._labels), item, annotator, label, times)
