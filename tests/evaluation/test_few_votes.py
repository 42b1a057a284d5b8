"""References of few votes: proper scores rank predictions right, distances do not, and tables say so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from labeldist.core.item import Annotation, Item
from labeldist.evaluation.compare import evaluate
from labeldist.evaluation.metric import METRICS, all_metrics
from labeldist.reports.tables import markdown_table, notes
from labeldist.tasks.load import load_task

VALUES = (0.0, 1.0, 2.0)
PROPER, DISTANCES = ("ce", "brier", "rps"), ("tvd", "jsd", "wasserstein")


def value(name: str, reference: Any, prediction: Any) -> float:
    metric = METRICS.get(name)
    return (metric if metric.on_scale is None else metric.on_scale(VALUES)).value(reference, prediction)


@pytest.mark.parametrize("votes", [1, 2, 3, 4, 5])
def test_proper_scores_pick_the_better_prediction_where_distances_pick_the_worse(votes: int) -> None:
    generator = np.random.default_rng(votes)
    truth = generator.permuted(np.tile([0.85, 0.1, 0.05], (20_000, 1)), axis=1)
    sharp = truth**1.5 / (truth**1.5).sum(axis=1, keepdims=True)
    reference = generator.multinomial(votes, truth) / votes
    for name in PROPER:
        assert value(name, reference, truth) < value(name, reference, sharp), name
    for name in DISTANCES:
        assert value(name, reference, truth) > value(name, reference, sharp), name
    # With very many votes all agree.
    many = generator.multinomial(2000, truth) / 2000
    for name in (*PROPER, *DISTANCES):
        assert value(name, many, truth) < value(name, many, sharp), name


shares = st.lists(st.integers(0, 20), min_size=3, max_size=3).filter(any)


@given(shares, st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_brier_is_the_mean_over_votes_of_what_others_compute(votes: list[int], weights: list[float]) -> None:
    prediction = np.array(weights) / sum(weights)
    reference = np.array(votes) / sum(votes)
    truth = [at for at, count in enumerate(votes) for _ in range(count)]
    expected = brier_score_loss(truth, np.tile(prediction, (len(truth), 1)), labels=[0, 1, 2], scale_by_half=False)
    assert value("brier", [reference], [prediction]) == pytest.approx(expected)


@given(shares, st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_rps_is_the_mean_over_votes_of_squared_steps(votes: list[int], weights: list[float]) -> None:
    prediction = [weight / sum(weights) for weight in weights]
    total = 0.0
    for label, count in enumerate(votes):
        for rank in range(2):
            below = sum(prediction[: rank + 1])
            total += count * ((1.0 if label <= rank else 0.0) - below) ** 2
    assert value("rps", [np.array(votes) / sum(votes)], [prediction]) == pytest.approx(total / sum(votes))


def found(references: list[dict[str, float]], **how: Any) -> Any:
    fields = {"premise": "x", "hypothesis": "y"}
    items = [
        Item(str(at), fields, (Annotation("neutral"), Annotation("entailment")), reference=reference)
        for at, reference in enumerate(references)
    ]
    return evaluate(items, {}, load_task("nli"), bootstrap=0, **how)


FEW, MANY = [{"neutral": 2, "entailment": 1}, {"neutral": 1}], [{"neutral": 60, "entailment": 40}]


def test_proper_scores_lead_where_votes_are_few_and_the_table_says_why() -> None:
    few = found(FEW)
    assert few.votes == 2
    assert [column.name for column in few.columns] == ["ce", "brier", "kl", "jsd", "tvd", "dcorr"]
    told = " ".join(notes(few))
    assert "few votes (median 2): read CE and Brier first" in told
    assert "JSD and TVD favour sharp predictions" in told
    header, _, *rows = markdown_table(few).splitlines()
    places = [header.split("|").index(f" {title} ") for title in ("JSD", "TVD")]
    assert not [row for row in rows if row.startswith("|") and any("**" in row.split("|")[at] for at in places)]
    assert any("**" in row.split("|")[header.split("|").index(" CE ")] for row in rows if row.startswith("|"))


@pytest.mark.parametrize("references", [MANY, [{"neutral": 0.61, "entailment": 0.39}, {"neutral": 1}]])
def test_many_votes_or_unknown_ones_change_nothing(references: list[dict[str, float]]) -> None:
    many = found(references)
    assert [column.name for column in many.columns] == ["kl", "jsd", "tvd", "dcorr", "ce"]
    assert not any(column.misleads for column in many.columns)
    assert "few votes" not in " ".join(notes(many))


def test_metrics_that_are_named_keep_their_order_and_their_warning() -> None:
    few = found(FEW, metrics=["tvd", "ce"])
    assert [column.name for column in few.columns] == ["tvd", "ce"]
    assert "TVD favour" in " ".join(notes(few))


def test_ranks_are_scored_on_a_scale_only() -> None:
    assert [metric.name for metric in all_metrics(VALUES, few_votes=True)][:3] == ["ce", "brier", "rps"]
    assert "rps" not in [metric.name for metric in all_metrics(None, few_votes=True)]
    assert [metric.name for metric in all_metrics(VALUES)] == ["kl", "jsd", "tvd", "dcorr", "ce", "wasserstein"]


def test_reference_annotators_are_few_votes(labeldist: Callable[..., Any], tmp_path: Path) -> None:
    rows = [
        {"id": str(at), "premise": "x", "hypothesis": "y", "labels": ["e", "n", "e", "c"][at % 2 :]} for at in range(6)
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = labeldist("evaluate", "--reference", "items.jsonl", "--reference-annotators", 1, COLUMNS="100")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("CE") < done.stdout.index("Brier") < done.stdout.index("KL")
    assert "few votes (median 1)" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
