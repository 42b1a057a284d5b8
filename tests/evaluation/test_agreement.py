"""Krippendorff's alpha against his own figures, a naive coincidence matrix, and the package ``krippendorff``."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from labeldist.core.errors import UsageError
from labeldist.datasets.source import open_source
from labeldist.evaluation.agreement import LEVELS, agreement, alphas, krippendorff_alpha
from labeldist.evaluation.people import votes_of

# Krippendorff (2011), part C: four observers, twelve units, values 1 to 5, missing labels.
PAPER = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
PUBLISHED = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849}


def counts_of(observers: list[str], values: str = "12345") -> np.ndarray:
    return np.array([["".join(unit).count(value) for value in values] for unit in zip(*observers, strict=True)], float)


def naive(counts: np.ndarray, level: str, values: list[float]) -> float:
    """As the paper has it: the matrix of coincidences, expected ones, and the table of differences, by loops."""
    labels = range(counts.shape[1])
    together = [[0.0 for _ in labels] for _ in labels]
    for unit in counts:
        if unit.sum() < 2:
            continue
        for one in labels:
            for other in labels:
                pairs = unit[one] * (unit[other] - (one == other))
                together[one][other] += pairs / (unit.sum() - 1)
    margins = [sum(row) for row in together]
    order = sorted(labels, key=lambda label: values[label])

    def apart(one: int, other: int) -> float:
        if level == "nominal":
            return float(one != other)
        if level == "interval":
            return (values[one] - values[other]) ** 2
        first, last = sorted((order.index(one), order.index(other)))
        between = sum(margins[order[at]] for at in range(first, last + 1))
        return (between - (margins[one] + margins[other]) / 2) ** 2 if one != other else 0.0

    every = [(one, other) for one in labels for other in labels]
    observed = sum(together[one][other] * apart(one, other) for one, other in every)
    expected = sum(margins[one] * margins[other] * apart(one, other) for one, other in every)
    return 1 - (sum(margins) - 1) * observed / expected if expected else math.nan


@pytest.mark.parametrize("level", LEVELS)
def test_the_papers_own_figures(level: str) -> None:
    found = krippendorff_alpha(counts_of(PAPER), level)
    assert round(found, 3) == PUBLISHED[level]
    assert found == pytest.approx(naive(counts_of(PAPER), level, [1, 2, 3, 4, 5]), abs=1e-12)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(20))
def test_as_the_naive_matrix_has_it(level: str, seed: int) -> None:
    chance = np.random.default_rng(seed)
    labels = int(chance.integers(2, 7))
    counts = chance.poisson(chance.uniform(0.2, 2), size=(int(chance.integers(5, 60)), labels)).astype(float)
    values = chance.permutation(labels).astype(float) ** 2 - 3
    expected = naive(counts, level, list(values))
    assert krippendorff_alpha(counts, level, list(values)) == pytest.approx(expected, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("level", LEVELS)
def test_weights_are_items_that_occur_several_times(level: str) -> None:
    chance = np.random.default_rng(1)
    counts = chance.poisson(1.0, size=(30, 4)).astype(float)
    times = chance.integers(0, 4, size=(5, 30))
    found = alphas(counts, times.astype(float), level)
    expected = [krippendorff_alpha(np.repeat(counts, row, axis=0), level) for row in times]
    assert found == pytest.approx(np.array(expected), abs=1e-10)


def test_nothing_to_agree_on_is_undefined() -> None:
    assert math.isnan(krippendorff_alpha([[3, 0], [2, 0]]))
    assert math.isnan(krippendorff_alpha([[1, 0], [0, 1]]))
    assert krippendorff_alpha([[2, 0], [0, 2]]) == 1
    with pytest.raises(UsageError, match="no level of measurement is named 'ratio'"):
        krippendorff_alpha([[2, 0], [0, 2]], "ratio")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("source", ["md-agreement", "hs-brexit", "varierr", "lewidi-csc"])
def test_equal_to_the_package_on_real_data(
    source: str, level: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    krippendorff = pytest.importorskip("krippendorff", reason="the package krippendorff is not installed (extra: dev)")
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    dataset = open_source(source, texts=False)
    counts = votes_of(dataset.items(), dataset.task.label_names).counts()
    domain = np.arange(counts.shape[1])
    expected = krippendorff.alpha(value_counts=counts.astype(int), level_of_measurement=level, value_domain=domain)
    assert krippendorff_alpha(counts, level) == pytest.approx(expected, abs=1e-9)


def drawn(items: int, seed: int) -> np.ndarray:
    """Items of three labels each, whose distributions differ: nominal alpha is 1/3."""
    chance = np.random.default_rng(seed)
    shares = chance.dirichlet([1.0, 1.0], size=items)
    return np.stack([chance.multinomial(3, share) for share in shares]).astype(float)


def test_intervals_hold_what_they_promise() -> None:
    held = {"alpha": 0, "share": 0, "unanimous": 0}
    for seed in range(200):
        found = agreement(drawn(150, seed), ["a", "b"], resamples=300, seed=seed)
        held["alpha"] += found.alpha["nominal"].low <= 1 / 3 <= found.alpha["nominal"].high
        held["share"] += found.shares["a"].low <= 0.5 <= found.shares["a"].high
        held["unanimous"] += found.unanimous.low <= 0.5 <= found.unanimous.high
    assert all(0.9 <= times / 200 <= 0.99 for times in held.values()), held


def test_kinds_of_items_are_drawn_as_items_are() -> None:
    """A few kinds of items, or each item by itself (a tiny difference makes them all differ): the same interval."""
    counts = drawn(400, 3)
    kinds = agreement(counts, ["a", "b"], resamples=4000)
    single = agreement(counts + np.arange(400)[:, None] * 1e-9, ["a", "b"], resamples=4000)
    for one, other in zip(kinds.shares.values(), single.shares.values(), strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=4e-3)
    assert kinds.alpha["nominal"].low == pytest.approx(single.alpha["nominal"].low, abs=0.01)
    assert kinds.alpha["nominal"].high == pytest.approx(single.alpha["nominal"].high, abs=0.01)


def test_a_single_item_has_no_interval() -> None:
    found = agreement(np.array([[2.0, 1.0]]), ["a", "b"])
    assert math.isnan(found.shares["a"].low)
    assert found.shares["a"].value == pytest.approx(2 / 3)
