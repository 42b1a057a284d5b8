"""Each annotator beside the others who labelled the same items, and whether chance explains the difference.

The model: annotators are exchangeable. Given an item's labels, each of its annotators is as likely as any other to be
the one who gave any of them (a permutation within the item). So on an item where j of its n annotators chose a label,
this annotator chose it with the chance j/n, and over items, which are independent given their labels, the number of
times is a sum of such trials: Poisson's binomial distribution, exactly, without a prior and for any number of items.
Items on which all agree tell nothing. An annotator's chance is the smallest of the labels', times the number of labels
that could have told; over annotators it is corrected by Holm's steps, and not by Benjamini's and Hochberg's: to name a
person is a claim of its own, and annotators of the same items depend on each other negatively, which the latter does
not allow for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.evaluation.annotations import NOBODY, Annotations
from labeldist.evaluation.exchangeable import holm, tail_chances
from labeldist.evaluation.metric import Array

CHANCE = 0.05  # below which an annotator stands out


Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Annotator:
    """One annotator. ``items`` labelled, ``labels`` given, ``shares`` of each label among them.

    ``compared``: items that others labelled, too. On these: ``agreement``, how often another's label is the same;
    ``own`` and ``others``, the share of each label (an item counts once). NaN where there is none.
    ``chance``: that an exchangeable annotator would differ as much, corrected for labels and annotators;
    ``uncorrected`` is for labels alone; None where nothing can tell. ``label`` is the one that differs most, chosen on
    ``chosen`` of the ``contested`` items where not all agree on it, with ``expected`` times to be expected.
    """

    name: str
    items: int
    labels: int
    shares: Mapping[str, float]
    compared: int
    agreement: float
    own: Mapping[str, float]
    others: Mapping[str, float]
    chance: float | None
    uncorrected: float | None
    label: str | None
    chosen: int
    expected: float
    contested: int

    @property
    def stands_out(self) -> bool:
        """Whether chance hardly explains the difference."""
        return self.chance is not None and self.chance < CHANCE


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Who labelled what: P pairs of an item and an annotator, and C choices of a label by one of these pairs."""

    row: Whole
    annotator: Whole
    choice_pair: Whole
    choice_label: Whole
    size: Array  # annotators of the pair's item
    single: bool  # no pair has two labels


def annotators_of(found: Annotations) -> list[Annotator]:
    """Every named annotator, those who stand out first, then by how many labels they gave.

    >>> from labeldist.core.item import Annotation, Item
    >>> from labeldist.evaluation.annotations import AnnotationLog
    >>> log = AnnotationLog(["no", "yes"])
    >>> for at in range(60):
    ...     others = [Annotation("yes" if at % 3 == n else "no", f"a{n}") for n in range(3)]
    ...     log.add(Item(str(at), {}, (Annotation("yes", "odd"), *others)), [None] * 4)
    >>> [one.name for one in annotators_of(log.annotations()) if one.stands_out]
    ['odd', 'a0', 'a1', 'a2']
    """
    if not found.annotators:
        return []
    pairs = _pairs(found)
    people, labels = len(found.annotators), len(found.labels)
    named = found.annotator != NOBODY
    given = np.bincount(
        found.annotator[named].astype(np.int64) * labels + found.label[named],
        weights=found.times[named],
        minlength=people * labels,
    ).reshape(people, labels)
    own, others, compared, same = _beside_others(pairs, people, labels)
    uncorrected, label, chosen, expected, contested = _surprises(pairs, found, people)
    testable = label >= 0
    chance = np.ones(people)
    chance[testable] = holm(uncorrected[testable])
    items = np.bincount(pairs.annotator, minlength=people)
    out = testable & (chance < CHANCE)
    order = np.lexsort((np.where(out, -np.abs(chosen - expected), -given.sum(axis=1)), ~out))
    return [
        Annotator(
            found.annotators[at],
            int(items[at]),
            int(given[at].sum()),
            _named(found, given[at] / given[at].sum()),
            int(compared[at]),
            float(same[at]),
            _named(found, own[at]),
            _named(found, others[at]),
            float(chance[at]) if testable[at] else None,
            float(uncorrected[at]) if testable[at] else None,
            found.labels[label[at]] if testable[at] else None,
            int(chosen[at]),
            float(expected[at]),
            int(contested[at]),
        )
        for at in order
    ]


