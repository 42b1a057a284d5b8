"""Orders by standard error in a stage: rows say what was asked and reached, a second run asks nothing again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labeldist.datasets.source import open_source
from labeldist.judging.adaptive import MOST_ADAPTIVE
from labeldist.judging.judge import JudgeSettings
from labeldist.models.scripted import Scripted
from labeldist.runs.single import StageSummary, judge_to_file

EXPLANATIONS = [{"label": "neutral", "text": f"Reason {number}.", "source": "human"} for number in range(6)]


@pytest.fixture
def items(tmp_path: Path) -> Path:
    rows = [
        {"id": f"i{n}", "premise": f"It rains {n}.", "hypothesis": "Wet.", "explanations": EXPLANATIONS[:n]}
        for n in range(7)
    ]
    file = tmp_path / "items.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def judged(items: Path, spec: str) -> tuple[StageSummary, dict[str, dict[str, object]]]:
    out = items.parent / "mjd.jsonl"
    settings = JudgeSettings(spec, transform="softmax:20")
    summary = judge_to_file(open_source(str(items)), Scripted(), out, settings=settings)
    return summary, {row["id"]: row for row in map(json.loads, out.read_text().splitlines())}


def test_rows_say_how_many_orders_it_took_and_what_they_reached(items: Path) -> None:
    summary, rows = judged(items, "auto:0.01")
    assert not summary.notes
    assert [rows[f"i{n}"]["orders"] for n in range(3)] == [6, 6, 12]  # all there are
    for row in rows.values():
        assert max(row["standard_error"].values()) <= 0.01  # type: ignore[attr-defined]
        assert min(row["spread"].values()) > 0  # type: ignore[attr-defined]
    assert summary.calls_made == sum(row["orders"] for row in rows.values())  # type: ignore[misc]
    again, same = judged(items, "auto:0.01")
    assert (again.calls_made, same) == (0, rows)


def test_a_smaller_standard_error_asks_only_what_is_missing(items: Path) -> None:
    first, rows = judged(items, "auto:0.01")
    second, finer = judged(items, "auto:0.005")
    more = sum(finer[name]["orders"] - row["orders"] for name, row in rows.items())  # type: ignore[operator]
    assert second.calls_made == more > 0
    assert first.calls_made + more == sum(row["orders"] for row in finer.values())  # type: ignore[misc]


def test_items_that_stay_above_the_standard_error_are_counted(items: Path) -> None:
    summary, rows = judged(items, "auto:0.00001")
    assert [rows[f"i{n}"]["orders"] for n in range(7)] == [6, 6, 12, 36, 144, MOST_ADAPTIVE, MOST_ADAPTIVE]
    [note] = summary.notes
    assert "2 of the distributions" in note
    assert "240" in note
