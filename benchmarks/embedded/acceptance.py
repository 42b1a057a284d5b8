"""What was asked of the embedded model beside what it reached: `python -m benchmarks.embedded.acceptance [FILE]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.embedded import catalog
from benchmarks.embedded.varierr import GUIDED, RANKINGS, WRITERS
from benchmarks.point import Point
from benchmarks.results import read


def points(results: dict[str, Any]) -> list[Point]:
    """All points of which ``results`` has the measurement."""
    found = {name: entry["result"] for name, entry in results.items()}
    return [point for name, make in _POINTS.items() if name in found for point in make(found[name])]


def _accuracy(result: dict[str, Any]) -> Iterator[Point]:
    sets = result["sets"]
    yield Point("accuracy, SNLI, held-out premises", "at least", 0.80, sets["SNLI, held-out premises"]["accuracy"])
    yield Point("accuracy, MNLI matched dev", "at least", 0.60, sets["MNLI matched dev"]["accuracy"])


def _chaosnli(result: dict[str, Any]) -> Iterator[Point]:
    none = _row(result, "none")
    yield Point("ChaosNLI, none: KL", "at most", 0.36, none["kl"]["value"])
    yield Point("ChaosNLI, none: D.Corr", "at least", 0.55, none["dcorr"]["value"])
    for other in ("none", "label-free"):
        gain = _difference(result, "label-guided", other)["dcorr"]
        yield Point(f"ChaosNLI, label-guided - {other}: D.Corr", "at least", 0.10, gain["value"])


def _varierr(result: dict[str, Any]) -> Iterator[Point]:
    human = _difference(result, "human", "none")["dcorr"]
    yield Point("the 341, human - none: D.Corr", "at least", 0.15, human["value"])
    for writer in WRITERS:
        for ranking in RANKINGS:
            guided, free = f"{writer} {GUIDED} {ranking}", f"{writer} label-free {ranking}"
            gain = _difference(result, guided, "none")["dcorr"]
            yield Point(f"the 341, {guided} - none: D.Corr", "at least", 0.15, gain["value"])
            gain = _difference(result, guided, free)["dcorr"]
            yield Point(f"the 341, {guided} - label-free: D.Corr", "above", 0.0, gain["value"])


def _lists(result: dict[str, Any]) -> Iterator[Point]:
    for label, form in result["form"].items():
        yield Point(f"lists, {label}: with an explanation", "at least", 0.99, form["with an explanation"])
        yield Point(
            f"lists, {label}: without a repeated sentence", "at least", 0.95, form["without a repeated sentence"]
        )
    for label, effect in result["effect"].items():
        if effect["all"]:
            yield Point(f"lists, {label}: explanations that raise p", "at least", 0.80, effect["all"]["rises"])


def _speed(result: dict[str, Any]) -> Iterator[Point]:
    yield Point("speed: seconds, best", "at most", 30, min(run["seconds"] for run in result["runs"]))
    yield Point("speed: seconds, slowest", "at most", 30, max(run["seconds"] for run in result["runs"]))
    yield Point("speed: peak MB", "at most", 1000, max(run["peak MB"] for run in result["runs"]))


def _tree(result: dict[str, Any]) -> Iterator[Point]:
    yield Point("all orders: times as fast as plain batches", "at least", 4, result["times as fast"]["median"])
    yield Point("all orders: largest difference of a logit", "at most", 1e-4, result["largest difference of a logit"])


def _storage(result: dict[str, Any]) -> Iterator[Point]:
    yield Point("storage: mean difference of p", "at most", 0.01, result["probabilities"]["all"]["mean"])
    moved = [
        abs(figure["stored"] - figure["float32"])
        for of_set in result["figures"].values()
        for row in of_set.values()
        for figure in row.values()
        if figure["stored"] is not None
    ]
    yield Point("storage: largest difference of a figure", "at most", 0.01, max(moved))


def _row(result: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in result["rows"] if row["name"] == name)


def _difference(result: dict[str, Any], one: str, other: str) -> dict[str, Any]:
    return next(row for row in result["differences"] if (row["of"], row["minus"]) == (one, other))


_POINTS = {
    "accuracy": _accuracy,
    "chaosnli": _chaosnli,
    "varierr": _varierr,
    "lists": _lists,
    "speed": _speed,
    "tree": _tree,
    "storage": _storage,
}


def main(file: Path = catalog.RESULTS) -> None:
    """Print a line per point."""
    for point in points(read(file)):
        print(point)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
