"""What is measured: four explanations of people, five and eight of a large model, and a judge that likes places."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.embedded.setup import opened
from benchmarks.orders.curve import DESIGNS, adaptive, point, tokens
from benchmarks.orders.population import Asked, population
from labeldist.core.task import Task
from labeldist.datasets.source import open_source
from labeldist.explanations.condition import parse_condition
from labeldist.explanations.generate import parsed_explanations
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.models.base import LanguageModel
from labeldist.models.open import open_model
from labeldist.models.tokens import TokenModel

WRITER = "llama3"
COUNTS = (3, 6, 12, 18, 24, 36, 48, 72)
COUNTS_OF_FIVE = (6, 12, 15, 24, 30, 60, 120)
CROSSED = (6, 12, 24, 48, 72)
TARGETS = (0.02, 0.01, 0.005)
OF_TOKENS = 40  # items whose tokens are counted
OF_FIVE = 40
OF_EIGHT = 20
# Added to the logit of what stands first, second, last among the options.
PREFERENCE = (0.6, 0.0, -0.6)


@dataclass(frozen=True, slots=True)
class Given:
    """What a measurement works on: items with 4, 5 and 8 explanations each, and the judge."""

    four: Sequence[Asked]
    five: Sequence[Asked]
    eight: Sequence[Asked]
    task: Task
    model: str = "embedded"

    @classmethod
    def of_data(cls, limit: int | None) -> Given:
        """The 341 items: what people wrote, and what a large model wrote for the labels of five or nine annotators."""
        dataset = open_source("mjd-estimator", limit=limit)
        human, five, nine = (parse_condition(name, ("mnli",)) for name in ("human", "mnli-guided", "label-guided"))
        items = list(dataset.items())
        written = [
            (item, parsed_explanations(item, WRITER, f"mjd-estimator:{WRITER}"))
            for item in items[: max(OF_FIVE, OF_EIGHT)]
        ]
        return cls(
            [(item, human.choose(item, (), dataset.task)) for item in items],
            [(item, five.choose(item, texts, dataset.task)) for item, texts in written[:OF_FIVE]],
            [(item, nine.choose(item, texts, dataset.task)[:8]) for item, texts in written[:OF_EIGHT]],
            dataset.task,
        )


def measure(given: Given) -> dict[str, Any]:
    """Curves and adaptive runs, as rows of numbers."""
    found: dict[str, Any] = {"items": len(given.four)}
    with opened(given.model) as model:
        _say("all orders of four explanations")
        four = population(given.four, given.task, model)
        _say("all orders of five explanations")
        five = population(given.five, given.task, model)
        found["eight"] = [_eight(given.eight, given.task, model, target) for target in TARGETS]
    judges = {"as it is": four, "likes places": four.preferring(PREFERENCE)}
    _say("curves")
    for name, known in judges.items():
        found[name] = {
            "spread": round(float(known.shares.std(axis=1, ddof=1).mean()), 4),
            **{
                design: [
                    _rounded(point(known, design, count)) for count in (CROSSED if design == "crossed" else COUNTS)
                ]
                for design in DESIGNS
            },
            "auto": [_rounded(adaptive(known, target)) for target in TARGETS],
        }
    found["five"] = {
        "items": len(given.five),
        "balanced": [_rounded(point(five, "balanced", count)) for count in COUNTS_OF_FIVE],
        "drawn": [_rounded(point(five, "drawn", count)) for count in COUNTS_OF_FIVE],
        "auto": [_rounded(adaptive(five, target)) for target in TARGETS],
    }
    _say("tokens")
    plain, style = open_model(given.model), model.answer_style
    assert isinstance(plain, TokenModel)
    found["tokens"] = {
        design: {
            str(count): _rounded(tokens(given.four[:OF_TOKENS], given.task, plain, style, design, count), 0)
            for count in sorted({*COUNTS, *CROSSED, *([144] if design == "balanced" else [])})
        }
        for design in ("balanced", "crossed")
    }
    found["tokens of five"] = {
        str(count): _rounded(tokens(given.five[:10], given.task, plain, style, "balanced", count), 0)
        for count in (*COUNTS_OF_FIVE, 720)
    }
    return found


def _eight(asked: Sequence[Asked], task: Task, model: LanguageModel, target: float) -> dict[str, float]:
    """Eight explanations have 241,920 orders: nobody knows the error, so only what is said of it."""
    found = judge(asked, task, model, JudgeSettings(f"auto:{target}"))
    errors = np.array([mjd.standard_error for mjd in found])
    return {
        "target": target,
        "items": len(found),
        "orders": float(np.mean([mjd.orders for mjd in found])),
        "most orders": max(mjd.orders for mjd in found),
        "standard error": round(float(np.sqrt((errors**2).mean())), 5),
        "largest standard error": round(float(errors.max()), 5),
        "spread": round(float(np.mean([mjd.spread for mjd in found])), 4),
    }


def _rounded(row: dict[str, float], digits: int = 5) -> dict[str, float]:
    return {name: round(value, digits) for name, value in row.items()}


def _say(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)
