"""One explanation per label, whatever annotators chose."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.core.item import Item
from labeldist.explanations.select import guide


@guide("label-free", sees_labels=False)
def label_free(item: Item, labels: Sequence[str], group: str | None) -> tuple[str, ...]:
    """Each label once, in order."""
    return tuple(labels)
