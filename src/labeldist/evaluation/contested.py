"""Which items people disagree about most and least, as far as their labels can tell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.core.errors import UsageError
from labeldist.core.item import Item
from labeldist.evaluation.agreement import NOMINAL, krippendorff_alpha
from labeldist.evaluation.metric import Array
from labeldist.evaluation.people import votes_of

DISPUTED, AGREED = "disputed", "agreed"
LEAST, MOST = 0.1, 100.0  # annotators that the prior may be worth


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ``disagreement`` of N items, and the rows (M,) of those with two labels or more, most disputed first."""

    disagreement: Array
    rows: NDArray[np.int64]

    def chosen(self, how: str, number: int) -> list[int]:
        """The rows of the first so many, ``disputed`` or ``agreed``."""
        return (self.rows if how == DISPUTED else self.rows[::-1])[:number].tolist()


def ranking(counts: Array) -> Ranking:
    """The chance that two further annotators of an item would choose different labels, for ``counts`` (N, K).

    Items are taken to differ as a Dirichlet distribution about the base rates has it, whose strength s follows from
    the agreement there is: nominal alpha is 1/(1 + s) there. So one label of each of two is a smaller dispute
    than five of each, and one label alone says little. Without any agreement to measure, half a pseudo-count per label.

    >>> found = ranking(np.array([[5.0, 5], [1, 1], [10, 0], [1, 0], [0, 2]]))
    >>> found.rows.tolist(), found.disagreement.argsort().tolist()
    ([0, 1, 4, 2], [2, 3, 4, 1, 0])
    """
    labels, size = counts.shape[1], counts.sum(axis=1)
    total = size.sum()
    alpha = krippendorff_alpha(counts, NOMINAL)
    strength = labels / 2 if math.isnan(alpha) else min(max((1 - alpha) / max(alpha, 1e-9), LEAST), MOST)
    base = (counts.sum(axis=0) + 0.5) / (total + labels / 2)
    after = counts + strength * base
    weight = size + strength
    disagreement: Array = 1 - (after * (after + 1)).sum(axis=1) / (weight * (weight + 1))
    several = np.flatnonzero(size >= 2)
    order = several[np.argsort(-disagreement[several].round(12), kind="stable")]
    return Ranking(disagreement, order)


def ranked_spec(name: str) -> tuple[str, int] | None:
    """Of ``disputed:10`` or ``agreed:10`` the two parts; None of anything else, such as an id.

    >>> ranked_spec("disputed:10"), ranked_spec("q7")
    (('disputed', 10), None)
    """
    how, colon, number = name.partition(":")
    if how not in (DISPUTED, AGREED):
        return None
    if not (colon and number.isdecimal() and len(number) < 10):
        raise UsageError(f"{name!r} as items to show", hint=f"say how many: {how}:10")
    return how, int(number)


def named_ids(wanted: int | Sequence[str], ids: Sequence[str], found: Ranking) -> tuple[str, ...]:
    """The ids that ``wanted`` names, in order: the first so many, ``disputed:N``, ``agreed:N``, or ids as they are."""
    if isinstance(wanted, int):
        return tuple(ids[:wanted])
    chosen: list[str] = []
    for name in wanted:
        spec = ranked_spec(name)
        chosen += [name] if spec is None else [ids[row] for row in found.chosen(*spec)]
    return tuple(dict.fromkeys(chosen))


def ids_wanted(items: Iterable[Item], labels: Sequence[str], wanted: int | Sequence[str]) -> int | tuple[str, ...]:
    """As :func:`named_ids`, of a stream of items, which is read only where a ranking is asked for."""
    if isinstance(wanted, int) or not any(ranked_spec(name) for name in wanted):
        return wanted if isinstance(wanted, int) else tuple(wanted)
    ids: list[str] = []

    def noted() -> Iterable[Item]:
        for item in items:
            ids.append(item.id)
            yield item

    counts = votes_of(noted(), labels).counts()
    return named_ids(wanted, ids, ranking(counts))
