"""What to train on: distributions that items have or a file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Item
from labeldist.core.registry import did_you_mean
from labeldist.core.task import Task
from labeldist.datasets.files import SUFFIXES, is_there
from labeldist.datasets.predictions import read_predictions

FROM_LABELS = ("frequencies", "majority", "smoothed")
KINDS = ("reference", "frequencies", "majority", "smoothed:C")
Targets = Mapping[str, Sequence[float]]


def targets_of(spec: str, items: Iterable[Item], task: Task) -> dict[str, tuple[float, ...]]:
    """The distribution to train on of each item that has one, by id.

    ``spec``: ``reference`` (the dense human distribution), ``frequencies`` of the labels, ``smoothed:C`` (after C
    pseudo-counts for each label; 0.5 without a number), ``majority`` (ties share), or a file of distributions. Raises
    :class:`UsageError` for anything else, :class:`InputError` where no item has what it takes.

    >>> from labeldist.core.item import Annotation
    >>> from labeldist.tasks.load import load_task
    >>> items = [Item("1", {}, (Annotation("neutral"), Annotation("neutral"), Annotation("entailment")))]
    >>> targets_of("smoothed:1", items, load_task("nli"))["1"]
    (0.3333333333333333, 0.5, 0.16666666666666666)
    """
    kind, _, number = spec.partition(":")
    named = kind in ("reference", *FROM_LABELS)
    if not named and (spec.lower().endswith(SUFFIXES) or is_there(Path(spec))):
        wanted = {item.id for item in items}
        rows = read_predictions(Path(spec), task)
        found = {row.id: row.distribution.probabilities for row in rows if row.id in wanted}
    elif spec == "reference":
        known = ((item.id, item.reference_distribution(task.label_names)) for item in items)
        found = {id_: one.probabilities for id_, one in known if one is not None}
    else:
        found = _from_labels(_weights(kind, number, spec), items, task)
    if not found:
        raise InputError(f"no item with a target by {spec!r}", expected="at least one to train on")
    return found


def _weights(kind: str, number: str, spec: str) -> Callable[[np.ndarray], np.ndarray]:
    if spec == "frequencies":
        return lambda counts: counts
    if spec == "majority":
        return lambda counts: (counts == counts.max()).astype(np.float64)
    if kind == "smoothed":
        try:
            extra = float(number or 0.5)
        except ValueError:
            extra = -1.0
        if not 0 <= extra < 1e6:
            raise UsageError(f"pseudo-counts {number!r}", hint="give a number of at least 0, such as smoothed:0.5")
        return lambda counts: counts + extra
    raise did_you_mean("target (or file of distributions)", spec, KINDS)


def _from_labels(
    weigh: Callable[[np.ndarray], np.ndarray], items: Iterable[Item], task: Task
) -> dict[str, tuple[float, ...]]:
    found = {}
    for item in items:
        if item.labels:
            weights = weigh(np.array(item.label_counts(task.label_names), dtype=np.float64))
            found[item.id] = tuple((weights / weights.sum()).tolist())
    return found
