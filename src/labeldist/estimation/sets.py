"""The sets of evidence that are compared, none, each alone and all, each with the prior that the labels give it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labeldist.estimation.labels import PILOT, LabelFit, fit_labels
from labeldist.estimation.observations import Array, EvidenceArray, Observations


@dataclass(frozen=True, slots=True)
class Fitted:
    """A prior fitted with some of the evidence: ``observed`` has that evidence and no other.

    ``concentration``: what the prior is worth, in annotators; not the fitted one where items were selected.
    """

    observed: Observations
    fit: LabelFit
    concentration: float

    @property
    def names(self) -> tuple[str, ...]:
        """Of the evidence; empty for none."""
        return self.fit.names

    def prior(self, fit: LabelFit | None = None) -> Array:
        """Prior means (N, K); under other parameters if ``fit`` is given."""
        return (fit or self.fit).prior_mean(self.observed.evidence, len(self.observed.counts))


def fits(observed: Observations, concentration: float | None = None) -> list[Fitted]:
    """The fit without evidence, with each evidence alone and, of several, with all.

    A ``concentration`` replaces the fitted ones.

    >>> import numpy as np
    >>> observed = Observations(("yes", "no"), ("1", "2"), np.array([[3.0, 0.0], [1.0, 2.0]]))
    >>> [one.names for one in fits(observed)]
    [()]
    """
    chosen: list[tuple[EvidenceArray, ...]] = [(), *((one,) for one in observed.evidence)]
    if len(observed.evidence) > 1:
        chosen.append(observed.evidence)
    made = []
    for evidence in chosen:
        seen = replace(observed, evidence=evidence)
        fit = fit_labels(seen, most=PILOT)
        made.append(Fitted(seen, fit, fit.concentration if concentration is None else concentration))
    return made
