"""Label counts vote by vote, so that the likelihood of all items is a few sums over whole arrays.

Gamma(a + c) / Gamma(a) is a (a + 1) ... (a + c - 1). Items are sorted by their number of votes, so the v-th vote of all
that have one is a slice of them; labels that nobody chose cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.estimation.observations import Array

MOST_STEPS = 64  # votes for one label: of more the gamma function is taken
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Vote:
    """The v-th vote of n items: its ``label`` (n,), and how many for the same came ``before``.

    ``chosen`` (n, K): 1 at the label. ``rows`` (n,): 0, 1, ...
    """

    label: Rows
    before: Array
    chosen: Array
    rows: Rows

    @classmethod
    def of(cls, counts: NDArray[np.intp], vote: int) -> Vote:
        """Of whole counts (n, K) of items that have more than ``vote`` votes."""
        rows = np.arange(len(counts))
        done = np.cumsum(counts, axis=1)
        label = (done <= vote).sum(axis=1)
        before = vote - np.where(label > 0, done[rows, label - 1], 0)
        chosen = np.zeros(counts.shape)
        chosen[rows, label] = 1
        return cls(label, before.astype(np.float64), chosen, rows)


@dataclass(frozen=True, slots=True)
class Ballots:
    """Votes of N items for K labels, most votes first; what is computed has the items last, so that sums are quick.

    ``order`` (N,): where each row was in the counts given. ``times`` (N,): how many items each row stands for.
    ``numbers`` (U,): the different numbers of votes per item, and ``which`` of them each has (N,). ``votes``: the v-th
    of the first n items, which have as many. ``many``: rows, labels and counts of those above 64, which are in no vote.
    """

    order: Rows
    times: Array
    numbers: Array
    which: Rows
    labels: int
    votes: tuple[Vote, ...]
    many: tuple[Rows, Rows, Array]

    @classmethod
    def of(cls, counts: Array, times: Array | None = None) -> Ballots:
        """Of counts (N, K), each row ``times`` (N,) over; counts that are not whole are among the ``many``.

        >>> ballots = Ballots.of(np.array([[0.0, 1.0], [2.0, 1.0]]))
        >>> ballots.order.tolist(), [vote.label.tolist() for vote in ballots.votes]
        ([1, 0], [[0, 1], [0], [1]])
        """
        stepped = (counts <= MOST_STEPS) & (counts == np.floor(counts))
        few = np.where(stepped, counts, 0).astype(np.intp)
        order = np.argsort(-few.sum(axis=1), kind="stable")
        few, sorted_counts = few[order], counts[order]
        number = few.sum(axis=1)
        votes = tuple(
            Vote.of(few[: np.searchsorted(-number, -vote, side="left")], vote)
            for vote in range(int(number.max(initial=0)))
        )
        numbers, which = np.unique(sorted_counts.sum(axis=1), return_inverse=True)
        rows, columns = np.nonzero(~stepped[order])
        return cls(
            order,
            np.ones(len(counts)) if times is None else times[order],
            numbers,
            which,
            counts.shape[1],
            votes,
            (rows, columns, sorted_counts[rows, columns]),
        )

    def log_rises(self, shared: Array, own: Array | None) -> tuple[Array, list[Array]]:
        """The sums over labels of log Gamma(a + c) - log Gamma(a) (J, N) for a = ``shared`` (J, K) + ``own`` (K, N).

        And for each vote 1 / (a + votes before), which :meth:`slopes` takes.
        """
        found = np.zeros((len(shared), len(self.order)))
        inverses = []
        for vote in self.votes:
            raised = shared[:, vote.label]
            raised += vote.before if own is None else vote.before + own[vote.label, vote.rows]
            found[:, : len(vote.label)] += np.log(raised)
            inverses.append(np.divide(1.0, raised, out=raised))
        rows, labels, counts = self.many
        if len(rows):
            from scipy.special import gammaln

            low = shared[:, labels] + (0.0 if own is None else own[labels, rows])
            np.add.at(found.T, rows, (gammaln(low + counts) - gammaln(low)).T)
        return found, inverses

    def slopes(self, weights: Array, inverses: list[Array], shared: Array, own: Array | None) -> tuple[Array, Array]:
        """The derivatives of the sum of ``weights`` (J, N) times :meth:`log_rises`, by ``shared`` and by ``own``."""
        by_shared = np.zeros(shared.shape)
        by_own = np.zeros((self.labels, len(self.order)))
        for vote, inverse in zip(self.votes, inverses, strict=True):
            inverse *= weights[:, : len(vote.label)]
            by_shared += inverse @ vote.chosen
            by_own[vote.label, vote.rows] += inverse.sum(axis=0)
        rows, labels, counts = self.many
        if len(rows):
            from scipy.special import digamma

            low = shared[:, labels] + (0.0 if own is None else own[labels, rows])
            slope = weights[:, rows] * (digamma(low + counts) - digamma(low))
            np.add.at(by_shared.T, labels, slope.T)
            by_own[labels, rows] += slope.sum(axis=0)
        return by_shared, by_own
