"""The prior of items by a calibration that was learnt on others: nothing is fitted to their labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labeldist.core.errors import UsageError
from labeldist.estimation.calibration import OTHERS, SHIFT, Calibration
from labeldist.estimation.drift import drift, surprise
from labeldist.estimation.guidance import without_labels
from labeldist.estimation.learnt import Learnt
from labeldist.estimation.observations import EvidenceArray, Observations
from labeldist.estimation.priors import Prior, Single, lacking, of_others
from labeldist.estimation.provenance import LearntElsewhere
from labeldist.estimation.stack import Stack, one_dirichlet


def prior_from(learnt: Learnt, observed: Observations, seed: int = 0) -> Prior:
    """What ``learnt`` expects of the items ``observed``, whose labels and evidence match it."""
    blind = _blind(learnt, observed)
    single = Single.of(learnt.fit, learnt.base, blind, len(observed.counts), learnt.saves)
    calibration = Calibration(
        learnt.calibrate,
        learnt.fit.concentration if learnt.fixed is None else learnt.fixed,
        learnt.fixed is None,
        learnt.fit,
        learnt.saves,
        learnt.guided,
        learnt.clustering,
        population=learnt.population,
        notes=tuple(_notes(learnt, blind)),
    )
    if learnt.population == "other":
        prior = of_others(single, calibration)
    else:
        worth = single.worth if learnt.fixed is None else np.full(len(single.worth), learnt.fixed)
        prior = _mixed(Prior(single.mean, worth, calibration, single=single), learnt, blind)
    return replace(prior, calibration=_with_drift(learnt, prior, observed, seed))


def _mixed(prior: Prior, learnt: Learnt, blind: tuple[EvidenceArray, ...]) -> Prior:
    """The mixtures in place of the Dirichlet, where there are some."""
    if learnt.stack is None:
        return prior
    assert prior.single is not None
    base = learnt.base_stack or Stack((one_dirichlet(learnt.base),), (1.0,))
    with_it, without = np.flatnonzero(prior.single.some), np.flatnonzero(~prior.single.some)
    parts = (
        (with_it, tuple(one.take(with_it) for one in blind), learnt.stack),
        (without, (), base),
    )
    return replace(prior, mixed=tuple(part for part in parts if len(part[0])))


def _blind(learnt: Learnt, observed: Observations) -> tuple[EvidenceArray, ...]:
    """The evidence that the prior weighs, less what labels did to it."""
    guided = {one.name: one for one in learnt.guided}
    weighed = [one for one in observed.evidence if one.name in learnt.fit.names]
    for one in weighed:
        if one.saw_labels is not False and one.name not in guided:
            raise UsageError(
                f"evidence {one.name} may have used these items' labels; where the calibration was learnt it was blind",
                hint="if it is blind here, too, say so (saw_labels: false, or --blind)",
            )
    return tuple(
        one if one.saw_labels is False else without_labels(one, observed.counts, guided[one.name]) for one in weighed
    )


def _notes(learnt: Learnt, blind: tuple[EvidenceArray, ...]) -> list[str]:
    notes = lacking(blind) if blind else []
    if learnt.population == "other":
        return [*notes, OTHERS]
    return [*notes, SHIFT] if learnt.calibrate == "labels" else notes


def _with_drift(learnt: Learnt, prior: Prior, observed: Observations, seed: int) -> Calibration:
    found = surprise(prior, observed.counts, seed)
    moved = None if found is None or learnt.surprise is None else drift(learnt.surprise, found)
    notes = (moved.in_words(observed.labels),) if moved is not None and moved.found else ()
    return replace(
        prior.calibration,
        elsewhere=LearntElsewhere(learnt.provenance, learnt.prior, moved),
        notes=(*notes, *prior.calibration.notes),
    )