def _named(found: Annotations, values: Array) -> dict[str, float]:
    return dict(zip(found.labels, values.tolist(), strict=True))


def _pairs(found: Annotations) -> _Pairs:
    people, labels = len(found.annotators), len(found.labels)
    named = found.annotator != NOBODY
    choices = np.unique(
        (found.row[named] * people + found.annotator[named]) * labels + found.label[named]
    )  # a label that an annotator gave an item twice is chosen once
    pair, choice_pair = np.unique(choices // labels, return_inverse=True)
    row = pair // people
    size = np.bincount(row, minlength=len(found.ids))[row].astype(np.float64)
    return _Pairs(row, pair % people, choice_pair.ravel(), choices % labels, size, len(pair) == len(choices))


def _beside_others(pairs: _Pairs, people: int, labels: int) -> tuple[Array, Array, Whole, Array]:
    """Own and others' shares (A, K) on items of several annotators, how many items (A,), agreement with others (A,)."""
    weight = 1 / np.bincount(pairs.choice_pair, minlength=len(pairs.row))  # an annotator's several labels share an item
    several = pairs.size > 1
    compared: Whole = np.bincount(pairs.annotator[several], minlength=people).astype(np.int64)
    own, others = np.empty((people, labels)), np.empty((people, labels))
    same = np.zeros(people)
    with np.errstate(invalid="ignore", divide="ignore"):
        for label in range(labels):
            of = pairs.choice_label == label
            part = np.zeros(len(pairs.row))
            part[pairs.choice_pair[of]] = weight[pairs.choice_pair[of]]
            total = np.bincount(pairs.row, weights=part)[pairs.row]
            rest = (total - part)[several] / (pairs.size[several] - 1)
            who = pairs.annotator[several]
            own[:, label] = np.bincount(who, weights=part[several], minlength=people) / compared
            others[:, label] = np.bincount(who, weights=rest, minlength=people) / compared
            same += np.bincount(who, weights=part[several] * rest, minlength=people) / compared
    return own, others, compared, same


def _surprises(pairs: _Pairs, found: Annotations, people: int) -> tuple[Array, Whole, Array, Array, Whole]:
    """Of each annotator (A,) the smallest chance of any label, corrected for labels; that label, or -1 where no label
    can tell; how often it was chosen and expected, and on how many contested items.
    """
    smallest, best, most = np.full(people, np.inf), np.full(people, -1, dtype=np.int64), np.zeros(people)
    chosen, expected = np.zeros(people), np.zeros(people)
    contested, told = np.zeros(people, dtype=np.int64), np.zeros(people)
    for label in range(len(found.labels)):
        of = np.zeros(len(pairs.row), dtype=bool)
        of[pairs.choice_pair[pairs.choice_label == label]] = True
        among = np.bincount(pairs.row, weights=of)[pairs.row]
        open_ = (among > 0) & (among < pairs.size)
        if not open_.any():
            continue
        who = pairs.annotator[open_]
        # Few fractions j/n occur, so trials are counted by fraction.
        chances, fraction = np.unique(among[open_] / pairs.size[open_], return_inverse=True)
        people_here, place = np.unique(who, return_inverse=True)
        trials = np.bincount(place.ravel() * len(chances) + fraction.ravel(), minlength=len(people_here) * len(chances))
        times = trials.reshape(len(people_here), len(chances)).astype(np.float64)
        observed: Array = np.bincount(place.ravel(), weights=of[open_]).astype(np.float64)
        tails = tail_chances(times, chances, observed)
        told[people_here] += 1
        above = (observed - times @ chances) / np.sqrt(times @ (chances * (1 - chances)))
        alike = np.isclose(tails, smallest[people_here], rtol=1e-6, atol=0)  # as of two labels that mirror each other:
        better = np.where(alike, above > most[people_here], tails < smallest[people_here])  # name what is given more
        at = people_here[better]
        smallest[at], best[at], most[at] = tails[better], label, above[better]
        chosen[at], expected[at] = observed[better], (times @ chances)[better]
        contested[at] = times.sum(axis=1)[better].astype(np.int64)
    # Where an annotator's contested items are all between the same two labels, the two say the same thing.
    tests = np.where((told == 2) & pairs.single, 1, told)
    return np.minimum(np.where(told > 0, smallest, 1.0) * tests, 1.0), best, chosen, expected, contested
