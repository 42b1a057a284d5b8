"""Pairs of the training's report part, which are for measuring only, as items of the library."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from training.data import Corpus, Pair
from training.settings import LABELS, SEED

from labeldist.core.item import Item
from training import data

SNLI, MNLI = "snli_explained", "mnli"


@cache
def corpus() -> Corpus:
    """All pairs, read once per process."""
    return data.load()


def report_pairs(source: str, limit: int | None) -> list[Pair]:
    """The pairs of one source whose premises were held out, ``limit`` at most."""
    return [pair for pair in corpus().report if pair.source == source][:limit]


def matched_pairs(limit: int | None) -> list[Pair]:
    """MNLI's matched dev part, ``limit`` pairs at most."""
    found = (
        Pair(data.tidy(premise), data.tidy(hypothesis), gold, "matched")
        for premise, hypothesis, gold in data.mnli_matched()
        if gold in LABELS
    )
    return list(found)[:limit]


def chosen_pairs(number: int, limit: int | None) -> list[Pair]:
    """``number`` held-out SNLI pairs drawn with the training's seed, of which the first ``limit``."""
    pairs = report_pairs(SNLI, None)
    return random.Random(SEED).sample(pairs, min(number, len(pairs)))[:limit]


def items_of(pairs: Sequence[Pair], name: str) -> list[Item]:
    """Items ``NAME-0``, ``NAME-1``, ... without labels: premise and hypothesis only."""
    return [
        Item(f"{name}-{at}", {"premise": pair.premise, "hypothesis": pair.hypothesis}) for at, pair in enumerate(pairs)
    ]
