"""What was measured, as a table and as points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.embedded.markdown import table
from benchmarks.point import Point

NOW, BEFORE = "now", "before"
Measured = Mapping[str, Any]


def rendered(results: Mapping[str, Measured]) -> str:
    """A line per command, number of items and code."""
    rows = []
    for one in results.values():
        store = one.get("store bytes")
        rows.append(
            [
                f"`{one['stage']}`, {one['items']:,} items, {one['code']}",
                f"{one['seconds']:,.0f} s",
                f"{one['CPU seconds']:,.0f} s",
                f"{one['CPU seconds'] / one['items'] * 1e3:.2f} ms",
                f"{one['peak MB']:,} MB",
                "—" if store is None else f"{store / one['items'] / 1e3:.1f} KB",
                f"{one['load']}",
            ]
        )
    return table(["", "time", "of processors", "an item", "peak memory", "store an item", "load before"], rows)


def points(results: Mapping[str, Measured]) -> list[Point]:
    """What was asked, of what is there."""
    found = {(one["stage"], one["items"]): one for one in results.values() if one["code"] == NOW}
    asked = []
    few, many = found.get(("run", 10_000)), found.get(("run", 100_000))
    if many is not None:
        asked.append(Point("run, 100,000 items: peak MB", "below", 400, many["peak MB"]))
        asked.append(Point("run, 100,000 items: KB of store an item", "at most", 6, many["store bytes"] / 1e8))
    if few is not None and many is not None:
        growth = (many["peak MB"] - few["peak MB"]) * 1e3 / 90_000
        asked.append(Point("run, from 10,000 to 100,000 items: KB of memory an item", "below", 1, growth))
    million = found.get(("evaluate", 1_000_000))
    if million is not None:
        asked.append(Point("evaluate, 1,000,000 items: peak MB", "below", 1000, million["peak MB"]))
        asked.append(Point("evaluate, 1,000,000 items: processor seconds", "at most", 90, million["CPU seconds"]))
    annotations = found.get(("describe", 200_000))
    if annotations is not None:
        asked.append(Point("describe, 1,000,000 annotations: seconds", "at most", 20, annotations["seconds"]))
        asked.append(Point("describe, 1,000,000 annotations: peak MB", "below", 1000, annotations["peak MB"]))
    return asked
