"""The benchmark of reference annotators: its baseline that learns, its averages, and one small run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.populations import __main__ as command
from benchmarks.populations.averaged import Drawn, averaged
from benchmarks.populations.measure import FITTED, HALF, POPULATIONS, POSTERIOR, measure
from benchmarks.populations.smoothing import fitted_pseudo_count, smoothed
from scipy.stats import dirichlet_multinomial

from labeldist.evaluation.bootstrap import paired_difference
from labeldist.evaluation.metric import METRICS
from labeldist.models.open import open_model

TVD = METRICS.get("tvd")


def test_the_fitted_pseudo_count_is_the_most_likely_one_and_recovers_the_truth() -> None:
    chance = np.random.default_rng(0)
    for truth in (0.2, 1.0, 3.0):
        counts = np.array([chance.multinomial(5, row) for row in chance.dirichlet(np.full(3, truth), 4000)])
        found = fitted_pseudo_count(counts.astype(float))
        assert found == pytest.approx(truth, rel=0.12)
        at = {
            each: dirichlet_multinomial.logpmf(counts, np.full(3, each), 5).sum()
            for each in (0.9 * found, found, 1.1 * found)
        }
        assert max(at, key=lambda each: at[each]) == found


def test_labels_without_disagreement_are_hardly_smoothed() -> None:
    counts = np.repeat(np.eye(3) * 3, 20, axis=0)
    assert smoothed(counts, fitted_pseudo_count(counts)) == pytest.approx(np.repeat(np.eye(3), 20, axis=0), abs=0.01)


def test_averages_over_draws() -> None:
    """Of one draw they are what the library says; of several the mean."""
    chance = np.random.default_rng(1)
    one, two = (Drawn(part[0], {"a": part[1], "b": part[2]}) for part in chance.dirichlet(np.ones(3), (2, 3, 40)))
    alone = [averaged(TVD, [draw], resamples=50, seed=3) for draw in (one, two)]
    known = paired_difference(TVD, one.reference, one.distributions["a"], one.distributions["b"], resamples=50, seed=3)
    assert alone[0].difference("a", "b") == known
    both = averaged(TVD, [one, two], resamples=50, seed=3)
    assert both.values["a"] == pytest.approx((alone[0].values["a"] + alone[1].values["a"]) / 2)
    assert both.of("a").low < both.values["a"] < both.of("a").high


def test_a_small_run(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    [one] = [population for population in POPULATIONS if population.source == "lewidi-csc"]
    found = measure(one, open_model("scripted"), limit=12, seeds=(0, 1), resamples=20)
    assert found["items"] == 12
    assert len(found["fitted pseudo-count"]) == 2
    kinds = [row["kind"] for row in found["rows"]]
    assert kinds.count("ceiling") == 2
    by_name = {row["name"]: row for row in found["rows"]}
    for other in (HALF, FITTED):
        for metric in ("kl", "wasserstein"):
            expected = by_name[POSTERIOR][metric]["value"] - by_name[other][metric]["value"]
            assert found["differences"][other][metric]["value"] == pytest.approx(expected)
    shown = command.table({"lewidi-csc": found})
    assert shown.count("people: 2 annotators against 2 others") == 2
    page = command.filled("before\n<!-- measured -->\nold\n<!-- end -->\nafter\n", {"lewidi-csc": found})
    assert shown in page
    assert "old" not in page
    assert page.startswith("before\n")
    assert page.endswith("\nafter\n")
