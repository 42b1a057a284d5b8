"""Annotators who labelled an item more than once: a person is counted once, unless told otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, get_args

from labeldist.core.errors import InputError, Place, UsageError, shown
from labeldist.core.item import Item
from labeldist.core.spelling import same_person

Repeated = Literal["first", "last", "each"]
WAYS: tuple[Repeated, ...] = get_args(Repeated)
HINT = (
    "--repeated-labels first or last counts each annotator once; each counts every label, as where annotators may "
    "choose several; if several items have one id, name what tells them apart: --columns id=a+b"
)


class RepeatedLabelsError(InputError):
    """An item on which one annotator has several labels."""


def read_repeated(way: str | None) -> Repeated | None:
    """``way`` if there is such a one, or None; otherwise :class:`UsageError`."""
    if way is None:
        return None
    for known in WAYS:
        if way == known:
            return known
    raise UsageError(f"no way to count repeated labels is named {way!r}", hint=f"use one of: {', '.join(WAYS)}")


def counted_once(item: Item, way: Repeated | None, place: Place | None = None) -> Item:
    """``item`` with the ``first`` or the ``last`` label of each annotator, or as it is (``each``).

    Labels without an annotator's name cannot be told apart and stay. Without a ``way`` raises
    :class:`RepeatedLabelsError` for an item on which an annotator has several labels.

    >>> from labeldist.core.item import Annotation
    >>> item = Item("1", {}, (Annotation("yes", "a"), Annotation("no"), Annotation("no"), Annotation("no", "a")))
    >>> [annotation.label for annotation in counted_once(item, "first").labels]
    ['yes', 'no', 'no']
    >>> [annotation.label for annotation in counted_once(item, "last").labels]
    ['no', 'no', 'no']
    """
    if way == "each" or not too_many(item):
        return item
    if way is None:
        name, times = _times(item).most_common(1)[0]
        raise RepeatedLabelsError(
            f"{times} labels of item {shown(item.id)} by annotator {shown(name)}",
            expected="each annotator once on an item",
            place=replace(place or Place(), field="labels"),
            hint=HINT,
        )
    order = item.labels if way == "first" else item.labels[::-1]
    seen: set[str] = set()
    kept = []
    for annotation in order:
        if annotation.annotator is None or same_person(annotation.annotator) not in seen:
            kept.append(annotation)
        if annotation.annotator is not None:
            seen.add(same_person(annotation.annotator))
    return replace(item, labels=tuple(kept if way == "first" else kept[::-1]))


def too_many(item: Item) -> int:
    """How many labels more than one per annotator the item has.

    >>> from labeldist.core.item import Annotation
    >>> too_many(Item("1", {}, (Annotation("yes", "a"), Annotation("no", "a"), Annotation("no"), Annotation("no"))))
    1
    """
    named = [same_person(name) for one in item.labels if (name := one.annotator) is not None]
    return len(named) - len(set(named))


def with_counts(error: RepeatedLabelsError, items: Iterable[Item]) -> InputError:
    """``error``, found at the first such item, with how many there are among all the ``items``."""
    total = repeated = labels = 0
    for item in items:
        total += 1
        extra = too_many(item)
        repeated += extra > 0
        labels += extra
    several = "s" if labels != 1 else ""
    found = f"{error.found} (in all: {labels:,} repeated label{several} on {repeated:,} of {total:,} items)"
    return InputError(found, expected=error.expected, place=error.place, hint=error.hint)


def _times(item: Item) -> Counter[str]:
    return Counter(same_person(annotation.annotator) for annotation in item.labels if annotation.annotator is not None)
