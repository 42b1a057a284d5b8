"""Files of evidence: what a model says of items, one row each, as ``judge`` and ``run`` write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeldist.core.errors import Place
from labeldist.core.item import Evidence
from labeldist.core.task import Task
from labeldist.datasets.columns import gathered
from labeldist.datasets.evidence_rows import SAID, evidence_from_row, with_bare_labels
from labeldist.datasets.failures import Failure, OnError
from labeldist.datasets.files import read_rows, records_from_rows
from labeldist.datasets.layout import DISTRIBUTIONS
from labeldist.datasets.rows import id_from_row


@dataclass(frozen=True, slots=True)
class ItemEvidence:
    """Evidence for the item of that id."""

    id: str
    evidence: Evidence


def read_evidence(
    path: Path, task: Task, *, on_error: OnError = "stop", failures: list[Failure] | None = None
) -> Iterator[ItemEvidence]:
    """The evidence of a file (JSONL, CSV or Parquet) as a stream, each id once.

    A row is ``{"id", "distribution" and/or "scores", or "logits", "saw_labels", "leave_one_out"}``, as in the Items
    contract, and the ``model`` whose answers it is made of; all other columns are ignored. Numbers stay as they are: a
    distribution that was rounded has a sum of 1 give or take 0.005 per label. Bad rows raise :class:`InputError` or,
    with ``on_error="skip"``, go to ``failures``.
    """
    return records_from_rows(read_rows(path, DISTRIBUTIONS), task, item_evidence, on_error=on_error, failures=failures)


def item_evidence(row: Mapping[str, Any], task: Task, place: Place) -> ItemEvidence:
    """The evidence that ``row`` describes. Raises :class:`InputError` with ``place`` and the field.

    >>> from labeldist.tasks.load import load_task
    >>> row = {"id": 1, "scores": {"e": 0.9, "n": 0.9}, "saw_labels": False, "model": "llama"}
    >>> found = item_evidence(row, load_task("nli"), Place())
    >>> found.id, found.evidence.saw_labels, found.evidence.distribution
    ('1', False, {'entailment': 0.5, 'neutral': 0.5, 'contradiction': 0.0})
    """
    model = row.get("model")
    row = with_bare_labels(gathered(row, place, SAID), task)
    found = evidence_from_row(row, task, place)
    # Of another's file the column may hold anything.
    known = replace(found, model=model) if model and isinstance(model, str) else found
    return ItemEvidence(id_from_row(row, place), known)
