"""Explanations that people find faithful and relevant, against others; diverse ones against similar ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from labeldist.core.item import Explanation, Item
from labeldist.experiments.conditions import LABEL_FREE, guided
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Cell, Chart, Difference, Findings
from labeldist.experiments.measure import Entry
from labeldist.experiments.preferred import (
    ALL,
    FIRST,
    ONLY,
    PREFERRED,
    UNPREFERRED,
    Verdicts,
    explanations,
    of_kind,
    verdicts_of,
    ways,
)
from labeldist.experiments.similarity import (
    Comparison,
    by_item,
    by_label,
    comparison,
    counts,
    differences,
    group_values,
    means,
    per_item,
)
from labeldist.explanations.condition import NONE, Condition
from labeldist.explanations.extremes import extreme_set
from labeldist.explanations.select import follow

LISTED, DIVERSE, SIMILAR = "first listed", "least alike", "most alike"


@experiment(
    "preference",
    title="Explanations that people prefer, and diverse ones",
    question="Does the MJD come closer to the HJD with explanations that people found faithful and relevant, or with "
    "those that they did not; and with the most diverse, or the most similar explanations?",
)
def preference(context: ExperimentContext) -> Findings:
    """Llama3's explanations by human verdict (items 0-99); the explainer's, chosen to overlap least or most."""
    by = comparison(context)
    verdicts, notes = verdicts_of(context)
    none = context.judged("none", Condition(NONE))
    entries = [Entry("none", {"explanations": NONE, "chosen": NONE}, (none.distributions,))]
    pairs: list[tuple[str, str]] = []
    cells: list[Cell] = []
    conditions = [Condition(LABEL_FREE), *guided(context)]
    for condition in conditions if verdicts else ():
        found, compare = by_verdict(context, condition, verdicts)
        entries, pairs = [*entries, *found], [*pairs, *compare]
    for condition in conditions:
        found, compare, shown = by_spread(context, condition, by)
        entries, pairs, cells = [*entries, *found], [*pairs, *compare], [*cells, *shown]
    alike_cells, alike_pairs = alike_by_verdict(context, verdicts, by)
    ids = {entry.name: entry.ids() for entry in entries}
    findings = context.find(
        entries,
        compare=[pair for pair in pairs if set(pair) <= set(ids) and ids[pair[0]] & ids[pair[1]]],
        common=False,
        charts=[Chart("chosen", "explanations", ("kl", "tvd", "dcorr"), "By human verdict, and by overlap")],
        notes=[*by.lacking, *notes],
    )
    return replace(
        findings,
        columns=(*findings.columns, *by.columns),
        cells=(*findings.cells, *alike_cells, *cells),
        differences=(*findings.differences, *alike_pairs),
    )


def by_verdict(
    context: ExperimentContext, condition: Condition, verdicts: Verdicts
) -> tuple[list[Entry], list[tuple[str, str]]]:
    """MJDs with all explanations, with the (un)preferred alone, and with these first."""
    section = f"By human verdict, {condition.name}"
    entries = []
    for name, items, choose in ways(context, condition, verdicts):
        if items:
            what = f"{condition.name}, {name}"
            judged = context.judged(what, choose, saw_labels=condition.saw_labels, items=items)
            entries.append(
                Entry(what, {"explanations": condition.name, "chosen": name}, (judged.distributions,), section)
            )
    pairs = [
        (f"{condition.name}, {one}", f"{condition.name}, {other}")
        for how in (ONLY, FIRST)
        for one, other in (
            (f"{UNPREFERRED} {how}", f"{PREFERRED} {how}"),
            (f"{PREFERRED} {how}", ALL),
            (f"{UNPREFERRED} {how}", ALL),
        )
    ]
    pairs += [(entry.name, "none") for entry in entries]
    return [entry for entry in entries if entry.ids()], pairs


def by_spread(
    context: ExperimentContext, condition: Condition, by: Comparison
) -> tuple[list[Entry], list[tuple[str, str]], list[Cell]]:
    """MJDs with the explanations as listed, with those that overlap least, and with those that overlap most."""

    def chosen(item: Item, way: str) -> Sequence[Explanation]:
        wanted = condition.wanted(item, context.task)
        if way == LISTED:
            return follow(item, context.of_pool(item), wanted)
        return extreme_set(item, context.of_pool(item), wanted, alike=way == SIMILAR)

    entries, cells = [], []
    for way in (LISTED, DIVERSE, SIMILAR):
        name = f"{condition.name}, {way}"
        judged = context.judged(name, partial(chosen, way=way), saw_labels=condition.saw_labels)
        factors = {"explanations": condition.name, "chosen": way}
        if not judged.distributions:
            continue
        entries.append(Entry(name, factors, (judged.distributions,), f"By lexical overlap, {condition.name}"))
        seen = {item.id: chosen(item, way) for item in context.items if item.id in judged.distributions}
        groups = {(id_, ""): list(dict.fromkeys(one.text.strip() for one in found)) for id_, found in seen.items()}
        how = {"resamples": context.settings.resamples, "seed": context.seed}
        found = {"shown": way, "explanations": condition.name}
        cells.append(
            Cell(f"{name}: similarity", found, means(per_item(group_values(groups, by)), **how), "What was shown")
        )
    pairs = [
        (f"{condition.name}, {one}", f"{condition.name}, {other}")
        for one, other in ((DIVERSE, SIMILAR), (DIVERSE, LISTED), (SIMILAR, LISTED))
    ]
    pairs += [(entry.name, "none") for entry in entries]
    return entries, pairs, cells


def alike_by_verdict(
    context: ExperimentContext, verdicts: Verdicts, by: Comparison
) -> tuple[list[Cell], list[Difference]]:
    """How alike all, the preferred and the unpreferred explanations are, within item and label, and within item."""
    items = [item for item in context.items if item.id in verdicts]
    how = {"resamples": context.settings.resamples, "seed": context.seed}
    cells: list[Cell] = []
    pairs: list[Difference] = []
    for what in ("same label", "any label") if items else ():
        values = {}
        for kind in (ALL, PREFERRED, UNPREFERRED):
            kept = {id_: explanations(group) for id_, group in of_kind(verdicts, kind).items()}
            groups = by_label(items, lambda item, kept=kept: kept[item.id], context.labels)  # type: ignore[misc]
            groups = groups if what == "same label" else by_item(groups)
            values[kind] = group_values(groups, by)
            found = {**means(per_item(values[kind]), **how), **counts(groups)}
            name = f"{kind}, {what}"
            cells.append(Cell(name, {"verdict": kind, "of": what}, found, f"Similarity within item, {what}"))
        names = f"{PREFERRED}, {what}", f"{UNPREFERRED}, {what}"
        pairs += differences(names, values[PREFERRED], values[UNPREFERRED], **how)
    return cells, pairs
