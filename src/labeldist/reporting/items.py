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
REFERENCE = "reference"
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
    main = next((one for one in sets if one.kind == "posterior"), None)
    model = next((one for one in sets if one.kind == "model"), None)
    for at in rows:
        item = read.shown[ids[at]]
        said = {one.key: one.shown[item.id] for one in sets if item.id in one.shown}
        shares = {one.key: _rounded(one.share[at]) for one in sets if not np.isnan(one.share[at, 0])}
        if not np.isnan(read.reference[at, 0]):
            shares[REFERENCE] = _rounded(read.reference[at])
        kl, tvd = (None, None) if main is None else map(number, main.expected[at])
        yield {
            "id": item.id,
            "texts": texts_of(item, read.text_columns),
            "label_counts": [int(one) for one in counts[at]],
            "annotations": [*_annotations(item, task)],
            "disagreement": number(disagreement[at]) if counts[at].any() else None,
            "expected_kl": kl,
            "expected_tvd": tvd,
            "apart": None if model is None else _apart(model.share[at], counts[at]),
            "distributions": shares,
            "intervals": {
                one.key: [*zip(_rounded(one.low[at]), _rounded(one.high[at]), strict=True)]
                for one in sets
                if not np.isnan(one.low[at]).any()
            },
            "orders": dict(_orders(said, task.label_names)),
            "explanations": _explanations(item, said, pool.get(item.id, ()), task),
            "prompts": dict(_prompts(item, said, task)),
            "cut": [],
        }


def number(value: float) -> float | None:
    """Rounded to what a report holds; None for NaN.

    >>> number(0.12345678), number(math.nan)
    (0.123457, None)
    """
    return None if math.isnan(value) else round(float(value), DIGITS)


def _rounded(values: Array) -> list[float]:
    found: list[float] = values.round(DIGITS).tolist()
    return found


def _apart(said: Array, counts: Array) -> float | None:
    """The TVD between what a model says and the labels."""
    if np.isnan(said[0]) or not counts.any():
        return None
    return number(float(np.abs(said - counts / counts.sum()).sum() / 2))


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
        if isinstance(asked, int):
            spread, error = (_by_label(one.extra.get(name), labels) for name in ("spread", "standard_error"))
            yield key, {"orders": asked, "spread": spread, "standard_error": error}


def _by_label(value: Any, labels: Sequence[str]) -> list[float | None] | None:
    if not isinstance(value, Mapping):
        return None
    found = (value.get(label) for label in labels)
    return [number(one) if isinstance(one, int | float) else None for one in found]


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
