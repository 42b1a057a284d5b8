"""What is known of all items, as arrays: label counts, evidence, references."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import proportions
from labeldist.core.errors import InputError, UsageError, shown
from labeldist.core.item import Evidence, Item
from labeldist.core.registry import did_you_mean
from labeldist.core.spelling import composed_alike
from labeldist.evaluate.votes import votes_behind

Array = NDArray[np.float64]
VOTES_WHERE_UNKNOWN = 100.0  # of references of probabilities that nothing else is known of: 100 are usual
MOST_GROUPS = 4  # each group's counts are features of their own when references are at hand


@dataclass(frozen=True, slots=True)
class EvidenceArray:
    """One model's evidence for N items of K labels.

    ``distribution`` (N, K), NaN in the rows of items without it; ``scores`` (N, K) where rows have scores that need not
    sum to 1; ``saw_labels``: True where any row says so, else None where any does not say; ``held_out`` (N, K, K):
    [i, l] is the distribution when one annotator with label l is left out, NaN where there is none. ``blind`` (N,):
    the items of which it says that it did not see the labels, where others have a held-out form.
    """

    name: str
    distribution: Array
    saw_labels: bool | None = False
    scores: Array | None = None
    held_out: Array | None = None
    blind: NDArray[np.bool_] | None = None

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which items have it (N,)."""
        present: NDArray[np.bool_] = ~np.isnan(self.distribution[:, 0])
        return present

    def take(self, rows: NDArray[np.intp]) -> EvidenceArray:
        """That of some of the items."""
        scores, held_out = (None if part is None else part[rows] for part in (self.scores, self.held_out))
        blind = None if self.blind is None else self.blind[rows]
        return EvidenceArray(self.name, self.distribution[rows], self.saw_labels, scores, held_out, blind)

    def covers(self, counts: Array) -> bool:
        """Whether the held-out form is there for each label that annotators gave, of each item that has evidence."""
        if self.held_out is None:
            return False
        needed = (counts > 0) & self.present[:, None]
        return not bool(np.isnan(self.held_out[..., 0][needed]).any())


@dataclass(frozen=True, slots=True)
class Observations:
    """Arrays over N items and K ``labels``.

    ``counts`` (N, K): how many annotators chose each label; ``groups``: the same for each group of annotators, where
    there are several; ``reference`` (N, K): proportions, NaN for items without; ``votes`` (N,): how many votes are
    behind each reference.
    """

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    counts: Array
    groups: Mapping[str, Array] = field(default_factory=dict)
    evidence: tuple[EvidenceArray, ...] = ()
    reference: Array | None = None
    votes: Array | None = None

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
        )

    def without_evidence(self) -> Observations:
        """The labels and references alone."""
        return Observations(self.labels, self.ids, self.counts, self.groups, (), self.reference, self.votes)


def observe(
    items: Iterable[Item],
    labels: Sequence[str],
    evidence: Mapping[str, Mapping[str, Evidence]] | None = None,
    *,
    annotators: str | None = None,
    use: Sequence[str] | None = None,
    strangers: Literal["stop", "skip"] = "stop",
) -> Observations:
    """The arrays of ``items``; ``evidence`` is {name: {item id: evidence}}, beside what the items carry themselves.

    Evidence that is given takes the place of carried evidence of the same name. ``annotators`` limits the counts to
    one group; ``use`` names the evidence to take (None: all of it). Raises :class:`InputError` for no items, for an id
    that comes twice and for evidence of unknown items (unless ``strangers`` are to be skipped),
    :class:`UsageError` for a name that does not occur.

    >>> from labeldist.core.item import Annotation
    >>> item = Item("1", {}, (Annotation("no"),), evidence={"llm": Evidence({"yes": 0.2, "no": 0.8}, False)})
    >>> seen = observe([item], ["yes", "no"])
    >>> seen.counts.tolist(), seen.evidence[0].distribution.tolist()
    ([[0.0, 1.0]], [[0.2, 0.8]])
    """
    given = evidence or {}
    ids: list[str] = []
    counts, references = array("d"), array("d")
    of_group: dict[str, dict[int, tuple[int, ...]]] = {}
    known_groups: set[str] = set()
    found: dict[str, dict[int, Evidence]] = {name: {} for name in given}
    for at, item in enumerate(items):
        ids.append(item.id)
        counts.extend(_counts(item, labels, annotators))
        groups = item.groups()
        known_groups.update(groups)
        if annotators is None:
            for group in groups:
                of_group.setdefault(group, {})[at] = item.label_counts(labels, group)
        references.extend(_reference(item, labels))
        for name, one in item.evidence.items():
            if name not in given:
                found.setdefault(name, {})[at] = one
        for name, by_id in given.items():
            if item.id in by_id:
                found[name][at] = by_id[item.id]
    if not ids:
        raise InputError("no items", expected="at least one")
    if annotators is not None and annotators not in known_groups:
        raise did_you_mean("group of annotators", annotators, known_groups)
    shape = (len(ids), len(labels))
    if len(set(ids)) < len(ids):
        twice = next(id_ for id_, times in Counter(ids).items() if times > 1)
        raise InputError(f"id {shown(twice)} again", expected="each id once")
    if strangers == "stop":
        _refuse_unknown(ids, given)
    names = _chosen(found, use)
    several = 2 <= len(of_group) <= MOST_GROUPS
    weights = _matrix(references, shape)
    with np.errstate(invalid="ignore"):  # NaN where there is no reference
        reference = weights / weights.sum(axis=1, keepdims=True)
    return Observations(
        tuple(labels),
        tuple(ids),
        _matrix(counts, shape),
        {name: _sparse(rows, shape, 0.0) for name, rows in of_group.items()} if several else {},
        tuple(_evidence(name, found[name], labels, shape) for name in names),
        None if np.isnan(reference).all() else reference,
        np.nan_to_num(votes_behind(weights), nan=VOTES_WHERE_UNKNOWN),
    )


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


