"""The study that asks for labels, and its answers as labels of the items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from labeldist.collecting.study import Question, Study, Unit, options, stored
from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Item
from labeldist.core.task import Task

QUESTION = "label"
INSTRUCTIONS = (
    "Read the text and choose the label that you find right.",
    "There is no wrong answer. People see things differently, and it is your own judgment that counts: do not guess "
    "what others would say.",
)
Answers = Mapping[str, Mapping[str, Mapping[str, str]]]  # question to unit to annotator to what was meant


def label_question(task: Task, name: str = QUESTION, text: str = "Which label do you find right?") -> Question:
    """The question for one of the task's labels, shown as prompts say them."""
    return Question(name, text, options((label.name, label.verbalised) for label in task.labels))


def label_study(items: Sequence[Item], task: Task, fields: Sequence[str], title: str) -> Study:
    """Each item once, in the order given, with its texts in ``fields``."""
    units = []
    for number, item in enumerate(items, 1):
        id_ = stored(item.id, f"item-{number}")
        units.append(Unit(id_, texts_of(item, fields), {"id": id_, "item": item.id}))
    return Study("labels", title, INSTRUCTIONS, (label_question(task),), distinct(units))


def texts_of(item: Item, fields: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The item's texts with their names; numbers are shown as they are written."""
    found = {**item.extra, **item.fields}
    return tuple((name, str(found[name])) for name in fields if found.get(name) not in (None, ""))


def distinct(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """The units; :class:`UsageError` where an item is called as another one had to be renamed."""
    seen: set[str] = set()
    for unit in units:
        if unit.id in seen:
            raise UsageError(f"two items would be called {unit.id!r} in the tool", hint="rename one of them")
        seen.add(unit.id)
    return tuple(units)


def with_labels(items: Iterable[Item], key: Iterable[Mapping[str, str]], answers: Answers) -> list[Item]:
    """The items with the new labels behind those that they have; each names its annotator."""
    given = answers.get(QUESTION, {})
    new = {entry["item"]: given.get(entry["id"], {}) for entry in key}
    return [
        replace(item, labels=(*item.labels, *(Annotation(label, who) for who, label in new.get(item.id, {}).items())))
        for item in items
    ]


def labelled_again(items: Iterable[Item]) -> int:
    """How many items have two labels of one annotator."""
    return sum(len(names) != len({*names}) for names in ([a.annotator for a in i.labels if a.annotator] for i in items))
