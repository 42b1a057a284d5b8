"""Files of distributions, as ``judge`` and ``estimate`` write them: ``{"id", "distribution": {label: p}, ...}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labeldist.core.distribution import LabelDistribution, proportions
from labeldist.core.errors import InputError, Place, shown
from labeldist.core.task import Task
from labeldist.datasets.columns import gathered
from labeldist.datasets.evidence_rows import SAID, evidence_from_row, with_bare_labels
from labeldist.datasets.failures import Failure, OnError
from labeldist.datasets.files import read_rows, records_from_rows
from labeldist.datasets.layout import DISTRIBUTIONS
from labeldist.datasets.numbers import distribution_from_row
from labeldist.datasets.rows import id_from_row


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

    A row may have ``scores`` instead, which the distribution is in proportion to, or ``logits``, whose softmax it is,
    as for evidence (:func:`~labeldist.datasets.evidence_rows.evidence_from_row`). Probabilities that were rounded (a
    sum of 1 give or take 0.005 per label) are brought to a sum of 1. Bad rows raise :class:`InputError` or, with
    ``on_error="skip"``, go to ``failures``.
    """
    rows = read_rows(path, DISTRIBUTIONS)
    return records_from_rows(rows, task, prediction_from_row, on_error=on_error, failures=failures)


def prediction_from_row(row: Mapping[str, Any], task: Task, place: Place) -> Prediction:
    """The prediction that ``row`` describes. Raises :class:`InputError` with ``place`` and the field.

    >>> from labeldist.tasks.load import load_task
    >>> prediction_from_row({"id": 1, "distribution": {"e": 0.2, "n": 0.3, "c": 0.5}}, load_task("nli"), Place())
    ... # doctest: +ELLIPSIS
    Prediction(id='1', distribution=LabelDistribution(..., probabilities=(0.2, 0.3, 0.5)), extra={})
    """
    row = with_bare_labels(gathered(row, place, SAID), task)
    if row.get("distribution") is not None and row.get("scores") is None and row.get("logits") is None:
        shares = distribution_from_row(row["distribution"], task, place.at("distribution"))
        extra = {key: value for key, value in row.items() if key not in ("id", *SAID)}
        return Prediction(id_from_row(row, place), proportions(shares, task.label_names), extra)
    if all(row.get(part) is None for part in SAID):
        expected = f"an object {{label: probability}}, or columns such as distribution.{task.label_names[0]}"
        hint = f"the row has {shown(', '.join(map(str, row)), 100)}; scores and logits are taken, too"
        raise InputError("nothing", expected=expected, place=replace(place, field="distribution"), hint=hint)
    found = evidence_from_row({part: row.get(part) for part in SAID}, task, place)
    extra = {key: value for key, value in row.items() if key not in ("id", *SAID)}
    return Prediction(id_from_row(row, place), proportions(found.distribution, task.label_names), extra)
