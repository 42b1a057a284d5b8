"""How many labels per item evidence saves: what the prior is worth with it, less what it is worth without.

A prior made from evidence is worth k annotators, but one that knows only the base rate of the labels is worth k0, and
costs nothing. So evidence spares about k - k0 labels per item, and useless evidence none, however large k is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.estimation.labels import PILOT, LabelFit, Rows, covariance, fit_labels, likelihood
from labeldist.estimation.likelihood import LEAST_LOG, MOST_LOG
from labeldist.estimation.observations import Array, Observations, drawn

MASS = 0.9
DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class Savings:
    """The labels per item that ``evidence`` saves, with the interval of 90% (``low``, ``high``)."""

    evidence: tuple[str, ...]
    labels: float
    low: float
    high: float

    def in_words(self) -> str:
        """Without a subject.

        >>> Savings(("llm",), 1.94, 0.91, 2.88).in_words()
        'saves about 1.9 labels per item (90%: 0.9 to 2.9)'
        >>> Savings(("llm",), -0.1, -0.5, 0.3).in_words()
        'saves no labels that these data can show (90%: at most 0.3 per item)'
        """
        if self.labels < 0.05:
            return f"saves no labels that these data can show (90%: at most {max(self.high, 0.0):.1f} per item)"
        ends = f"90%: {max(self.low, 0.0):.1f} to {self.high:.1f}"
        return f"saves about {self.labels:.1f} label{'' if f'{self.labels:.1f}' == '1.0' else 's'} per item ({ends})"


def savings(observed: Observations, fit: LabelFit, *, seed: int = 0) -> Savings:
    """What the evidence of ``fit`` saves against the base rate of the labels of ``observed``, which it was fitted to.

    The fit without evidence has learnt from the same labels, so the errors of both go together; the interval takes that
    into account.

    >>> from labeldist.estimation.observations import EvidenceArray
    >>> truth = np.random.default_rng(0).dirichlet([1, 1], 200)
    >>> counts = np.random.default_rng(1).multinomial(4, truth).astype(float)
    >>> llm = EvidenceArray("llm", 0.8 * truth + 0.1)
    >>> observed = Observations(("yes", "no"), tuple(map(str, range(200))), counts, evidence=(llm,))
    >>> found = savings(observed, fit_labels(observed))
    >>> found.evidence, 0 < found.low < found.labels < found.high
    (('llm',), True)
    """
    alone = observed.without_evidence()
    base = fit_labels(alone, most=PILOT)
    labelled = np.flatnonzero(observed.counts.sum(axis=1))
    rows = drawn(labelled, PILOT)
    of_all = len(labelled) / max(len(rows), 1)
    found = [moves(seen, one, rows, of_all) for seen, one in ((observed, fit), (alone, base))]
    shared = of_all * float(found[0] @ found[1])
    spread = np.array([[float(fit.errors[-1]) ** 2, shared], [shared, float(base.errors[-1]) ** 2]])
    # Rounding must not make the two more alike than the same.
    most = 0.999 * float(np.sqrt(spread[0, 0] * spread[1, 1]))
    spread[0, 1] = spread[1, 0] = np.clip(shared, -most, most)
    centre = np.log([fit.concentration, base.concentration])
    logs = np.random.default_rng(seed).multivariate_normal(centre, spread, size=DRAWS)
    worth = np.exp(np.clip(logs, LEAST_LOG, MOST_LOG))
    low, high = np.quantile(worth[:, 0] - worth[:, 1], [(1 - MASS) / 2, (1 + MASS) / 2])
    return Savings(fit.names, fit.concentration - base.concentration, float(low), float(high))


def moves(observed: Observations, fit: LabelFit, rows: Rows, of_all: float = 1.0) -> Array:
    """How far each of the items ``rows`` moves the logarithm of the concentration (R,)."""
    blocks = list(likelihood(observed, rows, fit.floor).gradients(fit.parameters))
    direction = covariance((np.sqrt(of_all) * block for block in blocks), fit.belief)[-1]
    return np.concatenate([np.empty(0), *(block @ direction for block in blocks)])
