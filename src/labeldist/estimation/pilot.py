"""From a pilot to a plan: where the next labels, references or model calls help most. Behind ``labeldist plan``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from labeldist.core.errors import UsageError
from labeldist.core.frames import frame_of
from labeldist.core.item import Item
from labeldist.core.registry import did_you_mean
from labeldist.core.task import Task
from labeldist.estimation.estimate import Estimate, estimate_from
from labeldist.estimation.guidance import Guidance, unguide
from labeldist.estimation.judges import Judges, judges_of
from labeldist.estimation.labels import PILOT
from labeldist.estimation.observations import EvidenceArray, EvidenceRows, Observations, drawn, observe
from labeldist.estimation.plan import (
    FEWEST_REFERENCES,
    MOST_LABELS,
    Measured,
    Predicted,
    measured_errors,
    predicted_errors,
    require_labels,
)
from labeldist.estimation.prices import JudgeCost, Prices, Way, judge_costs, ways
from labeldist.estimation.priors import usable
from labeldist.estimation.reference_curve import Progress, ReferencePoint, reference_curve
from labeldist.estimation.replay import Replay, replay
from labeldist.estimation.savings import Savings
from labeldist.estimation.sets import fits
from labeldist.pictures.curve import learning_curve
from labeldist.pictures.table import ROWS, html_table
from labeldist.tasks.load import load_task

METRICS = ("kl", "tvd")
HIGH_CONCENTRATION = 1e4  # no differences between annotators but by chance
MOST_NEXT = 20  # items that are named for the next labels

LEFT_OUT = (
    "evidence {names} is left out: it saw the labels, or does not say whether it did, and comes without its "
    "leave-one-out form, so that nothing tells what it is worth"
)
MADE_WITH_LABELS = (
    "evidence {names} was made with the labels of its items: it counts here for what it would say without them"
)
SELECTED = (
    "these predictions cannot be trusted: annotators agree on these items in a way that chance does not produce, so "
    "that they were probably selected by agreement. Plan from items that were drawn at random"
)
NO_PAIRS = (
    "no item has two labels, so nothing shows how much annotators differ on an item: the predictions rest on an "
    "assumption. Collect a second label for some items"
)
NO_DIFFERENCES = (
    "the labels of an item differ no more than by chance from what is expected of it: more labels add little"
)
WORSE = (
    "on {references:,} references the estimates from the labels at hand are off by KL {kl:.3f}, where the model "
    "expects {expected:.3f}: the predictions promise too much here. Mostly that is because these annotators differ "
    "from the people behind the references; more labels from them do not change that, references correct it"
)
BETTER = (
    "on {references:,} references the estimates from the labels at hand are off by KL {kl:.3f} only, where the model "
    "expects {expected:.3f}: fewer labels may be enough"
)
UNSEEN = (
    "the predictions speak for people who label as these annotators do; whether those whose judgments you want label "
    "otherwise, only references can show. Spread their votes: on 341 items 100 references of one vote corrected more "
    "than 20 of five or 5 of twenty (KL .164, .172, .195)"
)
FEW_REFERENCES = "items with a reference: {found}, and it takes {needed} to measure anything on them"


@dataclass(frozen=True, slots=True)
class Plan:
    """What was predicted, measured and replayed on a pilot of ``items``, ``labelled`` of which have labels.

    ``labels``: the mean number of labels of those; ``predicted``: errors by number of labels and evidence;
    ``measured``: errors at hand, on references; ``curve``: errors by number of references; ``ways`` to the target, if
    one was given; ``saves``: the labels per item that all evidence saves, then each of several alone, where the labels
    tell; ``replay``: whether the next labels should be targeted, and if so ``next_items`` are the first to
    get some. ``votes``: how many are behind a reference (mean). ``doubtful``: whether the predictions promise more than
    can be known, or than references confirm; ``notes`` say why, and what else a user must know. ``judges``: what
    several judges save, and which to do without; ``costs``: of each of them.
    """

    items: int
    labelled: int
    labels: float
    evidence: tuple[str, ...]
    predicted: tuple[Predicted, ...]
    measured: tuple[Measured, ...]
    curve: tuple[ReferencePoint, ...]
    votes: float | None
    ways: tuple[Way, ...]
    saves: tuple[Savings, ...]
    replay: Replay
    next_items: tuple[str, ...]
    doubtful: bool
    notes: tuple[str, ...]
    kind: str | None = None
    judges: Judges | None = None
    costs: tuple[JudgeCost, ...] = ()

    def to_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per number of labels and set of evidence, and the errors to expect of it.

        Of ``kind`` (pandas, polars, pyarrow), else of the library that the labels came from, else of one that is
        installed. Raises :class:`~labeldist.core.errors.UsageError` where none is.
        """
        names = ("kl", "kl_low", "kl_high", "tvd", "tvd_low", "tvd_high")
        columns: dict[str, list[Any]] = {
            "labels": [one.labels for one in self.predicted],
            "evidence": [", ".join(one.evidence) for one in self.predicted],
        }
        columns |= {name: [getattr(one, name) for one in self.predicted] for name in names}
        return frame_of(columns, kind or self.kind)

    def __repr__(self) -> str:
        ways = f"; {len(self.ways):,} ways to the target" if self.ways else ""
        doubt = "; the predictions may promise too much" if self.doubtful else ""
        steps = [one for one in self.predicted if one.evidence == self.evidence][:: max(1, len(self.predicted) // 6)]
        errors = ", ".join(f"{one.labels:,}: {one.kl:.3f}" for one in steps[:4])
        return (
            f"Plan({self.labelled:,} items with {self.labels:.1f} labels; KL by labels per item: {errors}{ways}{doubt})"
        )

    def _repr_html_(self) -> str:
        rows = [(one.labels, ", ".join(one.evidence) or "none", one.kl, one.tvd) for one in self.predicted]
        told = "; ".join((repr(self), *self.notes))
        head = ["labels per item", "evidence", "KL", "TVD"]
        return html_table(head, rows[:ROWS], told, more=len(rows) - ROWS, above=self._picture())

    def _picture(self) -> str:
        curves: dict[str, list[tuple[float, float, float, float]]] = {}
        for one in self.predicted:
            curves.setdefault(_evidence(one.evidence), []).append((one.labels, one.kl, one.kl_low, one.kl_high))
        measured = [(_evidence(one.evidence), one.labels, one.kl) for one in self.measured]
        return learning_curve(curves, now=self.labels, measured=measured, title="expected KL by labels per item")


def _evidence(names: Sequence[str]) -> str:
    return " + ".join(names) or "labels alone"


def plan(
    items: Iterable[Item],
    evidence: Mapping[str, EvidenceRows] | None = None,
    *,
    task: Task | None = None,
    annotators: str | None = None,
    use: Sequence[str] | None = None,
    most_labels: int = MOST_LABELS,
    target: float | None = None,
    metric: str = "kl",
    prices: Prices | None = None,
    references: bool = True,
    unknown_ids: Literal["stop", "skip"] = "stop",
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """Where the next labels, references or model calls help most.

    Items and evidence are as for :func:`~labeldist.estimation.estimate.estimate`. Errors are predicted for up to
    ``most_labels`` per item; ``target`` is an error by ``metric`` (kl or tvd) that is to be reached; ``references``:
    whether to measure what they achieve, which takes a minute; ``progress`` is told of that.

    Raises :class:`InputError` where no item has a label, :class:`UsageError` for a target or metric without sense.

    >>> from labeldist.core.item import Annotation
    >>> items = [Item(str(at), {}, (Annotation("neutral"),) * 3) for at in range(5)]
    >>> found = plan(items, target=0.05)
    >>> found.predicted[0].kl > found.predicted[20].kl, found.ways[0].labels
    (True, 7)
    """
    _check_goal(target, metric)
    names = (task or load_task()).label_names
    observed = observe(items, names, evidence, annotators=annotators, use=use, unknown_ids=unknown_ids)
    require_labels(observed)
    prices, judge_of = _priced(observed, prices or Prices())
    at_hand = observed.counts.sum(axis=1)
    pilot = _Pilot.of(observed, seed)
    known, judges = pilot.known, pilot.known.calibration.judges
    models = fits(pilot.usual, pilot.concentration)
    predicted = tuple(predicted_errors(pilot.usual, range(most_labels + 1), models=models, seed=seed))
    measured = tuple(measured_errors(models))
    replayed = replay(pilot.unseeing, concentration=pilot.concentration, seed=seed)
    return Plan(
        items=len(observed.ids),
        labelled=int((at_hand > 0).sum()),
        labels=float(at_hand[at_hand > 0].mean()),
        evidence=tuple(one.name for one in pilot.usual.evidence),
        predicted=predicted,
        measured=measured,
        curve=_curve(pilot, seed, progress) if references else (),
        votes=pilot.mean_votes if measured else None,
        ways=() if target is None else ways(predicted, target, metric, prices, at_hand, judge_of),
        saves=known.calibration.saves if known.calibration.told else (),
        replay=replayed,
        next_items=_next(known) if replayed.offers else (),
        doubtful=pilot.concentration is not None or pilot.no_pairs or any(one.worse_than_expected for one in measured),
        notes=(*_notes(pilot, measured), *pilot.left_out),
        judges=judges,
        costs=() if judges is None else judge_costs(judges, prices),
    )


def _curve(pilot: _Pilot, seed: int, progress: Progress | None) -> tuple[ReferencePoint, ...]:
    known = pilot.known
    weight = known.posterior.concentration
    return tuple(reference_curve(pilot.observed, known.mean, weight, seed=seed, progress=progress))


def _priced(observed: Observations, prices: Prices) -> tuple[Prices, dict[str, str]]:
    """The prices, and whose each evidence is; :class:`UsageError` for the price of a judge that there is not."""
    judges = judges_of(observed.evidence)
    for name in prices.by_judge:
        if name not in judges:
            raise did_you_mean("judge", name, judges)
    return prices, {evidence: judge for judge, of in judges.items() for evidence in of}


def _check_goal(target: float | None, metric: str) -> None:
    if metric not in METRICS:
        raise UsageError(f"metric {metric!r}", hint="use one of: kl, tvd")
    if target is not None and not target > 0:
        raise UsageError(f"a target of {target:g}", hint="use an error above 0, such as 0.1")


@dataclass(frozen=True, slots=True)
class _Pilot:
    """The items that predictions are made from, and what their labels say of them.

    ``observed``: all items, or of very many some of those with labels; ``weighed``: their evidence that labels can
    weigh, as it is; ``usual``: the items with this evidence, less what labels did to it where these ``guided`` it;
    ``left_out``: notes on what could not be taken out of it; ``known``: the estimate from labels and usual evidence.
    """

    observed: Observations
    weighed: tuple[EvidenceArray, ...]
    usual: Observations
    guided: Sequence[Guidance]
    left_out: Sequence[str]
    known: Estimate

    @staticmethod
    def of(observed: Observations, seed: int) -> _Pilot:
        """A pilot of at most so many items, drawn at random."""
        if len(observed.ids) > PILOT:
            observed = observed.take(drawn(np.flatnonzero(observed.counts.sum(axis=1)), PILOT, seed))
        weighed = tuple(one for one in observed.evidence if usable(one, observed.counts))
        blind, guided, left_out = unguide(replace(observed, evidence=weighed))
        usual = replace(observed, evidence=blind)
        return _Pilot(observed, weighed, usual, guided, left_out, estimate_from(usual, prior="dirichlet", seed=seed))

    @property
    def concentration(self) -> float | None:
        """The one that is assumed, where the labels tell none."""
        return None if self.known.calibration.fitted else self.known.calibration.concentration

    @property
    def unseeing(self) -> Observations:
        """The items with evidence that saw no labels.

        What labels guided would know of those that a replay hides, as far as they could not be taken out.
        """
        return replace(self.observed, evidence=tuple(one for one in self.weighed if one.saw_labels is False))

    @property
    def mean_votes(self) -> float | None:
        """How many votes are behind a reference."""
        votes = self.observed.votes
        return None if votes is None else float(votes[self.observed.referenced].mean())

    @property
    def no_pairs(self) -> bool:
        """Whether no item has two labels."""
        return float(self.observed.counts.sum(axis=1).max()) < 2


def _next(known: Estimate) -> tuple[str, ...]:
    """The items with the largest expected KL, largest first."""
    first = np.argsort(-known.posterior.expected_kl, kind="stable")[:MOST_NEXT]
    return tuple(known.ids[at] for at in first)


def _notes(pilot: _Pilot, measured: Sequence[Measured]) -> list[str]:
    notes = []
    weighed = [one.name for one in pilot.weighed]
    left_out = [one.name for one in pilot.observed.evidence if one.name not in weighed]
    calibration = pilot.known.calibration
    if left_out:
        notes.append(LEFT_OUT.format(names=", ".join(left_out)))
    if pilot.guided:
        notes.append(MADE_WITH_LABELS.format(names=", ".join(one.name for one in pilot.guided)))
    if not calibration.fitted:
        notes.append(SELECTED)
    elif pilot.no_pairs:
        notes.append(NO_PAIRS)
    elif calibration.concentration > HIGH_CONCENTRATION:
        notes.append(NO_DIFFERENCES)
    if not measured:
        notes.append(UNSEEN)
    elif measured[-1].worse_than_expected or measured[-1].better_than_expected:
        last = measured[-1]
        off = WORSE if last.worse_than_expected else BETTER
        notes.append(off.format(references=last.references, kl=last.kl, expected=last.expected_kl))
    referenced = len(pilot.observed.referenced)
    if 0 < referenced < FEWEST_REFERENCES:
        notes.append(FEW_REFERENCES.format(found=referenced, needed=FEWEST_REFERENCES))
    return notes
