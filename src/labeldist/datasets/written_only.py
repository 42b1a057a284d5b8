"""What formats have in common that are only written: they hold labels, and nothing else of an item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from labeldist.core.errors import UsageError
from labeldist.core.item import Item
from labeldist.datasets.format import Sample
from labeldist.datasets.jsonl import Rows


def recognises_nothing(sample: Sample) -> bool:
    """No file is of a format that is only written."""
    return False


def not_read(name: str) -> Callable[[Rows, Mapping[str, str]], Rows]:
    """What stands for the reader of a format that has none."""

    def rows(records: Rows, columns: Mapping[str, str]) -> Rows:
        raise UsageError(f"{name} is a format to write, not to read", hint="leave --format out: it is read as a table")

    return rows


def left_out(item: Item, *, evidence: bool = True) -> Counter[str]:
    """A count for each part that the item has and such a format has not."""
    parts = {
        "texts and other columns": item.fields or item.extra,
        "explanations": item.explanations or item.answers,
        "evidence": item.evidence and evidence,
        "references": item.reference,
    }
    return Counter({f"{part} are left out": 1 for part, found in parts.items() if found})