def _refuse_unknown(ids: Sequence[str], given: Mapping[str, Mapping[str, Evidence]]) -> None:
    known = set(ids)
    for name, by_id in given.items():
        unknown = [id_ for id_ in by_id if id_ not in known]
        if unknown:
            rows = "row" if len(unknown) == 1 else "rows"
            raise InputError(
                f"{len(unknown):,} {rows} of evidence {name!r} whose id no item has, such as {shown(unknown[0])}",
                expected="evidence for the items of the source",
                hint=composed_alike(unknown, known)
                or "give the source that the evidence was made from, or leave these rows out (--on-error skip)",
            )


def _chosen(found: Mapping[str, Mapping[int, Evidence]], use: Sequence[str] | None) -> list[str]:
    if use is None:
        return [name for name, rows in found.items() if rows]
    for name in use:
        if name not in found:
            raise did_you_mean("evidence", name, found)
        if not found[name]:
            raise UsageError(f"evidence {name!r} has no item", hint="leave it out")
    return list(dict.fromkeys(use))


def _evidence(name: str, rows: Mapping[int, Evidence], labels: Sequence[str], shape: tuple[int, int]) -> EvidenceArray:
    told = [one.saw_labels for one in rows.values()]
    saw = True if any(told) else None if None in told else False
    scores = {at: _values(one.scores, labels) for at, one in rows.items() if one.scores is not None}
    held = blind = None
    if any(one.held_out for one in rows.values()):
        held = np.full((*shape, shape[1]), np.nan)
        blind = np.isin(np.arange(shape[0]), [at for at, one in rows.items() if one.saw_labels is False])
        for at, one in rows.items():
            if one.saw_labels is False:  # what it says does not depend on any annotator
                held[at] = proportions(one.distribution, labels).probabilities
            for label, distribution in one.held_out.items():
                if label not in labels:
                    raise InputError(
                        f"label {shown(label)} held out of evidence {name!r}", expected=f"one of: {', '.join(labels)}"
                    )
                held[at, labels.index(label)] = proportions(distribution, labels).probabilities
    return EvidenceArray(
        name,
        _sparse({at: proportions(one.distribution, labels).probabilities for at, one in rows.items()}, shape, np.nan),
        saw,
        _sparse(scores, shape, np.nan) if len(scores) == len(rows) else None,
        held,
        blind,
    )


def _values(weights: Mapping[str, float], labels: Sequence[str]) -> tuple[float, ...]:
    return tuple(float(weights.get(label, 0.0)) for label in labels)


def _matrix(values: array[float], shape: tuple[int, int]) -> Array:
    return np.frombuffer(values, dtype=np.float64).reshape(shape)


def _sparse(rows: Mapping[int, Sequence[float]], shape: tuple[int, int], fill: float) -> Array:
    matrix = np.full(shape, fill)
    if rows:
        matrix[list(rows)] = list(rows.values())
    return matrix


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
