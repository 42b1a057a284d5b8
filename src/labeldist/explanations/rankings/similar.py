"""Each explanation like those before it: the opposite of ``diverse``, to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from labeldist.core.item import Explanation
from labeldist.explanations.extremes import in_turn
from labeldist.explanations.select import RANKINGS


@RANKINGS.add("similar")
def similar(explanations: Sequence[Explanation], generator: Random) -> list[Explanation]:
    """The first listed, then each time the one that overlaps most with those before it; ties keep the listed order."""
    return in_turn(explanations, alike=True)
