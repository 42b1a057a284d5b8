"""``labeldist.plan``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from labeldist.api.estimate import evidence_of, unknown_ids
from labeldist.api.read import Reading, opened
from labeldist.api.said import files_in, named
from labeldist.estimation import pilot
from labeldist.estimation.pilot import Plan
from labeldist.estimation.plan import MOST_LABELS
from labeldist.estimation.prices import Prices


def plan(
    source: Any,
    evidence: Any = None,
    *,
    saw_labels: bool | None = None,
    annotators: str | None = None,
    target: float | None = None,
    metric: str = "kl",
    prices: Prices | None = None,
    most_labels: int = MOST_LABELS,
    references: bool = True,
    seed: int = 0,
    **how: Unpack[Reading],
) -> Plan:
    """Where the next labels, references or model calls help most, from the pilot ``source``.

    Source and evidence are as for :func:`labeldist.estimate`. ``target``: the error, by ``metric`` (kl or tvd), that is
    to be reached.

    >>> from labeldist.core.item import Annotation, Item
    >>> items = [Item(str(at), {}, (Annotation("ok"), Annotation("ok" if at % 3 else "toxic"))) for at in range(30)]
    >>> found = plan(items, target=0.05)
    >>> found.predicted[0].kl > found.predicted[20].kl
    True
    """
    given = [] if evidence is None else [*named(evidence, "model")]
    dataset = opened(source, how, evidence=files_in(given))
    found = pilot.plan(
        dataset.items(),
        evidence_of(dataset, given, saw_labels) or None,
        task=dataset.task,
        annotators=annotators,
        unknown_ids=unknown_ids(dataset),
        most_labels=most_labels,
        target=target,
        metric=metric,
        prices=prices,
        references=references,
        seed=seed,
    )
    return replace(found, kind=dataset.kind)
