"""What each further explanation of a label is worth, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from labeldist.core.item import Explanation, Item
from labeldist.experiments.context import ExperimentContext, Judged
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Chart, Findings
from labeldist.experiments.measure import Distributions, Entry
from labeldist.explanations.condition import NONE, Condition
from labeldist.explanations.select import follow

MOST = 8
PER_LABEL, SHOWN = "explanations per label", "shown"
TOGETHER, IN_TURN = "in one prompt", "one of each label at a time"


@experiment(
    "explanations",
    title="How many explanations per label",
    question="What is each further explanation of every label worth, shown together in one prompt or in turn, and "
    "what does it cost?",
    beyond=True,
)
def explanations(context: ExperimentContext) -> Findings:
    """None, then 1 to 8 explanations of each label: all in one prompt, or one of each label in each of several."""
    none = context.judged("none", Condition(NONE))
    entries = [
        Entry(
            f"0 per label, {way}", {"explanations per label": 0, "shown": way}, (none.distributions,), way, none.costs
        )
        for way in (TOGETHER, IN_TURN)
    ]
    turns: list[Judged] = []
    for count in range(1, MOST + 1):
        together = context.judged(f"{count} per label", partial(first_of_each, context, count=count), saw_labels=False)
        turns.append(context.judged(f"turn {count}", partial(nth_of_each, context, place=count), saw_labels=False))
        entries += [
            Entry(f"{count} per label, {way}", {PER_LABEL: count, SHOWN: way}, (found,), way, costs)
            for way, found, costs in (
                (TOGETHER, together.distributions, together.costs),
                (IN_TURN, mean_of(turns), added(turns)),
            )
            if found
        ]
    entries.sort(key=lambda entry: entry.section)
    names = {(entry.factors[PER_LABEL], entry.factors[SHOWN]): entry.name for entry in entries}
    return context.find(
        entries,
        common=False,
        compare=[
            (name, names[count - 1, way])
            for (count, way), name in names.items()
            if isinstance(count, int) and (count - 1, way) in names
        ],
        charts=[Chart(PER_LABEL, SHOWN, ("kl", "tvd", "dcorr"))],
        notes=[
            "Where a label has fewer explanations, the first stands again, as published; the cells of many have fewer "
            "items where prompts became longer than the model takes. Differences are on the items of both cells.",
        ],
    )


def first_of_each(context: ExperimentContext, item: Item, count: int) -> Sequence[Explanation]:
    """The first ``count`` explanations of every label."""
    return follow(item, context.of_pool(item), [label for _ in range(count) for label in context.labels])


def nth_of_each(context: ExperimentContext, item: Item, place: int) -> Sequence[Explanation]:
    """The explanation in that place (from 1) of every label."""
    return first_of_each(context, item, place)[-len(context.labels) :]


def mean_of(judged: Sequence[Judged]) -> Distributions:
    """The mean of several MJDs of each item that has all of them."""
    ids = [id_ for id_ in judged[0].distributions if all(id_ in one.distributions for one in judged)]
    return {id_: tuple(np.mean([one.distributions[id_] for one in judged], axis=0).tolist()) for id_ in ids}


def added(judged: Sequence[Judged]) -> dict[str, float]:
    """What several MJDs cost together."""
    return {name: sum(one.costs[name] for one in judged) for name in judged[0].costs}
