"""How alike the texts of a group are, such as one item's explanations of one label: the mean over their pairs."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from labeldist.core.errors import MissingExtraError
from labeldist.evaluation.metric import Array
from labeldist.evaluation.variability.similarity import Represent, Similarity, Tools

K = TypeVar("K", bound=Hashable)
# What each text looks like to each way of looking at it.
Known = dict[Represent, dict[str, Any]]


def usable(measures: Sequence[Similarity], tools: Tools) -> tuple[list[Similarity], list[str]]:
    """The measures whose libraries are installed, and for those that lack one what to install."""
    lacking: dict[Represent, str] = {}
    for represent in dict.fromkeys(measure.represent for measure in measures):
        try:
            represent(["A trial."], tools)
        except MissingExtraError as error:
            lacking[represent] = f"{error.message} ({error.hint})"
    kept = [measure for measure in measures if measure.represent not in lacking]
    return kept, list(lacking.values())


def group_similarities(
    groups: Mapping[K, Sequence[str]],
    measures: Sequence[Similarity],
    tools: Tools,
    known: Known | None = None,
) -> dict[str, dict[K, float]]:
    """For each measure, by name, how alike the texts of each group are.

    That is the mean over all pairs of different places in the group (equal texts in two places are a pair); pairs for
    which the measure is undefined do not count. NaN, undefined, where no pair is left: a group of one text has no
    variability, which is not the same as a variability of 0. Every text is looked at once, whatever the number of its
    groups and measures; ``known`` keeps what was seen of it for the next call with the same ``tools``.

    >>> from labeldist.evaluation.variability.similarity import SIMILARITIES
    >>> found = group_similarities(
    ...     {"a": ["It rains.", "It pours.", "Wet"], "b": ["Dry"]}, [SIMILARITIES.get("word-1")], Tools()
    ... )
    >>> round(found["word-1"]["a"], 4), found["word-1"]["b"]
    (0.2222, nan)
    """
    texts = list(dict.fromkeys(text for group in groups.values() for text in group))
    known = {} if known is None else known
    found: dict[str, dict[K, float]] = {}
    for measure in measures:
        seen = known.setdefault(measure.represent, {})
        new = [text for text in texts if text not in seen]
        if new:
            seen.update(zip(new, measure.represent(new, tools), strict=True))
        found[measure.name] = {
            key: _mean_of_pairs(measure, [seen[text] for text in group]) for key, group in groups.items()
        }
    return found


def _mean_of_pairs(measure: Similarity, represented: Sequence[Any]) -> float:
    if len(represented) < 2:
        return math.nan
    matrix: Array = measure.compare(represented)
    values = matrix[np.triu_indices(len(represented), 1)]
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else math.nan
