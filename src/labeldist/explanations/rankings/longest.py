"""The longest explanations first."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from labeldist.core.item import Explanation
from labeldist.explanations.select import RANKINGS


@RANKINGS.add("longest")
def longest(explanations: Sequence[Explanation], generator: Random) -> list[Explanation]:
    """By length in characters, longest first; ties keep the listed order."""
    return sorted(explanations, key=lambda explanation: len(explanation.text), reverse=True)
