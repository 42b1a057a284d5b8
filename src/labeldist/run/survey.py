"""A first reading of all the items, so that bad data is found before a model is asked anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Item
from labeldist.datasets.source import Dataset
from labeldist.explain.condition import Condition, parse_condition


@dataclass(frozen=True, slots=True)
class Survey:
    """How many items there are, how many have a reference or labels, and the groups of their annotators."""

    items: int
    with_reference: int
    with_labels: int
    groups: tuple[str, ...]


def survey(dataset: Dataset, specs: Sequence[str]) -> tuple[Survey, list[Condition]]:
    """Read all the items once; with the conditions that ``specs`` name, or without any those that the items allow.

    Raises :class:`~labeldist.core.errors.UsageError` for a condition that cannot be, and :class:`InputError` for the
    first bad row, for an item that lacks what a condition needs (unless the data set skips errors), and for no items.
    """
    found = _read(dataset)
    guided = ("label-guided",) if found.with_labels == found.items else ()
    conditions = [parse_condition(spec, found.groups) for spec in specs or ("none", "label-free", *guided)]
    if dataset.on_error == "stop":
        for item in dataset.items():
            _check(item, conditions, dataset)
    return found, conditions


def _read(dataset: Dataset) -> Survey:
    count = with_reference = with_labels = 0
    groups: dict[str, None] = {}
    for item in dataset.items():
        count += 1
        with_reference += item.reference is not None
        with_labels += bool(item.labels)
        groups |= dict.fromkeys(item.groups())
    if not count:
        skipped = f" ({len(dataset.failures)} rows were skipped)" if dataset.failures else ""
        raise InputError(f"no items{skipped}", expected="at least one", place=Place(dataset.path))
    return Survey(count, with_reference, with_labels, tuple(groups))


def _check(item: Item, conditions: Sequence[Condition], dataset: Dataset) -> None:
    for condition in conditions:
        try:
            condition.wanted(item, dataset.task)
        except InputError as error:
            field = "explanations" if condition.guide == "human" else "labels"
            place = Place(dataset.path, field=field)
            raise InputError(error.found, expected=error.expected, place=place, hint=error.hint) from error
