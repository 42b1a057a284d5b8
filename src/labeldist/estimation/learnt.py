"""What an estimation learnt of annotators and evidence, without the items: enough to estimate other items by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeldist.core.errors import UsageError, shown
from labeldist.estimation.clusters import Clustering
from labeldist.estimation.drift import Surprise, surprise
from labeldist.estimation.guidance import Guidance
from labeldist.estimation.labels import LabelFit
from labeldist.estimation.links import Correction, links
from labeldist.estimation.observations import Array, Observations
from labeldist.estimation.priors import Prior
from labeldist.estimation.provenance import Provenance
from labeldist.estimation.references import LEAST, Chosen, choose
from labeldist.estimation.savings import Savings
from labeldist.estimation.stack import Stack


@dataclass(frozen=True, slots=True)
class Taught:
    """What references taught: corrections to average, (name of the link, correction, weight) each.

    ``followed``: how far, and the ``confidence`` then.
    """

    parts: tuple[tuple[str, Correction, float], ...]
    followed: float
    confidence: float

    def of(self, observed: Observations, estimate: Array) -> Array:
        """``estimate`` (N, K) corrected (N, K), by links made anew from what is known of these items."""
        start = np.maximum(estimate, LEAST)
        known = {link.name: link for link in links(observed, start)}
        parts = tuple((known[name], made, share) for name, made, share in self.parts)
        return Chosen(parts, start, self.followed, self.confidence).of(np.arange(len(start)))


@dataclass(frozen=True, slots=True)
class Learnt:
    """The calibration of one set of items, to be applied to others of the same kind.

    ``evidence``: its names, and whether each has scores that need not sum to 1; ``groups`` of annotators. ``fixed``:
    what the prior is worth where that was not fitted. ``fit``, ``stack``: for items with evidence; ``base``,
    ``base_stack``: for those without. ``guided``: what labels did to evidence; ``clustering``: how groups differ.
    ``taught``: by references. ``surprise``: of the items that it was learnt on.
    """

    labels: tuple[str, ...]
    evidence: tuple[tuple[str, bool], ...]
    groups: tuple[str, ...]
    calibrate: str
    population: str
    fixed: float | None
    fit: LabelFit
    base: LabelFit
    stack: Stack | None = None
    base_stack: Stack | None = None
    guided: tuple[Guidance, ...] = ()
    clustering: Clustering | None = None
    saves: tuple[Savings, ...] = ()
    taught: Taught | None = None
    surprise: Surprise | None = None
    provenance: Provenance | None = None

    @property
    def prior(self) -> str:
        """Which prior it has, as ``Calibration.prior`` says it."""
        if self.fixed is not None and self.population == "same":
            return "fixed"
        mixed = self.stack is not None and any(len(part.alpha) > 1 for part in self.stack.parts)
        return "mixture" if mixed else "dirichlet"


def learnt_from(observed: Observations, prior: Prior, taught: Taught | None, seed: int) -> Learnt:
    """What was learnt from ``observed``, of which ``prior`` was made."""
    single, calibration = prior.single, prior.calibration
    if single is None:
        raise UsageError(
            "a calibration to keep, and --calibrate off, which learns nothing", hint="use --calibrate labels"
        )
    stacks = {bool(evidence) or not single.fit.names: stack for _, evidence, stack in prior.mixed}
    return Learnt(
        labels=observed.labels,
        evidence=tuple((one.name, one.scores is not None) for one in observed.evidence),
        groups=tuple(observed.groups),
        calibrate=calibration.asked,
        population=calibration.population,
        fixed=None if calibration.fitted else calibration.concentration,
        fit=single.fit,
        base=single.base,
        stack=stacks.get(True),
        base_stack=stacks.get(False),
        guided=calibration.guided,
        clustering=calibration.clustering,
        saves=calibration.saves,
        taught=taught,
        surprise=surprise(prior, observed.counts, seed),
    )


def taught_by(observed: Observations, estimate: Array, weight: Array) -> Taught:
    """What all references together teach of ``estimate`` (N, K), worth ``weight`` (N,), for items without any."""
    start = np.maximum(estimate, LEAST)
    chosen = choose(observed, links(observed, start), start, weight, observed.referenced)
    return Taught(
        tuple((link.name, made, share) for link, made, share in chosen.parts), chosen.followed, chosen.confidence
    )


def matched(learnt: Learnt, observed: Observations) -> Observations:
    """The items with labels, evidence and groups as the calibration knows them; what does not match is refused."""
    if learnt.labels != observed.labels:
        raise UsageError(
            f"a calibration for the labels {', '.join(learnt.labels)}, and items with {', '.join(observed.labels)}",
            hint=f"name the items' labels in that order (--labels {','.join(learnt.labels)}), or learn a calibration",
        )
    by_name = {one.name: one for one in observed.evidence}
    names = [name for name, _ in learnt.evidence]
    if set(names) != set(by_name):
        raise UsageError(
            f"a calibration for {_listed(names)}, and items with {_listed([*by_name])}",
            hint="name with --evidence what the calibration was learnt with, under the same names (NAME=FILE)"
            if names
            else "learn a calibration with this evidence, or use the items without it",
        )
    if learnt.calibrate == "reference":
        _check_features(learnt, observed)
    groups = {name: observed.groups[name] for name in learnt.groups if name in observed.groups}
    return Observations(
        observed.labels,
        observed.ids,
        observed.counts,
        groups,
        tuple(by_name[name] for name in names),
        ordered=observed.ordered,
    )


def _listed(names: list[str]) -> str:
    return f"evidence {', '.join(names)}" if names else "no evidence"


def _check_features(learnt: Learnt, observed: Observations) -> None:
    """Refuse what would make other numbers of the same names: corrections weigh them as they were."""
    if set(learnt.groups) != set(observed.groups):
        there, here = (", ".join(one) or "one group or none" for one in (learnt.groups, observed.groups))
        raise UsageError(
            f"a calibration on references for annotators of {there}, and items with {here}",
            hint="take the same annotators (--annotators), or learn a calibration with these",
        )
    scored = {one.name: one.scores is not None for one in observed.evidence}
    for name, with_scores in learnt.evidence:
        if with_scores != scored[name]:
            what = ("scores", "distributions alone") if with_scores else ("distributions alone", "scores")
            raise UsageError(
                f"evidence {shown(name)} with {what[0]} in the calibration, and with {what[1]} here",
                hint="give it in the same form",
            )
