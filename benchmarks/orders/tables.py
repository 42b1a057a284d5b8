"""The measurement as Markdown, and beside what was asked."""

from __future__ import annotations

import re
from typing import Any

from benchmarks.embedded.markdown import number, percent, table
from benchmarks.point import Point

ALL = 144
ALL_OF_FIVE = 720
Result = dict[str, Any]
PLACE = re.compile(r"(<!-- measured: (\w+) -->)\n.*?(<!-- end -->)", re.DOTALL)


def rendered(result: Result) -> dict[str, tuple[str, str]]:
    """{name: (title, table)}; the names are those of the places in ``docs/concept-orders.md``."""
    five, eight = result["five"], result["eight"]
    plain, liking = (result[judge] for judge in ("as it is", "likes places"))
    return {
        "four": (
            f"Four explanations, {result['items']} items, against all {ALL} orders",
            _curve(plain, result["tokens"]["balanced"], ALL),
        ),
        "places": ("The same with a liking for places", _curve(liking, result["tokens"]["balanced"], ALL)),
        "crossed": ("New orders of explanations, or more orders of options for the same ones", _crossed(result)),
        "auto": ("Until the standard error is small enough", _adaptive(result)),
        "five": (
            f"Five explanations, {five['items']} items, against all {ALL_OF_FIVE} orders",
            _curve(five, result["tokens of five"], ALL_OF_FIVE),
        ),
        "eight": (f"Eight explanations, {eight[0]['items']} items, 241,920 orders", _eight(eight)),
    }


def filled(page: str, result: Result) -> str:
    """The page with each table in its place: between ``<!-- measured: NAME -->`` and ``<!-- end -->``."""
    tables = rendered(result)
    return PLACE.sub(lambda found: f"{found[1]}\n{tables[found[2]][1]}\n{found[3]}", page)


def points(result: Result) -> list[Point]:
    """What was asked beside what was reached."""
    found = next(row for row in result["as it is"]["auto"] if row["target"] == 0.01)
    eight = next(row for row in result["eight"] if row["target"] == 0.01)
    return [
        Point("auto:0.01, four explanations: mean absolute error", "at most", 0.01, found["mean absolute error"]),
        Point("auto:0.01, four explanations: prompts of an item, mean", "at most", ALL / 3, found["orders"]),
        Point("auto:0.01, eight explanations: prompts of an item, most", "at most", 240, eight["most orders"]),
    ]


def _curve(found: Result, counted: Result, every: int) -> str:
    whole = counted[str(every)]["distinct tokens"]
    rows = [
        [
            str(row["orders"]),
            percent(row["orders"] / every, 0),
            percent(counted[str(row["orders"])]["distinct tokens"] / whole, 0),
            number(drawn["mean absolute error"], 4),
            number(row["mean absolute error"], 4),
            number(row["mean TVD"], 4),
            number(row["root mean square"], 4),
            number(row["standard error"], 4),
        ]
        for row, drawn in zip(found["balanced"], found["drawn"], strict=True)
    ]
    titles = [
        "orders",
        "prompts",
        "distinct tokens",
        "error if drawn",
        "error if balanced",
        "TVD",
        "r.m.s. error",
        "s.e. said",
    ]
    return table(titles, rows)


def _crossed(result: Result) -> str:
    plain, liking = result["as it is"], result["likes places"]
    whole = result["tokens"]["balanced"][str(ALL)]["distinct tokens"]
    rows = []
    for design in ("balanced", "crossed"):
        for row, other in zip(plain[design], liking[design], strict=True):
            share = result["tokens"][design][str(row["orders"])]["distinct tokens"] / whole
            cells = (number(one["mean absolute error"], 4) for one in (row, other))
            rows.append((share, [f"{design}, {row['orders']} prompts", percent(share, 0), *cells]))
    return table(["", "distinct tokens", "error", "error, places"], [cells for _, cells in sorted(rows)])


def _adaptive(result: Result) -> str:
    kinds = {
        "as it is": ("4 explanations", ALL),
        "likes places": ("4, likes places", ALL),
        "five": ("5 explanations", ALL_OF_FIVE),
    }
    rows = [
        [
            f"auto:{row['target']:g}, {title}",
            f"{row['orders']:.1f}",
            percent(row["orders"] / every, 0),
            str(row["most orders"]),
            f"{row['steps']:.1f}",
            number(row["mean absolute error"], 4),
            number(row["root mean square"], 4),
            number(row["standard error"], 4),
            percent(row["items off by more"]),
        ]
        for kind, (title, every) in kinds.items()
        for row in result[kind]["auto"]
    ]
    titles = ["", "prompts", "of all", "most", "steps", "error", "r.m.s. error", "s.e. said", "items off by more"]
    return table(titles, rows)


def _eight(found: list[Result]) -> str:
    rows = [
        [
            f"auto:{row['target']:g}",
            f"{row['orders']:.1f}",
            str(row["most orders"]),
            number(row["standard error"], 4),
            number(row["largest standard error"], 4),
        ]
        for row in found
    ]
    return table(["", "prompts", "most", "s.e. said", "largest s.e."], rows)
