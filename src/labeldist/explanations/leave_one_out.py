"""What a judge would have seen had one annotator not been asked: for leave-one-annotator-out."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.core.item import Explanation


def without_one(explanations: Sequence[Explanation], label: str) -> tuple[Explanation, ...]:
    """The explanations without the last one for ``label``; all of them where none is for it.

    A guided selection takes the k-th ranked explanation for the k-th annotator who chose a label, so this is the very
    selection that the labels of the others guide. Of human explanations one annotator's is gone.

    >>> shown = [Explanation("A", "yes"), Explanation("B", "no"), Explanation("C", "yes")]
    >>> [explanation.text for explanation in without_one(shown, "yes")]
    ['A', 'B']
    """
    last = max((at for at, explanation in enumerate(explanations) if explanation.label == label), default=None)
    return tuple(explanation for at, explanation in enumerate(explanations) if at != last)
