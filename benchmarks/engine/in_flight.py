"""How many questions a llama.cpp server should be asked at a time: as the backend asks by default, with
`--concurrency 1`, with one in each of 4 slots, and with one in each of 16.

SmolLM2-135M-Instruct, 48 judge prompts of 4 items. Each way asks two servers, one after the other, that know nothing of
these prompts: what it takes is the mean, and their answers tell whether it repeats. All ways are measured side by side.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tests.servers.real_server import MISSING, SMOL, llama_server

from benchmarks.embedded.markdown import table
from benchmarks.engine.prompts import items
from benchmarks.engine.setup import Setup
from benchmarks.point import Point
from labeldist.core.errors import UsageError
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models.base import LanguageModel, Question, in_order
from labeldist.models.open import ModelOptions, open_model
from labeldist.tasks.load import load_task

ITEMS, ORDERS = 4, "balanced:12"
# How much slower than another way the default may be: what two runs of one way differ by.
SAME = 1.05


class Way(NamedTuple):
    """How many at a time (None: as the backend has it), of a server with so many slots."""

    concurrency: int | None
    slots: int


WAYS = {"default": Way(None, 4), "one": Way(1, 4), "4": Way(4, 4), "16": Way(16, 16)}


def measure(setup: Setup) -> dict[str, Any]:
    """Each run takes items of its own. Raises :class:`UsageError` without the real models."""
    if not SMOL.exists():
        raise UsageError(MISSING, hint="run that script")
    questions, threads = _questions(setup.runs), str(setup.machine()["threads"])
    runs: list[dict[str, float]] = []
    for asked in questions:
        run: dict[str, float] = {"prompts": len(asked)}
        for name, way in WAYS.items():
            seconds, differs = _timed(way, asked, threads)
            run |= {name: round(seconds, 2), f"{name}: largest difference between runs": differs}
        runs.append(run)
        print(f"  in flight: {run}", file=sys.stderr, flush=True)
    return {"runs": runs, "median": {key: statistics.median(run[key] for run in runs) for key in runs[0]}}


def _timed(way: Way, asked: Sequence[Question], threads: str) -> tuple[float, float]:
    """Seconds for all, the mean of two servers, and the largest difference between their probabilities."""
    first, second = (_asked(way, asked, threads) for _ in range(2))
    return (first[0] + second[0]) / 2, float(np.abs(first[1] - second[1]).max())


def _asked(way: Way, asked: Sequence[Question], threads: str) -> tuple[float, np.ndarray]:
    with (
        tempfile.TemporaryDirectory() as folder,
        llama_server(SMOL, Path(folder) / "log.txt", "--threads", threads, slots=way.slots) as url,
    ):
        model = open_model(f"server:{SMOL.name}@{url}", ModelOptions(concurrency=way.concurrency))
        begun = time.perf_counter()
        found = _probabilities(model, asked)
        return time.perf_counter() - begun, found


def _probabilities(model: LanguageModel, asked: Sequence[Question]) -> np.ndarray:
    scores = in_order(model.answer_scores(asked), len(asked), model.name)
    found: np.ndarray = np.exp([[value - one.log_total for value in one.logits] for one in scores])
    return found


def _questions(runs: int) -> list[list[Question]]:
    """Of each run those of its own items."""
    task, found = load_task("nli"), []
    for item, explanations in items(runs * ITEMS):
        asked = orders(ORDERS, len(explanations), len(task.labels))
        prompts = [judge_prompt(task, item, explanations, order) for order in asked]
        found.append([Question(prompt.text, prompt.answers) for prompt in prompts])
    return [[one for some in found[at : at + ITEMS] for one in some] for at in range(0, runs * ITEMS, ITEMS)]


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked: the default is the fastest way, and repeats."""
    median = result["median"]
    slower = max(median["default"] / median[name] for name in WAYS)
    differs = max(run["default: largest difference between runs"] for run in result["runs"])
    return [
        Point("llama.cpp: the default, times the fastest way", "at most", SAME, round(slower, 3)),
        Point("llama.cpp: largest difference of a probability between two runs", "at most", 0.0, differs),
    ]


def rendered(result: dict[str, Any]) -> str:
    """A line per way, of medians."""
    median = result["median"]
    rows = [
        [name, f"{median[name]:.1f} s", f"{median[f'{name}: largest difference between runs']:.1g}"] for name in WAYS
    ]
    titles = [f"questions at a time ({median['prompts']:.0f}, llama.cpp)", "takes", "differs between two runs by"]
    return table(titles, rows)
