"""An evaluation as a table: for terminals and in Markdown. For JSON there is ``Evaluation.as_dict``."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labeldist.core.visible import visible
from labeldist.evaluation.evaluation import Column, Evaluation, Interval, Row
from labeldist.evaluation.few_votes import few_votes_note, listed

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

WIDTH_FOR_INTERVALS = 110
FEW = 20
WHERE_INTERVALS = "How sure each value is: labeldist evaluate --intervals, or a wider terminal."
TITLES = {
    "prediction": "Predictions",
    "baseline": "Baselines from the labels",
    "ceiling": "Human ceiling (split-half agreement)",
}


def number(value: float) -> str:
    """Four decimals, or "undefined".

    >>> number(0.15909), number(math.nan)
    ('0.1591', 'undefined')
    """
    return "undefined" if math.isnan(value) else f"{value:.4f}"


def fits_intervals(console: Console) -> bool:
    """Whether intervals fit."""
    return console.width >= WIDTH_FOR_INTERVALS


def evaluation_parts(evaluation: Evaluation, console: Console, *, intervals: bool) -> list[Table | Text]:
    """The table and its notes, for ``console``, which is widened where ``intervals`` need it: long lines are better
    than names in pieces.
    """
    from rich.text import Text

    if intervals:
        console.width = max(console.width, WIDTH_FOR_INTERVALS)
    more = [] if intervals or not evaluation.resamples else [WHERE_INTERVALS]
    told = Text("\n".join([*notes(evaluation, intervals=intervals), *more]), style="dim")
    return [terminal_table(evaluation, intervals=intervals), told]


def terminal_table(evaluation: Evaluation, *, intervals: bool = False) -> Table:
    """A rich table, predictions above baselines; the best of a column has a star, an interval stands below its value.

    Fits 80 columns with five metrics and no intervals.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column("", overflow="fold")
    counted = items_differ(evaluation)
    for title in [*(["items"] if counted else []), *(column.title + " " for column in evaluation.columns)]:
        table.add_column(Text(title), justify="right", no_wrap=True)
    best = best_values(evaluation)
    for title, rows in sections(evaluation):
        table.add_row(Text(title, style="italic"))
        for row in rows:
            cells = [
                _cell(row.metrics[column.name], is_best(row, column, evaluation, best), intervals)
                for column in evaluation.columns
            ]
            table.add_row(Text("  " + visible(row.name)), *([str(row.items)] if counted else []), *cells)
        table.add_section()
    return table


def markdown_table(evaluation: Evaluation, *, intervals: bool = False) -> str:
    """The same table in Markdown, best of a column in bold, with its notes below."""
    counted = items_differ(evaluation)
    titles = ["distribution", *(["items"] if counted else []), *(column.title for column in evaluation.columns)]
    lines = [table_line(titles), table_line(["---", *["---:"] * (len(titles) - 1)])]
    best = best_values(evaluation)
    for row in (row for _, rows in sections(evaluation) for row in rows):
        cells = [escaped(row.name), *([str(row.items)] if counted else [])]
        for column in evaluation.columns:
            interval = row.metrics[column.name]
            text = number(interval.value)
            text = f"**{text}**" if is_best(row, column, evaluation, best) else text
            cells.append(f"{text} ({_bounds(interval)})" if intervals and _bounds(interval) else text)
        lines.append(table_line(cells))
    return (
        "\n".join([*lines, "", *(escaped(note) + "  " for note in notes(evaluation, intervals=intervals))]).rstrip()
        + "\n"
    )


