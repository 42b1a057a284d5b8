"""What may be wrong with annotations, in words: nothing here ends the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.evaluation.annotations import NOBODY, Annotations
from labeldist.evaluation.annotators import Annotator
from labeldist.evaluation.metric import Array

FEW = 5  # labels of an annotator, below which nothing can be said of them
NAMED = 5  # examples


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: its name, how many there are of it, what it means, and the first few."""

    kind: str
    count: int
    told: str
    examples: tuple[str, ...] = ()

    def in_words(self) -> str:
        """A sentence.

        >>> Problem("unlabelled", 2, "items without a label", ("q1", "q2")).in_words()
        '2 items without a label: q1, q2'
        """
        more = ", ..." if len(self.examples) < self.count and self.examples else ""
        return f"{self.count:,} {self.told}{': ' if self.examples else ''}{', '.join(self.examples)}{more}"


def problems_of(found: Annotations, counts: Array, annotators: Sequence[Annotator], rare: float) -> list[Problem]:
    """Repeats, items without labels or with one, labels hardly used (a share below ``rare``), or never, and annotators
    with few labels.
    """
    size, times = counts.sum(axis=1), counts.sum(axis=0)
    kinds = [
        _items("unlabelled", "without a label", found, np.flatnonzero(size == 0)),
        _items("single", "with one label only, which tell nothing of agreement", found, np.flatnonzero(size == 1)),
        _repeats(found),
    ]
    hardly = [at for at, one in enumerate(times) if 0 < one < rare * times.sum()]
    told = _several(len(hardly), "label hardly used", "labels hardly used")
    kinds.append(Problem("rare", len(hardly), told, tuple(f"{found.labels[at]} ({times[at]:,.0f})" for at in hardly)))
    never = [found.labels[at] for at, one in enumerate(times) if not one and times.sum()]
    kinds.append(
        Problem("unused", len(never), _several(len(never), "label never used", "labels never used"), (*never,))
    )
    few = [one for one in annotators if one.labels < FEW]
    told = _several(len(few), "annotator", "annotators") + f" with fewer than {FEW} labels"
    kinds.append(Problem("few", len(few), told, tuple(f"{one.name} ({one.labels})" for one in few[:NAMED])))
    return [one for one in kinds if one.count]


def repeated_texts(first: Sequence[tuple[str, str]], count: int) -> Problem:
    """The problem of ``count`` items with the texts of another; ``first``: pairs of ids."""
    told = _several(count, "item has", "items have") + " the texts of an earlier one under another id"
    return Problem("texts", count, told, tuple(f"{other} as {one}" for one, other in first))


def _items(kind: str, told: str, found: Annotations, rows: NDArray[np.int64]) -> Problem:
    examples = tuple(found.ids[row] for row in rows[:NAMED])
    return Problem(kind, len(rows), f"{_several(len(rows), 'item', 'items')} {told}", examples)


def _repeats(found: Annotations) -> Problem:
    named = np.flatnonzero(found.annotator != NOBODY)
    pairs, times = np.unique(
        found.row[named] * max(len(found.annotators), 1) + found.annotator[named], return_counts=True
    )
    again = pairs[times > 1]
    examples = tuple(
        f"{found.annotators[pair % len(found.annotators)]} on {found.ids[pair // len(found.annotators)]}"
        for pair in again[:NAMED]
    )
    told = "annotator labelled an item" if len(again) == 1 else "times an annotator labelled an item"
    return Problem(
        "repeats", len(again), f"{told} more than once (each label counts here; --repeated-labels)", examples
    )


def _several(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
