"""All 144 orders of an item: the tree against sorted padded batches of the same prompts."""

from __future__ import annotations

from typing import Any

from benchmarks.engine import ratios
from benchmarks.engine.llamas import SIZES, opened
from benchmarks.engine.prompts import in_all_orders
from benchmarks.engine.setup import Setup
from benchmarks.point import Point

LEAST = {"17M": 5.5, "158M": 6.5}
LEAST_SHARE = 0.8


def measure(setup: Setup) -> dict[str, Any]:
    """Both sizes."""
    return {"sizes": {size: ratios.compared(setup, opened(size), in_all_orders) for size in SIZES}}


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked."""
    sizes = result["sizes"]
    return [
        *(
            Point(f"144 prompts, {size}: times padded batches", "at least", least, sizes[size]["median"]["ratio"])
            for size, least in LEAST.items()
        ),
        Point("158M: share of the bound", "at least", LEAST_SHARE, sizes["158M"]["median"]["share of the bound"]),
    ]


def rendered(result: dict[str, Any]) -> str:
    """A line per size."""
    return ratios.rendered(result["sizes"])
