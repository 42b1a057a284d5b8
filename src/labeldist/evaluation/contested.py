"""Which items people disagree about most and least, as far as their labels can tell."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from labeldist.core.item import Item
from labeldist.core.ranked import DISPUTED, ranked_spec
from labeldist.evaluation.metric import Array

PSEUDO = 0.5  # counts per label
MOST_KEPT = 10_000  # counts whose disagreement is known


def disagreement(counts: Array) -> Array:
    """The chance that two further annotators of an item would choose different labels (N,), for ``counts`` (N, K).

    The item's distribution is taken to be Dirichlet with half a pseudo-count for each label, the baseline that is hard
    to beat. So one label of each of two is a smaller dispute than five of each, and two who agree are less sure to
    agree than ten.

    >>> disagreement(np.array([[5.0, 5], [1, 1], [0, 2], [10, 0]])).round(2).tolist()
    [0.46, 0.38, 0.21, 0.08]
    """
    after, weight = counts + PSEUDO, counts.sum(axis=1) + PSEUDO * counts.shape[1]
    found: Array = 1 - (after * (after + 1)).sum(axis=1) / (weight * (weight + 1))
    return found


class ChosenItems:
    """The items of a stream that ``wanted`` names: the first so many, some ids, ``disputed:N`` or ``agreed:N``.

    Disputes are those of :func:`disagreement`; an item with fewer than two labels is none, nor an agreement. Of equals
    the first is taken. Nothing but the chosen is kept.

    >>> from labeldist.core.item import Annotation
    >>> chosen = ChosenItems(["disputed:1", "3"], ["no", "yes"])
    >>> for id_, *labels in ["1", "no", "no"], ["2", "no", "yes"], ["3", "yes"]:
    ...     chosen.add(Item(id_, {}, tuple(Annotation(label) for label in labels)))
    >>> [(item.id, round(of_item, 2)) for item, of_item in chosen.items()]
    [('2', 0.38), ('3', 0.25)]
    """

    def __init__(self, wanted: int | Sequence[str], labels: Sequence[str]) -> None:
        self._wanted = wanted if isinstance(wanted, int) else tuple(dict.fromkeys(wanted))
        self._labels = labels
        names = () if isinstance(self._wanted, int) else self._wanted
        self._most = {name: spec for name in names if (spec := ranked_spec(name)) is not None}
        self._heaps: dict[str, list[tuple[float, int, Item]]] = {name: [] for name in self._most}
        self._named: dict[str, Item | None] = {name: None for name in names if name not in self._most}
        self._first: list[Item] = []
        self._known: dict[tuple[int, ...], float] = {}
        self._count = 0

    @property
    def missing(self) -> list[str]:
        """The ids that no item had."""
        return [name for name, item in self._named.items() if item is None]

    def add(self, item: Item) -> None:
        """Look at one more item."""
        self._count += 1
        if isinstance(self._wanted, int):
            if self._count <= self._wanted:
                self._first.append(item)
            return
        if item.id in self._named:
            self._named[item.id] = item
        if not self._heaps or not item.labels:
            return
        counts = item.label_counts(self._labels)
        if sum(counts) < 2:
            return
        value = self._of(counts)
        for name, heap in self._heaps.items():
            how, most = self._most[name]
            key = value if how == DISPUTED else -value
            if len(heap) < most:
                heapq.heappush(heap, (key, -self._count, item))
            elif heap and key > heap[0][0]:
                heapq.heapreplace(heap, (key, -self._count, item))

    def items(self) -> list[tuple[Item, float]]:
        """The chosen items, in the order of what named them, each once, with its disagreement."""
        found = list(self._first)
        for name in () if isinstance(self._wanted, int) else self._wanted:
            if name in self._heaps:
                found += [item for *_, item in sorted(self._heaps[name], reverse=True)]
            elif (item := self._named[name]) is not None:
                found.append(item)
        return [(one, self._of(one.label_counts(self._labels))) for one in {item.id: item for item in found}.values()]

    def _of(self, counts: tuple[int, ...]) -> float:
        """Rounded, so that items whose labels only have other names are equals."""
        if counts not in self._known:
            if len(self._known) > MOST_KEPT:
                self._known.clear()
            self._known[counts] = round(float(disagreement(np.array([counts], dtype=np.float64))[0]), 12)
        return self._known[counts]
