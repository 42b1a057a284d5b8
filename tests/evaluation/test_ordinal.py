"""Distances along a scale, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from labeldist.core.errors import UsageError
from labeldist.core.item import Item
from labeldist.evaluation.compare import evaluate
from labeldist.evaluation.metric import METRICS, all_metrics
from labeldist.evaluation.metrics.manhattan import manhattan
from labeldist.evaluation.metrics.tvd import tvd
from labeldist.evaluation.metrics.wasserstein import wasserstein
from labeldist.tasks.load import load_task


@given(seed=st.integers(0, 10_000), k=st.integers(2, 9))
def test_wasserstein_is_scipys(seed: int, k: int) -> None:
    chance = np.random.default_rng(seed)
    values = np.sort(chance.choice(50, size=k, replace=False)).astype(float)
    one, other = chance.dirichlet(np.ones(k), 3), chance.dirichlet(np.ones(k), 3)
    expected = [wasserstein_distance(values, values, p, q) for p, q in zip(one, other, strict=True)]
    np.testing.assert_allclose(wasserstein(one, other, values), expected, atol=1e-12)


def test_manhattan_is_twice_tvd() -> None:
    chance = np.random.default_rng(0)
    one, other = chance.dirichlet(np.ones(4), 9), chance.dirichlet(np.ones(4), 9)
    np.testing.assert_allclose(manhattan(one, other), 2 * tvd(one, other))


def test_tables_of_ordinal_tasks_have_the_distance_on_their_scale() -> None:
    task = load_task("sarcasm")
    fields = dict.fromkeys(task.fields, "x")
    item = Item("1", fields, reference={"1": 1})
    away = {"1": {label: float(label == "4") for label in task.label_names}}
    found = evaluate([item], {"llm": away}, task, bootstrap=0).rows[0].metrics
    assert found["wasserstein"].value == 3
    assert "wasserstein" not in {metric.name for metric in all_metrics()}
    paraphrase = load_task("paraphrase")
    assert paraphrase.values == tuple(range(-5, 6))
    assert METRICS.get("wasserstein").on_scale is not None


def test_labels_without_a_scale_have_no_distance_along_it() -> None:
    task = load_task("nli")
    items = [Item("1", dict.fromkeys(task.fields, "x"), reference={"neutral": 1})]
    with pytest.raises(UsageError, match="needs an ordinal scale, for task 'nli'"):
        evaluate(items, {}, task, metrics=["tvd", "wasserstein"], bootstrap=0)
