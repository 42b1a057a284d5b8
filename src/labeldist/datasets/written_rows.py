"""An Item to a row of the contract in :mod:`labeldist.datasets.rows`, which reads it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labeldist.core.errors import InputError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.columns import KNOWN, spread_over
from labeldist.datasets.evidence_rows import evidence_to_row


def item_to_row(item: Item) -> dict[str, Any]:
    """The row that :func:`item_from_row` turns into an equal item; parts that the item lacks are left out.

    Raises :class:`InputError` where a column of ``extra`` has a name that the contract uses.

    >>> item_to_row(Item("7", {"text": "Hi."}, (Annotation("yes", "a1"), Annotation("no")), extra={"by": "me"}))
    {'id': '7', 'fields': {'text': 'Hi.'}, 'labels': [{'annotator': 'a1', 'label': 'yes'}, 'no'], 'by': 'me'}
    """
    for column in item.extra:
        if column in (*KNOWN, *item.fields) or spread_over(column):
            raise InputError(
                f"extra column {column!r} of item {item.id!r}", expected="a name that the contract does not use"
            )
    row: dict[str, Any] = {"id": item.id, "fields": dict(item.fields)}
    if item.labels:
        row["labels"] = _labels_row(item.labels)
    for part, entries in (("explanations", item.explanations), ("answers", item.answers)):
        if entries:
            row[part] = [{"label": e.label, "text": e.text, "source": e.source} for e in entries]
    if item.evidence:
        row["evidence"] = {name: evidence_to_row(evidence) for name, evidence in item.evidence.items()}
    if item.reference is not None:
        row["reference"] = dict(item.reference)
    return row | dict(item.extra)


def _labels_row(labels: Sequence[Annotation]) -> dict[str, int] | list[str | dict[str, str]]:
    """Counts where all are counted, each label once; else an entry per label that was given."""
    counts = {one.label: one.times for one in labels}
    counted = len(counts) == len(labels) and all(one.annotator is None for one in labels)
    if counted and any(one.times > 1 for one in labels):
        return counts
    return [
        one.label if one.annotator is None else {"annotator": one.annotator, "label": one.label}
        for one in labels
        for _ in range(one.times)
    ]
