"""How much explanations vary, and whether that tells how close the MJD comes (arXiv 2412.13942, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from labeldist.core.item import Explanation, Item
from labeldist.evaluation.evaluation import Column
from labeldist.evaluation.metric import METRICS
from labeldist.experiments.conditions import LABEL_FREE, guided, human_explanations
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.correlations import Explained, correlations
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Cell, Chart, Findings
from labeldist.experiments.similarity import (
    ANY_LABEL,
    Comparison,
    Texts,
    by_item,
    by_label,
    comparison,
    counts,
    differences,
    group_values,
    means,
    per_item,
)
from labeldist.explanations.condition import HUMAN, Condition
from labeldist.explanations.parse import PARSERS
from labeldist.runs.stages import explanation_pool

SAME, ANY = "same label", "any label"
CLOSENESS = ("kl", "tvd")


@dataclass(frozen=True, slots=True)
class Shown:
    """Explanations as one condition puts them before the judge."""

    name: str
    source: str
    condition: Condition
    texts: Texts


@experiment(
    "variability",
    title="How much explanations vary",
    question="Are a model's explanations of an item more alike than those that people write, and does the MJD come "
    "closer to the HJD where the explanations shown are less alike?",
    parser=None,
)
def variability(context: ExperimentContext) -> Findings:
    """Lexical, syntactic and semantic similarity of each source; its rank correlation with the MJD's distance."""
    by = comparison(context)
    how = {"resamples": context.settings.resamples, "seed": context.seed}
    sources = {source: texts_of(context, source) for source in sources_of(context)}
    groups = {source: by_label(context.items, texts, context.labels) for source, texts in sources.items()}
    values = {}
    for source, own in groups.items():
        values[source] = group_values(own, by), group_values(by_item(own), by)
        context.report.progress("compare explanations", 1, len(groups))
    cells, pairs = [], []
    for at, what in enumerate((SAME, ANY)):
        for source in sources:
            own = groups[source] if what == SAME else by_item(groups[source])
            found = {**means(per_item(values[source][at]), **how), **counts(own)}
            cells.append(Cell(f"{source}, {what}", {"source": source, "of": what}, found, f"Within item, {what}"))
            if source != HUMAN and HUMAN in sources:
                names = f"{source}, {what}", f"{HUMAN}, {what}"
                pairs += differences(names, values[source][at], values[HUMAN][at], **how)
    explained = [judge(context, shown, by) for shown in shown_sets(context, sources)]
    told = correlations(explained, context.references, CLOSENESS, **how)
    notes = [
        *by.lacking,
        "Similarity is the mean over pairs of explanations, then over an item's labels, then over items; an item and "
        "label with fewer than two explanations is undefined and does not count.",
        "Differences to human explanations are over the items and labels in which both are defined.",
        "Overlaps grow with the length of texts, whatever they say: mind how long the explanations of each source are.",
        "Among explanations shown, a repeated one (where a label had too few) counts once.",
        *told.notes,
    ]
    return Findings(
        (*by.columns, *(Column(name, METRICS.get(name).title, False) for name in CLOSENESS)),
        (*cells, *told.shown, *told.cells),
        tuple(pairs),
        (
            Chart("source", "of", ("word-1", "word-2", "word-3"), "Similarity of words"),
            Chart("source", "of", ("tag-1", "tag-3", "cosine"), "Similarity of parts of speech and of meaning"),
            Chart("shown", "with", ("word-1", "tag-1", "cosine"), "Rank correlation with the MJD's distance"),
        ),
        tuple(notes),
    )


def sources_of(context: ExperimentContext) -> list[str]:
    """Who explained any of the items, people first."""
    found: dict[str, None] = {}
    for item in context.items:
        found |= dict.fromkeys([*(one.source for one in item.explanations), *(one.source for one in item.answers)])
    return sorted(found, key=lambda source: source != HUMAN)


def texts_of(context: ExperimentContext, source: str) -> Texts:
    """What gives an item's explanations of ``source``, read as published where nothing else is named."""
    if source == HUMAN:
        return human_explanations
    published = f"{context.dataset.about.name}:{source}" if context.dataset.about else ""
    return explanation_pool(source, context.settings.parser or (published if published in PARSERS.names() else None))


def shown_sets(context: ExperimentContext, sources: dict[str, Texts]) -> list[Shown]:
    """Human explanations, and for every other source label-free and guided ones, first and longest."""
    found = []
    if HUMAN in sources and all(human_explanations(item) for item in context.items):
        found.append(Shown(HUMAN, HUMAN, Condition(HUMAN), human_explanations))
    for source, texts in sources.items():
        for ranking in ("first", "longest") if source != HUMAN else ():
            for condition in (Condition(LABEL_FREE, ranking=ranking), *guided(context, ranking)):
                chosen = partial(choose, context, condition, texts)
                found.append(Shown(f"{source}, {condition.name}", source, condition, chosen))
    return found


def choose(context: ExperimentContext, condition: Condition, texts: Texts, item: Item) -> Sequence[Explanation]:
    """What ``condition`` selects from the explanations of one source."""
    return condition.choose(item, texts(item), context.task, seed=context.seed)


def judge(context: ExperimentContext, shown: Shown, by: Comparison) -> Explained:
    """The MJDs with these explanations, and how alike they are."""
    judged = context.judged(f"MJD {shown.name}", shown.texts, saw_labels=shown.condition.saw_labels)
    seen = {item.id: shown.texts(item) for item in context.items if item.id in judged.distributions}
    groups = {(id_, ANY_LABEL): list(dict.fromkeys(one.text.strip() for one in found)) for id_, found in seen.items()}
    return Explained(
        shown.name,
        shown.source,
        shown.condition.name,
        per_item(group_values(groups, by)),
        judged.distributions,
        {id_: len({one.label for one in found}) for id_, found in seen.items()},
    )
