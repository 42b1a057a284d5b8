"""As many explanations per label as annotators chose it: the paper's MNLI-guided and VariErr-guided."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.core.item import Item
from labeldist.explanations.select import guide, labels_given


@guide("label-guided", sees_labels=True)
def label_guided(item: Item, labels: Sequence[str], group: str | None) -> tuple[str, ...]:
    """The labels that annotators gave, grouped in the order of ``labels``."""
    return tuple(sorted(labels_given(item, labels, group), key=labels.index))
