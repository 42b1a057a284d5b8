"""Some annotators of each item held out as its reference: for data sets without a hundred votes."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from labeldist.core.errors import InputError, Place, UsageError, shown
from labeldist.core.item import Annotation, Item
from labeldist.core.spelling import same_person


@dataclass(frozen=True, slots=True)
class ReferenceAnnotators:
    """How many annotators of each item become its reference, and the seed that draws them.

    >>> read_reference_annotators("2"), read_reference_annotators("2:7")
    (ReferenceAnnotators(annotators=2, seed=0), ReferenceAnnotators(annotators=2, seed=7))
    """

    annotators: int
    seed: int = 0

    def __str__(self) -> str:
        """As a sentence about a data set says it."""
        several = "s" if self.annotators > 1 else ""
        return f"{self.annotators} annotator{several} of each item, held out by chance (seed {self.seed})"


def read_reference_annotators(spec: str) -> ReferenceAnnotators:
    """What ``N`` or ``N:SEED`` says. Raises :class:`UsageError` for anything else."""
    count, colon, seed = spec.partition(":")
    if not (count.isdecimal() and len(count) < 6 and int(count) > 0 and (not colon or (seed.isdecimal() and seed))):
        raise UsageError(
            f"cannot hold out {shown(spec)}", hint="use N or N:SEED, such as 2: two annotators of each item"
        )
    return ReferenceAnnotators(int(count), int(seed or 0))


def with_reference(item: Item, how: ReferenceAnnotators, place: Place | None = None) -> Item:
    """``item`` with ``how.annotators`` of its annotators, drawn by chance, as its reference instead of its labels.

    All the labels of an annotator go together; labels without an annotator's name count as one annotator each. Who is
    drawn depends on the seed and the item's id only, so every reading of the data gives the same. Raises
    :class:`InputError` for an item with a reference of its own, or where no annotator would be left.

    >>> item = Item("1", {}, (Annotation("yes", "a"), Annotation("no", "b"), Annotation("no", "c")))
    >>> one = with_reference(item, ReferenceAnnotators(1))
    >>> len(one.labels), sum(one.reference.values())
    (2, 1)
    """
    if item.reference is not None:
        raise InputError(
            f"a reference of item {shown(item.id)}",
            expected="none, where annotators are held out as the reference",
            place=place,
            hint="leave --reference-annotators away: the items have a reference",
        )
    names = Names(item.labels)
    if len(names) <= how.annotators:
        raise InputError(
            f"{len(names)} annotators of item {shown(item.id)}",
            expected=f"more than the {how.annotators} to hold out",
            place=place,
            hint="hold out fewer, or skip such items (--on-error skip)",
        )
    chosen = Random(json.dumps([how.seed, item.id])).sample(names, how.annotators)
    hidden: Counter[str] = Counter()
    kept = []
    for at, one in enumerate(item.labels):
        if one.annotator is None:
            gone = sum(place == at for place in chosen if isinstance(place, int))
        else:
            gone = one.times if same_person(one.annotator) in chosen else 0
        if gone:
            hidden[one.label] += gone
        if gone < one.times:
            kept.append(replace(one, times=one.times - gone))
    return replace(item, labels=tuple(kept), reference=dict(hidden))


class Names(Sequence[str | int]):
    """The annotators of labels, each once, in order: by name, or by the place of the label where they have none.

    >>> [*Names([Annotation("yes", "a"), Annotation("no", times=2), Annotation("no", "a")])]
    ['a', 1, 1]
    """

    def __init__(self, labels: Sequence[Annotation]) -> None:
        self._ends: list[int] = []
        self._names: list[str | int] = []
        seen: set[str] = set()
        for at, one in enumerate(labels):
            name = at if one.annotator is None else same_person(one.annotator)
            if isinstance(name, str):
                if name in seen:
                    continue
                seen.add(name)
            self._names.append(name)
            self._ends.append((self._ends[-1] if self._ends else 0) + (one.times if isinstance(name, int) else 1))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, at: Any) -> Any:
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._names[bisect_right(self._ends, at)]
