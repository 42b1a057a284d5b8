"""Records of single answers, put together by item: one row of the Items contract for each, in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labeldist.core.errors import Place
from labeldist.core.item import Item
from labeldist.datasets.columns import KNOWN
from labeldist.datasets.jsonl import Rows


@dataclass(slots=True)
class _Gathered:
    place: Place
    data: dict[str, Any]
    labels: list[dict[str, Any]] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)


class ByItem:
    """The answers of each item, as they come; all are in memory until the last one has come.

    ``note``: the extra column that counts what was dropped of an item, by the reason.

    >>> gathered = ByItem("tool")
    >>> gathered.add("q1", Place(line=1), [{"annotator": "ann", "label": "yes"}], {"text": "Hi."})
    >>> gathered.add("q1", Place(line=2), [], {"text": "Hi."}, dropped="cancelled")
    >>> [row for _, row in gathered.rows()]
    [{'text': 'Hi.', 'id': 'q1', 'labels': [{'annotator': 'ann', 'label': 'yes'}], 'tool': {'cancelled': 1}}]
    """

    def __init__(self, note: str) -> None:
        self._note = note
        self._items: dict[str, _Gathered] = {}

    def add(
        self, item: str, place: Place, labels: Sequence[dict[str, Any]], data: Mapping[str, Any], dropped: str = ""
    ) -> None:
        """Add the ``labels`` of one answer, and its ``data`` where the item has none of that name yet."""
        known = self._items.setdefault(item, _Gathered(place, {}))
        known.labels += labels
        for name, value in data.items():
            known.data.setdefault(name, value)
        if dropped:
            known.dropped[dropped] = known.dropped.get(dropped, 0) + 1

    def rows(self) -> Rows:
        """A row for each item."""
        for item, known in self._items.items():
            row = {**known.data, "id": item, "labels": counted(known.labels)}
            yield known.place, row | ({self._note: known.dropped} if known.dropped else {})


def counted(labels: list[dict[str, Any]]) -> list[dict[str, Any]] | dict[str, int]:
    """The labels as they are; counts where nobody is named, since equal labels are then one entry.

    >>> counted([{"annotator": None, "label": "yes"}, {"annotator": None, "label": "yes"}])
    {'yes': 2}
    """
    if not labels or any(entry["annotator"] is not None for entry in labels):
        return labels
    counts: dict[str, int] = {}
    for entry in labels:
        counts[entry["label"]] = counts.get(entry["label"], 0) + 1
    return counts


def unknown_parts(item: Item) -> list[str]:
    """The parts of an item beside its id and labels that it has, for formats that hold nothing else.

    >>> unknown_parts(Item("1", {"text": "Hi."}, extra={"by": "me"}))
    ['texts', 'other columns']
    """
    parts = {
        "texts": item.fields,
        "explanations": item.explanations,
        "raw answers": item.answers,
        "evidence": item.evidence,
        "references": item.reference,
        "other columns": {name for name in item.extra if name not in KNOWN},
    }
    return [name for name, part in parts.items() if part]
