"""A number for each label: counts and other weights, probabilities, scores, logits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from labeldist.core.errors import Place, shown
from labeldist.core.task import Task
from labeldist.datasets.values import label_of, refuse

LARGEST = 1e15  # a count: up to about here floats are exact, and sums cannot overflow
ROUNDING = 0.005  # of each probability: published ones often have two decimals


def weights_from_row(found: Any, task: Task, place: Place, *, complete: bool = False) -> dict[str, float]:
    """A mapping ``{label: number}`` with the task's own label names, every number finite and at least 0.

    A label whose number is null is left out; ``complete`` demands all labels of the task. Raises :class:`InputError`.
    """
    if type(found) is not dict and not isinstance(found, Mapping):
        refuse(shown(found), "an object {label: number}", place)
    weights: dict[str, float] = {}
    memo = task.memo
    for spelling, number in found.items():
        label = memo.get(spelling) if type(spelling) is str else None
        if label is None:
            label = label_of(spelling, task, place)
        if label in weights:
            refuse(f"label {label!r} twice in {shown(dict(found))}", "each label once", place)
        if number is None:
            continue
        if type(number) not in (int, float) and (isinstance(number, bool) or not isinstance(number, int | float)):
            refuse(f"{shown(number)} for label {label!r}", "a number", place)
        if not 0 <= number <= LARGEST:  # also where it is NaN
            expected = f"a finite number of at least 0 and at most {LARGEST:g}"
            refuse(f"{shown(number)} for label {label!r}", expected, place)
        weights[label] = number
    if complete:
        _require_all(weights, found, task, place)
    return weights


def distribution_from_row(found: Any, task: Task, place: Place) -> dict[str, float]:
    """A mapping ``{label: probability}`` over all labels of the task. Raises :class:`InputError`.

    The sum must be 1, give or take 0.005 per label: published numbers are often rounded to two decimals.
    """
    weights = weights_from_row(found, task, place, complete=True)
    if not sums_to_one(weights, task):
        found = f"probabilities that sum to {math.fsum(weights.values()):.6g}"
        refuse(found, f"a sum of 1 (to {slack(task):.3g})", place)
    return weights


def sums_to_one(weights: Mapping[str, float], task: Task) -> bool:
    """Whether these are probabilities, give or take rounding."""
    return abs(math.fsum(weights.values()) - 1) <= slack(task) + 1e-9


def slack(task: Task) -> float:
    """How far from 1 a sum may be."""
    return ROUNDING * len(task.labels)


def scores_from_row(found: Any, task: Task, place: Place) -> dict[str, float]:
    """A number of at least 0 for each label of the task; a label that is left out has 0."""
    weights = weights_from_row(found, task, place)
    return {label: weights.get(label, 0.0) for label in task.label_names}


def softmax_from_row(found: Any, task: Task, place: Place) -> dict[str, float]:
    """The softmax of a finite number, negative or not, for each label of the task."""
    if type(found) is not dict and not isinstance(found, Mapping):
        refuse(shown(found), "an object {label: number}", place)
    logits: dict[str, float] = {}
    for spelling, number in found.items():
        label = label_of(spelling, task, place)
        if label in logits:
            refuse(f"label {label!r} twice in {shown(dict(found))}", "each label once", place)
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= LARGEST:
            refuse(f"{shown(number)} for label {label!r}", f"a finite number of at most {LARGEST:g}", place)
        logits[label] = float(number)
    _require_all(logits, found, task, place)
    most = max(logits.values())
    weights = {label: math.exp(logits[label] - most) for label in task.label_names}
    total = math.fsum(weights.values())
    return {label: weight / total for label, weight in weights.items()}


def _require_all(numbers: Mapping[str, float], found: Mapping[Any, Any], task: Task, place: Place) -> None:
    if len(numbers) < len(task.label_names):
        missing = next(label for label in task.label_names if label not in numbers)
        expected = f"a number for each of: {', '.join(task.label_names)}"
        refuse(f"no number for label {missing!r} in {shown(dict(found))}", expected, place)
