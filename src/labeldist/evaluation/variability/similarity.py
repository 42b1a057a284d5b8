"""What a measure of similarity is, and the decorator that registers one (one file per kind in ``measures``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.core.registry import Registry
from labeldist.evaluation.metric import Array
from labeldist.evaluation.variability.tagger import DEFAULT_TAGGER


@dataclass(frozen=True, slots=True)
class Tools:
    """What texts are looked at with: the name of a tagger, a sentence encoder's folder (None: all-MiniLM-L6-v2)."""

    tagger: str = DEFAULT_TAGGER
    encoder: Path | None = None


# M texts -> one representation each; made once of all texts, and shared by the measures that use the same function.
Represent = Callable[[Sequence[str], Tools], Sequence[Any]]
# M representations -> the similarity of every pair (M, M), symmetric, NaN where it is undefined.
Compare = Callable[[Sequence[Any]], Array]


@dataclass(frozen=True, slots=True)
class Similarity:
    """A named measure of how alike two texts are: the larger, the more alike.

    ``kind`` is lexical, syntactic or semantic; ``position`` orders the columns of tables.
    """

    name: str
    title: str
    kind: str
    represent: Represent
    compare: Compare
    position: int = 100


SIMILARITIES: Registry[Similarity] = Registry(
    "similarity", "labeldist.evaluation.variability.measures", group="labeldist.similarities", part_type=Similarity
)


def similarity(
    name: str, *, title: str, kind: str, represent: Represent, position: int = 100
) -> Callable[[Compare], Compare]:
    """Decorator that registers a function (M representations) -> (M, M) as the similarity ``name``."""

    def register(compare: Compare) -> Compare:
        SIMILARITIES.add(name)(Similarity(name, title, kind, represent, compare, position))
        return compare

    return register


def all_similarities() -> list[Similarity]:
    """Every registered measure, in the order of the columns of tables."""
    return sorted(SIMILARITIES.parts().values(), key=lambda one: (one.position, one.name))
