"""Which explanations go before the judge: how many of each label (a guide), and which first (a ranking).

Guides are in ``guides``, rankings in ``rankings``, one file each.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from labeldist.core.errors import InputError, ModelError, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.registry import Registry
from labeldist.core.task import Task

MOST_GUIDING = 10_000  # labels of one item: each takes an explanation in the prompt

LabelSequence = Callable[[Item, Sequence[str], str | None], tuple[str, ...]]
Ranking = Callable[[Sequence[Explanation], Random], list[Explanation]]


@dataclass(frozen=True, slots=True)
class Guide:
    """Makes the sequence of labels to explain from an item, the labels in order and a group of annotators or None.

    ``sees_labels``: does the sequence depend on the labels that annotators gave?
    """

    sequence: LabelSequence
    sees_labels: bool


GUIDES: Registry[Guide] = Registry(
    "guide", "labeldist.explanations.guides", group="labeldist.guides", part_type=Guide, reserved=("none", "human")
)
RANKINGS: Registry[Ranking] = Registry("ranking", "labeldist.explanations.rankings", group="labeldist.rankings")


def guide(name: str, *, sees_labels: bool) -> Callable[[LabelSequence], LabelSequence]:
    """Decorator that registers a function as the guide ``name``."""

    def register(sequence: LabelSequence) -> LabelSequence:
        GUIDES.add(name)(Guide(sequence, sees_labels))
        return sequence

    return register


@dataclass(frozen=True, slots=True)
class Selection:
    """How to select: ``group`` limits the guide to one group of annotators, ``label_order`` replaces the task's."""

    guide: str = "label-free"
    group: str | None = None
    ranking: str = "first"
    seed: int = 0
    label_order: tuple[str, ...] | None = None


def select(item: Item, pool: Sequence[Explanation], task: Task, selection: Selection) -> tuple[Explanation, ...]:
    """The explanations of ``pool`` that ``selection`` chooses for ``item``, in the order of the guide's labels.

    Raises :class:`InputError` where the guide needs labels that the item lacks, :class:`ModelError` where a label
    has no explanation, :class:`UsageError` for an unknown guide or ranking and for a bad label order.

    >>> from labeldist.core.item import Annotation
    >>> from labeldist.tasks.load import load_task
    >>> item = Item("1", {}, (Annotation("neutral"), Annotation("entailment"), Annotation("neutral")))
    >>> pool = [Explanation("It may.", "neutral", "m"), Explanation("It does.", "entailment", "m")]
    >>> [e.text for e in select(item, pool, load_task("nli"), Selection("label-guided"))]
    ['It does.', 'It may.', 'It may.']
    """
    sequence = GUIDES.get(selection.guide).sequence(item, _label_order(task, selection.label_order), selection.group)
    return follow(item, pool, sequence, ranking=selection.ranking, seed=selection.seed)


def follow(
    item: Item, pool: Sequence[Explanation], sequence: Sequence[str], *, ranking: str = "first", seed: int = 0
) -> tuple[Explanation, ...]:
    """One explanation of ``pool`` for each label of ``sequence``, whatever the sequence was made from.

    The k-th use of a label takes its k-th ranked explanation; once they are exhausted, every further use repeats
    the first ranked: A, B, A, A. A random ranking depends on the seed, the item's id and the label only.

    >>> pool = [Explanation("A", "yes", "m"), Explanation("B", "yes", "m")]
    >>> "".join(e.text for e in follow(Item("1", {}), pool, ["yes"] * 4))
    'ABAA'
    """
    rank = RANKINGS.get(ranking)
    ranked: dict[str, list[Explanation]] = {}
    for label in dict.fromkeys(sequence):
        explanations = [explanation for explanation in pool if explanation.label == label]
        if not explanations:
            raise ModelError(
                f"no explanation for label {label!r} of item {item.id!r}, where every selected label needs one",
                hint="look at the model's raw answer, ask it again, or use another parser profile",
            )
        ranked[label] = rank(explanations, Random(json.dumps([seed, item.id, label])))
    used: Counter[str] = Counter()
    chosen = []
    for label in sequence:
        position = used[label] if used[label] < len(ranked[label]) else 0
        chosen.append(ranked[label][position])
        used[label] += 1
    return tuple(chosen)


def labels_given(item: Item, labels: Sequence[str], group: str | None) -> tuple[str, ...]:
    """The labels that the annotators (of ``group``, if one is named) gave ``item``, in the order of the item.

    Raises :class:`InputError` where there is none, and for one that is not among ``labels``.
    """
    whose = [one for one in item.labels if group is None or one.group == group]
    if (number := sum(one.times for one in whose)) > MOST_GUIDING:
        raise InputError(
            f"{number:,} labels of item {item.id!r}",
            expected=f"at most {MOST_GUIDING:,}, since each takes an explanation",
            hint="use --explanations none,label-free",
        )
    given = tuple(one.label for one in whose for _ in range(one.times))
    if not given:
        who = "" if group is None else f" by annotators of the group {group!r}"
        groups = f"groups of this item: {', '.join(item.groups()) or 'none'}; " if group is not None else ""
        raise InputError(
            f"no label of item {item.id!r}{who}",
            expected="at least one to guide the selection",
            hint=f"{groups}use label-free for items without labels",
        )
    unknown = [label for label in given if label not in labels]
    if unknown:
        raise InputError(f"label {unknown[0]!r} of item {item.id!r}", expected=f"one of: {', '.join(labels)}")
    return given


def _label_order(task: Task, order: tuple[str, ...] | None) -> tuple[str, ...]:
    if order is None:
        return task.label_names
    names = tuple(task.canonical(label) for label in order)
    if sorted(names) != sorted(task.label_names):
        raise UsageError(
            f"the label order {', '.join(order)} is not one of all labels",
            hint=f"name each of these once: {', '.join(task.label_names)}",
        )
    return names
