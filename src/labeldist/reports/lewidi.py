"""Distributions as a file of soft labels for the Le-Wi-Di shared task (third edition, 2025, arXiv 2510.08460)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from labeldist.core.distribution import LabelDistribution
from labeldist.core.errors import InputError, shown
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.core.visible import visible

ID, SOFT = "lewidi_id", "soft_label"
DECIMALS = 10


def soft_label_lines(items: Iterable[Item], predictions: Mapping[str, LabelDistribution], task: Task) -> Iterator[str]:
    """One line for each published item: its id, a tab, and the probabilities in the order of the scale or of 0 and 1.

    A label that the published soft label names and the task has not gets 0. Where each label of an item is an item of
    its own (VariErr NLI), the line has a list ``[share of no, share of yes]`` for each of them, in the order of the
    data. Probabilities are rounded to 10 decimals and still sum to 1. Raises :class:`InputError` for items that are
    none of Le-Wi-Di 2025, and for an item without a prediction.

    >>> from labeldist.tasks.load import load_task
    >>> item = Item("x", {}, extra={"lewidi_id": "7", "soft_label": {"0.0": 1.0, "1.0": 0.0}})
    >>> irony = load_task("irony")
    >>> list(soft_label_lines([item], {"x": LabelDistribution(irony.label_names, (0.25, 0.75))}, irony))
    ['7\\t[0.25, 0.75]\\n']
    """
    rows: dict[str, list[list[float]]] = {}
    for item in items:
        if ID not in item.extra or not isinstance(item.extra.get(SOFT), dict):
            raise InputError(
                f"item {shown(item.id)} without {ID} and {SOFT}",
                expected="items of a data set of Le-Wi-Di 2025",
                hint="use lewidi-csc, lewidi-mp, lewidi-paraphrase or lewidi-varierr as the reference",
            )
        if not item.extra[SOFT] or not all(_is_number(key) for key in item.extra[SOFT]):
            raise InputError(
                f"the {SOFT} {shown(item.extra[SOFT])} of item {shown(item.id)}", expected="numbers as its labels"
            )
        if item.id not in predictions:
            raise InputError(f"no prediction of item {shown(item.id)}", expected="one for each item of the data set")
        found = predictions[item.id].as_dict()
        rows.setdefault(_one_cell(item), []).append(
            _rounded([_share(found, key, task) for key in sorted(item.extra[SOFT], key=float)])
        )
    for name, lists in rows.items():
        told: Any = lists if len(lists) > 1 else lists[0]
        yield f"{name}\t{told}\n"


def _one_cell(item: Item) -> str:
    """The published id; one with a tab or a line's end would make cells and lines of its own."""
    found = str(item.extra[ID])
    if visible(found) != found:
        raise InputError(f"the {ID} {shown(found)} of item {shown(item.id)}", expected="printable text on one line")
    return found


def _is_number(key: str) -> bool:
    try:
        return math.isfinite(float(key))
    except ValueError:
        return False


def _share(found: Mapping[str, float], key: str, task: Task) -> float:
    try:
        return found[task.canonical(key)]
    except InputError:
        return 0.0


def _rounded(shares: list[float]) -> list[float]:
    """Rounded, what is left over or lacking put on the largest."""
    total = sum(shares)
    rounded = [round(share / total, DECIMALS) for share in shares] if total else shares
    largest = max(range(len(rounded)), key=rounded.__getitem__)
    rounded[largest] = round(rounded[largest] + 1 - sum(rounded), DECIMALS)
    return rounded
