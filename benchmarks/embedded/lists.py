"""The explanation lists that the model writes for held-out pairs: their form, and what each explanation does."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from training.data import Pair, normalise
from training.settings import LABELS

from benchmarks.embedded.held_out import chosen_pairs, items_of
from benchmarks.embedded.judging import ALL, explained, judged
from benchmarks.embedded.markdown import number, percent, table
from benchmarks.embedded.setup import Setup, opened
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.explanations.generate import parsed_explanations
from labeldist.models.base import LanguageModel
from labeldist.tasks.load import load_task

ITEMS = 300
PLACES = 4
ALIKE = 0.8
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
# An item, an explanation to judge it with, and the explanation's place in its list, from 1.
Placed = tuple[Item, Explanation, int]


def measure(setup: Setup) -> dict[str, Any]:
    """Form per label, and the share of explanations that raise the judged probability of their label."""
    task = load_task("nli")
    pairs = chosen_pairs(ITEMS, setup.limit)
    with opened(setup.model) as model:
        items = explained("lists, written", items_of(pairs, "held-out"), task, model)
        raw = {(at, one.label): one.text for at, item in enumerate(items) for one in item.answers}
        own = [
            (item, explanation, place)
            for item in items
            for label in LABELS
            for place, explanation in enumerate(
                (e for e in parsed_explanations(item, model.name) if e.label == label), 1
            )
        ]
        plain = judged("lists, no explanation", [(item, ()) for item in items], task, model, ALL)
        before = {item.id: mjd.distribution.as_dict() for item, mjd in zip(items, plain, strict=True)}
        return {
            "items": len(items),
            "form": {
                label: _form([raw[at, label] for at in range(len(items))], [e for e in own if e[1].label == label])
                for label in LABELS
            },
            "effect": _effect("the model's own", own, before, task, model),
            "effect of the data's": _effect("the data's", _written(items, pairs), before, task, model),
        }


def _form(answers: Sequence[str], found: Sequence[Placed]) -> dict[str, Any]:
    """Figures of the raw answers for one label; ``found`` are the explanations that the library reads in them."""
    lines = [[normalise(line) for line in answer.splitlines() if line.strip()] for answer in answers]
    filled = len({item.id for item, _, _ in found})
    return {
        "lists": len(answers),
        "with an explanation": round(filled / len(answers), 4),
        # Of the raw answer: what the parser drops because it repeats an earlier line counts as repeated.
        "without a repeated sentence": round(float(np.mean([not repeats(answer) for answer in answers])), 4),
        "without near-duplicates": round(float(np.mean([not near_duplicates(of) for of in lines])), 4),
        "explanations per list": round(len(found) / len(answers), 3),
        "words per explanation": round(float(np.mean([len(e.text.split()) for _, e, _ in found])), 2) if found else 0,
    }


def repeats(answer: str) -> bool:
    """Whether a sentence of the raw answer comes again, compared without case, punctuation and spaces.

    >>> repeats("* It rains. It is wet.\\n* It is wet!"), repeats("* It rains.\\n* It is wet.")
    (True, False)
    """
    sentences = list(filter(None, map(normalise, SENTENCE.split(answer))))
    return len(set(sentences)) < len(sentences)


def near_duplicates(lines: Sequence[str]) -> bool:
    """Whether two lines share more than ``ALIKE`` of their words.

    >>> near_duplicates(["a b c d e", "a b c d e e"]), near_duplicates(["a b c d e", "a b c d f"])
    (True, False)
    """
    words = [set(line.split()) for line in lines]
    return any(len(a & b) > ALIKE * len(a | b) for a, b in itertools.combinations(words, 2))


def _written(items: Sequence[Item], pairs: Sequence[Pair]) -> list[Placed]:
    """The machine explanations of the data, one per label, and the first human one of the gold label."""
    found = []
    for item, pair in zip(items, pairs, strict=True):
        found += [(item, Explanation(text, label, "machine"), 1) for label, text in pair.machine.items()]
        found += [(item, Explanation(text, pair.label, "human"), 2) for text in pair.human[:1]]
    return found


def _effect(
    name: str, asked: Sequence[Placed], before: dict[str, dict[str, float]], task: Task, model: LanguageModel
) -> dict[str, Any]:
    """What each explanation, as the only one, does to the probability of its label."""
    after = judged(f"lists, {name}", [(item, [explanation]) for item, explanation, _ in asked], task, model, ALL)
    change = [
        mjd.distribution.as_dict()[explanation.label] - before[item.id][explanation.label]
        for (item, explanation, _), mjd in zip(asked, after, strict=True)
    ]
    return by_label_and_place(asked, change)


def by_label_and_place(asked: Sequence[Placed], change: Sequence[float]) -> dict[str, Any]:
    """{label or all: {place or all: figures, or None where there is no explanation}} of the changes of p."""
    changes = np.array(change)
    places = np.array([place for _, _, place in asked])
    result: dict[str, Any] = {}
    for label in (*LABELS, "all"):
        of_label = np.array([label in (explanation.label, "all") for _, explanation, _ in asked])
        result[label] = {"all": _rises(changes[of_label])}
        for place in range(1, PLACES + 1):
            result[label][str(place)] = _rises(changes[of_label & (places == place)])
    return result


def _rises(change: Any) -> dict[str, Any] | None:
    if not len(change):
        return None
    return {
        "explanations": len(change),
        "rises": round(float((change > 0).mean()), 4),
        "mean change": round(float(change.mean()), 4),
    }


def rendered(result: dict[str, Any]) -> str:
    """The tables of the model card."""
    form = table(
        [f"lists that it writes ({result['items']} SNLI pairs, greedy)", *LABELS],
        [
            [title, *(show(result["form"][label][key]) for label in LABELS)]
            for title, key, show in (
                ("lists with at least one explanation", "with an explanation", percent),
                ("lists without a repeated sentence", "without a repeated sentence", percent),
                ("lists without near-duplicates (8 of 10 words shared)", "without near-duplicates", percent),
                ("explanations per list", "explanations per list", "{:.1f}".format),
                ("words per explanation", "words per explanation", "{:.1f}".format),
            )
        ],
    )
    return "\n\n".join([form, _table_of_effects(result)])


def _table_of_effects(result: dict[str, Any]) -> str:
    places = [
        ("all", "all of its explanations"),
        *((str(at), f"number {at} of the list") for at in range(1, PLACES + 1)),
    ]
    rows = [[title, *(_cell(result["effect"][label][key]) for label in (*LABELS, "all"))] for key, title in places]
    for key, title in (("1", "the data's machine explanation"), ("2", "the data's human one (gold label)")):
        rows.append([title, *(_cell(result["effect of the data's"][label][key]) for label in (*LABELS, "all"))])
    return table(["alone, raises the p of its label (mean change of p)", *LABELS, "all"], rows)


def _cell(found: dict[str, Any] | None) -> str:
    return "—" if found is None else f"{percent(found['rises'])} ({number(found['mean change'], 2, sign=True)})"
