"""A million items, and 1,500: seconds and peak memory of all fits and posteriors, each in a process of its own."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import Any

from benchmarks.embedded.markdown import table
from benchmarks.point import Point

# (items, labels, models), each item with this many annotators.
SIZES = ((1_000_000, 3, 1), (1_500, 3, 1), (100_000, 20, 1))
ANNOTATORS = 4
# Of the first two; 20 labels are only reported.
MOST_SECONDS, MOST_MB = (60.0, 3.0), 3_000.0


def measure() -> dict[str, Any]:
    """One run per size."""
    return {
        "annotators": ANNOTATORS,
        "machine": {"architecture": platform.machine(), "cores": len(os.sched_getaffinity(0))},
        "runs": [_run(*size) for size in SIZES],
    }


def _run(items: int, labels: int, models: int) -> dict[str, Any]:
    load = round(os.getloadavg()[0], 2)
    command = [sys.executable, "-m", "benchmarks.estimation.scale_run", *map(str, (items, labels, models, ANNOTATORS))]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return {"items": items, "labels": labels, "models": models, "load average before": load} | found


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked of 3 labels and one model."""
    many, some, *_ = result["runs"]
    return [
        *(
            Point(f"{run['items']:,} items, {run['labels']} labels: seconds", "at most", seconds, run["seconds"])
            for run, seconds in zip((many, some), MOST_SECONDS, strict=True)
        ),
        Point(f"{many['items']:,} items, {many['labels']} labels: peak MB", "at most", MOST_MB, many["peak MB"]),
    ]


def rendered(result: dict[str, Any]) -> str:
    """A line per run."""
    rows = [
        [
            f"{run['items']:,} items, {run['labels']} labels, {run['models']} models",
            f"{run['seconds']:.1f} s",
            f"{run['CPU seconds']:.1f} s",
            f"{run['peak MB']:,} MB",
            f"{run['MB before']:,} MB",
            f"{run['load average before']}",
        ]
        for run in result["runs"]
    ]
    title = f"{result['annotators']} annotators each, {result['machine']['cores']} cores"
    return table([title, "fit and posteriors", "of processors", "peak memory", "of it the data", "load before"], rows)
