"""Label counts vote by vote, so that the likelihood of all items is a few sums over whole arrays.

Gamma(a + c) / Gamma(a) is a (a + 1) ... (a + c - 1). Items are sorted by their number of votes, so the v-th vote of all
that have one is a slice of them; labels that nobody chose cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.observations import Array

MOST_STEPS = 64  # votes for one label: of more the gamma function is taken
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ballots:
    """Votes of N items for K labels, most votes first.

    ``order`` (N,): where each row was in the counts given. ``times`` (N,): how many items each row stands for.
    ``totals`` (N,): votes per item. ``votes``: for each v the labels (n,) of the v-th vote of the first n items,
    and how many votes for it came before. ``many``: rows, labels and counts of those above 64, which are in no vote.
    """

    order: Rows
    times: Array
    totals: Array
    labels: int
    votes: tuple[tuple[Rows, Array], ...]
    many: tuple[Rows, Rows, Array]

    @classmethod
    def of(cls, counts: Array, times: Array | None = None) -> Ballots:
        """Of counts (N, K), each row ``times`` (N,) over; counts that are not whole are among the ``many``.

        >>> ballots = Ballots.of(np.array([[0.0, 1.0], [2.0, 1.0]]))
        >>> ballots.order.tolist(), [labels.tolist() for labels, _ in ballots.votes]
        ([1, 0], [[0, 1], [0], [1]])
        """
        stepped = (counts <= MOST_STEPS) & (counts == np.floor(counts))
        few = np.where(stepped, counts, 0).astype(np.intp)
        order = np.argsort(-few.sum(axis=1), kind="stable")
        few, sorted_counts = few[order], counts[order]
        number = few.sum(axis=1)
        votes = []
        before, label = np.zeros(len(few), np.intp), np.zeros(len(few), np.intp)
        for vote in range(int(number.max(initial=0))):
            here = int(np.searchsorted(-number, -vote, side="left"))
            done = np.cumsum(few[:here], axis=1)
            label = (done <= vote).sum(axis=1)
            before = vote - np.where(label > 0, done[np.arange(here), label - 1], 0)
            votes.append((label, before.astype(np.float64)))
        rows, columns = np.nonzero(~stepped[order])
        return cls(
            order,
            np.ones(len(counts)) if times is None else times[order],
            sorted_counts.sum(axis=1),
            counts.shape[1],
            tuple(votes),
            (rows, columns, sorted_counts[rows, columns]),
        )

    def log_rises(self, shared: Array, own: Array | None) -> tuple[Array, list[Array]]:
        """The sums over labels of log Gamma(a + c) - log Gamma(a) (N, J) for a = ``shared`` (J, K) + ``own`` (N, K).

        And for each vote 1 / (a + votes before), which :meth:`slopes` takes.
        """
        found = np.zeros((len(self.order), len(shared)))
        by_label = np.ascontiguousarray(shared.T)
        inverses = []
        for labels, before in self.votes:
            here = len(labels)
            raised = by_label[labels]
            raised += (before if own is None else before + own[np.arange(here), labels])[:, None]
            found[:here] += np.log(raised)
            inverses.append(np.divide(1.0, raised, out=raised))
        rows, labels, counts = self.many
        if len(rows):
            from scipy.special import gammaln

            low = by_label[labels] + (0.0 if own is None else own[rows, labels][:, None])
            np.add.at(found, rows, gammaln(low + counts[:, None]) - gammaln(low))
        return found, inverses

    def slopes(self, weights: Array, inverses: list[Array], shared: Array, own: Array | None) -> tuple[Array, Array]:
        """The derivatives of the sum of ``weights`` (N, J) times :meth:`log_rises`, by ``shared`` and by ``own``."""
        components = weights.shape[1]
        by_shared = np.zeros(self.labels * components)
        by_own = np.zeros((len(self.order), self.labels))
        ahead = np.arange(components)
        for labels, part in self._parts(weights, inverses, shared, own):
            flat = (labels[1][:, None] * components + ahead).ravel()
            by_shared += np.bincount(flat, weights=part.ravel(), minlength=len(by_shared))
            by_own[labels[0], labels[1]] += part.sum(axis=1)
        return by_shared.reshape(self.labels, components).T, by_own

    def _parts(
        self, weights: Array, inverses: list[Array], shared: Array, own: Array | None
    ) -> Iterator[tuple[tuple[Rows, Rows], Array]]:
        """Where in (N, K) each vote is, no place twice, and its slope for each component."""
        for (labels, _), inverse in zip(self.votes, inverses, strict=True):
            here = len(labels)
            yield (np.arange(here), labels), weights[:here] * inverse
        rows, labels, counts = self.many
        if len(rows):
            from scipy.special import digamma

            low = shared.T[labels] + (0.0 if own is None else own[rows, labels][:, None])
            yield (rows, labels), weights[rows] * (digamma(low + counts[:, None]) - digamma(low))
