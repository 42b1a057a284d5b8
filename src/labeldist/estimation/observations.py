"""What is known of all items, as arrays: label counts, evidence, references."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import proportions
from labeldist.core.errors import InputError, UsageError, shown
from labeldist.core.item import Evidence, Item
from labeldist.core.registry import did_you_mean
from labeldist.core.spelling import composed_alike
from labeldist.estimation.given_labels import GivenLabels, GivenLog
from labeldist.evaluation.votes import votes_behind

Array = NDArray[np.float64]
VOTES_WHERE_UNKNOWN = 100.0  # of references of probabilities that nothing else is known of: 100 are usual
# By item id, or as pairs: a stream is taken into arrays as it comes.
EvidenceRows = Mapping[str, Evidence] | Iterable[tuple[str, Evidence]]
MOST_GROUPS = 4  # each group's counts are features of their own when references are at hand


@dataclass(frozen=True, slots=True)
class EvidenceArray:
    """One model's evidence for N items of K labels.

    ``distribution`` (N, K), NaN in the rows of items without it; ``scores`` (N, K) where rows have scores that need not
    sum to 1; ``saw_labels``: True where any row says so, else None where any does not say; ``leave_one_out`` (N, K, K):
    [i, l] is the distribution when one annotator with label l is left out, NaN where there is none. ``blind`` (N,):
    the items of which it says that it did not see the labels, where others have a leave-one-out form. ``model``: whose
    answers it is made of, where all rows name the same.
    """

    name: str
    distribution: Array
    saw_labels: bool | None = False
    scores: Array | None = None
    leave_one_out: Array | None = None
    blind: NDArray[np.bool_] | None = None
    model: str | None = None

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which items have it (N,)."""
        present: NDArray[np.bool_] = ~np.isnan(self.distribution[:, 0])
        return present

    def take(self, rows: NDArray[np.intp]) -> EvidenceArray:
        """That of some of the items."""
        scores, leave_one_out = (None if part is None else part[rows] for part in (self.scores, self.leave_one_out))
        blind = None if self.blind is None else self.blind[rows]
        shares = self.distribution[rows]
        return EvidenceArray(self.name, shares, self.saw_labels, scores, leave_one_out, blind, self.model)

    def covers(self, counts: Array) -> bool:
        """Whether each item that has evidence has its leave-one-out form for each label that annotators gave."""
        if self.leave_one_out is None:
            return False
        needed = (counts > 0) & self.present[:, None]
        return not bool(np.isnan(self.leave_one_out[..., 0][needed]).any())


@dataclass(frozen=True, slots=True)
class Observations:
    """Arrays over N items and K ``labels``.

    ``counts`` (N, K): how many annotators chose each label; ``groups``: the same for each group of annotators, where
    there are several; ``reference`` (N, K): proportions, NaN for items without; ``votes`` (N,): how many votes are
    behind each reference; ``ordered``: whether the labels are a scale, from its one end to the other. ``given``: who
    gave which label, where annotators are named. ``exposure`` (N, K): the counts that each label could have had by the
    biases of annotators, once these are learnt (``exposure.py``).
    """

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    counts: Array
    groups: Mapping[str, Array] = field(default_factory=dict)
    evidence: tuple[EvidenceArray, ...] = ()
    reference: Array | None = None
    votes: Array | None = None
    ordered: bool = False
    given: GivenLabels | None = None
    exposure: Array | None = None

    @property
    def referenced(self) -> NDArray[np.intp]:
        """Positions of the items that have a reference."""
        if self.reference is None:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(~np.isnan(self.reference[:, 0]))

    def take(self, rows: NDArray[np.intp]) -> Observations:
        """Some of the items."""
        return Observations(
            self.labels,
            tuple(self.ids[at] for at in rows),
            self.counts[rows],
            {name: counts[rows] for name, counts in self.groups.items()},
            tuple(one.take(rows) for one in self.evidence),
            None if self.reference is None else self.reference[rows],
            None if self.votes is None else self.votes[rows],
            self.ordered,
            None if self.given is None else self.given.take(rows, len(self.ids)),
            None if self.exposure is None else self.exposure[rows],
        )

    def without_evidence(self) -> Observations:
        """The labels and references alone."""
        return replace(self, evidence=())


