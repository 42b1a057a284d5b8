"""Llama3's explanations by what people found of them: preferred, or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from labeldist.core.item import Explanation, Item
from labeldist.datasets.catalog import data_folders
from labeldist.datasets.verdicts import PROFILE, SOURCE, Verdict, matched, read_verdicts, verdicts_file
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.similarity import Texts
from labeldist.explanations.condition import Condition
from labeldist.explanations.generate import parsed_explanations
from labeldist.explanations.select import follow

JUDGED_SET = "mjd-estimator"
ALL, PREFERRED, UNPREFERRED = "all", "preferred", "unpreferred"
ONLY, FIRST = "only", "first"
# The verdicts on an item's explanations, by the item's id.
Verdicts = Mapping[str, Sequence[Verdict]]


def verdicts_of(context: ExperimentContext) -> tuple[Verdicts, list[str]]:
    """The verdicts by item, and what to know of them; none for items that nobody was asked about."""
    if context.dataset.about is None or context.dataset.about.name != JUDGED_SET:
        return {}, [f"Human verdicts are on Llama3's explanations in {JUDGED_SET} alone: that part is left out."]
    pools: dict[str, dict[str, list[str]]] = {}
    for item in context.items:
        own = pools.setdefault(item.id, {})
        for one in parsed_explanations(item, SOURCE, PROFILE):
            own.setdefault(one.label, []).append(one.text)
    file = verdicts_file(data_folders())
    found: dict[str, list[Verdict]] = {}
    for verdict in matched(read_verdicts(file), pools, file):
        found.setdefault(verdict.item, []).append(verdict)
    return found, told(found)


def told(verdicts: Verdicts) -> list[str]:
    """How many verdicts there are of which kind, and what the kinds are."""
    every = [verdict for group in verdicts.values() for verdict in group]
    answered = [verdict for verdict in every if verdict.preferred is not None]
    preferred = [verdict for verdict in answered if verdict.preferred]
    confirmed = sum(bool(verdict.confirmed) for verdict in preferred)
    return [
        f"{len(answered):,} verdicts on {len(verdicts):,} items: {len(preferred):,} preferred (faithful, Q1, and with "
        f"relevant information, Q2), of which {confirmed:,} speak for the label that they were written for (Q3); "
        f"{len(answered) - len(preferred):,} unpreferred; neither, without an answer: {len(every) - len(answered):,}.",
        "Each row has the items in which every label that is explained has such an explanation: few where only some "
        f"count ({ONLY}), nearly all where these come before the others ({FIRST}). Answers that refuse to explain have "
        "no verdict.",
    ]


def of_kind(verdicts: Verdicts, kind: str) -> dict[str, list[Verdict]]:
    """All of an item's verdicts, or those that find an explanation preferred, or unpreferred."""
    wanted = {PREFERRED: True, UNPREFERRED: False}
    return {
        id_: [one for one in group if kind == ALL or one.preferred is wanted[kind]] for id_, group in verdicts.items()
    }


def ways(
    context: ExperimentContext, condition: Condition, verdicts: Verdicts
) -> Iterator[tuple[str, list[Item], Texts]]:
    """What ``condition`` may choose from: a name, the items in which that can be done, and the choice."""
    kept = {ALL: of_kind(verdicts, ALL)}
    for kind in (PREFERRED, UNPREFERRED):
        only = kept[f"{kind} {ONLY}"] = of_kind(verdicts, kind)
        kept[f"{kind} {FIRST}"] = {
            id_: [*only[id_], *(one for one in group if one not in only[id_])] for id_, group in verdicts.items()
        }
    for name, own in kept.items():
        explained = {id_: {one.label for one in group} for id_, group in own.items()}
        able = [
            item
            for item in context.items
            if item.id in own and set(condition.wanted(item, context.task)) <= explained[item.id]
        ]
        yield name, able, partial(choose, context, condition, own)


def choose(context: ExperimentContext, condition: Condition, verdicts: Verdicts, item: Item) -> Sequence[Explanation]:
    """As ``condition`` selects, from the explanations in ``verdicts`` in their order."""
    return follow(item, explanations(verdicts[item.id]), condition.wanted(item, context.task))


def explanations(verdicts: Sequence[Verdict]) -> list[Explanation]:
    """What the verdicts are about."""
    return [Explanation(verdict.text, verdict.label, SOURCE) for verdict in verdicts]
