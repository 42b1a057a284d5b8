"""Labels and evidence in, a posterior per item out: the one function behind ``labeldist estimate``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.core.errors import UsageError
from labeldist.core.frames import frame_of
from labeldist.core.item import Item
from labeldist.core.registry import did_you_mean
from labeldist.core.shown import ROWS, html_table
from labeldist.core.task import Task
from labeldist.estimation.calibration import SHIFT, Calibration
from labeldist.estimation.clusters import Clustering, clustering, independent
from labeldist.estimation.dispersion import Dispersion, dispersion
from labeldist.estimation.guidance import unguide
from labeldist.estimation.labels import FLOORS, PILOT, LabelFit, fit_labels, opinions
from labeldist.estimation.log_pool import softmax
from labeldist.estimation.observations import Array, EvidenceArray, EvidenceRows, Observations, observe
from labeldist.estimation.posterior import Posterior, posterior
from labeldist.estimation.references import calibrate_on_references
from labeldist.estimation.savings import Savings, savings
from labeldist.estimation.texts.evidence import with_texts
from labeldist.estimation.texts.gathered import GatheredTexts
from labeldist.tasks.load import load_task

CALIBRATIONS = ("labels", "reference", "off")
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


@dataclass(frozen=True, slots=True, repr=False)
class Estimate:
    """The posterior of N items of K ``labels``, in the order of ``ids``, and how it was calibrated.

    ``evidence``: the names of what has a part in it. ``counts`` (N, K): the labels that were counted. ``prior`` (N, K)
    is what was expected of each item before its own labels were counted, and before any correction on references.
    ``kind``: the library of the data frame that the labels came from.
    """

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    evidence: tuple[str, ...]
    counts: Array
    posterior: Posterior
    prior: Array
    calibration: Calibration
    kind: str | None = None

    @property
    def saves(self) -> float:
        """The labels per item that the evidence saves, all of it together; NaN where there is none to tell."""
        return self.calibration.saves[0].labels if self.calibration.saves else math.nan

    def to_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per item: the distribution, the intervals' ends and the expected errors.

        Of ``kind`` (pandas, polars, pyarrow), else of the library that the labels came from, else of one that is
        installed. Raises :class:`UsageError` where none is.
        """
        known = self.posterior
        columns: dict[str, Any] = {"id": list(self.ids)}
        for name, array in (("distribution", known.mean), ("interval.low", known.low), ("interval.high", known.high)):
            columns |= {f"{name}.{label}": array[:, at].tolist() for at, label in enumerate(self.labels)}
        columns["concentration"] = known.alpha.sum(axis=1).tolist()
        columns["expected_kl"] = known.expected_kl.tolist()
        columns["expected_tvd"] = known.expected_tvd.tolist()
        return frame_of(columns, kind or self.kind)

    def __repr__(self) -> str:
        saved = next((one.in_words() for one in self.calibration.saves), "")
        told = f"; evidence {', '.join(self.evidence)} {saved}" if self.evidence else "; no evidence"
        error = float(self.posterior.expected_kl.mean())
        return f"Estimate({len(self.ids):,} items, labels {', '.join(self.labels)}{told}; expected KL {error:.3f})"

    def _repr_html_(self) -> str:
        rows = ((id_, *mean, error) for id_, mean, error in self._first(ROWS))
        return html_table(["id", *self.labels, "expected KL"], rows, repr(self), more=len(self.ids) - ROWS)

    def _first(self, count: int) -> Iterable[tuple[str, list[float], float]]:
        known = self.posterior
        return zip(self.ids[:count], known.mean[:count].tolist(), known.expected_kl[:count].tolist(), strict=True)

    @property
    def mean(self) -> Array:
        """The distributions (N, K)."""
        return self.posterior.mean

    def row(self, at: int) -> dict[str, Any]:
        """The item at that position as a row by the contract."""
        known = self.posterior
        by_label = [dict(zip(self.labels, array[at].tolist(), strict=True)) for array in (known.mean, self.prior)]
        ends = zip(self.labels, known.low[at].tolist(), known.high[at].tolist(), strict=True)
        return {
            "id": self.ids[at],
            "distribution": by_label[0],
            "interval": {label: [low, high] for label, low, high in ends},
            "interval_mass": known.mass,
            "concentration": float(known.alpha[at].sum()),
            "expected_kl": float(known.expected_kl[at]),
            "expected_tvd": float(known.expected_tvd[at]),
            "prior": by_label[1],
            "saw_labels": True,
            **({"warning": self.calibration.doubt} if self.calibration.doubt else {}),
            "label_counts": {label: int(count) for label, count in zip(self.labels, self.counts[at], strict=True)},
            "calibrate": self.calibration.asked,
        }