def observe(
    items: Iterable[Item],
    labels: Sequence[str],
    evidence: Mapping[str, EvidenceRows] | None = None,
    *,
    annotators: str | None = None,
    use: Sequence[str] | None = None,
    unknown_ids: Literal["stop", "skip"] = "stop",
    ordered: bool = False,
) -> Observations:
    """The arrays of ``items``; ``evidence`` is {name: {item id: evidence}}, beside what the items carry themselves.

    It may also be {name: pairs of id and evidence}, such as a file gives, which are read after the items and not kept.

    Evidence that is given takes the place of carried evidence of the same name. ``annotators`` limits the counts to
    one group; ``use`` names the evidence to take (None: all of it); ``ordered`` says that the labels are a scale.
    Raises :class:`InputError` for no items, for an id
    that comes twice and for evidence of unknown items (unless ``unknown_ids`` are to be skipped),
    :class:`UsageError` for a name that does not occur.

    >>> from labeldist.core.item import Annotation
    >>> item = Item("1", {}, (Annotation("no"),), evidence={"llm": Evidence({"yes": 0.2, "no": 0.8}, False)})
    >>> seen = observe([item], ["yes", "no"])
    >>> seen.counts.tolist(), seen.evidence[0].distribution.tolist()
    ([[0.0, 1.0]], [[0.2, 0.8]])
    """
    given = evidence or {}
    votes = Votes(labels, annotators)
    found = {name: Gathered(name, labels, taken=use is None or name in use) for name in given}
    for at, item in enumerate(items):
        votes.add(at, item)
        for name, one in item.evidence.items():
            if name not in given:
                if name not in found:
                    found[name] = Gathered(name, labels, taken=use is None or name in use)
                found[name].add(at, one)
    places = votes.places()
    for name, rows in given.items():
        _add_given(found[name], rows, places, unknown_ids)
    del places
    seen = votes.whole(tuple(found.pop(name).whole(len(votes.ids)) for name in _chosen(found, use)))
    return replace(seen, ordered=ordered)


