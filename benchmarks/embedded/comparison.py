"""MJDs and baselines beside the reference, and the differences between them, each with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.embedded.markdown import signed, table, unsigned
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.evaluation.bootstrap import RESAMPLES, paired_difference
from labeldist.evaluation.compare import Predictions, evaluate
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.metric import METRICS, Array

COMPARED = ("kl", "jsd", "tvd", "dcorr")
TITLES = ("KL", "JSD", "TVD", "D.Corr")
MEAN_HJD = "mean HJD"


def compared(
    items: Sequence[Item], predictions: Predictions, task: Task, pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Rows of predictions and baselines, and for each of ``pairs`` the first's metrics minus the second's.

    All intervals are from the library's bootstrap over items, the differences on the same draws for both.
    """
    reference = _matrix({item.id: dict(item.reference or {}) for item in items}, items, task)
    reference /= reference.sum(axis=1, keepdims=True)
    mean = dict(zip(task.label_names, reference.mean(axis=0).tolist(), strict=True))
    everything = {**predictions, MEAN_HJD: {item.id: mean for item in items}}
    rows = evaluate(items, everything, task, metrics=COMPARED).rows
    return {
        "items": len(items),
        "resamples": RESAMPLES,
        "rows": [
            {"name": row.name, "baseline": row.name not in predictions, "items": row.items}
            | {name: rounded(row.metrics[name]) for name in COMPARED}
            for row in rows
        ],
        "differences": [
            {"of": one, "minus": other}
            | {
                name: rounded(
                    paired_difference(
                        METRICS.get(name),
                        reference,
                        _matrix(predictions[one], items, task),
                        _matrix(predictions[other], items, task),
                    )
                )
                for name in COMPARED
            }
            for one, other in pairs
        ],
    }


def rounded(interval: Interval) -> dict[str, float | None]:
    """Value and bounds with four decimals; None where undefined."""
    bounds = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: None if np.isnan(number) else round(number, 4) for name, number in bounds.items()}


def table_of_rows(result: dict[str, Any], first: str) -> str:
    """The rows in Markdown, predictions above baselines; ``first`` is the title of the first column."""
    rows = sorted(result["rows"], key=lambda row: bool(row["baseline"]))
    return table([first, *TITLES], [[row["name"], *(unsigned(row[name]) for name in COMPARED)] for row in rows])


def table_of_differences(result: dict[str, Any]) -> str:
    """The differences in Markdown."""
    return table(
        ["difference", *TITLES],
        [[f"{row['of']} − {row['minus']}", *(signed(row[name]) for name in COMPARED)] for row in result["differences"]],
    )


def _matrix(rows: Any, items: Sequence[Item], task: Task) -> Array:
    """(N, K) in the order of the items and of the task's labels; a label without a number is 0."""
    return np.array([[rows[item.id].get(label, 0.0) for label in task.label_names] for item in items], dtype=np.float64)
