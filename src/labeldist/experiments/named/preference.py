"""Explanations that people find faithful and relevant, against others; diverse ones against similar ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from labeldist.core.item import Explanation, Item
from labeldist.experiments.alike import (
    Comparison,
    alike,
    by_item,
    by_label,
    comparison,
    counts,
    differences,
    means,
    per_item,
)
from labeldist.experiments.cast import LABEL_FREE, guided
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Cell, Chart, Difference, Findings
from labeldist.experiments.lab import Lab
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
from labeldist.explanations.condition import NONE, Condition
from labeldist.explanations.select import follow
from labeldist.explanations.spread import spread

LISTED, DIVERSE, SIMILAR = "first listed", "least alike", "most alike"


@experiment(
    "preference",
    title="Explanations that people prefer, and diverse ones",
    question="Does the MJD come closer to the HJD with explanations that people found faithful and relevant, or with "
    "those that they did not; and with the most diverse, or the most similar explanations?",
)
def preference(lab: Lab) -> Findings:
    """Llama3's explanations by human verdict (items 0-99); the explainer's, chosen to overlap least or most."""
    by = comparison(lab)
    verdicts, notes = verdicts_of(lab)
    none = lab.judged("none", Condition(NONE))
    entries = [Entry("none", {"explanations": NONE, "chosen": NONE}, (none.distributions,))]
    pairs: list[tuple[str, str]] = []
    cells: list[Cell] = []
    conditions = [Condition(LABEL_FREE), *guided(lab)]
    for condition in conditions if verdicts else ():
        found, compare = by_verdict(lab, condition, verdicts)
        entries, pairs = [*entries, *found], [*pairs, *compare]
    for condition in conditions:
        found, compare, shown = by_spread(lab, condition, by)
        entries, pairs, cells = [*entries, *found], [*pairs, *compare], [*cells, *shown]
    alike_cells, alike_pairs = alike_by_verdict(lab, verdicts, by)
    ids = {entry.name: entry.ids() for entry in entries}
    findings = lab.find(
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


def by_verdict(lab: Lab, condition: Condition, verdicts: Verdicts) -> tuple[list[Entry], list[tuple[str, str]]]:
    """MJDs with all explanations, with the (un)preferred alone, and with these first."""
    section = f"By human verdict, {condition.name}"
    entries = []
    for name, items, choose in ways(lab, condition, verdicts):
        if items:
            what = f"{condition.name}, {name}"
            judged = lab.judged(what, choose, saw_labels=condition.saw_labels, items=items)
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


def by_spread(lab: Lab, condition: Condition, by: Comparison) -> tuple[list[Entry], list[tuple[str, str]], list[Cell]]:
    """MJDs with the explanations as listed, with those that overlap least, and with those that overlap most."""

    def chosen(item: Item, way: str) -> Sequence[Explanation]:
        wanted = condition.wanted(item, lab.task)
        if way == LISTED:
            return follow(item, lab.of_pool(item), wanted)
        return spread(item, lab.of_pool(item), wanted, alike=way == SIMILAR)

    entries, cells = [], []
    for way in (LISTED, DIVERSE, SIMILAR):
        name = f"{condition.name}, {way}"
        judged = lab.judged(name, partial(chosen, way=way), saw_labels=condition.saw_labels)
        factors = {"explanations": condition.name, "chosen": way}
        if not judged.distributions:
            continue
        entries.append(Entry(name, factors, (judged.distributions,), f"By lexical overlap, {condition.name}"))
        seen = {item.id: chosen(item, way) for item in lab.items if item.id in judged.distributions}
        groups = {(id_, ""): list(dict.fromkeys(one.text.strip() for one in found)) for id_, found in seen.items()}
        how = {"resamples": lab.settings.resamples, "seed": lab.seed}
        found = {"shown": way, "explanations": condition.name}
        cells.append(Cell(f"{name}: similarity", found, means(per_item(alike(groups, by)), **how), "What was shown"))
    pairs = [
        (f"{condition.name}, {one}", f"{condition.name}, {other}")
        for one, other in ((DIVERSE, SIMILAR), (DIVERSE, LISTED), (SIMILAR, LISTED))
    ]
    pairs += [(entry.name, "none") for entry in entries]
    return entries, pairs, cells


def alike_by_verdict(lab: Lab, verdicts: Verdicts, by: Comparison) -> tuple[list[Cell], list[Difference]]:
    """How alike all, the preferred and the unpreferred explanations are, within item and label, and within item."""
    items = [item for item in lab.items if item.id in verdicts]
    how = {"resamples": lab.settings.resamples, "seed": lab.seed}
    cells: list[Cell] = []
    pairs: list[Difference] = []
    for what in ("same label", "any label") if items else ():
        values = {}
        for kind in (ALL, PREFERRED, UNPREFERRED):
            kept = {id_: explanations(group) for id_, group in of_kind(verdicts, kind).items()}
            groups = by_label(items, lambda item, kept=kept: kept[item.id], lab.labels)  # type: ignore[misc]
            groups = groups if what == "same label" else by_item(groups)
            values[kind] = alike(groups, by)
            found = {**means(per_item(values[kind]), **how), **counts(groups)}
            name = f"{kind}, {what}"
            cells.append(Cell(name, {"verdict": kind, "of": what}, found, f"Similarity within item, {what}"))
        names = f"{PREFERRED}, {what}", f"{UNPREFERRED}, {what}"
        pairs += differences(names, values[PREFERRED], values[UNPREFERRED], **how)
    return cells, pairs
