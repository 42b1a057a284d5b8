"""What in an explanation does the work: its content, or the label that it gives away (arXiv 2412.13942, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from labeldist.core.errors import ModelError
from labeldist.core.item import Explanation, Item
from labeldist.experiments.conditions import guided, human_explanations, require_human
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Chart, Findings
from labeldist.experiments.measure import Entry
from labeldist.explanations.condition import NONE, Condition

Texts = Callable[[Item], Sequence[Explanation]]


class Change(Protocol):
    """What becomes of an item's explanations in the draw of that number."""

    def __call__(self, item: Item, draw: int) -> Sequence[Explanation]:
        """The explanations to show instead."""


WRITTEN, SAID, OTHER, SHUFFLED, NOISE, BARE = (
    "as written",
    "as written, label said",
    "of another item, same label",
    "its words shuffled",
    "random words, same length",
    "bare label",
)


@experiment(
    "content",
    title="The content of explanations, or the label that they leak",
    question="Does what an explanation says matter, or only the label that it gives away?",
    requires=require_human,
)
def content(context: ExperimentContext) -> Findings:
    """Human explanations, and the model's that labels guide: as written, and with their content taken away."""
    sources: dict[str, Texts] = {"human": human_explanations}
    for condition in guided(context):
        sources[f"model, {condition.name}"] = partial(chosen, context, condition)
    none = context.judged("none", Condition(NONE))
    entries = [Entry("none", {"explanations": "none", "content": "none"}, (none.distributions,))]
    pairs = []
    for source, texts in sources.items():
        for what, change in changes(context, source, texts).items():
            draws = context.settings.draws if what in (OTHER, SHUFFLED, NOISE) else 1
            name = f"{source}: {what}"
            judged = [
                context.judged(
                    f"{name}, draw {draw}",
                    partial(change, draw=draw),
                    saw_labels=True,
                    explicit=what in (SAID, BARE),
                )
                for draw in range(draws)
            ]
            distributions = tuple(one.distributions for one in judged)
            entries.append(Entry(name, {"explanations": source, "content": what}, distributions, source))
            # The bare label is said after nothing, so it is compared with the label said after the explanation.
            pairs += [(name, f"{source}: {SAID if what == BARE else WRITTEN}")] if what != WRITTEN else []
            pairs += [(name, "none")]
    return context.find(entries, compare=pairs, charts=[Chart("content", "explanations", ("kl", "tvd", "dcorr"))])


def changes(context: ExperimentContext, source: str, texts: Texts) -> dict[str, Change]:
    """What becomes of an item's explanations, by name."""
    every = [(item.id, one) for item in context.items for one in _known(texts, item)]
    by_label = {label: [(id_, one) for id_, one in every if one.label == label] for label in context.labels}
    words = [word for _, one in every for word in one.text.split()]

    def of_another(item: Item, draw: int) -> list[Explanation]:
        chance = context.chance(item, OTHER, source, draw)
        return [_other(by_label[one.label], item, one, chance.randrange) for one in texts(item)]

    def shuffled(item: Item, draw: int) -> list[Explanation]:
        chance = context.chance(item, SHUFFLED, source, draw)
        return [replace(one, text=" ".join(_shuffled(one.text.split(), chance.shuffle))) for one in texts(item)]

    def noise(item: Item, draw: int) -> list[Explanation]:
        chance = context.chance(item, NOISE, source, draw)
        return [replace(one, text=" ".join(chance.choices(words, k=len(one.text.split())))) for one in texts(item)]

    return {
        WRITTEN: lambda item, draw: texts(item),
        SAID: lambda item, draw: texts(item),
        OTHER: of_another,
        SHUFFLED: shuffled,
        NOISE: noise,
        # What is left is what the explicit form adds: "So I choose Neutral."
        BARE: lambda item, draw: [replace(one, text="") for one in texts(item)],
    }


def chosen(context: ExperimentContext, condition: Condition, item: Item) -> Sequence[Explanation]:
    """The explanations by the model that ``condition`` chooses."""
    return condition.choose(item, context.of_pool(item), context.task, seed=context.seed)


def _known(texts: Texts, item: Item) -> Sequence[Explanation]:
    """The item's explanations; none where it has none to give, which the judging of it will report."""
    try:
        return texts(item)
    except ModelError:
        return ()


def _other(
    pool: Sequence[tuple[str, Explanation]], item: Item, one: Explanation, draw: Callable[[int], int]
) -> Explanation:
    """An explanation for the same label that was written for another item; itself where there is none."""
    others = [found for id_, found in pool if id_ != item.id]
    return others[draw(len(others))] if others else one


def _shuffled(words: list[str], shuffle: Callable[[list[str]], None]) -> list[str]:
    shuffle(words)
    return words