def notes(evaluation: Evaluation, *, intervals: bool = True) -> list[str]:
    """What a reader of the table must know: items, direction, intervals, metrics of fewer items, items left out."""
    lines = [f"{_items(evaluation.items)}. {_directions(evaluation.columns)} {_marked(evaluation)}"]
    misleading = [column.title for column in evaluation.columns if column.misleads]
    if misleading and evaluation.votes is not None:
        lines.append(few_votes_note(evaluation.votes, evaluation.columns))
    if evaluation.reference_note is not None:
        lines.append(f"Reference: {evaluation.reference_note}.")
    if evaluation.resamples and intervals:
        lines.append(f"Intervals: 95%, {evaluation.resamples} bootstrap resamples of the items.")
    if evaluation.items < FEW and any(column.name == "dcorr" for column in evaluation.columns):
        lines.append(f"D.Corr of fewer than {FEW} items is high whatever they say.")
    lines += _by_chance(evaluation)
    for column in evaluation.columns:
        fewer = {
            row.metrics[column.name].items for row in evaluation.rows if row.metrics[column.name].items < row.items
        }
        lines += [f"{column.title} was computed on {_items(count)} drawn at random." for count in sorted(fewer)]
    for reason, count in Counter(evaluation.left_out.values()).items():
        lines.append(f"Left out, {reason}: {_items(count)}.")
    return lines


def _by_chance(evaluation: Evaluation) -> list[str]:
    """What chance alone gives, and which predictions it may explain."""
    found = []
    for column in evaluation.columns:
        rows = [row for row in evaluation.rows if column.name in row.chance]
        if not rows:
            continue
        values = sorted(row.chance[column.name] for row in rows)
        ends = dict.fromkeys(f"{value:.2f}" for value in (values[0], values[-1]))
        told = f"{column.title} of the same predictions dealt to the items at random: {' to '.join(ends)}"
        unsure = [row.name for row in rows if not row.metrics[column.name].low > row.chance[column.name]]
        more = f"; not surely above that: {listed(unsure)}" if unsure and evaluation.resamples else ""
        found.append(f"{told}{more}.")
    return found


def _marked(evaluation: Evaluation) -> str:
    misleading = [column.title for column in evaluation.columns if column.misleads]
    return f"The best value is marked{f', but not of {listed(misleading)}' if misleading else ''}."


def sections(evaluation: Evaluation) -> list[tuple[str, list[Row]]]:
    """The rows by their kind, under a title each."""
    found = [(title, [row for row in evaluation.rows if row.kind == kind]) for kind, title in TITLES.items()]
    return [(title, rows) for title, rows in found if rows]


def items_differ(evaluation: Evaluation) -> bool:
    """Whether the number of items has to be told for each row."""
    return any(row.items != evaluation.items for row in evaluation.rows if row.kind != "ceiling")


def best_values(evaluation: Evaluation) -> dict[str, str]:
    """By column the best value as shown. Rows with fewer items are not comparable and cannot be best."""
    best = {}
    for column in evaluation.columns:
        values = [row.metrics[column.name].value for row in evaluation.rows if _comparable(row, evaluation)]
        defined = [value for value in values if not math.isnan(value)]
        if defined:
            best[column.name] = number(max(defined) if column.higher_is_better else min(defined))
    return best


def is_best(row: Row, column: Column, evaluation: Evaluation, best: Mapping[str, str]) -> bool:
    """Whether a value is to be marked; ``best`` as of :func:`best_values`."""
    shown = number(row.metrics[column.name].value)
    return not column.misleads and _comparable(row, evaluation) and shown == best.get(column.name)


def _comparable(row: Row, evaluation: Evaluation) -> bool:
    """A ceiling is measured against other annotators than the reference."""
    return row.items == evaluation.items and row.kind != "ceiling"


def _cell(interval: Interval, best: bool, intervals: bool) -> Text:
    from rich.text import Text

    text = Text(number(interval.value) + ("*" if best else " "), style="bold" if best else "")
    if intervals:
        text.append(f"\n{_bounds(interval)} ", style="not bold dim")
    return text


def _bounds(interval: Interval) -> str:
    return "" if math.isnan(interval.low) else f"{number(interval.low)}-{number(interval.high)}"


def _directions(columns: Sequence[Column]) -> str:
    higher = [column.title for column in columns if column.higher_is_better]
    if len(higher) == len(columns):
        return "Higher is better."
    named = listed(higher) if higher else ""
    return f"Lower is better, except for {named}." if named else "Lower is better."


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"


def table_line(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, in one table cell."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", visible(text.strip()))
