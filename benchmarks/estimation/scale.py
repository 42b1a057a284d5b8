"""A million items: seconds and peak memory of a fit and all posteriors, in a process of its own."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import Any

from benchmarks.embedded.markdown import table
from benchmarks.point import Point

# (labels, models), each item with this many annotators.
SIZES = ((3, 2), (20, 1))
ITEMS, ANNOTATORS = 1_000_000, 4
MOST_SECONDS, MOST_MB = 20.0, 2_000.0


def measure() -> dict[str, Any]:
    """One run per size."""
    return {
        "items": ITEMS,
        "annotators": ANNOTATORS,
        "machine": {"architecture": platform.machine(), "cores": len(os.sched_getaffinity(0))},
        "runs": [_run(labels, models) for labels, models in SIZES],
    }


def _run(labels: int, models: int) -> dict[str, Any]:
    load = round(os.getloadavg()[0], 2)
    command = [sys.executable, "-m", "benchmarks.estimation.scale_run", *map(str, (ITEMS, labels, models, ANNOTATORS))]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return {"labels": labels, "models": models, "load average before": load} | found


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked of 3 labels and 2 models; 20 labels are only reported."""
    first = result["runs"][0]
    what = f"{result['items']:,} items, {first['labels']} labels, {first['models']} models"
    return [
        Point(f"{what}: seconds", "at most", MOST_SECONDS, first["seconds"]),
        Point(f"{what}: peak MB", "at most", MOST_MB, first["peak MB"]),
    ]


def rendered(result: dict[str, Any]) -> str:
    """A line per run."""
    rows = [
        [
            f"{run['labels']} labels, {run['models']} models",
            f"{run['seconds']:.1f} s",
            f"{run['CPU seconds']:.1f} s",
            f"{run['peak MB']:,} MB",
            f"{run['MB before']:,} MB",
            f"{run['load average before']}",
        ]
        for run in result["runs"]
    ]
    title = f"{result['items']:,} items, {result['annotators']} annotators each, {result['machine']['cores']} cores"
    return table([title, "fit and posteriors", "of processors", "peak memory", "of it the data", "load before"], rows)
