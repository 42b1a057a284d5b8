"""Which prior labels and evidence make: fixed pseudo-counts, one Dirichlet, or a mixture of Dirichlets beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.core.errors import UsageError
from labeldist.estimation.annotator_biases import SeenBiases
from labeldist.estimation.bias_fit import biases_of
from labeldist.estimation.calibration import OTHERS, OTHERS_ALONE, SHIFT, Calibration
from labeldist.estimation.clusters import clustering
from labeldist.estimation.dispersion import Dispersion, dispersion
from labeldist.estimation.guidance import unguide
from labeldist.estimation.judges import compare_judges
from labeldist.estimation.labels import FLOORS, PILOT, LabelFit, Rows, fit_labels, opinions
from labeldist.estimation.log_pool import softmax
from labeldist.estimation.mixture_posterior import mixture_posterior
from labeldist.estimation.observations import Array, EvidenceArray, Observations
from labeldist.estimation.other_population import WORTH, expected_of_others, own_bias
from labeldist.estimation.posterior import Chooser, Posterior
from labeldist.estimation.savings import Savings, savings
from labeldist.estimation.stack import Stack
from labeldist.estimation.stacking import stacked

PRIORS = ("mixture", "dirichlet")
FEWEST_PAIRED = 30  # items with two labels: fewer do not tell kinds of items apart
POOL_FLOOR = FLOORS[1]
TOO_GOOD = 100.0  # annotators; no model that we know of is worth so many
SELECTED = (
    "annotators{who} agree on these items in a way that chance does not produce (the spread of agreement is "
    "{share:.0%} of what is expected): the items were probably selected by agreement, as in ChaosNLI. Their labels "
    "cannot tell what the evidence is worth, so it counts as {count:g} pseudo-counts instead"
)
PART = (
    "evidence {names} has no part in the prior, since it may have seen the labels: only in the correction that the "
    "references teach"
)
UNLABELLED = "no item has a label to learn from: the evidence is averaged as it is, and what it is worth is assumed"
UNLIKELY = (
    "the evidence seems to be worth {worth:,.0f} annotators, more than any model that we know of: did it see these "
    "labels, or was it made from them?"
)
CLUSTERED = (
    "annotators of one group agree with each other more than with those of another ({within:.0%} of pairs, against "
    "{across:.0%}): labels of one group count for less than their number, and the estimate is of people who differ as "
    "the groups {groups} do. --annotators takes one of them"
)
SAW = "evidence {names} counts here as if it were blind: labels that it saw count twice"


def usable(one: EvidenceArray, counts: Array) -> bool:
    """Whether the labels ``counts`` can tell what this evidence is worth: it did not see them, or says what it would
    have said without each of them.
    """
    return one.saw_labels is False or one.covers(counts)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected of N items before their own labels are counted.

    ``mean`` (N, K) and ``worth`` (N,), in annotators: of one Dirichlet each. ``mixed``: where a mixture takes its
    place, the rows with evidence and those without, what is said of them, and the stack of priors. ``own`` (N, K):
    what of the labels' bias is the annotators' own, where others are asked about. ``single``: the fitted Dirichlet.
    """

    mean: Array
    worth: Array
    calibration: Calibration
    mixed: tuple[tuple[Rows, tuple[EvidenceArray, ...], Stack], ...] = ()
    own: Array | None = None
    single: Single | None = None

    def of_dirichlet(self, counts: Array, given: Array) -> tuple[Array, Array]:
        """What is expected of items (N, K), and the parameters of their posteriors (N, K), given ``counts`` (N, K).

        These are the labels ``given`` (N, K), or what they are worth.
        """
        alpha, biases = self.worth[:, None] * self.mean, self.calibration.biases
        if biases is None:
            return self.mean, alpha + counts
        return biases.population(self.mean, self.worth), biases.posterior(alpha, counts, given)

    def of_mixture(
        self, counts: Array, given: Array, mass: float, choose: Chooser | None = None
    ) -> tuple[Array, Posterior]:
        """What the mixture expects of items (N, K), and their posterior given ``counts`` (N, K)."""
        items, labels = counts.shape
        prior, known = np.empty((items, labels)), Posterior.empty(items, labels, mass, point=choose is not None)
        biases = self.calibration.biases
        for rows, evidence, stack in self.mixed:
            seen = None if biases is None else biases.of(rows, counts, given)
            found, prior[rows] = mixture_posterior(stack, evidence, counts[rows], mass, biases=seen, choose=choose)
            known.put(rows, found)
        return prior, known


