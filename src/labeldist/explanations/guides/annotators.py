"""As label-guided, but position by position in the order of the item's annotations."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.core.item import Item
from labeldist.explanations.select import guide, labels_given


@guide("annotators", sees_labels=True)
def annotators(item: Item, labels: Sequence[str], group: str | None) -> tuple[str, ...]:
    """The labels that annotators gave, in the order in which the item has them."""
    return labels_given(item, labels, group)
