"""The order in which the model listed its explanations."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from labeldist.core.item import Explanation
from labeldist.explanations.select import RANKINGS


@RANKINGS.add("first")
def first(explanations: Sequence[Explanation], generator: Random) -> list[Explanation]:
    """As listed."""
    return list(explanations)
