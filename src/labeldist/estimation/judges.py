"""What several judges save: each alone, all together, and what would be lost without each of them.

A judge is a model with all of its evidence; evidence that names no model is a judge of its own. Where the errors of
judges have nothing to do with each other, what they save adds up, as precisions do; a copy of a judge adds nothing. So
what all save together, over the mean of what each saves alone, is how many independent judges, each as good as these
are on average, would save as much: the effective number. It is about 1 for copies, and their number for independent
ones (``tests/estimation/test_judges.py``).

All fits are to the same items, those that have the evidence of all judges, and so go together: one draw of their
parameters moves all of them, and intervals are of the differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labeldist.estimation.labels import PILOT, LabelFit, fit_labels
from labeldist.estimation.likelihood import LEAST_LOG, MOST_LOG
from labeldist.estimation.observations import Array, EvidenceArray, Observations, drawn
from labeldist.estimation.savings import DRAWS, MASS, Savings, moves
from labeldist.estimation.texts.evidence import is_text
from labeldist.models.short_names import short_names

FEWEST = 30  # labelled items with the evidence of all judges
LEAST_MEAN = 0.05  # labels per item: the effective number is a ratio, and of nothing there is none


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge ``name``, what its evidence saves ``alone``, and the labels per item that are ``lost`` without it."""

    name: str
    alone: Savings
    lost: float
    lost_low: float
    lost_high: float


@dataclass(frozen=True, slots=True)
class Judges:
    """What several judges save ``together``, and each of them.

    ``effective``: as how many independent ones, each as good as these on average, with its interval of 90%; None where
    labels cannot tell that they save anything. ``items``: with labels and the evidence of all.
    """

    each: tuple[Judge, ...]
    together: Savings
    effective: float | None
    effective_low: float | None
    effective_high: float | None
    items: int

    @property
    def least(self) -> Judge:
        """The one without whom least is lost."""
        return min(self.each, key=lambda one: one.lost)

    def in_words(self) -> list[str]:
        """What they are worth, and which is the one to do without, a sentence each.

        >>> saved = Savings(("a",), 1.0, 0.5, 1.5)
        >>> judges = (Judge("a", saved, 0.9, 0.5, 1.4), Judge("b", saved, 0.1, 0.0, 0.2))
        >>> Judges(judges, saved, None, None, None, 100).in_words()[-1]
        'To do without one, leave out b: that loses about 0.1 labels per item (90%: 0.0 to 0.2), without a 0.9.'
        """
        by_model = [
            f"By itself {one.name}, with {', '.join(one.alone.evidence)}, {one.alone.in_words()}."
            for one in self.each
            if len(one.alone.evidence) > 1
        ]
        return [*by_model, self._effective(), self._least()]

    def _effective(self) -> str:
        names = f"{', '.join(one.name for one in self.each[:-1])} and {self.each[-1].name}"
        if self.effective is None:
            return f"How independent {names} are these labels cannot tell: too little is saved for that."
        interval = f"(90%: {max(self.effective_low or 0.0, 0.0):.1f} to {self.effective_high:.1f})"
        return (
            f"{names} together save as much as {self.effective:.1f} independent judges {interval} that are each as "
            "good as these on average."
        )

    def _least(self) -> str:
        least = self.least
        others = ", ".join(f"without {one.name} {max(one.lost, 0.0):.1f}" for one in self.each if one is not least)
        interval = f"(90%: {max(least.lost_low, 0.0):.1f} to {max(least.lost_high, 0.0):.1f})"
        return (
            f"To do without one, leave out {least.name}: that loses about {max(least.lost, 0.0):.1f} labels per item "
            f"{interval}, {others}."
        )


def judges_of(evidence: Sequence[EvidenceArray]) -> dict[str, tuple[str, ...]]:
    """The judges by name, each with the names of its evidence; what is learnt from texts is no judge's.

    >>> models = {"a": "m", "b": "m", "c": None}
    >>> told = [EvidenceArray(name, np.ones((1, 2)), model=model) for name, model in models.items()]
    >>> judges_of(told)
    {'m': ('a', 'b'), 'c': ('c',)}
    """
    said = [one for one in evidence if not is_text(one.name)]
    short = short_names(list(dict.fromkeys(one.model for one in said if one.model)))
    found: dict[tuple[bool, str], list[str]] = {}
    for one in said:
        found.setdefault((one.model is None, one.model or one.name), []).append(one.name)
    names = {key: key[1] if key[0] else short[key[1]] for key in found}
    if len(set(names.values())) < len(names):  # evidence called as a model is
        names = {key: key[1] if key[0] else f"model {key[1]}" for key in found}
    return {names[key]: tuple(of) for key, of in found.items()}


