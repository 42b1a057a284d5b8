"""Items and distributions as arrays of all of them, and whole for those that are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import numpy as np

from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.files import records_from_rows
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.predictions import Prediction, prediction_from_row
from labeldist.datasets.texts import SAMPLE, text_columns
from labeldist.evaluation.metric import Array
from labeldist.reporting.results import RESERVED, Said
from labeldist.reports.view import Kind

LARGEST = 1e15  # of a number in a row: more is no error and no concentration


@dataclass(frozen=True, slots=True)
class ReadItems:
    """N items: references (N, K), NaN where there are none, and how many votes are behind each (N).

    Where a reference has shares instead of counts, the votes are NaN. ``shown``: whole items by id; ``text_columns``:
    which of their columns are texts; ``evidence``: what they carry.
    """

    reference: Array
    votes: Array
    shown: Mapping[str, Item]
    text_columns: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclass(slots=True)
class ReadSet:
    """The distributions of one kind of N items: ``share`` (N, K), NaN where there is none.

    Of a posterior also ``low``, ``high`` and ``prior`` (N, K), ``expected`` (N, 2: KL and TVD), ``concentration`` (N),
    all NaN where rows do not say, and the ``mass`` of the intervals. ``shown``: by id, whole. ``unknown``: how many are
    of no item; ``warnings`` in rows; ``given`` (N, K): the labels that rows say they were made of.
    """

    key: str
    kind: Kind
    share: Array
    low: Array
    high: Array
    prior: Array
    expected: Array
    concentration: Array
    mass: float | None = None
    shown: dict[str, Prediction] = field(default_factory=dict)
    unknown: int = 0
    warnings: dict[str, None] = field(default_factory=dict)
    given: Array | None = None

    @classmethod
    def empty(cls, key: str, kind: Kind, items: int, labels: int) -> ReadSet:
        """Of nothing yet."""
        share, low, high, prior = (np.full((items, labels), np.nan) for _ in range(4))
        return cls(key, kind, share, low, high, prior, np.full((items, 2), np.nan), np.full(items, np.nan))


def read_items_at(items: Iterable[Item], task: Task, places: Mapping[str, int], shown: set[str]) -> ReadItems:
    """All that is needed of the items at these ``places``."""
    labels = task.label_names
    reference, votes = np.full((len(places), len(labels)), np.nan), np.full(len(places), np.nan)
    kept: dict[str, Item] = {}
    evidence: dict[str, None] = {}
    stream = iter(items)
    sample = [*islice(stream, SAMPLE)]
    for item in chain(sample, stream):
        at = places.get(item.id)
        if at is None:
            continue
        if item.reference is not None and (dense := item.reference_distribution(labels)) is not None:
            reference[at] = dense.probabilities
            votes[at] = _votes(item.reference)
        if item.evidence:
            evidence |= dict.fromkeys(item.evidence)
        if item.id in shown:
            kept[item.id] = item
    return ReadItems(reference, votes, kept, text_columns(sample, task.fields), tuple(evidence))


def _votes(reference: Mapping[str, float]) -> float:
    """How many people are behind a reference; NaN where it says shares."""
    total = sum(reference.values())
    return total if all(float(one).is_integer() for one in reference.values()) else np.nan


def read_set(said: Said, rows: Rows, task: Task, places: Mapping[str, int], shown: set[str]) -> ReadSet:
    """The distributions in ``rows`` of the items at these ``places``."""
    found = ReadSet.empty(said.name, said.kind, len(places), len(task.label_names))
    for row in records_from_rows(rows, task, prediction_from_row):
        at = places.get(row.id)
        if at is None:
            found.unknown += 1
            continue
        found.share[at] = row.distribution.probabilities
        if said.kind == "posterior":
            _posterior(found, at, row.extra, task.label_names)
        if row.id in shown:
            found.shown[row.id] = row
    return found


def _posterior(found: ReadSet, at: int, extra: Mapping[str, Any], labels: Sequence[str]) -> None:
    ends = extra.get("interval")
    if isinstance(ends, Mapping):
        pairs = [_pair(ends.get(label)) for label in labels]
        found.low[at], found.high[at] = zip(*pairs, strict=True)
    prior, given = extra.get("prior"), extra.get("label_counts")
    if isinstance(prior, Mapping):
        found.prior[at] = [_number(prior.get(label)) for label in labels]
    if isinstance(given, Mapping):
        if found.given is None:
            found.given = np.full(found.share.shape, np.nan)
        found.given[at] = [_number(given.get(label)) for label in labels]
    found.expected[at] = [_number(extra.get("expected_kl")), _number(extra.get("expected_tvd"))]
    found.concentration[at] = _number(extra.get("concentration"))
    mass = _number(extra.get("interval_mass"))
    if found.mass is None and 0 < mass < 1:
        found.mass = mass
    if isinstance(warning := extra.get("warning"), str):
        found.warnings[warning] = None


def _number(value: Any) -> float:
    """A number that can be shown; NaN for anything else."""
    return float(value) if isinstance(value, int | float) and abs(value) < LARGEST else np.nan


def _pair(value: Any) -> tuple[float, float]:
    """The ends of an interval; NaN for what is none."""
    low, high = map(_number, value) if isinstance(value, list | tuple) and len(value) == 2 else (np.nan, np.nan)
    return (low, high) if 0 <= low <= high <= 1 else (np.nan, np.nan)


def carried_sets(read: ReadItems, task: Task, items: Iterable[Item], places: Mapping[str, int]) -> Iterator[ReadSet]:
    """The evidence that items carry, each as what a model says."""
    if not read.evidence:
        return
    labels = task.label_names
    keys = {name: f"{name} (a model)" if name in RESERVED else name for name in read.evidence}
    found = {name: ReadSet.empty(key, "model", len(places), len(labels)) for name, key in keys.items()}
    for item in items:
        at = places.get(item.id)
        for name, one in item.evidence.items() if at is not None else ():
            found[name].share[at] = [one.distribution.get(label, 0.0) for label in labels]
    yield from found.values()
