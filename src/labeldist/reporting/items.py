"""An item as a report shows it: its texts, labels, distributions, explanations, how orders matter, a prompt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from labeldist.core.errors import LabeldistError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.datasets.predictions import Prediction
from labeldist.datasets.texts import texts_of
from labeldist.evaluation.metric import Array
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt
from labeldist.reporting.read import ReadItems, ReadSet
from labeldist.reports.view import Orders, ShownExplanation, ViewItem

DIGITS = 6
LABELS, REFERENCE = "labels", "reference"  # keys of what people said
MOST_ORDERS = 10**9  # what is beyond was not counted
MOST_NAMED = 200  # annotations of an item that are shown one by one


def view_items(
    rows: Sequence[int],
    ids: Sequence[str],
    counts: Array,
    disagreement: Array,
    read: ReadItems,
    sets: Sequence[ReadSet],
    task: Task,
    pool: Mapping[str, Sequence[Explanation]],
) -> Iterator[ViewItem]:
    """The items at these places; ``pool``: the explanations that an explainer gave, by id."""
    arrays = [_OfSet(one, rows) for one in sets]
    main = next((one for one in arrays if one.read.kind == "posterior"), None)
    reference, disputed = read.reference[rows].round(DIGITS).tolist(), disagreement[rows].tolist()
    apart = _apart(next((one for one in sets if one.kind == "model"), None), counts, rows)
    for place, (at, labels) in enumerate(zip(rows, counts[rows].astype(int).tolist(), strict=True)):
        item = read.shown[ids[at]]
        said = {one.key: one.shown[item.id] for one in sets if item.id in one.shown}
        shares = {LABELS: _shares(labels)} if any(labels) else {}
        shares |= {one.read.key: one.share[place] for one in arrays if one.share[place][0] == one.share[place][0]}
        if reference[place][0] == reference[place][0]:  # not NaN
            shares[REFERENCE] = reference[place]
        kl, tvd = (math.nan, math.nan) if main is None else main.expected[place]
        yield {
            "id": item.id,
            "texts": texts_of(item, read.text_columns),
            "label_counts": labels,
            "annotations": [*_annotations(item, task)],
            "disagreement": number(disputed[place]) if any(labels) else None,
            "expected_kl": number(kl),
            "expected_tvd": number(tvd),
            "apart": number(apart[place]),
            "distributions": shares,
            "intervals": {one.read.key: one.interval(place) for one in arrays if one.has_interval(place)},
            "orders": dict(_orders(said, task.label_names)),
            "explanations": _explanations(item, said, pool.get(item.id, ()), task),
            "prompts": dict(_prompts(item, said, task)),
            "cut": [],
        }


class _OfSet:
    """The numbers of a set, rounded, of the items that are shown."""

    def __init__(self, read: ReadSet, rows: Sequence[int]) -> None:
        self.read = read
        self.share: list[list[float]] = read.share[rows].round(DIGITS).tolist()
        self.expected: list[list[float]] = read.expected[rows].tolist()
        self._low: list[list[float]] = read.low[rows].round(DIGITS).tolist()
        self._high: list[list[float]] = read.high[rows].round(DIGITS).tolist()

    def has_interval(self, place: int) -> bool:
        """Whether the item at that place has intervals."""
        return not any(map(math.isnan, (*self._low[place], *self._high[place])))

    def interval(self, place: int) -> list[tuple[float, float]]:
        """The ends for each label."""
        return [*zip(self._low[place], self._high[place], strict=True)]


def number(value: float) -> float | None:
    """Rounded to what a report holds; None for NaN.

    >>> number(0.12345678), number(math.nan)
    (0.123457, None)
    """
    return None if math.isnan(value) else round(float(value), DIGITS)


def _shares(counts: Sequence[int]) -> list[float]:
    """Counts as they are, as shares."""
    return [round(count / sum(counts), DIGITS) for count in counts]


def _apart(model: ReadSet | None, counts: Array, rows: Sequence[int]) -> list[float]:
    """The TVD between what a model says and the labels of these items; NaN where there are none of either."""
    labels, total = counts[rows], counts[rows].sum(axis=1, keepdims=True)
    if model is None:
        return [math.nan] * len(rows)
    shares = labels / np.where(total > 0, total, np.nan)
    found: list[float] = (np.abs(model.share[rows] - shares).sum(axis=1) / 2).tolist()
    return found


def _annotations(item: Item, task: Task) -> Iterator[tuple[str | None, int]]:
    """Who gave which label; nothing where labels are counts."""
    if not any(one.annotator is not None for one in item.labels):
        return
    places = {label: at for at, label in enumerate(task.label_names)}
    for one in item.labels[:MOST_NAMED]:
        for _ in range(min(one.times, MOST_NAMED)):
            yield one.annotator, places[one.label]


def _orders(said: Mapping[str, Prediction], labels: Sequence[str]) -> Iterator[tuple[str, Orders]]:
    for key, one in said.items():
        asked = one.extra.get("orders")
        if isinstance(asked, int) and 0 < asked < MOST_ORDERS:
            spread, error = (_by_label(one.extra.get(name), labels) for name in ("spread", "standard_error"))
            yield key, {"orders": asked, "spread": spread, "standard_error": error}


def _by_label(value: Any, labels: Sequence[str]) -> list[float | None] | None:
    if not isinstance(value, Mapping):
        return None
    found = (value.get(label) for label in labels)
    return [number(one) if isinstance(one, int | float) and abs(one) < MOST_ORDERS else None for one in found]


def _explanations(
    item: Item, said: Mapping[str, Prediction], pool: Sequence[Explanation], task: Task
) -> list[ShownExplanation]:
    """Those that models saw, and those that nobody chose, each once."""
    places = {label: at for at, label in enumerate(task.label_names)}
    found: dict[tuple[int, str, str], dict[str, None]] = {}
    for key, one in said.items():
        for shown in _shown(one):
            found.setdefault((places.get(shown.label, -1), shown.text, shown.source), {})[key] = None
    for other in (*item.explanations, *pool):
        found.setdefault((places.get(other.label, -1), other.text, other.source), {})
    ordered = sorted(found.items(), key=lambda pair: pair[0][0])
    return [
        {"label": label, "text": text, "source": source, "shown_to": [*keys]}
        for (label, text, source), keys in ordered
        if label >= 0
    ]


def _shown(one: Prediction) -> list[Explanation]:
    """The explanations that a row says were shown."""
    rows = one.extra.get("explanations")
    whole = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return [Explanation(str(row.get("text")), str(row.get("label")), str(row.get("source"))) for row in whole]


def _prompts(item: Item, said: Mapping[str, Prediction], task: Task) -> Iterator[tuple[str, str]]:
    """The question that each model was asked, in the first of its orders."""
    for key, one in said.items():
        style = one.extra.get("style")
        if (
            not isinstance(style, str)
            or style not in task.judge_prompts
            or any(f not in item.fields for f in task.fields)
        ):
            continue
        shown = _shown(one)
        try:
            first = orders("balanced:1", len(shown), len(task.labels))[0]
            yield (
                key,
                judge_prompt(task, item, shown, first, style=style, explicit=bool(one.extra.get("explicit"))).text,
            )
        except (LabeldistError, KeyError):  # of a file that somebody changed, or another task's
            continue
