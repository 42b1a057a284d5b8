"""Whether a model answers by what items say, or by where options stand: told of its distributions as a whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import Command

from labeldist.runs.tally import Tally

LABELS = ("entailment", "neutral", "contradiction")


def rows(shares: Any, spread: Any) -> list[dict[str, Any]]:
    return [
        {
            "distribution": dict(zip(LABELS, one.tolist(), strict=True)),
            "spread": dict(zip(LABELS, moved.tolist(), strict=True)),
            "standard_error": dict.fromkeys(LABELS, 0.0),
            "answer_mass": 1.0,
        }
        for one, moved in zip(shares, spread, strict=True)
    ]


def notes(given: list[dict[str, Any]]) -> list[str]:
    tally = Tally()
    assert [*tally.of(given)] == given
    return tally.notes("none")


def test_by_position_is_told_with_both_deviations() -> None:
    draw = np.random.default_rng(0)
    shares, spread = draw.dirichlet([60, 60, 60], 40), draw.uniform(0.1, 0.3, (40, 3))
    [told] = notes(rows(shares, spread))
    moved = np.sqrt(np.mean(spread**2))
    assert f"moves the shares by {moved:.3f}, the item by {np.sqrt(shares.var(axis=0).mean()):.3f}" in told
    assert "by position, not by content" in told


def test_a_model_that_reads_is_left_alone() -> None:
    draw = np.random.default_rng(0)
    assert notes(rows(draw.dirichlet([1, 1, 1], 40), draw.uniform(0.01, 0.1, (40, 3)))) == []


def test_the_same_answer_to_everything_is_told() -> None:
    draw = np.random.default_rng(0)
    [told] = notes(rows(draw.dirichlet([9_000, 500, 500], 40), np.zeros((40, 3))))
    assert "about the same of every item" in told


@pytest.mark.parametrize("count", [0, 1, 19])
def test_few_items_tell_nothing(count: int) -> None:
    assert notes(rows(np.full((count, 3), 1 / 3), np.full((count, 3), 0.3))) == []


def test_a_run_says_it(labeldist: Command, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text(json.dumps([{"contains": "", "answers": {"A": 4, "B": 1, "C": 0}}]))
    made = [{"id": str(at), "premise": f"It rains {at}.", "hypothesis": "It is wet."} for at in range(20)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    done = labeldist(
        "judge", "items.jsonl", "--explanations", "none", "--model", "scripted:script.json", "--task", "nli", "--out",
        "mjd.jsonl",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the model answers by position, not by content" in done.stderr
