"""Which items people are asked about, where they are not asked about all: those that `plan` names first."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.estimation.estimate import estimate
from labeldist.estimation.pilot import plan

NO_LABELS = "no item has a label to plan from: the items are drawn at random"


def choose(items: Sequence[Item], task: Task, number: int, seed: int) -> tuple[list[Item], str]:
    """The ``number`` items that should be labelled next, and why these.

    Where the pilot's replay shows that targeting pays, the items of which least is known; else those with the fewest
    labels, so that labels are spread evenly. Equals are drawn at random.
    """
    drawn = list(items)
    Random(seed).shuffle(drawn)
    counts = {item.id: sum(one.times for one in item.labels) for item in items}
    if not any(counts.values()):
        return drawn[:number], NO_LABELS
    found = plan(drawn, task=task, most_labels=1, references=False, unknown_ids="skip", seed=seed)
    if found.replay.offers:
        known = estimate(drawn, task=task, unknown_ids="skip", seed=seed)
        doubt = dict(zip(known.ids, known.posterior.expected_kl.tolist(), strict=True))
        drawn.sort(key=lambda item: -doubt.get(item.id, 0.0))
    else:
        drawn.sort(key=lambda item: counts[item.id])
    return drawn[:number], found.replay.verdict()
