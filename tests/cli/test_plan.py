"""``labeldist plan`` as it is run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]

ITEM = {"premise": "It rains.", "hypothesis": "It is wet."}
LLM = {"distribution": {"e": 0.5, "n": 0.4, "c": 0.1}, "saw_labels": False}


def written(folder: Path, rows: list[dict[str, Any]]) -> str:
    (folder / "items.jsonl").write_text("".join(json.dumps(ITEM | row) + "\n" for row in rows), encoding="utf-8")
    return "items.jsonl"


def test_a_plan_of_the_demo(labeldist: Command, tmp_path: Path) -> None:
    prices = ("--price-label", 0.1, "--price-call", 0.001)
    done = labeldist("plan", "demo", "--target", 0.1, *prices, "--no-references", "--out", "plan.json")
    assert done.returncode == 0, done.stderr
    headline = "The cheapest way that surely reaches KL 0.1: "
    for part in ("Predicted KL", "measured on 48 references", headline, "evenly", "plan.json"):
        assert part in done.stdout
    found = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert found["cheapest"]["cost_per_item"] == pytest.approx(found["cheapest"]["labels_surely"] * 0.1)
    assert [row["labels"] for row in found["predicted"]] == list(range(21))
    assert found["replay"]["verdict"].startswith("Spread the next labels evenly")


def test_the_summary_for_machines(labeldist: Command, tmp_path: Path) -> None:
    labels = [["e", "e", "n"], ["n", "c"], ["e"], []]
    rows = [{"id": str(at), "labels": given, "evidence": {"llm": LLM}} for at, given in enumerate(labels)]
    done = labeldist("plan", written(tmp_path, rows), "--target", 0.2, "--price-label", 1, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["items"], found["labelled"], found["labels"]) == (4, 3, 2)
    alone, helped = found["ways"]
    assert alone["cost_per_item"] == alone["labels_surely"]
    assert helped["evidence"] == ["llm"]
    assert helped["cost_per_item"] is None
    assert found["curve"] == found["replay"]["rows"] == []
    assert "4 labels" in found["replay"]["why_not"]


# Name: (rows, arguments, what the message must contain).
BAD: dict[str, tuple[list[dict[str, Any]], tuple[object, ...], tuple[str, ...]]] = {
    "unknown evidence": (
        [{"id": "1", "labels": ["e"], "evidence": {"llama": LLM}}],
        ("--evidence", "lama"),
        ("'lama'", "'llama'"),
    ),
    "no labels at all": ([{"id": "1"}, {"id": "2"}], (), ("no label on any of 2 items", "pilot")),
    "no such group": ([{"id": "1", "labels": [{"annotator": "a/1", "label": "e"}]}], ("--annotators", "b"), ("'b'",)),
    "target of 0": ([{"id": "1", "labels": ["e"]}], ("--target", 0), ("--target",)),
    "price below 0": ([{"id": "1", "labels": ["e"]}], ("--price-label", -1), ("--price-label",)),
    "unknown metric": ([{"id": "1", "labels": ["e"]}], ("--metric", "jsd"), ("--metric",)),
    "out over the source": ([{"id": "1", "labels": ["e"]}], ("--out", "items.jsonl"), ("overwrite",)),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_calls(kind: str, labeldist: Command, tmp_path: Path) -> None:
    rows, arguments, expected = BAD[kind]
    done = labeldist("plan", written(tmp_path, rows), *arguments)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for part in expected:
        assert part in done.stderr


def test_bad_rows_are_skipped_and_named(labeldist: Command, tmp_path: Path) -> None:
    rows = [{"id": "1", "labels": ["e", "n"]}, {"id": "2", "labels": ["perhaps"]}]
    done = labeldist("plan", written(tmp_path, rows), "--on-error", "skip", "--out", "plan.json")
    assert done.returncode == 1
    assert "perhaps" in done.stderr
    assert (tmp_path / "failures.plan.json.jsonl").exists()


def test_a_limit_takes_a_part_of_a_file_of_evidence(labeldist: Command, tmp_path: Path) -> None:
    source = written(tmp_path, [{"id": str(at), "labels": ["e", "n"]} for at in range(3)])
    told = "".join(json.dumps({"id": str(at), **LLM}) + "\n" for at in range(3))
    (tmp_path / "llm.jsonl").write_text(told, encoding="utf-8")
    done = labeldist("plan", source, "--evidence", "llm.jsonl", "--limit", 2, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["evidence"] == ["llm"]
