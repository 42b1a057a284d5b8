"""The workers of a Ray cluster on this machine, one and two, against the local engine: the same items, all 144 orders.

The embedded model uses all the cores that it finds, so on one machine two workers share what one has; the Llama is
given one thread per worker, as if each were on a machine of its own. `python -m benchmarks.engine.workers [RUNS]`.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.embedded.markdown import table
from benchmarks.engine.llamas import opened
from benchmarks.engine.prompts import Asked, items
from benchmarks.engine.setup import RUNS, Setup
from benchmarks.point import Point
from labeldist.calls.engine import engine
from labeldist.judging.judge import JudgeSettings
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions
from labeldist.runs.stage_report import StageReport
from labeldist.runs.stages import Asked as Question
from labeldist.runs.stages import judge_items
from labeldist.tasks.load import load_task

SIZE = "17M"
ITEMS = 12  # and as many batches
THREADS = "OMP_NUM_THREADS"
WAYS: dict[str, tuple[str, int | None]] = {"local": ("local", None), "1 worker": ("ray", 1), "2 workers": ("ray", 2)}


def measure(setup: Setup) -> dict[str, Any]:
    """Seconds of each way, for both models, the ways in turn. Needs the extra ``ray``."""
    asked = items(ITEMS)
    with tempfile.TemporaryDirectory() as folder:
        llama = opened(SIZE)
        llama.network.save_pretrained(folder)
        llama.model._tokenizer.save_pretrained(folder)
        return {
            "embedded": _runs(setup, "embedded", asked, threads=None),
            f"Llama {SIZE}, one thread each": _runs(setup, f"transformers:{folder}", asked, threads=1),
        }


def _runs(setup: Setup, spec: str, asked: list[Asked], *, threads: int | None) -> dict[str, Any]:
    runs = []
    for _ in range(setup.runs):
        seconds = {way: _seconds(way, spec, asked, threads) for way in WAYS}
        ratio = seconds["1 worker"] / seconds["2 workers"]
        runs.append({**seconds, "2 against 1": ratio, "1 against local": seconds["local"] / seconds["1 worker"]})
        print(f"  {spec.partition(':')[0]}: {runs[-1]}", file=sys.stderr, flush=True)
    return {"runs": runs, "median": {name: statistics.median(run[name] for run in runs) for name in runs[0]}}


def _seconds(way: str, spec: str, asked: list[Asked], threads: int | None) -> float:
    name, workers = WAYS[way]
    with _threads(threads), engine(name, workers) as open_model:
        model = open_model(spec, ModelOptions(device="cpu"))
        for _ in range(2):  # a worker opens the model when it is first asked, and may get its place after another
            _judge(model, asked[:4])
        began = time.perf_counter()
        _judge(model, asked)
        return round(time.perf_counter() - began, 3)


def _judge(model: LanguageModel, asked: list[Asked]) -> None:
    questions = (Question(item, explanations) for item, explanations in asked)
    report = StageReport()
    found = list(judge_items(questions, load_task("nli"), model, JudgeSettings("all"), report, "judge"))
    assert len(found) == len(asked)


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Of torch, in this process and in workers, which get the variable from here."""
    import torch

    before, threads = os.environ.get(THREADS), torch.get_num_threads()
    if count is not None:
        os.environ[THREADS] = str(count)
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if count is not None:
            del os.environ[THREADS]
        if before is not None:
            os.environ[THREADS] = before


def points(result: dict[str, Any]) -> list[Point]:
    """Nothing was asked but to report."""
    return []


def rendered(result: dict[str, Any]) -> str:
    """A line per model, of medians."""
    titles = ["", *WAYS, "2 workers against 1", "1 worker against local"]
    lines = [
        [
            name,
            *(f"{median[way]:.1f} s" for way in WAYS),
            f"{median['2 against 1']:.2f}",
            f"{median['1 against local']:.2f}",
        ]
        for name, median in ((name, row["median"]) for name, row in result.items() if "median" in row)
    ]
    return table(titles, lines)


def main() -> None:
    """Measure and print."""
    setup = Setup(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
    print(setup.machine(), file=sys.stderr)
    print(rendered(measure(setup)))


if __name__ == "__main__":
    main()
