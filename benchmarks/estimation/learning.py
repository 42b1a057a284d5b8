"""The 341 items: what so many references are worth, on the items that are none of them."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.embedded.markdown import number, table
from benchmarks.estimation.curve import in_text, to_svg
from benchmarks.estimation.data import (
    GROUPS,
    METRIC_NAMES,
    TITLES,
    Figures,
    averaged,
    figures,
    reference_of,
    smoothed,
    the_341,
    without_references,
    worse,
)
from benchmarks.point import Point
from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.observations import Array, Observations

SIZES = (10, 25, 50, 100, 200)
DRAWS = 10
NAMES = ("4 VariErr labels", "5 MNLI labels")
REFERENCE, SMOOTHED, LABELS = "reference", "smoothed", "labels"
PLOT = Path(".cache/benchmarks/learning.svg")


def measure() -> dict[str, Any]:
    """For each group of annotators and number of references the figures of three ways, means over the same draws."""
    return {"draws": DRAWS, "curves": {name: _curve(the_341(GROUPS[name])) for name in NAMES}}


def _curve(observed: Observations) -> list[dict[str, Any]]:
    others = {SMOOTHED: smoothed(observed.counts), LABELS: estimate_from(without_references(observed)).mean}
    return [_at(size, observed, others) for size in SIZES]


def _at(size: int, observed: Observations, others: dict[str, Array]) -> dict[str, Any]:
    drawn = [_draw(size, draw, observed, others) for draw in range(DRAWS)]
    means = {way: averaged([one[way] for one in drawn]) for way in drawn[0]}
    return {"references": size, "figures": means, "against the better": {n: _against(n, drawn) for n in METRIC_NAMES}}


def _draw(size: int, draw: int, observed: Observations, others: dict[str, Array]) -> dict[str, Figures]:
    reference = reference_of(observed)
    order = np.random.default_rng([size, draw]).permutation(len(reference))
    kept, rest = order[:size], order[size:]
    few = np.full_like(reference, np.nan)
    few[kept] = reference[kept]
    means = {REFERENCE: estimate_from(replace(observed, reference=few), calibrate=REFERENCE, seed=draw).mean, **others}
    return {way: figures(reference[rest], mean[rest]) for way, mean in means.items()}


def _against(name: str, drawn: list[dict[str, Figures]]) -> dict[str, Any]:
    """How much worse than the better of the other two (the one that is better on average), paired by draws."""
    means = {way: float(np.mean([one[way][name] for one in drawn])) for way in (SMOOTHED, LABELS)}
    better = SMOOTHED if worse(name, means[LABELS], means[SMOOTHED]) > 0 else LABELS
    each = [worse(name, one[REFERENCE][name], one[better][name]) for one in drawn]
    error = float(np.std(each, ddof=1) / np.sqrt(len(each)))
    return {"better": better, "worse by": round(float(np.mean(each)), 5), "standard error": round(error, 5)}


def points(result: dict[str, Any]) -> list[Point]:
    """Never worse beyond noise: in no metric by more than a standard error."""
    return [
        Point(
            f"{name}, {row['references']} references: {title}, worse by (noise {against['standard error']:.4f})",
            "at most",
            against["standard error"],
            against["worse by"],
        )
        for name, rows in result["curves"].items()
        for row in rows
        for title, against in zip(TITLES, row["against the better"].values(), strict=True)
    ]


def rendered(result: dict[str, Any]) -> str:
    """A table and a plot per group of annotators; as an SVG where matplotlib is installed, else as text."""
    parts = []
    for name, rows in result["curves"].items():
        lines = [
            [
                f"{row['references']}",
                way,
                *(number(row["figures"][way][metric], 4) for metric in METRIC_NAMES),
                *(_worse_by(row["against the better"][m]) if way == REFERENCE else "" for m in ("kl", "dcorr")),
            ]
            for row in rows
            for way in (REFERENCE, LABELS, SMOOTHED)
        ]
        parts.append(table([f"{name}: references", "calibrated on", *TITLES, "KL worse by", "D.Corr worse by"], lines))
    curves = {
        name: {way: [row["figures"][way]["kl"] for row in rows] for way in (REFERENCE, LABELS, SMOOTHED)}
        for name, rows in result["curves"].items()
    }
    if importlib.util.find_spec("matplotlib") is None:
        parts += [in_text(f"KL, {name}", SIZES, ways) for name, ways in curves.items()]
    else:
        parts.append(f"Plotted: {to_svg(PLOT, SIZES, curves)}")
    return "\n\n".join(parts)


def _worse_by(against: dict[str, Any]) -> str:
    return f"{number(against['worse by'], 4, sign=True)} ± {number(against['standard error'], 4)}"
