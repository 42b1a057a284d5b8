"""Labels and evidence in, a posterior per item out: the one function behind ``labeldist estimate``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, Unpack

import numpy as np

from labeldist.core.frames import frame_of
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.estimation.calibration import Calibration
from labeldist.estimation.clusters import Clustering, independent
from labeldist.estimation.how import How, check_how
from labeldist.estimation.learnt import Learnt, Taught, learnt_from, matched, taught_by
from labeldist.estimation.learnt_prior import prior_from
from labeldist.estimation.observations import Array, EvidenceRows, Observations, observe
from labeldist.estimation.other_population import labels_of_others
from labeldist.estimation.point import Point
from labeldist.estimation.posterior import Posterior, posterior
from labeldist.estimation.priors import Prior, prior_of
from labeldist.estimation.references import calibrate_on_references
from labeldist.estimation.texts.evidence import with_texts
from labeldist.estimation.texts.gathered import GatheredTexts
from labeldist.pictures.bars import FIRST, stacked_bars
from labeldist.pictures.beside import side_by_side
from labeldist.pictures.items import items_picture
from labeldist.pictures.table import ROWS, html_table
from labeldist.tasks.load import load_task


@dataclass(frozen=True, slots=True, repr=False)
class Estimate:
    """The posterior of N items of K ``labels``, in the order of ``ids``, and how it was calibrated.

    ``evidence``: the names of what has a part in it. ``counts`` (N, K): the labels that were counted. ``prior`` (N, K)
    is what was expected of each item before its own labels were counted, and before any correction on references.
    ``point``: what stands for each posterior (mean, median, median:N); expected errors are those of the mean. ``kind``:
    the library of the data frame that the labels came from. ``learnt``: the calibration, to be applied to other items,
    where it was asked for.
    """

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    evidence: tuple[str, ...]
    counts: Array
    posterior: Posterior
    prior: Array
    calibration: Calibration
    kind: str | None = None
    point: str = "mean"
    learnt: Learnt | None = None

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
        parts = {"distribution": self.distribution, "interval.low": known.low, "interval.high": known.high}
        for name, array in parts.items():
            columns |= {f"{name}.{label}": array[:, at].tolist() for at, label in enumerate(self.labels)}
        columns["concentration"] = known.concentration.tolist()
        columns["expected_kl"] = known.expected_kl.tolist()
        columns["expected_tvd"] = known.expected_tvd.tolist()
        return frame_of(columns, kind or self.kind)

    def __repr__(self) -> str:
        saved = next((one.in_words() for one in self.calibration.saves), "")
        told = f"; evidence {', '.join(self.evidence)} {saved}" if self.evidence else "; no evidence"
        error = float(self.posterior.expected_kl.mean())
        asked = "" if self.point == "mean" else f"; point {self.point}"
        head = f"{len(self.ids):,} items, labels {', '.join(self.labels)}{told}{asked}"
        return f"Estimate({head}; expected KL{' of the mean' if asked else ''} {error:.3f})"

    def _repr_html_(self) -> str:
        rows = ((id_, *shares, error) for id_, shares, error in self._first(ROWS))
        note, more = repr(self), len(self.ids) - ROWS
        return html_table(["id", *self.labels, "expected KL"], rows, note, more=more, above=self._pictures())

    def _pictures(self) -> str:
        known, shares = self.posterior, self.distribution
        items = items_picture(self.labels, shares, title="posteriors")
        first = (part[:FIRST] for part in (shares, known.low, known.high))
        title = f"the first items, with {known.mass:.0%} intervals"
        return side_by_side(items, stacked_bars(self.labels, self.ids[:FIRST], *first, title=title))

    def _first(self, count: int) -> Iterable[tuple[str, list[float], float]]:
        shares, errors = self.distribution[:count].tolist(), self.posterior.expected_kl[:count].tolist()
        return zip(self.ids[:count], shares, errors, strict=True)

    @property
    def mean(self) -> Array:
        """The posterior means (N, K)."""
        return self.posterior.mean

    @property
    def distribution(self) -> Array:
        """The distributions (N, K): the points that were asked for, which are the means unless said otherwise."""
        return self.posterior.distribution

    def row(self, at: int) -> dict[str, Any]:
        """The item at that position as a row by the contract."""
        known = self.posterior
        arrays = (self.distribution, self.prior)
        by_label = [dict(zip(self.labels, array[at].tolist(), strict=True)) for array in arrays]
        ends = zip(self.labels, known.low[at].tolist(), known.high[at].tolist(), strict=True)
        return {
            "id": self.ids[at],
            "distribution": by_label[0],
            "interval": {label: [low, high] for label, low, high in ends},
            "interval_mass": known.mass,
            "concentration": float(known.concentration[at]),
            "expected_kl": float(known.expected_kl[at]),
            "expected_tvd": float(known.expected_tvd[at]),
            "prior": by_label[1],
            "saw_labels": True,
            **({"warning": self.calibration.doubt} if self.calibration.doubt else {}),
            "label_counts": {label: int(count) for label, count in zip(self.labels, self.counts[at], strict=True)},
            "calibrate": self.calibration.asked,
            "prior_used": self.calibration.prior,
            "point": self.point,
        }


def estimate(
    items: Iterable[Item],
    evidence: Mapping[str, EvidenceRows] | None = None,
    *,
    task: Task | None = None,
    annotators: str | None = None,
    use: Sequence[str] | None = None,
    texts: Sequence[str] | None = (),
    unknown_ids: Literal["stop", "skip"] = "stop",
    learnt: Learnt | None = None,
    **how: Unpack[How],
) -> Estimate:
    """The posterior distribution of each item from its labels and from evidence.

    ``evidence`` is {name: {item id: evidence}}, or {name: pairs of id and evidence}, beside what items carry; ``use``
    names the evidence to take (default: all), ``annotators`` the group whose labels count (default: all). ``texts``
    names evidence that is learnt from the items' texts (None: wherever labels can teach it). ``task`` is the default
    one unless given. ``learnt``: what was learnt on other items, in place of what these tell. ``how``: as
    :class:`~labeldist.estimation.how.How` says.

    Raises :class:`UsageError` for evidence that saw the labels, or does not say whether it did, with ``labels`` and
    without its leave-one-out form; :class:`InputError` for no items or too few references.

    >>> from labeldist.core.item import Annotation
    >>> item = Item("1", {}, (Annotation("neutral"), Annotation("neutral"), Annotation("entailment")))
    >>> known = estimate([item], calibrate="off")
    >>> known.mean.round(3).tolist(), known.posterior.low.round(2).tolist()
    ([[0.333, 0.556, 0.111]], [[0.01, 0.22, 0.0]])
    """
    check_how(how)  # before anything is read
    task, seed = task or load_task(), how.get("seed", 0)
    # With calibrate off nothing is to be learnt from labels.
    reads = how.get("calibrate") != "off" if texts is None else bool(texts)
    reading = GatheredTexts(task.fields, task.label_names) if reads else None
    observed = observe(
        items if reading is None else reading.through(items),
        task.label_names,
        evidence,
        annotators=annotators,
        use=use,
        unknown_ids=unknown_ids,
        ordered=task.values is not None,
    )
    told = ""
    if reading is not None:
        observed, told = with_texts(observed, reading, texts, seed)
    if learnt is None:
        found = estimate_from(observed, **how)
    else:
        found = estimate_by(learnt, observed, point=how.get("point", "mean"), mass=how.get("mass", 0.9), seed=seed)
    return replace(found, calibration=replace(found.calibration, texts=told))


def estimate_from(
    observed: Observations,
    *,
    calibrate: str = "labels",
    prior: str = "mixture",
    point: str = "mean",
    population: str = "same",
    annotator_biases: bool | None = None,
    learn: bool = False,
    mass: float = 0.9,
    seed: int = 0,
) -> Estimate:
    """As :func:`estimate`, from arrays; the options are those of :class:`~labeldist.estimation.how.How`."""
    check_how({"calibrate": calibrate, "prior": prior, "population": population, "point": point, "mass": mass})
    check_how({"learn": learn, "annotator_biases": annotator_biases})
    asked = Point.of(point)
    known = prior_of(
        observed,
        calibrate,
        seed,
        mixture=prior == "mixture",
        population=population,
        # They are of annotators by name, and whoever labels other items is not known.
        annotator_biases=False if learn else annotator_biases,
    )
    corrected = partial(_corrected, observed, seed=seed, learn=learn) if calibrate == "reference" else None
    found, taught = _estimated(observed, known, asked, mass, corrected)
    return replace(found, learnt=learnt_from(observed, known, taught, seed)) if learn else found


def estimate_by(
    learnt: Learnt, observed: Observations, *, point: str = "mean", mass: float = 0.9, seed: int = 0
) -> Estimate:
    """The posterior of each item by a calibration that was learnt on others; nothing is fitted to these.

    Raises :class:`UsageError` where labels or evidence are not those of the calibration.
    """
    check_how({"point": point, "mass": mass})
    seen = matched(learnt, observed)
    known, taught = prior_from(learnt, seen, seed), learnt.taught
    corrected = None if taught is None else partial(_corrected_by, seen, taught)
    return _estimated(seen, known, Point.of(point), mass, corrected)[0]


# Dirichlet parameters (N, K), and how they were calibrated, corrected on references; and what these taught.
Correct = Callable[[Array, Calibration], tuple[Array, Calibration, Taught | None]]


def _estimated(
    observed: Observations, known: Prior, asked: Point, mass: float, corrected: Correct | None
) -> tuple[Estimate, Taught | None]:
    """The posterior that ``known`` gives, and what references taught if they were to."""
    calibration, taught = known.calibration, None
    choose = asked.chooser(ordered=observed.ordered)
    counts = _independent(observed, calibration.clustering)
    if known.own is not None:
        counts = labels_of_others(counts, known.own)
    if known.mixed:
        expected, found = known.of_mixture(counts, observed.counts, mass, choose)
    else:
        expected, alpha = known.of_dirichlet(counts, observed.counts)
        if corrected is not None:
            alpha, calibration, taught = corrected(alpha, calibration)
        found = posterior(alpha, mass, choose)
    weighed = calibration.fit if calibration.asked == "labels" else None
    names = tuple(one.name for one in observed.evidence) if weighed is None else weighed.names
    made = Estimate(
        observed.labels,
        observed.ids,
        names,
        observed.counts,
        found.holding_point(),
        expected,
        calibration,
        point=str(asked),
    )
    return made, taught


def _independent(observed: Observations, groups: Clustering | None) -> Array:
    """What the labels tell (N, K), as counts of annotators who are no more alike than any others."""
    if groups is None or not groups.sure:
        return observed.counts
    return independent(observed.counts, observed.groups, groups.correlation)


def _corrected(
    observed: Observations, alpha: Array, calibration: Calibration, *, seed: int, learn: bool
) -> tuple[Array, Calibration, Taught | None]:
    """Dirichlet parameters (N, K) corrected on the references of other items."""
    total = alpha.sum(axis=1)
    mean = alpha / total[:, None]
    found = calibrate_on_references(observed, mean, total, seed=seed)
    told = replace(
        calibration,
        links=found.used,
        followed=found.followed,
        references=found.references,
        folds=found.folds,
        confidence=float(found.confidence.mean()),
    )
    taught = taught_by(observed, mean, total) if learn else None
    return (found.confidence * total)[:, None] * found.mean, told, taught


def _corrected_by(
    observed: Observations, taught: Taught, alpha: Array, calibration: Calibration
) -> tuple[Array, Calibration, None]:
    """Dirichlet parameters (N, K) corrected as the references of a calibration taught."""
    total = alpha.sum(axis=1)
    mean = taught.of(observed, alpha / total[:, None])
    links: dict[str, float] = {}
    for name, _, share in taught.parts:
        links[name] = links.get(name, 0.0) + share
    told = replace(calibration, links=links, followed=taught.followed, confidence=taught.confidence)
    # In the order in which references at hand would have it, so that the last digit is the same.
    return (np.full(len(total), taught.confidence) * total)[:, None] * mean, told, None
