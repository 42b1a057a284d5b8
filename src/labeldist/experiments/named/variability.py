"""How much explanations vary, and whether that tells how close the MJD comes (arXiv 2412.13942, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from labeldist.core.item import Explanation, Item
from labeldist.evaluation.evaluation import Column
from labeldist.evaluation.metric import METRICS
from labeldist.experiments.alike import (
    ANY_LABEL,
    Comparison,
    Texts,
    alike,
    by_item,
    by_label,
    comparison,
    counts,
    differences,
    means,
    per_item,
)
from labeldist.experiments.cast import LABEL_FREE, guided, human_explanations
from labeldist.experiments.correlations import Explained, correlations
from labeldist.experiments.experiment import experiment
from labeldist.experiments.findings import Cell, Chart, Findings
from labeldist.experiments.lab import Lab
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
def variability(lab: Lab) -> Findings:
    """Lexical, syntactic and semantic similarity of each source; its rank correlation with the MJD's distance."""
    by = comparison(lab)
    how = {"resamples": lab.settings.resamples, "seed": lab.seed}
    sources = {source: texts_of(lab, source) for source in sources_of(lab)}
    groups = {source: by_label(lab.items, texts, lab.labels) for source, texts in sources.items()}
    values = {}
    for source, own in groups.items():
        values[source] = alike(own, by), alike(by_item(own), by)
        lab.report.progress("compare explanations", 1, len(groups))
    cells, pairs = [], []
    for at, what in enumerate((SAME, ANY)):
        for source in sources:
            own = groups[source] if what == SAME else by_item(groups[source])
            found = {**means(per_item(values[source][at]), **how), **counts(own)}
            cells.append(Cell(f"{source}, {what}", {"source": source, "of": what}, found, f"Within item, {what}"))
            if source != HUMAN and HUMAN in sources:
                names = f"{source}, {what}", f"{HUMAN}, {what}"
                pairs += differences(names, values[source][at], values[HUMAN][at], **how)
    explained = [judge(lab, shown, by) for shown in shown_sets(lab, sources)]
    told = correlations(explained, lab.references, CLOSENESS, **how)
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


def sources_of(lab: Lab) -> list[str]:
    """Who explained any of the items, people first."""
    found: dict[str, None] = {}
    for item in lab.items:
        found |= dict.fromkeys([*(one.source for one in item.explanations), *(one.source for one in item.answers)])
    return sorted(found, key=lambda source: source != HUMAN)


def texts_of(lab: Lab, source: str) -> Texts:
    """What gives an item's explanations of ``source``, read as published where nothing else is named."""
    if source == HUMAN:
        return human_explanations
    published = f"{lab.dataset.about.name}:{source}" if lab.dataset.about else ""
    return explanation_pool(source, lab.settings.parser or (published if published in PARSERS.names() else None))


def shown_sets(lab: Lab, sources: dict[str, Texts]) -> list[Shown]:
    """Human explanations, and for every other source label-free and guided ones, first and longest."""
    found = []
    if HUMAN in sources and all(human_explanations(item) for item in lab.items):
        found.append(Shown(HUMAN, HUMAN, Condition(HUMAN), human_explanations))
    for source, texts in sources.items():
        for ranking in ("first", "longest") if source != HUMAN else ():
            for condition in (Condition(LABEL_FREE, ranking=ranking), *guided(lab, ranking)):
                chosen = partial(choose, lab, condition, texts)
                found.append(Shown(f"{source}, {condition.name}", source, condition, chosen))
    return found


def choose(lab: Lab, condition: Condition, texts: Texts, item: Item) -> Sequence[Explanation]:
    """What ``condition`` selects from the explanations of one source."""
    return condition.choose(item, texts(item), lab.task, seed=lab.seed)


def judge(lab: Lab, shown: Shown, by: Comparison) -> Explained:
    """The MJDs with these explanations, and how alike they are."""
    judged = lab.judged(f"MJD {shown.name}", shown.texts, saw_labels=shown.condition.saw_labels)
    seen = {item.id: shown.texts(item) for item in lab.items if item.id in judged.distributions}
    groups = {(id_, ANY_LABEL): list(dict.fromkeys(one.text.strip() for one in found)) for id_, found in seen.items()}
    return Explained(
        shown.name,
        shown.source,
        shown.condition.name,
        per_item(alike(groups, by)),
        judged.distributions,
        {id_: len({one.label for one in found}) for id_, found in seen.items()},
    )
