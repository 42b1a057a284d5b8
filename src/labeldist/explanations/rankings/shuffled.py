"""A random order."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from labeldist.core.item import Explanation
from labeldist.explanations.select import RANKINGS


@RANKINGS.add("random")
def shuffled(explanations: Sequence[Explanation], generator: Random) -> list[Explanation]:
    """A permutation drawn by ``generator``."""
    return generator.sample(explanations, len(explanations))
