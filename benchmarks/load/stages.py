"""What is measured: commands over so many items."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.load.measured import measured
from benchmarks.load.sources import annotated, evidence, items


def run(code: Path, count: int, work: Path) -> dict[str, Any]:
    """The whole way with the scripted model, and the bytes of its store."""
    out = work / "run"
    shutil.rmtree(out, ignore_errors=True)
    source = items(count, work / f"items{count}.jsonl")
    found = measured(code, ["run", str(source), "--model", "scripted", "--out", str(out)], work / "log")
    # Of the whole folder's database: what is not yet moved into its main file counts, too.
    return found | {"store bytes": sum(part.stat().st_size for part in out.glob("run.sqlite*"))}


def estimate(code: Path, count: int, work: Path) -> dict[str, Any]:
    """Posteriors from labels and the evidence of one model."""
    return measured(code, ["estimate", *_given(count, work), "--out", str(work / "posterior.jsonl")], work / "log")


def evaluate(code: Path, count: int, work: Path) -> dict[str, Any]:
    """One file of distributions and the five baselines, with intervals."""
    source, said = items(count, work / f"items{count}.jsonl"), evidence(count, work / f"said{count}.jsonl")
    return measured(code, ["evaluate", f"model={said}", "--reference", str(source)], work / "log")


def plan(code: Path, count: int, work: Path) -> dict[str, Any]:
    """A plan from labels and the evidence of one model."""
    return measured(code, ["plan", *_given(count, work)], work / "log")


def describe(code: Path, count: int, work: Path) -> dict[str, Any]:
    """Agreement, annotators and groups, of five labels an item."""
    source = annotated(count, work / f"annotated{count}.jsonl")
    return measured(code, ["describe", str(source), "--by", "gender"], work / "log")


def _given(count: int, work: Path) -> list[str]:
    source, said = items(count, work / f"items{count}.jsonl"), evidence(count, work / f"said{count}.jsonl")
    return [str(source), "--evidence", f"model={said}"]


STAGES: dict[str, Callable[[Path, int, Path], dict[str, Any]]] = {
    stage.__name__: stage for stage in (run, estimate, evaluate, plan, describe)
}
SIZES = {
    "run": (1_000, 10_000, 100_000),
    "estimate": (1_000_000,),
    "evaluate": (1_000_000,),
    "plan": (1_000_000,),
    "describe": (200_000,),
}
