"""The study that asks whether explanations are any good, and the explanations that people validated.

The questions are those of the validation in Chen et al. (arXiv:2412.13942): is an explanation faithful to the text,
does it bring relevant information, which label does it speak for? Who wrote it, and for which label, is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from labeldist.collecting.labels import Answers, label_question, texts_of
from labeldist.collecting.study import Question, Study, Unit, options
from labeldist.core.errors import InputError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.explanations.generate import parsed_explanations

FAITHFUL, RELEVANT, SPEAKS_FOR = "faithful", "relevant", "speaks_for"
YES, NO, NONE = "yes", "no", "none of these"
VERDICTS = "verdicts"  # the extra column of an item
INSTRUCTIONS = (
    "Somebody explained how the text could be judged. Read the text and the explanation, and answer three questions "
    "about the explanation.",
    "You need not agree with it: say whether it is a fair reason, not whether you would judge so.",
)


def explanation_study(items: Sequence[Item], task: Task, fields: Sequence[str], title: str, seed: int) -> Study:
    """Each explanation of each item once, in random order; ids are numbers of that order and tell nothing."""
    found = [(item, *one) for item in items for one in numbered(item)]
    if not found:
        raise InputError(
            "no explanation in any item",
            expected="items as `labeldist explain` writes them",
            hint="run `labeldist explain` first, and give its result here",
        )
    Random(seed).shuffle(found)
    width = len(str(len(found)))
    units = []
    for place, (item, number, one) in enumerate(found, 1):
        id_ = f"explanation-{place:0{width}d}"
        key = {"id": id_, "item": item.id, "label": one.label, "number": number, "source": one.source, "text": one.text}
        units.append(Unit(id_, (*texts_of(item, fields), ("explanation", one.text)), key))
    return Study("explanations", title, INSTRUCTIONS, _questions(task), tuple(units))


def _questions(task: Task) -> tuple[Question, ...]:
    sure = options([(YES, YES), (NO, NO)])
    speaks_for = label_question(task, SPEAKS_FOR, "Which label does the explanation speak for?")
    last = options([*((option.meant, option.shown) for option in speaks_for.options), (NONE, NONE)])
    return (
        Question(FAITHFUL, "Does the explanation describe faithfully what the text says?", sure),
        Question(RELEVANT, "Does the explanation bring in relevant information?", sure),
        replace(speaks_for, options=last),
    )


def numbered(item: Item) -> list[tuple[int, Explanation]]:
    """The item's explanations, each with its number among those of its source and label; none twice.

    What was never read out of a raw answer is read now.
    """
    known = {one.source for one in item.explanations}
    sources = dict.fromkeys(answer.source for answer in item.answers if answer.source not in known)
    every = [*item.explanations, *(one for source in sources for one in parsed_explanations(item, source))]
    counts: dict[tuple[str, str], int] = {}
    found = []
    for one in dict.fromkeys(one for one in every if one.text.strip()):
        number = counts[one.source, one.label] = counts.get((one.source, one.label), 0) + 1
        found.append((number, one))
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """What became of the explanations: how many people judged at all, how many of them are valid."""

    items: list[Item]
    judged: int
    valid: int


def validated(items: Iterable[Item], key: Iterable[Mapping[str, Any]], answers: Answers) -> Found:
    """The items with only those explanations that most of their judges confirm, and all verdicts as a column.

    A judge confirms an explanation that is faithful and relevant and speaks for the label that it was written for.
    Raw answers are left out, since `select` would read in them what people rejected.
    """
    verdicts: dict[str, list[dict[str, Any]]] = {}
    for entry in key:
        for who in _judges(entry["id"], answers):
            verdicts.setdefault(entry["item"], []).append(_verdict(entry, who, answers))
    judged = valid = 0
    found = []
    for item in items:
        own = verdicts.get(item.id, [])
        kept = _confirmed(own)
        judged += len({(one["source"], one["label"], one["number"]) for one in own})
        valid += len(kept)
        extra = {**item.extra, VERDICTS: own} if own else item.extra
        found.append(replace(item, explanations=tuple(kept), answers=(), extra=extra))
    return Found(found, judged, valid)


def _judges(unit: str, answers: Answers) -> list[str]:
    return [*dict.fromkeys(who for given in answers.values() for who in given.get(unit, {}))]


def _verdict(entry: Mapping[str, Any], who: str, answers: Answers) -> dict[str, Any]:
    said = {name: answers.get(name, {}).get(entry["id"], {}).get(who) for name in (FAITHFUL, RELEVANT, SPEAKS_FOR)}
    about = {name: entry[name] for name in ("source", "label", "number", "text")}
    return {"annotator": who, **about, **said}


def _confirmed(verdicts: Sequence[Mapping[str, Any]]) -> list[Explanation]:
    """The explanations that more than half of their judges confirm, by source, label and number."""
    by_text: dict[tuple[str, str, int, str], list[bool]] = {}
    for one in verdicts:
        about = one["source"], one["label"], one["number"], one["text"]
        by_text.setdefault(about, []).append(confirms(one))
    return [
        Explanation(text, label, source)
        for (source, label, _, text), said in sorted(by_text.items(), key=lambda pair: pair[0][:3])
        if 2 * sum(said) > len(said)
    ]


def confirms(verdict: Mapping[str, Any]) -> bool:
    """Whether a judge finds the explanation faithful, relevant, and for the label that it was written for.

    >>> confirms({"faithful": "yes", "relevant": "yes", "speaks_for": "no", "label": "yes"})
    False
    """
    return bool(verdict[FAITHFUL] == verdict[RELEVANT] == YES and verdict[SPEAKS_FOR] == verdict["label"])
