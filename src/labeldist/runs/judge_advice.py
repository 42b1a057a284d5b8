"""Whether a model is worth using as a judge of these items, told from its first answers, with the reasons.

Two questions are asked, each with what the items can tell of it. Does what it says go with what people said? That is a
permutation test, exact for any number of items. And how many labels per item does it save beyond the base rate?
*Use* it where the first is sure (5%) and the second may be worth having; *do not* where the interval of the second
(90%) ends below half a label, or where nothing shows that it knows the items and it answers by position; anything else
these items *cannot tell*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from labeldist.core.item import Evidence, Item
from labeldist.estimation.beyond_base_rate import beyond_base_rate
from labeldist.estimation.observations import Array, Observations, observe
from labeldist.estimation.savings import Savings
from labeldist.evaluation.dealt import Dealt, dealt
from labeldist.runs.tally import FEWEST, Tally

USEFUL = 0.5  # labels per item: what saves less than this for sure is not worth asking a model for
SURE = 0.05
SMALL_ANSWER_MASS = 0.5
SAID = "model"
Verdict = Literal["use", "do not use", "cannot tell"]


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether to use ``model`` as a judge, told from so many ``items``.

    ``compared_with``: whose judgments it was compared with, ``reference`` or ``labels`` (None: there are too few).
    ``savings``: the labels per item that it saves beyond their base rate. ``dcorr``: how it goes with them, beside
    chance. ``of_orders``, ``of_items``: standard deviations of its shares over orders of the question's parts, and over
    items. ``reasons``: a sentence each.
    """

    model: str
    verdict: Verdict
    items: int
    compared_with: str | None
    savings: Savings | None
    dcorr: Dealt | None
    of_orders: float
    of_items: float
    answer_mass: float | None
    reasons: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The verdict, in words."""
        if self.verdict == "use":
            return f"Use {self.model} as a judge of such items."
        if self.verdict == "do not use":
            return f"Do not use {self.model} as a judge of such items."
        if not self.items:
            return f"No item could be judged, so nothing tells whether to use {self.model} as a judge."
        return (
            f"{self.items:,} item{'' if self.items == 1 else 's'} cannot tell whether to use {self.model} as a judge."
        )

    def in_a_line(self) -> str:
        """All of it, for a line of notes."""
        return " ".join((f"from the first {self.items:,} items: {self.headline}", *self.reasons))


def advice(model: str, labels: Sequence[str], items: Sequence[Item], rows: Sequence[dict[str, Any]]) -> Advice:
    """What to do with ``model``, which gave ``rows`` of distributions over ``labels``, having seen no labels of them.

    ``items`` are those of the rows, and more where some were not judged.

    >>> from labeldist.core.item import Annotation
    >>> made = [Item(str(at), {}, (Annotation("no" if at % 3 else "yes", times=4),)) for at in range(30)]
    >>> shares = [{"yes": 0.7, "no": 0.3}, {"yes": 0.2, "no": 0.8}]
    >>> rows = [
    ...     {"id": one.id, "distribution": shares[at % 3 > 0], "standard_error": {"no": 0.01}, "answer_mass": 0.9}
    ...     for at, one in enumerate(made)
    ... ]
    >>> advice("m", ["yes", "no"], made, rows).verdict
    'use'
    """
    tally = Tally()
    said = {row["id"]: Evidence(row["distribution"], saw_labels=False) for row in tally.of(rows)}
    people = None
    if said:
        people = _people(observe([item for item in items if item.id in said], labels, {SAID: said}, use=[SAID]))
    saved = together = None
    if people is not None:
        compared_with, observed = people
        saved = replace(beyond_base_rate(observed), evidence=(model,))
        together = dealt(_shares(observed.counts), observed.evidence[0].distribution)
    of_orders, of_items = tally.deviations
    return Advice(
        model,
        _verdict(saved, together, by_content=not tally.content),
        len(said),
        None if people is None else compared_with,
        saved,
        together,
        of_orders,
        of_items,
        tally.answer_mass,
        (
            *_of_people(people, saved, together),
            *(f"{_capital(note)}." for note in tally.content),
            *_of_mass(tally.answer_mass),
        ),
    )


def nothing_added(name: str, savings: Sequence[Savings]) -> list[str]:
    """What to say of a posterior of that name where its evidence, all of it together, saves hardly a label.

    >>> nothing_added("posterior", [Savings(("MJD none",), 0.02, -0.1, 0.2)])[0][:65]
    'posterior: the evidence adds nothing to speak of to the base rate'
    >>> nothing_added("posterior", [Savings(("MJD none",), 0.3, 0.1, 0.6)])
    []
    """
    if not savings or savings[0].high >= USEFUL:
        return []
    return [
        f"{name}: the evidence adds nothing to speak of to the base rate of the labels, which costs no model call: it "
        f"saves at most {max(savings[0].high, 0.0):.1f} labels per item (90%)"
    ]


def _people(observed: Observations) -> tuple[str, Observations] | None:
    """Whose judgments tell most: the reference or the labels, as counts, of the items that have any; None of few."""
    kinds = {"labels": observed.counts}
    if observed.reference is not None and observed.votes is not None:
        kinds["reference"] = np.nan_to_num(np.round(observed.reference * observed.votes[:, None]))
    told = {name: counts for name, counts in kinds.items() if (counts.sum(axis=1) > 0).sum() >= FEWEST}
    if not told:
        return None
    name = max(told, key=lambda one: float(told[one].sum()))
    counted = replace(observed, counts=told[name], reference=None, votes=None, groups={}, given=None)
    return name, counted.take(np.flatnonzero(told[name].sum(axis=1)))


def _shares(counts: Array) -> Array:
    shares: Array = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _verdict(saved: Savings | None, together: Dealt | None, *, by_content: bool) -> Verdict:
    knows = together is not None and together.p <= SURE
    if saved is not None and saved.high < USEFUL:
        return "do not use"
    if knows:
        return "use"
    return "cannot tell" if by_content else "do not use"


def _of_people(
    people: tuple[str, Observations] | None, saved: Savings | None, together: Dealt | None
) -> tuple[str, ...]:
    if people is None or saved is None or together is None:
        few = f"Fewer than {FEWEST} of the items that were judged have labels or a reference"
        return (f"{few}, so nothing shows what it knows of them.",)
    name, observed = people
    whose = f"the {name}{'' if name == 'labels' else 's'} of {len(observed.ids):,} items"
    beside = f"D.Corr {together.dcorr:.2f}, where chance alone gives {together.by_chance:.2f} (p = {together.p:.3f})"
    if np.isnan(together.p):
        goes = f"It says the same of every item, or {whose} are all the same: nothing shows that it knows them."
    elif together.p <= SURE:
        goes = f"What it says goes with {whose}: {beside}."
    else:
        goes = f"Nothing shows that what it says goes with {whose}: {beside}."
    return goes, _of_savings(saved, knows=together.p <= SURE)


def _of_savings(saved: Savings, *, knows: bool) -> str:
    ends = f"90%: {max(saved.low, 0.0):.1f} to {saved.high:.1f}"
    if saved.high < USEFUL:
        adds = "little" if knows else "nothing"
        return f"It adds {adds} to the base rate of the labels: it saves less than half a label per item ({ends})."
    if knows:
        number = f"{saved.labels:.1f} label{'' if f'{saved.labels:.1f}' == '1.0' else 's'}"
        return f"Beyond the base rate of the labels it saves about {number} per item ({ends})."
    return f"What it saves beyond the base rate of the labels is not sure (90%: at most {saved.high:.1f} per item)."


def _of_mass(mass: float | None) -> tuple[str, ...]:
    if mass is None or mass >= SMALL_ANSWER_MASS:
        return ()
    return (
        f"All answers together had a probability of only {mass:.3f}: it would rather say something else; try other "
        "--answers.",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