def prior_of(
    observed: Observations,
    calibrate: str,
    seed: int,
    *,
    mixture: bool,
    population: str = "same",
    annotator_biases: bool | None = None,
) -> Prior:
    """The prior that labels and evidence make; a mixture only where ``mixture`` asks for it and labels can tell.

    ``population``: whether the people asked about are the ``same`` as the annotators, or ``other`` ones.
    """
    if calibrate == "off":
        return _unfitted(observed)
    weighed = tuple(one for one in observed.evidence if usable(one, observed.counts))
    seeing = [one for one in observed.evidence if not usable(one, observed.counts)]
    if seeing and calibrate == "labels":
        _refuse(seeing)
    blind, guided, left_out = unguide(replace(observed, evidence=weighed))
    notes = [*([PART.format(names=_named(seeing))] if seeing else []), *left_out, *lacking(blind)]
    groups = clustering(observed.groups)
    if groups is not None and groups.sure:
        names = ", ".join(groups.groups)
        notes.append(CLUSTERED.format(within=groups.within, across=groups.across, groups=names))
    if population == "other":
        notes += [OTHERS] if blind else [OTHERS, OTHERS_ALONE]
    elif calibrate == "labels":
        notes.append(SHIFT)
    if not observed.counts.any():
        notes.append(UNLABELLED)
    fitted = replace(observed, evidence=blind)
    single = _fitted(fitted)
    prior, fit = single.mean, single.fit
    spread, group = _dispersion(observed, prior, fit.concentration, seed)
    if population == "other":
        known = Calibration(calibrate, WORTH, False, fit, (), guided, groups, spread, population=population)
        return of_others(single, replace(known, notes=tuple(notes)))
    if spread is not None and spread.selected:
        fixed = PSEUDO_COUNT * len(observed.labels)
        share = spread.observed / spread.expected
        notes.append(SELECTED.format(who=f" of the group {group!r}" if group else "", share=share, count=fixed))
        known = Calibration(calibrate, fixed, False, fit, guided=guided, clustering=groups, dispersion=spread)
        return Prior(prior, np.full(len(prior), fixed), replace(known, notes=tuple(notes)), single=single)
    biases, seen = None, fitted
    if annotator_biases is not False:
        biases = biases_of(observed, single.worth[:, None] * prior, seed, annotator_biases)
    if biases is not None:
        seen = replace(fitted, exposure=biases.exposure)
        single = _fitted(seen)
        prior, fit = single.mean, single.fit
    if blind and fit.concentration > TOO_GOOD:
        notes.append(UNLIKELY.format(worth=fit.concentration))
    known = Calibration(
        calibrate, fit.concentration, True, fit, single.saves, guided, groups, spread, biases=biases, notes=tuple(notes)
    )
    if known.told:
        known = replace(known, judges=compare_judges(seen, seed))
    found = Prior(prior, single.worth, known, single=single)
    return _mixed(fitted, single, found, seed) if mixture and calibrate == "labels" and known.told else found


def of_others(single: Single, calibration: Calibration) -> Prior:
    """The prior for people who do not share all of the annotators' bias."""
    own = np.where(single.some[:, None], own_bias(single.fit.bias), own_bias(single.base.bias))
    mean = expected_of_others(single.mean, own)
    return Prior(mean, np.full(len(mean), WORTH), calibration, own=own, single=single)


def _mixed(observed: Observations, single: Single, prior: Prior, seed: int) -> Prior:
    """The mixture in place of the Dirichlet, as far as labels of other items speak for it."""
    if (observed.counts.sum(axis=1) >= 2).sum() < FEWEST_PAIRED:
        return prior
    with_it, without = np.flatnonzero(single.some), np.flatnonzero(~single.some)
    biases = prior.calibration.biases

    def read(rows: Rows) -> SeenBiases | None:
        return None if biases is None else biases.of(rows, observed.counts, observed.counts)

    seen = observed.take(with_it) if len(without) else observed
    found = stacked(seen, single.fit, biases=read(with_it), seed=seed)
    mixed = [(with_it, tuple(one.take(with_it) for one in observed.evidence), found.stack)]
    if len(without):
        base = stacked(observed.without_evidence(), single.base, biases=read(np.arange(len(observed.ids))), seed=seed)
        mixed.append((without, (), base.stack))
    return replace(prior, calibration=replace(prior.calibration, mixture=found), mixed=tuple(mixed))


