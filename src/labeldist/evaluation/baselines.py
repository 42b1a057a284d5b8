"""What the items' own labels say without any model: the baselines every prediction is shown beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.core.item import Item
from labeldist.evaluation.evaluation import Kind
from labeldist.evaluation.metric import Array
from labeldist.evaluation.people import Votes, votes_of

PSEUDO_COUNTS = (PSEUDO_COUNT, 1)
MOST_GROUPS = 10  # names such as batch17/3 make thousands, which nobody could read


@dataclass(frozen=True, slots=True)
class Candidate:
    """Distributions (n, K) to evaluate, for the n items at the positions ``rows``.

    Of a baseline from labels: the ``way`` it is made, and the ``group`` of annotators (None: all).
    """

    name: str
    kind: Kind
    rows: NDArray[np.intp]
    distributions: Array
    way: str = ""
    group: str | None = None


def baselines(items: Sequence[Item], labels: Sequence[str]) -> list[Candidate]:
    """The uniform distribution, and four baselines from the labels of each group of annotators and of all.

    ``majority`` puts everything on the most frequent label (ties share equally), ``frequencies`` are the label
    counts divided by their sum, ``+ 0.5`` and ``+ 1 per label`` add pseudo-counts first. Each covers the items that
    have labels of its group. Of more than 10 groups only the baselines of all labels are given. Raises
    :class:`InputError` for a label that is not in ``labels``.

    >>> from labeldist.core.item import Annotation
    >>> items = [Item("1", {}, (Annotation("no"), Annotation("no"), Annotation("yes")))]
    >>> for baseline in baselines(items, ["yes", "no"]):
    ...     print(baseline.name, baseline.distributions.round(3).tolist())
    uniform [[0.5, 0.5]]
    3 labels, majority [[0.0, 1.0]]
    3 labels, frequencies [[0.333, 0.667]]
    3 labels, + 0.5 per label [[0.375, 0.625]]
    3 labels, + 1 per label [[0.4, 0.6]]
    """
    return baselines_of(votes_of(items, labels))


def baselines_of(votes: Votes) -> list[Candidate]:
    """As :func:`baselines`, of items whose labels are counted already."""
    shape = (votes.items, len(votes.labels))
    found = [Candidate("uniform", "baseline", np.arange(votes.items), np.full(shape, 1 / shape[1]))]
    for name, group, note in _groups(votes):
        counts = votes.counts(group)
        rows = np.flatnonzero(counts.sum(axis=1))
        title = _title(name, counts[rows]) + note
        for way, distributions in _from_counts(counts[rows]):
            found.append(Candidate(f"{title}, {way}", "baseline", rows, distributions, way, group))
    return found


def _groups(votes: Votes) -> list[tuple[str, str | None, str]]:
    """(name, group, note) of each set of annotators, the group None for all; "all" is named beside others only."""
    groups = votes.those()
    named: list[tuple[str, str | None, str]] = [(group, group, "") for group in groups if group is not None]
    if not named:
        return [("", None, "")] if groups else []
    if len(named) > MOST_GROUPS:
        return [("all", None, f" ({len(named):,} groups)")]
    return [*named, ("all", None, "")] if len(groups) > 1 else named


def _title(name: str, counts: Array) -> str:
    """Such as "5 mnli labels", "all 9 labels" or "labels": with the number where each item has the same."""
    totals = np.unique(counts.sum(axis=1))
    number = f"{totals[0]:.0f}" if len(totals) == 1 else ""
    words = [name, number] if name == "all" else [number, name]
    return " ".join(word for word in [*words, "label" if number == "1" else "labels"] if word)


def smoothed_by(extra: float) -> str:
    """What the baseline with so many pseudo-counts for each label is called.

    >>> smoothed_by(0.5)
    '+ 0.5 per label'
    """
    return f"+ {extra:g} per label"


def _from_counts(counts: Array) -> list[tuple[str, Array]]:
    most_frequent = (counts == counts.max(axis=1, keepdims=True)).astype(np.float64)
    weights = [("majority", most_frequent), ("frequencies", counts)]
    weights += [(smoothed_by(extra), counts + extra) for extra in PSEUDO_COUNTS]
    return [(way, rows / rows.sum(axis=1, keepdims=True)) for way, rows in weights]