def compare_judges(observed: Observations, seed: int = 0) -> Judges | None:
    """What the judges behind the evidence of ``observed`` save; None where there is one, or too few items have all.

    The evidence must be blind, or what labels did to it taken out.

    >>> truth = np.random.default_rng(0).dirichlet([1, 1], 200)
    >>> counts = np.random.default_rng(1).multinomial(4, truth).astype(float)
    >>> one, same = EvidenceArray("one", 0.8 * truth + 0.1), EvidenceArray("same", 0.7 * truth + 0.15)
    >>> observed = Observations(("yes", "no"), tuple(map(str, range(200))), counts, evidence=(one, same))
    >>> found = compare_judges(observed)
    >>> [judge.name for judge in found.each], 0.8 < found.effective < 1.3
    (['one', 'same'], True)
    """
    judges = judges_of(observed.evidence)
    if len(judges) < 2:
        return None
    named = {name for of in judges.values() for name in of}
    evidence = tuple(one for one in observed.evidence if one.name in named)
    there = np.all([one.present for one in evidence], axis=0) & observed.counts.any(axis=1)
    if there.sum() < FEWEST:
        return None
    fits = _Fits(replace(observed, evidence=evidence).take(drawn(np.flatnonzero(there), PILOT)))
    whole = tuple(one.name for one in evidence)
    alone = {judge: fits.place(of) for judge, of in judges.items()}
    without = {judge: fits.place(named - set(of)) for judge, of in judges.items()}
    base, together = fits.place(()), fits.place(whole)
    logs, draws = fits.centres(), fits.draws(seed)

    def saved(place: int, less: int) -> tuple[float, float, float]:
        low, high = np.quantile(draws[:, place] - draws[:, less], [(1 - MASS) / 2, (1 + MASS) / 2])
        return float(np.exp(logs[place]) - np.exp(logs[less])), float(low), float(high)

    each = tuple(
        Judge(judge, Savings(of, *saved(alone[judge], base)), *saved(together, without[judge]))
        for judge, of in judges.items()
    )
    places = [*alone.values()]
    number = _effective(np.exp(logs)[None], base, together, places), _effective(draws, base, together, places)
    return Judges(each, Savings(whole, *saved(together, base)), *_told(*number), int(there.sum()))


def _effective(worth: Array, base: int, together: int, alone: Sequence[int]) -> Array:
    """Of each draw what all save (D,), and the mean of what each saves alone (D,), as rows (2, D)."""
    return np.stack([worth[:, together], worth[:, alone].mean(axis=1)]) - worth[:, base]


def _told(middle: Array, draws: Array) -> tuple[float | None, float | None, float | None]:
    """The effective number with its interval; nothing where the mean of what is saved alone may be none."""
    least, low, high = (1 - MASS) / 2, (1 - MASS) / 2, (1 + MASS) / 2
    if middle[1, 0] < LEAST_MEAN or np.quantile(draws[1], least) < LEAST_MEAN:
        return None, None, None
    ratios = draws[0] / np.maximum(draws[1], LEAST_MEAN)
    return float(middle[0, 0] / middle[1, 0]), float(np.quantile(ratios, low)), float(np.quantile(ratios, high))


class _Fits:
    """Fits to the same items with different evidence, each made once."""

    def __init__(self, observed: Observations) -> None:
        self._observed = observed
        self._places: dict[frozenset[str], int] = {}
        self._fits: list[tuple[Observations, LabelFit]] = []

    def place(self, names: Sequence[str] | set[str]) -> int:
        """The place of the fit with the evidence of these names."""
        key = frozenset(names)
        if key not in self._places:
            seen = replace(self._observed, evidence=tuple(one for one in self._observed.evidence if one.name in key))
            self._places[key] = len(self._fits)
            self._fits.append((seen, fit_labels(seen)))
        return self._places[key]

    def centres(self) -> Array:
        """The logarithms of what the priors are worth, in annotators (F,)."""
        return np.log([fit.concentration for _, fit in self._fits])

    def draws(self, seed: int) -> Array:
        """What the priors may be worth (D, F): the items that move one fit move the others, too."""
        rows = np.arange(len(self._observed.ids))
        moved = np.stack([moves(seen, fit, rows) for seen, fit in self._fits])
        spread = moved @ moved.T
        np.fill_diagonal(spread, [float(fit.errors[-1]) ** 2 for _, fit in self._fits])
        drawn_logs = np.random.default_rng(seed).multivariate_normal(self.centres(), spread, size=DRAWS)
        return np.exp(np.clip(drawn_logs, LEAST_LOG, MOST_LOG))
