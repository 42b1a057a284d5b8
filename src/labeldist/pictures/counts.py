"""How often each label was given, and how many labels items have, as bars with their numbers."""

from __future__ import annotations

from collections.abc import Mapping

from labeldist.pictures.palette import MOST, OTHERS, label_colours
from labeldist.pictures.svg import rect, room, svg, text

WIDTH, ROW = 200.0, 18.0
ROWS = 12


def label_counts(counts: Mapping[str, int], *, ordered: bool = False, title: str = "labels") -> str:
    """A bar for each label with its number and share; of many labels the most frequent."""
    if not any(counts.values()):
        return ""
    colours = dict(zip(counts, label_colours(len(counts), ordered=ordered), strict=True))
    rows = [*counts.items()]
    if len(rows) > ROWS:
        rows = sorted(rows, key=lambda row: -row[1])[:ROWS]
    if len(counts) > MOST + 1 and not ordered:
        colours = dict.fromkeys(counts, OTHERS)
    total = sum(counts.values())
    more = f", the {ROWS} most frequent of {len(counts)}" if len(counts) > ROWS else ""
    said = {name: f"{count:,} ({count / total:.0%})" for name, count in rows}
    return _bars(dict(rows), said, colours, f"{title}: {total:,} given{more}")


def labels_per_item(items: Mapping[int, int], title: str = "labels per item") -> str:
    """A bar for each number of labels: how many items have so many."""
    rows = {f"{number:,} label{'' if number == 1 else 's'}": count for number, count in sorted(items.items())[:ROWS]}
    said = {name: f"{count:,} item{'' if count == 1 else 's'}" for name, count in rows.items()}
    return _bars(rows, said, dict.fromkeys(rows, OTHERS), title) if rows else ""


def _bars(rows: Mapping[str, int], said: Mapping[str, str], colours: Mapping[str, str], title: str) -> str:
    left, most = room([*rows]), max(*rows.values(), 1)
    parts = []
    for at, (name, count) in enumerate(rows.items()):
        y, wide = 2 + at * ROW, max(WIDTH * count / most, 1.0 if count else 0.0)
        parts += [text(left - 6, y + 11, name, anchor="end"), rect(left, y, wide, 13, colours[name])]
        parts.append(text(left + wide + 5, y + 11, said[name]))
    return svg(title, left + WIDTH + 90, ROW * len(rows) + 4, parts)
