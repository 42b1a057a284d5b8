"""The study that asks which of two explanations of a label is better, and its answers as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from labeldist.collecting.explanations import numbered
from labeldist.collecting.labels import Answers, texts_of
from labeldist.collecting.study import Question, Study, Unit, options
from labeldist.core.errors import InputError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task

QUESTION = "preference"
FIRST, SECOND, NEITHER = "first", "second", "neither"
SHOWN = ((FIRST, "the first"), (SECOND, "the second"), (NEITHER, "no difference"))
INSTRUCTIONS = (
    "Somebody explained why the text could be given a label, in two ways. Read the text and both explanations, and say "
    "which of them explains that label better.",
    "You need not agree with the label.",
)


def preference_study(items: Sequence[Item], task: Task, fields: Sequence[str], title: str, seed: int) -> Study:
    """Pairs of explanations of one label of an item, of two sources where there are two, in random order."""
    names = {label.name: label.verbalised for label in task.labels}
    found = [(item, label, pair) for item in items for label in names for pair in pairs(item, label, seed)]
    if not found:
        raise InputError(
            "no label of any item with two explanations",
            expected="items with several explanations of a label, such as those of two models",
            hint="`labeldist explain` adds explanations of another model to a file that it wrote",
        )
    Random(seed).shuffle(found)
    width = len(str(len(found)))
    units = []
    for place, (item, label, pair) in enumerate(found, 1):
        id_ = f"pair-{place:0{width}d}"
        sides = {
            name: {"source": one.source, "text": one.text} for name, one in zip((FIRST, SECOND), pair, strict=True)
        }
        shown = (("label", names[label]), ("first explanation", pair[0].text), ("second explanation", pair[1].text))
        key = {"id": id_, "item": item.id, "label": label, **sides}
        units.append(Unit(id_, (*texts_of(item, fields), *shown), key))
    question = Question(QUESTION, "Which explanation is better?", options(SHOWN))
    return Study("preference", title, INSTRUCTIONS, (question,), tuple(units))


def pairs(item: Item, label: str, seed: int) -> Iterator[tuple[Explanation, Explanation]]:
    """Each explanation of the label in at most one pair, with one of another source as long as there is any."""
    draw = Random(json.dumps([seed, item.id, label]))
    by_source: dict[str, list[Explanation]] = {}
    for _, one in numbered(item):
        if one.label == label:
            by_source.setdefault(one.source, []).append(one)
    for group in by_source.values():
        draw.shuffle(group)
    while sum(map(len, by_source.values())) > 1:
        largest = sorted(by_source.values(), key=len, reverse=True)
        others = largest[1] if len(largest) > 1 and largest[1] else largest[0]
        one, other = largest[0].pop(), others.pop()
        if one.text.strip() != other.text.strip():
            yield (one, other) if draw.random() < 0.5 else (other, one)


def preferred(key: Iterable[Mapping[str, Any]], answers: Answers) -> list[dict[str, Any]]:
    """A row for each answer: what was preferred to what, by its source and text, or neither."""
    rows = []
    for entry in key:
        for who, side in answers.get(QUESTION, {}).get(entry["id"], {}).items():
            won = entry.get(side) or {}
            rows.append(
                {"id": f"{entry['id']}/{who}", "item": entry["item"], "label": entry["label"], "annotator": who}
                | {"preferred": side, "preferred_source": won.get("source"), "preferred_text": won.get("text")}
                | {f"{name}_{part}": entry[name][part] for name in (FIRST, SECOND) for part in ("source", "text")}
            )
    return rows