@dataclass(frozen=True, slots=True)
class Single:
    """The single Dirichlet: prior means (N, K), their worth (N,), the fit, and what evidence saves.

    ``base``: the fit without evidence, for the items that have none; ``some`` (N,): which have any.
    """

    mean: Array
    worth: Array
    fit: LabelFit
    base: LabelFit
    some: NDArray[np.bool_]
    saves: tuple[Savings, ...] = ()

    @staticmethod
    def of(
        fit: LabelFit, base: LabelFit, evidence: tuple[EvidenceArray, ...], items: int, saves: tuple[Savings, ...] = ()
    ) -> Single:
        """That of so many items with this ``evidence``, which ``fit`` weighs."""
        if not fit.names:
            some = np.ones(items, np.bool_)
            return Single(fit.prior_mean((), items), np.full(items, fit.concentration), fit, base, some, saves)
        some = np.any([one.present for one in evidence], axis=0)
        prior = fit.prior_mean(evidence, items)
        prior[~some] = base.prior_mean((), 1)
        return Single(prior, np.where(some, fit.concentration, base.concentration), fit, base, some, saves)


def _fitted(observed: Observations) -> Single:
    """The fit of a single Dirichlet, and what all evidence saves, and each of several alone.

    Items that have no evidence at all take no part in the fit with it: they get the base rate, and what that is worth.
    """
    items = len(observed.counts)
    if not observed.evidence:
        fit = fit_labels(observed)
        return Single.of(fit, fit, (), items)
    some = np.any([one.present for one in observed.evidence], axis=0)
    seen = observed if some.all() else observed.take(np.flatnonzero(some))
    fit = fit_labels(seen)
    base = fit_labels(observed.without_evidence(), most=PILOT)
    several = len(observed.evidence) > 1
    singly = [replace(observed, evidence=(one,)).take(np.flatnonzero(one.present)) for one in observed.evidence]
    saves = (savings(seen, fit), *(savings(one, fit_labels(one, most=PILOT)) for one in singly if several))
    return Single.of(fit, base, observed.evidence, items, saves)


def lacking(evidence: Sequence[EvidenceArray]) -> list[str]:
    """Which evidence some items lack."""
    lacking = {one.name: int((~one.present).sum()) for one in evidence}
    told = ", ".join(f"{count:,} lack {name}" for name, count in lacking.items() if count)
    return (
        [f"of the {len(evidence[0].present):,} items {told}: missing evidence is treated as uninformative"]
        if told
        else []
    )


def _unfitted(observed: Observations) -> Prior:
    items, labels = observed.counts.shape
    views = opinions(observed.evidence, POOL_FLOOR / labels, items, labels)
    present = np.sum([one.present for one in observed.evidence], axis=0) if observed.evidence else np.ones(items)
    prior = softmax(views.sum(axis=1) / np.maximum(present, 1)[:, None])
    saw = [one for one in observed.evidence if one.saw_labels is not False]
    notes = (SAW.format(names=_named(saw)),) if saw else ()
    worth = PSEUDO_COUNT * labels
    return Prior(prior, np.full(items, worth), Calibration("off", worth, False, notes=notes))


def _refuse(seeing: Sequence[EvidenceArray]) -> None:
    raise UsageError(
        f"evidence that may have used these labels, so they cannot calibrate it: {_named(seeing)}",
        hint="if it did not, say so (saw_labels: false, or --blind). Else take evidence that comes with its "
        "leave-one-out form, as `labeldist run` makes it; or --calibrate reference, or off. With --evidence only what "
        "is named is taken",
    )


def _dispersion(
    observed: Observations, prior: Array, concentration: float, seed: int
) -> tuple[Dispersion | None, str | None]:
    """The test on the labels of each group of annotators, or on all: the first that fails, and whose labels."""
    parts: list[tuple[str | None, Array]] = [*observed.groups.items()] or [(None, observed.counts)]
    found: tuple[Dispersion | None, str | None] = None, None
    for name, counts in parts:
        one = dispersion(counts, prior, concentration, seed=seed)
        if one is not None and one.selected:
            return one, name
        found = found if found[0] else (one, None)
    return found


def _named(evidence: Sequence[EvidenceArray]) -> str:
    return ", ".join(f"{one.name} ({'saw the labels' if one.saw_labels else 'does not say'})" for one in evidence)
