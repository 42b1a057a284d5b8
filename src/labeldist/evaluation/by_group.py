"""How groups of annotators, or of items, label: each group's distribution, and how it differs from all the others'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labeldist.core.errors import UsageError
from labeldist.evaluation.agreement import Agreement, agreement, resampled
from labeldist.evaluation.annotations import NOBODY, Annotations
from labeldist.evaluation.bootstrap import RESAMPLES, interval
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.metric import Array
from labeldist.evaluation.patterns import patterns_of

MOST_GROUPS = 50


@dataclass(frozen=True, slots=True)
class Group:
    """A group's ``annotators`` (named ones), ``labels`` given and ``agreement`` within.

    ``difference``: of each label, its share in the group (``own``) minus that among all others who have a group. Where
    items have labels of both (``both`` says how many), these are means over such items: the same items, so nothing but
    who labels differs. Elsewhere (``both`` is 0) they are of all their labels, and items may differ, too.
    """

    name: str
    annotators: int
    labels: int
    agreement: Agreement
    both: int
    own: Mapping[str, float]
    difference: Mapping[str, Interval]

    def stands_out(self, label: str) -> bool:
        """Whether the interval of the label's difference leaves out 0."""
        found = self.difference.get(label)
        return found is not None and (found.low > 0 or found.high < 0)


def too_many_groups(by: str) -> UsageError:
    """The error for a column of too many values."""
    return UsageError(
        f"more than {MOST_GROUPS} different values in {by!r}",
        hint="groups are few: make ranges of numbers first, such as 18-29",
    )


def groups_of(
    found: Annotations,
    levels: Sequence[str],
    values: Sequence[float] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Group]:
    """The groups, numbers in order and names by how many labels they gave; without others there is no difference."""
    sizes = np.bincount(found.group[found.group != NOBODY], minlength=len(found.groups))
    how = {"resamples": resamples, "seed": seed}
    groups = []
    for place in sorted(range(len(found.groups)), key=lambda at: _order(found.groups[at], int(sizes[at]))):
        own = found.group == place
        counts, rest = found.counts(own), found.counts(~own & (found.group != NOBODY))
        people = np.unique(found.annotator[own])
        both, own_shares, apart = _difference(counts, rest, found.labels, **how) if rest.any() else (0, {}, {})
        groups.append(
            Group(
                found.groups[place],
                int((people != NOBODY).sum()),
                int(counts.sum()),
                agreement(counts, found.labels, levels, values, **how),
                both,
                own_shares,
                apart,
            )
        )
    return groups


def _order(name: str, size: int) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, -size, name


def _difference(
    counts: Array, rest: Array, labels: Sequence[str], *, resamples: int, seed: int
) -> tuple[int, dict[str, float], dict[str, Interval]]:
    """How many items have labels of both, the group's share of each label there, and how it differs."""
    patterns = patterns_of(np.concatenate([counts, rest], axis=1))
    shared = (counts.sum(axis=1) > 0) & (rest.sum(axis=1) > 0)
    both = int(shared.sum())
    both = both if both > 1 else 0
    size = counts.sum(axis=1, keepdims=True)
    shares = (counts[shared] / size[shared]).mean(axis=0) if both else counts.sum(axis=0) / size.sum()
    figures = _paired if both else _pooled
    value = figures(patterns.rows, patterns.times[None])[:, 0]
    draws = resampled(patterns, figures, resamples, seed)
    items = both or int((patterns.times * (patterns.rows.sum(axis=1) > 0)).sum())
    found = {label: interval(float(one), draw, items) for label, one, draw in zip(labels, value, draws, strict=True)}
    return both, dict(zip(labels, shares.tolist(), strict=True)), found


def _paired(rows: Array, weights: Array) -> Array:
    """Mean differences of the items that both labelled (K, B)."""
    own, rest = np.split(rows, 2, axis=1)
    shared = (own.sum(axis=1) > 0) & (rest.sum(axis=1) > 0)
    own, rest, weights = own[shared], rest[shared], weights[:, shared]
    apart = own / own.sum(axis=1, keepdims=True) - rest / rest.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = (weights @ apart).T / weights.sum(axis=1)
    return found


def _pooled(rows: Array, weights: Array) -> Array:
    """Differences of the shares in all labels (K, B)."""
    own, rest = (weights @ half for half in np.split(rows, 2, axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = (own / own.sum(axis=1, keepdims=True) - rest / rest.sum(axis=1, keepdims=True)).T
    return found