def estimate(
    items: Iterable[Item],
    evidence: Mapping[str, EvidenceRows] | None = None,
    *,
    task: Task | None = None,
    calibrate: str = "labels",
    annotators: str | None = None,
    use: Sequence[str] | None = None,
    texts: Sequence[str] | None = (),
    unknown_ids: Literal["stop", "skip"] = "stop",
    mass: float = 0.9,
    seed: int = 0,
) -> Estimate:
    """The posterior distribution of each item from its labels and from evidence.

    ``evidence`` is {name: {item id: evidence}}, or {name: pairs of id and evidence}, beside what items carry; ``use``
    names the evidence to take (default: all), ``annotators`` the group whose labels count (default: all). ``texts``
    names evidence that is learnt from the items' texts (None: wherever labels can teach it). ``calibrate``
    is ``labels`` (empirical Bayes, no reference is used), ``reference`` (also corrected on the references of other
    items) or ``off`` (fixed pseudo-counts). ``mass`` is the chance of the intervals. ``task`` is the default one unless
    given.

    Raises :class:`UsageError` for evidence that saw the labels, or does not say whether it did, with ``labels`` and
    without its leave-one-out form; :class:`InputError` for no items or too few references.

    >>> from labeldist.core.item import Annotation
    >>> item = Item("1", {}, (Annotation("neutral"), Annotation("neutral"), Annotation("entailment")))
    >>> known = estimate([item], calibrate="off")
    >>> known.mean.round(3).tolist(), known.posterior.low.round(2).tolist()
    ([[0.333, 0.556, 0.111]], [[0.01, 0.22, 0.0]])
    """
    task = task or load_task()
    if texts is None and calibrate == "off":
        texts = ()  # nothing is to be learnt from labels
    reading = None if texts is not None and not texts else GatheredTexts(task.fields, task.label_names)
    passing = items if reading is None else reading.through(items)
    observed = observe(passing, task.label_names, evidence, annotators=annotators, use=use, unknown_ids=unknown_ids)
    if reading is None:
        return estimate_from(observed, calibrate=calibrate, mass=mass, seed=seed)
    observed, told = with_texts(observed, reading, texts, seed)
    found = estimate_from(observed, calibrate=calibrate, mass=mass, seed=seed)
    return replace(found, calibration=replace(found.calibration, texts=told))


def estimate_from(observed: Observations, *, calibrate: str = "labels", mass: float = 0.9, seed: int = 0) -> Estimate:
    """As :func:`estimate`, from arrays."""
    if calibrate not in CALIBRATIONS:
        raise did_you_mean("calibration", calibrate, CALIBRATIONS)
    if not 0 < mass < 1:
        raise UsageError(f"intervals with a chance of {mass}", hint="use a number between 0 and 1, such as 0.9")
    prior, worth, calibration = _prior(observed, calibrate, seed)
    alpha = worth[:, None] * prior + _independent(observed, calibration.clustering)
    if calibrate == "reference":
        total = alpha.sum(axis=1)
        found = calibrate_on_references(observed, alpha / total[:, None], total, seed=seed)
        alpha = (found.confidence * total)[:, None] * found.mean
        calibration = replace(
            calibration,
            links=found.used,
            followed=found.followed,
            references=found.references,
            folds=found.folds,
            confidence=float(found.confidence.mean()),
        )
    weighed = calibration.fit if calibrate == "labels" else None
    names = tuple(one.name for one in observed.evidence) if weighed is None else weighed.names
    return Estimate(observed.labels, observed.ids, names, observed.counts, posterior(alpha, mass), prior, calibration)


def usable(one: EvidenceArray, counts: Array) -> bool:
    """Whether the labels ``counts`` can tell what this evidence is worth: it did not see them, or says what it would
    have said without each of them.
    """
    return one.saw_labels is False or one.covers(counts)


