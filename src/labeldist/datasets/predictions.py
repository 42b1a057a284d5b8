"""Files of distributions, as ``judge`` and ``estimate`` write them: ``{"id", "distribution": {label: p}, ...}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labeldist.core.distribution import LabelDistribution, proportions
from labeldist.core.errors import InputError, Place, shown
from labeldist.core.task import Task
from labeldist.datasets.failures import Failure, OnError
from labeldist.datasets.files import read_rows, records_from_rows
from labeldist.datasets.rows import distribution_from_row, gathered, id_from_row
from labeldist.datasets.tables import NESTED


@dataclass(frozen=True, slots=True)
class Prediction:
    """A distribution for the item of that id, and what else its row says."""

    id: str
    distribution: LabelDistribution
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_predictions(
    path: Path, task: Task, *, on_error: OnError = "stop", failures: list[Failure] | None = None
) -> Iterator[Prediction]:
    """The distributions of a file (JSONL, CSV or Parquet) as a stream, each id once, over all labels of ``task``.

    Probabilities that were rounded (a sum of 1 give or take 0.005 per label) are brought to a sum of 1. Bad rows raise
    :class:`InputError` or, with ``on_error="skip"``, go to ``failures``.
    """
    rows = read_rows(path, (*NESTED, "distribution"))
    return records_from_rows(rows, task, prediction_from_row, on_error=on_error, failures=failures)


def prediction_from_row(row: Mapping[str, Any], task: Task, place: Place) -> Prediction:
    """The prediction that ``row`` describes. Raises :class:`InputError` with ``place`` and the field.

    >>> from labeldist.tasks.load import load_task
    >>> prediction_from_row({"id": 1, "distribution": {"e": 0.2, "n": 0.3, "c": 0.5}}, load_task("nli"), Place())
    ... # doctest: +ELLIPSIS
    Prediction(id='1', distribution=LabelDistribution(..., probabilities=(0.2, 0.3, 0.5)), extra={})
    """
    where = replace(place, field="distribution")
    row = gathered(row, place, ("distribution",))
    found = row.get("distribution")
    if found is None:
        expected = "an object {label: probability}, or columns such as " + f"distribution.{task.label_names[0]}"
        hint = f"the row has {shown(', '.join(map(str, row)), 100)}"
        raise InputError("nothing", expected=expected, place=where, hint=hint)
    weights = distribution_from_row(found, task, where)
    extra = {key: value for key, value in row.items() if key not in ("id", "distribution")}
    return Prediction(id_from_row(row, place), proportions(weights, task.label_names), extra)
