"""How alike explanations are, as cells and differences. Shared by several experiments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labeldist.core.item import Explanation, Item
from labeldist.evaluation.evaluation import Column, Interval
from labeldist.evaluation.means import mean_difference, mean_interval
from labeldist.evaluation.variability.groups import Known, group_similarities, usable
from labeldist.evaluation.variability.similarity import Similarity, Tools, all_similarities
from labeldist.evaluation.variability.tokens import tokens
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.findings import Difference

# Similarity of the explanations of each group, by the name of the measure; a group is (item id, label).
GroupValues = Mapping[str, Mapping[tuple[str, str], float]]
# The same for each item, by its id.
ItemValues = Mapping[str, Mapping[str, float]]
Texts = Callable[[Item], Sequence[Explanation]]

ANY_LABEL = ""
GROUPS, EACH, TOKENS = "items and labels", "explanations of each", "tokens of an explanation"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What explanations are compared by. ``lacking``: what is left out for want of a library. ``known``: texts seen."""

    measures: tuple[Similarity, ...]
    tools: Tools
    lacking: tuple[str, ...]
    known: Known = field(default_factory=dict, repr=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        """A column for each measure."""
        return tuple(Column(measure.name, measure.title, False) for measure in self.measures)


def comparison(context: ExperimentContext) -> Comparison:
    """Every measure that can be used here, with the context's sentence encoder."""
    tools = Tools(encoder=Path(context.settings.encoder) if context.settings.encoder else None)
    measures, lacking = usable(all_similarities(), tools)
    return Comparison(tuple(measures), tools, tuple(f"Left out: {reason}." for reason in lacking))


def by_label(items: Sequence[Item], texts: Texts, labels: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """The explanations of each item and label as texts; a group for every pair of them, empty ones included."""
    groups: dict[tuple[str, str], list[str]] = {(item.id, label): [] for item in items for label in labels}
    for item in items:
        for one in texts(item):
            groups[item.id, one.label].append(one.text.strip())
    return groups


def by_item(groups: Mapping[tuple[str, str], Sequence[str]]) -> dict[tuple[str, str], list[str]]:
    """The explanations of each item, whatever their label."""
    found: dict[tuple[str, str], list[str]] = {}
    for (id_, _), texts in groups.items():
        found.setdefault((id_, ANY_LABEL), []).extend(texts)
    return found


def group_values(groups: Mapping[tuple[str, str], Sequence[str]], by: Comparison) -> GroupValues:
    """How alike the texts of each group are; NaN for a group of fewer than two."""
    return group_similarities(groups, by.measures, by.tools, by.known)


def per_item(values: GroupValues, only: GroupValues | None = None) -> dict[str, dict[str, float]]:
    """The mean over an item's groups that are defined (with ``only``: in both), by measure; no item without one."""
    found: dict[str, dict[str, float]] = {}
    for name, groups in values.items():
        kept: dict[str, list[float]] = {}
        for key, value in groups.items():
            if not math.isnan(value) and (only is None or not math.isnan(only[name].get(key, math.nan))):
                kept.setdefault(key[0], []).append(value)
        found[name] = {id_: math.fsum(group) / len(group) for id_, group in kept.items()}
    return found


def means(values: ItemValues, *, resamples: int, seed: int) -> dict[str, Interval]:
    """The mean of each measure over items, with its interval."""
    return {name: mean_interval(list(items.values()), resamples=resamples, seed=seed) for name, items in values.items()}


def counts(groups: Mapping[tuple[str, str], Sequence[str]]) -> dict[str, Interval]:
    """How many groups have two texts or more, and on average how many texts these have, and tokens each of the texts.

    Overlaps grow with length: two long texts share more of their words, and nearly all of their parts of speech.
    """
    kept = {key: texts for key, texts in groups.items() if len(texts) > 1}
    items = len({id_ for id_, _ in kept})
    texts = [text for group in kept.values() for text in group]
    found = {
        GROUPS: float(len(kept)),
        EACH: len(texts) / len(kept) if kept else math.nan,
        TOKENS: sum(len(tokens(text)) for text in texts) / len(texts) if texts else math.nan,
    }
    return {name: Interval(value, value, value, items) for name, value in found.items()}


def differences(
    names: tuple[str, str], one: GroupValues, another: GroupValues, *, resamples: int, seed: int
) -> list[Difference]:
    """For each measure the mean of ``one`` minus that of ``another``, over the groups that both have."""
    ours, theirs = per_item(one, another), per_item(another, one)
    return [
        Difference(*names, name, mean_difference(ours[name], theirs[name], resamples=resamples, seed=seed))
        for name in one
    ]
