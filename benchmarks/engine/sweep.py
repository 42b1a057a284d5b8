"""The paper's sweep, k = 0 to 4 of the explanations in every order: 390 prompts in one call against padded batches."""

from __future__ import annotations

from typing import Any

from benchmarks.engine import ratios
from benchmarks.engine.llamas import SIZES, opened
from benchmarks.engine.prompts import swept
from benchmarks.engine.setup import Setup
from benchmarks.point import Point

LEAST = 10.0


def measure(setup: Setup) -> dict[str, Any]:
    """Both sizes."""
    return {"sizes": {size: ratios.compared(setup, opened(size), swept) for size in SIZES}}


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked."""
    found = result["sizes"]["158M"]["median"]["ratio"]
    return [Point("390 prompts, 158M: times padded batches", "at least", LEAST, found)]


def rendered(result: dict[str, Any]) -> str:
    """A line per size."""
    return ratios.rendered(result["sizes"])
