"""Simulated labels: does the fit find the prior that they were drawn from, as exactly as it says?

What a weight means depends on the floor under the evidence, and floors that are next to each other can be equally
likely: only fits that took the true floor are compared, the others are counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.embedded.markdown import table
from benchmarks.estimation.simulation import Truth, simulated
from benchmarks.point import Point
from labeldist.estimation.labels import fit_labels
from labeldist.estimation.observations import Array

ITEMS = 10_000
SEEDS = range(5)
MOST_ERRORS = 3.0
# Name: the truth, and labels per item.
CASES = {
    "3 labels, 2 models": (Truth(np.array([0.4, 0.0, -0.4]), np.array([0.7, 0.3]), 3.0), 4),
    "3 labels, a useless model": (Truth(np.array([-0.2, 0.5, -0.3]), np.array([0.8, 0.0]), 1.0), 3),
    "2 labels, 1 model": (Truth(np.array([0.3, -0.3]), np.array([0.5]), 8.0), 5),
    "5 labels, 3 models": (Truth(np.linspace(-0.5, 0.5, 5), np.array([0.4, 0.3, 0.1]), 4.0), 6),
    "4 labels, no model": (Truth(np.array([0.6, 0.2, -0.1, -0.7]), np.empty(0), 2.0), 4),
}


def measure() -> dict[str, Any]:
    """For each case and seed how many standard errors each parameter is from the truth."""
    return {"items": ITEMS, "seeds": list(SEEDS), "cases": {name: _case(*case) for name, case in CASES.items()}}


def _case(truth: Truth, labels_per_item: int) -> dict[str, Any]:
    fits = [fit_labels(simulated(truth, ITEMS, labels_per_item, seed)[0]) for seed in SEEDS]
    true = _parameters(truth.bias, truth.weights, truth.concentration)
    same = [fit for fit in fits if fit.floor == truth.floor or not fit.names]
    off = np.array([(_parameters(fit.bias, fit.weights, fit.concentration) - true) / fit.errors for fit in same])
    labels = len(truth.bias)
    names = [f"b{at}" for at in range(labels)] + [f"w{at}" for at in range(len(truth.weights))] + ["log k"]
    return {
        "labels per item": labels_per_item,
        "standard errors off": dict(zip(names, off.round(2).T.tolist(), strict=True)),
        "root mean square": round(float(np.sqrt((off**2).mean())), 3),
        "fits": len(fits),
        "fits with another floor": len(fits) - len(same),
    }


def _parameters(bias: Array, weights: Array, concentration: float) -> Array:
    return np.concatenate([bias - bias.mean(), weights, [np.log(concentration)]])


def points(result: dict[str, Any]) -> list[Point]:
    """The parameter that is furthest off, over seeds, of each case."""
    made = []
    for name, case in result["cases"].items():
        furthest, which = max((max(map(abs, off)), which) for which, off in case["standard errors off"].items())
        made.append(
            Point(f"{name}: furthest from the truth, in standard errors ({which})", "at most", MOST_ERRORS, furthest)
        )
    return made


def rendered(result: dict[str, Any]) -> str:
    """A line per case, the mean over seeds and the extremes of each parameter."""
    rows = [
        [
            name,
            str(case["labels per item"]),
            "; ".join(
                f"{which} {np.mean(off):+.1f} ({min(off):+.1f} to {max(off):+.1f})"
                for which, off in case["standard errors off"].items()
            ),
            f"{case['root mean square']:.2f}",
            f"{case['fits with another floor']} of {case['fits']}",
        ]
        for name, case in result["cases"].items()
    ]
    titles = [
        f"{result['items']:,} items",
        "labels each",
        "standard errors off: mean (range) over seeds",
        "r.m.s.",
        "other floor",
    ]
    return table(titles, rows)
