"""How many human labels an item needs, with and without explanations, with and without calibration."""

from __future__ import annotations

from dataclasses import replace

from labeldist.core.item import Item
from labeldist.experiments.conditions import require_labels
from labeldist.experiments.context import ExperimentContext, Judged
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Chart, Findings
from labeldist.experiments.measure import Distributions, Entry
from labeldist.explanations.condition import LABEL_GUIDED, NONE, Condition

LABELS, PLAIN, GUIDED = (
    "labels + 0.5 per label",
    "MJD without explanations",
    "MJD, explanations guided by the labels",
)
ALONE, WITH_PLAIN, WITH_GUIDED = (
    "posterior of the labels alone",
    "posterior with the MJD without explanations",
    "posterior with both MJDs",
)


@experiment(
    "labels",
    title="How many human labels are needed",
    question="How close to a hundred people do so many labels of an item come: smoothed, as the guide of explanations, "
    "and calibrated together with the model's judgments?",
    requires=require_labels,
    beyond=True,
)
def labels(context: ExperimentContext) -> Findings:
    """0, 1, 2, ... labels of each item, drawn from all that it has; in one draw, fewer labels are part of more."""
    most = min(item.votes().total() for item in context.items)  # every item has so many
    plain = context.judged(PLAIN, Condition(NONE))
    entries = []
    for count in range(most + 1):
        found: dict[str, list[Distributions]] = {}
        for draw in range(context.settings.draws if 0 < count < most else 1):
            for name, distributions in one_draw(context, count, draw, plain).items():
                found.setdefault(name, []).append(distributions)
        for name, draws in found.items():
            entries.append(
                Entry(
                    f"{of(count)}: {name}",
                    {"labels per item": count, "distribution": name},
                    tuple(draws),
                    of(count),
                )
            )
    pairs = [(GUIDED, LABELS), (GUIDED, PLAIN), (WITH_PLAIN, ALONE), (WITH_GUIDED, WITH_PLAIN), (WITH_GUIDED, LABELS)]
    return context.find(
        entries,
        compare=[
            (f"{of(count)}: {one}", f"{of(count)}: {other}")
            for count in range(most + 1)
            for one, other in pairs
            if count or not {one, other} & {GUIDED, WITH_GUIDED}
        ],
        charts=[Chart("labels per item", "distribution", ("kl", "tvd", "dcorr"))],
    )


def of(count: int) -> str:
    """So many labels, in words."""
    return f"{count} label{'' if count == 1 else 's'}"


def one_draw(context: ExperimentContext, count: int, draw: int, plain: Judged) -> dict[str, Distributions]:
    """The distributions by name when each item has ``count`` of its labels."""
    items = [with_labels(context, item, count, draw) for item in context.items]
    found = {LABELS: context.smoothed(items), PLAIN: plain.distributions}
    if count:
        guided = context.judged(
            f"{count} labels, draw {draw}", Condition(LABEL_GUIDED), items=items, leave_one_out=True
        )
        found[GUIDED] = guided.distributions
        found[WITH_GUIDED] = context.posterior([plain, guided], items=items)
    found[ALONE] = context.posterior(items=items)
    found[WITH_PLAIN] = context.posterior([plain], items=items)
    return found


def with_labels(context: ExperimentContext, item: Item, count: int, draw: int) -> Item:
    """``item`` as if only ``count`` of its annotators had been asked.

    They stand in the order of the task's labels, not of the draw: the same counts then guide the same explanations
    in the same order, and no model is asked twice.
    """
    order = [replace(one, times=1) for one in item.labels for _ in range(one.times)]
    context.chance(item, "labels", draw).shuffle(order)
    kept = sorted(order[:count], key=lambda annotation: context.labels.index(annotation.label))
    return replace(item, labels=tuple(kept))