def _prior(observed: Observations, calibrate: str, seed: int) -> tuple[Array, Array, Calibration]:
    """Prior means (N, K), what they are worth in annotators (N,), and how they came about."""
    if calibrate == "off":
        return _unfitted(observed)
    weighed = tuple(one for one in observed.evidence if usable(one, observed.counts))
    seeing = [one for one in observed.evidence if not usable(one, observed.counts)]
    if seeing and calibrate == "labels":
        _refuse(seeing)
    blind, guided, left_out = unguide(replace(observed, evidence=weighed))
    notes = [*([PART.format(names=_named(seeing))] if seeing else []), *left_out, *_lacking(blind)]
    groups = clustering(observed.groups)
    if groups is not None and groups.sure:
        names = ", ".join(groups.groups)
        notes.append(CLUSTERED.format(within=groups.within, across=groups.across, groups=names))
    if calibrate == "labels":
        notes.append(SHIFT)
    if not observed.counts.any():
        notes.append(UNLABELLED)
    fitted = replace(observed, evidence=blind)
    prior, worth, fit, saves = _fitted(fitted)
    spread, group = _dispersion(observed, prior, fit.concentration, seed)
    if spread is not None and spread.selected:
        fixed = PSEUDO_COUNT * len(observed.labels)
        share = spread.observed / spread.expected
        notes.append(SELECTED.format(who=f" of the group {group!r}" if group else "", share=share, count=fixed))
        known = Calibration(calibrate, fixed, False, fit, guided=guided, clustering=groups, dispersion=spread)
        return prior, np.full(len(prior), fixed), replace(known, notes=tuple(notes))
    if blind and fit.concentration > TOO_GOOD:
        notes.append(UNLIKELY.format(worth=fit.concentration))
    known = Calibration(calibrate, fit.concentration, True, fit, saves, guided, groups, spread, notes=tuple(notes))
    return prior, worth, known


def _independent(observed: Observations, groups: Clustering | None) -> Array:
    """What the labels tell (N, K), as counts of annotators who are no more alike than any others."""
    if groups is None or not groups.sure:
        return observed.counts
    return independent(observed.counts, observed.groups, groups.correlation)


def _fitted(observed: Observations) -> tuple[Array, Array, LabelFit, tuple[Savings, ...]]:
    """Prior means (N, K), their worth (N,), the fit, and what all evidence saves, and each of several alone.

    Items that have no evidence at all take no part in the fit with it: they get the base rate, and what that is worth.
    """
    if not observed.evidence:
        fit = fit_labels(observed)
        return fit.prior_mean((), len(observed.counts)), np.full(len(observed.counts), fit.concentration), fit, ()
    some = np.any([one.present for one in observed.evidence], axis=0)
    seen = observed if some.all() else observed.take(np.flatnonzero(some))
    fit = fit_labels(seen)
    base = fit_labels(observed.without_evidence(), most=PILOT)
    several = len(observed.evidence) > 1
    singly = [replace(observed, evidence=(one,)).take(np.flatnonzero(one.present)) for one in observed.evidence]
    saves = (savings(seen, fit), *(savings(one, fit_labels(one, most=PILOT)) for one in singly if several))
    prior = fit.prior_mean(observed.evidence, len(observed.counts))
    prior[~some] = base.prior_mean((), 1)
    return prior, np.where(some, fit.concentration, base.concentration), fit, saves


def _lacking(evidence: Sequence[EvidenceArray]) -> list[str]:
    """Which evidence some items lack."""
    lacking = {one.name: int((~one.present).sum()) for one in evidence}
    told = ", ".join(f"{count:,} lack {name}" for name, count in lacking.items() if count)
    return (
        [f"of the {len(evidence[0].present):,} items {told}: missing evidence is treated as uninformative"]
        if told
        else []
    )


def _unfitted(observed: Observations) -> tuple[Array, Array, Calibration]:
    items, labels = observed.counts.shape
    views = opinions(observed.evidence, POOL_FLOOR / labels, items, labels)
    present = np.sum([one.present for one in observed.evidence], axis=0) if observed.evidence else np.ones(items)
    prior = softmax(views.sum(axis=1) / np.maximum(present, 1)[:, None])
    saw = [one for one in observed.evidence if one.saw_labels is not False]
    notes = (SAW.format(names=_named(saw)),) if saw else ()
    worth = PSEUDO_COUNT * labels
    return prior, np.full(items, worth), Calibration("off", worth, False, notes=notes)


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
