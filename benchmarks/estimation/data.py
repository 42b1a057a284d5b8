"""The real data of the measurements as arrays, and the metrics of estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from labeldist.core.item import Item
from labeldist.datasets.source import open_source
from labeldist.estimation.observations import Array, Observations, observe
from labeldist.evaluation.metric import METRICS

METRIC_NAMES = ("kl", "jsd", "tvd", "dcorr")
TITLES = ("KL", "JSD", "TVD", "D.Corr")
EVIDENCE = ("evade/llama3.3-70b", "evade/qwen2.5-72b")
# What is shown: the group of annotators.
GROUPS = {"4 VariErr labels": "varierr", "5 MNLI labels": "mnli", "all 9 labels": None}
PSEUDO_COUNT = 0.5

Figures = dict[str, float]


def the_341(group: str | None, evidence: Sequence[str] = EVIDENCE) -> Observations:
    """The 341 items with the labels of a group of annotators (None: of all) and with ``evidence``."""
    items, labels = _read("mjd-estimator")
    return observe(items, labels, annotators=group, use=evidence)


def chaosnli(name: str) -> Observations:
    """The items of ``chaosnli-snli`` or ``chaosnli-mnli`` with the votes of 100 annotators as references."""
    items, labels = _read(name)
    return observe(items, labels)


@cache
def _read(source: str) -> tuple[list[Item], tuple[str, ...]]:
    dataset = open_source(source)
    return list(dataset.items()), dataset.task.label_names


def without_references(observed: Observations) -> Observations:
    """The same, so that nothing can look at a reference."""
    return replace(observed, reference=None, votes=None)


def reference_of(observed: Observations) -> Array:
    """The references (N, K) of items that all have one."""
    assert observed.reference is not None
    return observed.reference


def smoothed(counts: Array) -> Array:
    """Labels with half a pseudo-count each, as proportions: what is hard to beat."""
    raised = counts + PSEUDO_COUNT
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


def figures(reference: Array, mean: Array) -> Figures:
    """The four metrics of ``mean`` (N, K)."""
    return {name: METRICS.get(name).value(reference, mean) for name in METRIC_NAMES}


def averaged(several: Sequence[Figures]) -> Figures:
    """The mean of each figure, with four decimals."""
    return {name: round(float(np.mean([one[name] for one in several])), 4) for name in several[0]}


def worse(name: str, one: float, other: float) -> float:
    """By how much ``one`` is worse than ``other`` in that metric; below 0 where it is better."""
    return other - one if METRICS.get(name).higher_is_better else one - other
