"""What people said of many items, as arrays: a few numbers per item, where records would be a thousand times those."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import shares as shares_of
from labeldist.core.errors import InputError, shown
from labeldist.core.item import Item, group_of
from labeldist.evaluation.metric import Array


@dataclass(frozen=True, slots=True)
class Votes:
    """The labels of N items: entry by entry of which item they are (its row), of which group (its place in ``groups``),
    which label (its place in ``labels``), and how many.

    The entries stand in the order of the items, and within one in that in which labels of a group first occur.
    """

    labels: tuple[str, ...]
    items: int
    groups: tuple[str | None, ...]
    row: NDArray[np.int64]
    group: NDArray[np.int32]
    label: NDArray[np.int32]
    times: NDArray[np.int64]

    def counts(self, group: str | None = None) -> Array:
        """How often each label was chosen (N, K); by the annotators of ``group`` if one is named."""
        row, label, times = self.row, self.label, self.times
        if group is not None:
            of = self.group == self.groups.index(group)
            row, label, times = row[of], label[of], times[of]
        shape = (self.items, len(self.labels))
        counts = np.bincount(row * shape[1] + label, weights=times, minlength=shape[0] * shape[1])
        return counts.reshape(shape).astype(np.float64, copy=False)

    def those(self) -> list[str | None]:
        """The groups that have labels, in the order in which they first occur; None where a label has no group."""
        places, first = np.unique(self.group, return_index=True)
        return [self.groups[place] for place in places[np.argsort(first)]]

    def take(self, rows: NDArray[np.intp]) -> Votes:
        """Those of some of the items, whose ``rows`` are in order."""
        place = np.full(self.items, -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        kept = place[self.row]
        some = kept >= 0
        return Votes(
            self.labels, len(rows), self.groups, kept[some], self.group[some], self.label[some], self.times[some]
        )


class Ballot:
    """Counts the labels of items as they come."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = tuple(labels)
        self._places = {label: place for place, label in enumerate(labels)}
        self._groups: dict[str | None, int] = {}
        self._items = 0
        self._row, self._times = array("q"), array("q")
        self._group, self._label = array("i"), array("i")

    def add(self, item: Item) -> None:
        """Count the labels of one more item. Raises :class:`InputError` for one that is not among the labels."""
        found: dict[tuple[str | None, str], int] = {}
        for one in item.labels:
            name = one.annotator
            key = (None if name is None else group_of(name), one.label)
            found[key] = found.get(key, 0) + one.times
        for (group, label), times in found.items():
            if label not in self._places:
                raise InputError(
                    f"label {shown(label)} of item {shown(item.id)}",
                    expected=f"one of: {', '.join(self._labels)}",
                    hint="choose the task that the items belong to, or correct the label",
                )
            self._row.append(self._items)
            self._group.append(self._groups.setdefault(group, len(self._groups)))
            self._label.append(self._places[label])
            self._times.append(times)
        self._items += 1

    def votes(self) -> Votes:
        """The labels of all; nothing may be added afterwards."""
        return Votes(
            self._labels,
            self._items,
            tuple(self._groups),
            np.frombuffer(self._row, dtype=np.int64),
            np.frombuffer(self._group, dtype=np.int32),
            np.frombuffer(self._label, dtype=np.int32),
            np.frombuffer(self._times, dtype=np.int64),
        )


def votes_of(items: Iterable[Item], labels: Sequence[str]) -> Votes:
    """The labels of ``items``.

    >>> from labeldist.core.item import Annotation
    >>> votes = votes_of([Item("1", {}, (Annotation("no", "a/1"), Annotation("yes", times=3)))], ["yes", "no"])
    >>> votes.counts().tolist(), votes.counts("a").tolist(), votes.those()
    ([[3.0, 1.0]], [[0.0, 1.0]], ['a', None])
    """
    ballot = Ballot(labels)
    for item in items:
        ballot.add(item)
    return ballot.votes()


@dataclass(frozen=True, slots=True)
class Referenced:
    """The N items that have a reference: their ids, the reference as given (``weights``) and as shares, both (N, K).

    ``places``: the row of every item by id, -1 of those without a reference. ``several``: has any item two labels?
    """

    ids: tuple[str, ...]
    weights: Array
    shares: Array
    votes: Votes
    places: dict[str, int]
    several: bool

    def take(self, rows: NDArray[np.intp]) -> Referenced:
        """Some of them, whose ``rows`` are in order; all of them as they are."""
        if len(rows) == len(self.ids):
            return self
        ids = tuple(self.ids[row] for row in rows)
        return Referenced(ids, self.weights[rows], self.shares[rows], self.votes.take(rows), self.places, self.several)


def referenced(items: Iterable[Item], labels: Sequence[str]) -> Referenced:
    """What people said of the ``items`` that have a reference, read once and not kept.

    Raises :class:`InputError` for an id that comes twice, and for labels and references that are not of ``labels``.
    """
    places: dict[str, int] = {}
    weights, shares = array("d"), array("d")
    ballot, several, count = Ballot(labels), False, 0
    for item in items:
        if item.id in places:
            raise InputError(f"two items with the id {shown(item.id)}", expected="every id once")
        several = several or len(item.labels) > 1 or any(one.times > 1 for one in item.labels)
        if item.reference is None:
            places[item.id] = -1
            continue
        try:
            shares.extend(shares_of(item.reference, labels))
        except InputError as error:
            where = f"in the reference of item {shown(item.id)}"
            raise InputError(f"{error.found} {where}", expected=error.expected, hint=error.hint) from error
        weights.extend([float(item.reference.get(label, 0.0)) for label in labels])
        ballot.add(item)
        places[item.id] = count
        count += 1
    shape = (count, len(labels))
    given, normal = (np.frombuffer(one, dtype=np.float64).reshape(shape) for one in (weights, shares))
    ids = tuple(id_ for id_, place in places.items() if place >= 0)
    return Referenced(ids, given, normal, ballot.votes(), places, several)
