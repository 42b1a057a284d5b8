"""The measurements by name, and the file of their results. Another peer of the tree is a module more in the list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engine import in_flight, memory, padded, published, real, sweep, vllm
from benchmarks.engine.setup import Setup
from benchmarks.point import Point

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Measurement:
    """``measure`` gives the figures as JSON takes them, ``rendered`` their tables, ``points`` what was asked."""

    measure: Callable[[Setup], dict[str, Any]]
    rendered: Callable[[dict[str, Any]], str]
    points: Callable[[dict[str, Any]], list[Point]]


MEASUREMENTS = {
    part.__name__.rpartition(".")[2]: Measurement(part.measure, part.rendered, part.points)
    for part in (in_flight, memory, padded, published, real, sweep, vllm)
}