class Rows:
    """Rows of numbers, one for each item as far as it has any; they grow with the items, with ``fill`` between them."""

    def __init__(self, width: int, fill: float = np.nan) -> None:
        self._matrix = np.empty((0, width))
        self._fill = fill

    def put(self, at: int, values: Sequence[float] | Array) -> None:
        """Set the row at that position."""
        if at >= len(self._matrix):
            self._grow(max(at + 1, len(self._matrix) * 5 // 4, 64))
        self._matrix[at] = values

    def whole(self, items: int) -> Array:
        """The matrix (items, width); nothing may be put afterwards."""
        self._grow(items)
        return self._matrix

    def _grow(self, rows: int) -> None:
        before = len(self._matrix)
        # In place where the memory allows: a copy of all the evidence would be the peak of an estimation.
        self._matrix.resize((rows, self._matrix.shape[1]), refcheck=False)
        self._matrix[before:] = self._fill


class Votes:
    """What people said of items, taken into arrays an item at a time: label counts, in all and by group, references."""

    def __init__(self, labels: Sequence[str], annotators: str | None) -> None:
        self.ids: list[str] = []
        self._labels, self._annotators = labels, annotators
        self._counts, self._references = array("d"), array("d")
        self._of_group: dict[str, Rows] = {}
        self._groups: set[str] = set()
        self._given = GivenLog(labels, annotators)

    def add(self, at: int, item: Item) -> None:
        """Take in the item at that position, which is the next one."""
        labels = self._labels
        self.ids.append(item.id)
        self._counts.extend(_counts(item, labels, self._annotators))
        groups = item.groups()
        self._groups.update(groups)
        if self._annotators is None and len(self._groups) <= MOST_GROUPS:
            for group in groups:
                self._of_group.setdefault(group, Rows(len(labels), 0.0)).put(at, item.label_counts(labels, group))
        self._references.extend(_reference(item, labels))
        self._given.add(at, item)

    def places(self) -> dict[str, int]:
        """Each id's position; raises for no items, for annotators whom no item has, and for an id that comes twice."""
        if not self.ids:
            raise InputError("no items", expected="at least one")
        if self._annotators is not None and self._annotators not in self._groups:
            raise did_you_mean("group of annotators", self._annotators, self._groups)
        places = {id_: at for at, id_ in enumerate(self.ids)}
        if len(places) < len(self.ids):
            twice = next(id_ for id_, times in Counter(self.ids).items() if times > 1)
            raise InputError(f"id {shown(twice)} again", expected="each id once")
        return places

    def whole(self, evidence: tuple[EvidenceArray, ...]) -> Observations:
        """The arrays, with that evidence beside them."""
        shape = (len(self.ids), len(self._labels))
        several = 2 <= len(self._groups) <= MOST_GROUPS and self._annotators is None
        weights = _matrix(self._references, shape)
        with np.errstate(invalid="ignore"):  # NaN where there is no reference
            reference = weights / weights.sum(axis=1, keepdims=True)
        return Observations(
            tuple(self._labels),
            tuple(self.ids),
            _matrix(self._counts, shape),
            {name: rows.whole(len(self.ids)) for name, rows in self._of_group.items()} if several else {},
            evidence,
            None if np.isnan(reference).all() else reference,
            np.nan_to_num(votes_behind(weights), nan=VOTES_WHERE_UNKNOWN),
            given=self._given.whole(),
        )


class Gathered:
    """One model's evidence, taken into arrays a row at a time; only counted where it is not ``taken``."""

    def __init__(self, name: str, labels: Sequence[str], *, taken: bool = True) -> None:
        self.name = name
        self.rows = 0
        self._labels, self._taken = labels, taken
        self._shares, self._scores, self._held = (Rows(len(labels)), Rows(len(labels)), Rows(len(labels) ** 2))
        self._scored = 0
        self._told: set[bool | None] = set()
        self._models: set[str | None] = set()
        self._blind = array("q")
        self._guided = False

    def add(self, at: int, one: Evidence) -> None:
        """Take in what it says of the item at that position."""
        self.rows += 1
        if not self._taken:
            return
        labels = self._labels
        self._shares.put(at, proportions(one.distribution, labels).probabilities)
        self._told.add(one.saw_labels)
        self._models.add(one.model)
        if one.saw_labels is False:
            self._blind.append(at)
        if one.scores is not None:
            self._scored += 1
            self._scores.put(at, _values(one.scores, labels))
        if one.leave_one_out:
            self._guided = True
            self._held.put(at, self._without_one(one))

    def _without_one(self, one: Evidence) -> Array:
        labels = self._labels
        held = np.full((len(labels), len(labels)), np.nan)
        for label, distribution in one.leave_one_out.items():
            if label not in labels:
                raise InputError(
                    f"label {shown(label)} held out of evidence {self.name!r}", expected=f"one of: {', '.join(labels)}"
                )
            held[labels.index(label)] = proportions(distribution, labels).probabilities
        return held.ravel()

    def whole(self, items: int) -> EvidenceArray:
        """The evidence of so many items."""
        shares, labels = self._shares.whole(items), len(self._labels)
        saw = True if True in self._told else None if None in self._told else False
        held = blind = None
        if self._guided:
            held = self._held.whole(items).reshape(items, labels, labels)
            places = np.frombuffer(self._blind, dtype=np.int64)
            blind = np.zeros(items, dtype=np.bool_)
            blind[places] = True
            # What it says there does not depend on any annotator.
            lacking = blind[:, None] & np.isnan(held[..., 0])
            held[lacking] = np.broadcast_to(shares[:, None, :], held.shape)[lacking]
        scores = self._scores.whole(items) if self._scored == self.rows else None
        model = next(iter(self._models)) if len(self._models) == 1 else None
        return EvidenceArray(self.name, shares, saw, scores, held, blind, model)


def _counts(item: Item, labels: Sequence[str], annotators: str | None) -> tuple[int, ...]:
    for annotation in item.labels:
        if annotation.label not in labels:
            raise InputError(
                f"label {shown(annotation.label)} of item {item.id!r}", expected=f"one of: {', '.join(labels)}"
            )
    return item.label_counts(labels, annotators)


def _reference(item: Item, labels: Sequence[str]) -> tuple[float, ...]:
    """Its weights, counts or probabilities, as they are; NaN where there is none."""
    if item.reference is None:
        return (np.nan,) * len(labels)
    proportions(item.reference, labels)  # raises for what is none
    return _values(item.reference, labels)


def _add_given(
    into: Gathered, rows: EvidenceRows, places: Mapping[str, int], unknown_ids: Literal["stop", "skip"]
) -> None:
    """Take in evidence by id; evidence of unknown items raises :class:`InputError`, unless it is to be skipped."""
    unknown = []
    for id_, one in rows.items() if isinstance(rows, Mapping) else rows:
        if (at := places.get(id_)) is not None:
            into.add(at, one)
        elif unknown_ids == "stop":
            unknown.append(id_)
    if unknown:
        lines = "row" if len(unknown) == 1 else "rows"
        raise InputError(
            f"{len(unknown):,} {lines} of evidence {into.name!r} whose id no item has, such as {shown(unknown[0])}",
            expected="evidence for the items of the source",
            hint=composed_alike(unknown, places)
            or "give the source that the evidence was made from, or leave these rows out (--on-error skip)",
        )


def _chosen(found: Mapping[str, Gathered], use: Sequence[str] | None) -> list[str]:
    if use is None:
        return [name for name, one in found.items() if one.rows]
    for name in use:
        if name not in found:
            raise did_you_mean("evidence", name, found)
        if not found[name].rows:
            raise UsageError(f"evidence {name!r} has no item", hint="leave it out")
    return list(dict.fromkeys(use))


def _values(weights: Mapping[str, float], labels: Sequence[str]) -> tuple[float, ...]:
    return tuple(float(weights.get(label, 0.0)) for label in labels)


def _matrix(values: array[float], shape: tuple[int, int]) -> Array:
    return np.frombuffer(values, dtype=np.float64).reshape(shape)


def blocks(items: int, size: int = 1 << 16) -> Iterator[slice]:
    """Slices of at most ``size`` items, so that what is computed of each fits the processor's caches and the memory.

    >>> [(part.start, part.stop) for part in blocks(5, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return (slice(start, min(start + size, items)) for start in range(0, items, size))


def drawn(rows: NDArray[np.intp], most: int, seed: int = 0) -> NDArray[np.intp]:
    """At most so many of the rows, at random, in their order.

    >>> drawn(np.arange(3), 5, 0).tolist()
    [0, 1, 2]
    """
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
