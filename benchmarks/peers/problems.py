"""What all methods are given: who gave which label to which item, a classifier, and the votes to come near to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.estimation.classifiers import own_mjds
from benchmarks.estimation.data import chaosnli, reference_of, the_341, without_references
from benchmarks.populations.smoothing import Array
from labeldist.core.item import Item
from labeldist.datasets.source import open_source
from labeldist.estimation.observations import EvidenceArray, Observations

DRAWN = 5
ITEMS = 1500


@dataclass(frozen=True, slots=True)
class Problem:
    """``observed`` has labels and evidence, no reference; ``reference`` (N, K): the proportions of 100 votes.

    ``matrix`` (N, A): the number of the label that each annotator gave to each item, -1 where none.
    """

    observed: Observations
    matrix: np.ndarray
    reference: Array

    @property
    def classifier(self) -> Array:
        """All evidence as one distribution (N, K): its average, as methods for one classifier take it."""
        average: Array = np.mean([one.distribution for one in self.observed.evidence], axis=0)
        return average


def varierr(seed: int) -> Problem:
    """The paper's 341 items: the 4 VariErr annotators, the scores of two large models. Nothing is drawn."""
    known = the_341("varierr")
    items = list(open_source("mjd-estimator").items())
    by_text = {_texts(item): item for item in open_source("varierr").items()}
    people = sorted({str(one.annotator) for item in by_text.values() for one in item.labels})
    matrix = np.array([_row(by_text[_texts(item)], people, known.labels) for item in items])
    _check(matrix, known.counts)
    return Problem(without_references(known), matrix, reference_of(known))


def _texts(item: Item) -> tuple[str, str]:
    return item.fields["premise"].strip(), item.fields["hypothesis"].strip()


def _row(item: Item, people: list[str], labels: tuple[str, ...]) -> list[int]:
    """Each annotator's label. Of 9 items somebody gave two labels, and somebody else none: he gets the second."""
    given: dict[str, int] = {}
    over = []
    for one in item.labels:
        number = labels.index(one.label)
        if one.annotator in given:
            over.append(number)
        else:
            given[str(one.annotator)] = number
    return [given[who] if who in given else over.pop() if over else -1 for who in people]


def drawn(source: str, seed: int) -> Problem:
    """Five labels of each of 1,500 ChaosNLI items, drawn from its 100 votes; the embedded model as classifier.

    The votes are anonymous. So five made-up annotators label every item, all alike: the kindest arrangement for methods
    that learn annotators, since each has 1,500 labels to learn from.
    """
    whole = chaosnli(source)
    rows = np.sort(np.random.default_rng(0).permutation(len(whole.ids))[:ITEMS])
    known, said = whole.take(rows), own_mjds(source)[rows]
    reference = reference_of(known)
    chance = np.random.default_rng([seed, DRAWN])
    counts = chance.multinomial(DRAWN, reference).astype(np.float64)
    observed = Observations(known.labels, known.ids, counts, evidence=(EvidenceArray("MJD", said),))
    matrix = named(counts, chance)
    _check(matrix, counts)
    return Problem(observed, matrix, reference)


def named(counts: Array, chance: np.random.Generator) -> np.ndarray:
    """A matrix (N, A): who of A annotators gave which of the A labels of each item, counts (N, K), by chance."""
    given = np.array([np.repeat(np.arange(len(row)), row) for row in counts.astype(int)])
    return chance.permuted(given, axis=1)


def _check(matrix: np.ndarray, counts: Array) -> None:
    again = np.stack([(matrix == label).sum(axis=1) for label in range(counts.shape[1])], axis=1)
    if not np.array_equal(again, counts):
        raise AssertionError("the annotators' labels are not the ones that were counted")


PROBLEMS: dict[str, Callable[[int], Problem]] = {
    "varierr": varierr,
    "chaosnli-snli": lambda seed: drawn("chaosnli-snli", seed),
    "chaosnli-mnli": lambda seed: drawn("chaosnli-mnli", seed),
}
TITLES = {
    "varierr": "the 341, 4 VariErr labels",
    "chaosnli-snli": f"ChaosNLI-SNLI, {DRAWN} drawn",
    "chaosnli-mnli": f"ChaosNLI-MNLI, {DRAWN} drawn",
}
SEEDS = {"varierr": range(1), "chaosnli-snli": range(3), "chaosnli-mnli": range(3)}
