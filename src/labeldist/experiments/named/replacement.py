"""Human explanations replaced by model explanations one by one (arXiv 2412.13942, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labeldist.core.item import Explanation, Item
from labeldist.experiments.conditions import human_explanations, require_human
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Chart, Findings
from labeldist.experiments.measure import Entry
from labeldist.explanations.select import follow


@experiment(
    "replacement",
    title="Human explanations replaced by model explanations",
    question="Does the MJD get worse when human explanations are replaced, one after the other, by explanations of the "
    "same label that a model wrote?",
    requires=require_human,
)
def replacement(context: ExperimentContext) -> Findings:
    """0, 1, ... of an item's human explanations replaced; which ones is drawn, and the same ones stay replaced."""
    most = max(len(human_explanations(item)) for item in context.items)
    entries = []
    for count in range(most + 1):
        draws = 1 if count in (0, most) else context.settings.draws  # nothing is left to chance at either end
        judged = [
            context.judged(
                f"{count} of {most} replaced, draw {draw}",
                partial(replaced, context, count=count, draw=draw),
                saw_labels=True,
            )
            for draw in range(draws)
        ]
        entries.append(
            Entry(
                f"{count} of {most} replaced",
                {"explanations replaced": count, "labels said": "implicit"},
                tuple(one.distributions for one in judged),
            )
        )
    return context.find(
        entries,
        compare=[(entry.name, entries[0].name) for entry in entries[1:]],
        charts=[Chart("explanations replaced", "labels said", ("kl", "jsd", "tvd", "dcorr"))],
    )


def replaced(context: ExperimentContext, item: Item, count: int, draw: int) -> Sequence[Explanation]:
    """The human explanations of ``item``, ``count`` of them replaced by the model's.

    The k-th human explanation of a label is replaced by the k-th of the model, so that with all replaced the judge
    sees what the labels of the explanations guide. Raises :class:`ModelError` where the model has none for a label.
    """
    human = human_explanations(item)
    places = list(range(len(human)))
    context.chance(item, "replacement", draw).shuffle(places)
    gone = set(places[:count])
    model = follow(item, context.of_pool(item), [one.label for one in human]) if gone else human
    return [model[at] if at in gone else one for at, one in enumerate(human)]
