"""What ``labeldist plan`` prints: tables with a sentence each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from labeldist.cli.printing import console, say, say_json, say_table, tell
from labeldist.cli.results import counted, status, tell_failures
from labeldist.core.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from labeldist.estimation.pilot import Plan
    from labeldist.estimation.prices import Prices, Way
    from labeldist.runs.planning import PlanSummary

# Of the numbers of labels that were predicted; all of them are in the JSON.
WIDTH_OF_INTERVAL = 17
SHOWN = (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200)


def prices_of(label: float | None, call: Sequence[str], calls: int | None) -> Prices:
    """The prices that options give: of a call for all judges, or ``JUDGE=PRICE``.

    >>> prices_of(0.1, ["0.001", "large=0.02"], 12).by_judge
    {'large': 0.02}
    """
    from labeldist.estimation.prices import Prices

    pairs = [one.rpartition("=") for one in call]
    named = {name: _price(price) for name, equals, price in pairs if equals}
    of_all = [_price(price) for _, equals, price in pairs if not equals]
    if len(of_all) > 1:
        raise UsageError("--price-call for all judges twice", hint="name the judges: --price-call JUDGE=PRICE")
    return Prices(label, of_all[0] if of_all else None, calls, named)


def _price(text: str) -> float:
    try:
        price = float(text)
    except ValueError:
        price = -1.0
    if not 0 <= price < math.inf:
        raise UsageError(f"--price-call {text}", hint="give a number of at least 0, or JUDGE=NUMBER")
    return price


def show_plan(summary: PlanSummary, *, as_json: bool) -> int:
    """Show a plan; returns the exit status."""
    if as_json:
        say_json(summary.as_dict())
        return status(summary.failures)
    found, metric = summary.plan, summary.metric
    say(
        f"{counted(found.items, 'item')}, {found.labelled:,} with labels ({found.labels:.1f} each on average); "
        f"evidence: {', '.join(found.evidence) or 'none'}"
    )
    for one in found.saves:
        several = len(one.evidence) > 1
        say(f"{'All evidence' if several else one.evidence[0]} {one.in_words()}.")
    _judges(found)
    _predicted(found, metric)
    _measured(found, metric)
    _curve(summary)
    _ways(summary)
    _replay(found)
    if summary.files:
        say()
        say(f"Written: {', '.join(map(str, summary.files))}")
    for note in (*summary.notes, *found.notes):
        tell("note", note)
    tell_failures(summary.failures, summary.files[-1] if summary.files else None)
    return status(summary.failures)


def _named(evidence: Sequence[str], of: Sequence[str]) -> str:
    """A set of evidence in words.

    >>> _named((), ("a", "b")), _named(("a",), ("a", "b")), _named(("a", "b"), ("a", "b"))
    ('no evidence', 'a', 'all evidence')
    """
    if not evidence:
        return "no evidence"
    return evidence[0] if len(evidence) == 1 else "all evidence" if len(evidence) == len(of) else ", ".join(evidence)


def _judges(found: Plan) -> None:
    """What several judges are worth, and which is the one to do without, beside what it costs."""
    if found.judges is None:
        return
    for line in found.judges.in_words():
        say(line)
    least = found.judges.least.name
    say(next(cost for cost in found.costs if cost.judge == least).in_words())


def _predicted(found: Plan, metric: str) -> None:
    by_set = {
        evidence: {one.labels: one.error(metric) for one in found.predicted if one.evidence == evidence}
        for evidence in dict.fromkeys(one.evidence for one in found.predicted)
    }
    numbers = sorted({one.labels for one in found.predicted})
    names = [_named(each, found.evidence) for each in by_set]
    one_line = _width() > len("labels ") + sum(max(WIDTH_OF_INTERVAL, len(name)) + 1 for name in names)
    rows = [
        [
            str(number),
            *(_interval(*by_set[each][number], one_line) if number in by_set[each] else "" for each in by_set),
        ]
        for number in numbers
        if number in SHOWN or number == numbers[-1]
    ]
    title = f"Predicted {metric.upper()} by the number of labels per item, with intervals of 90%"
    _print(title, ["labels", *names], rows)


def _measured(found: Plan, metric: str) -> None:
    if not found.measured:
        return
    rows = []
    for one in found.measured:
        value = (one.kl, one.kl_low, one.kl_high) if metric == "kl" else (one.tvd, one.tvd_low, one.tvd_high)
        expected = [f"{one.expected_kl:.3f}"] if metric == "kl" else []
        rows.append([_named(one.evidence, found.evidence), _interval(*value), *expected])
    first = found.measured[0]
    title = (
        f"{metric.upper()} at hand: measured on {counted(first.references, 'reference')} with {first.labels:.1f} "
        "labels per item"
    )
    _print(title, ["", "measured", *(["expected"] if metric == "kl" else [])], rows)


def _curve(summary: PlanSummary) -> None:
    found = summary.plan
    if not found.curve:
        return
    rows = [[str(point.references), _interval(*point.error(summary.metric))] for point in found.curve]
    title = (
        f"{summary.metric.upper()} by the number of references to calibrate on, with the labels at hand: measured on "
        f"{found.curve[0].measured_on} other items (mean, least and greatest of the draws)"
    )
    _print(title, ["references", summary.metric.upper()], rows)
    if found.votes is not None and summary.prices.label is not None:
        say(f"A reference of {found.votes:.0f} votes costs {_money(summary.prices.of_item(round(found.votes), 0))}.")
    if summary.target is not None:
        enough = next((point for point in found.curve if point.error(summary.metric)[0] <= summary.target), None)
        say(
            f"None of these numbers of references reaches {summary.target:g} with the labels at hand."
            if enough is None
            else f"With the labels at hand, {enough.references} references reach {summary.target:g}."
        )


def _ways(summary: PlanSummary) -> None:
    found, best = summary.plan, summary.cheapest
    if summary.target is None:
        return
    goal = f"{summary.metric.upper()} {summary.target:g}"
    rows = [_way(way, found) for way in found.ways]
    columns = ["", "labels", "surely", "cost", f"of {counted(found.items, 'item')}", "missing"]
    title = (
        f"Labels per item to reach {goal}: by the predictions, and surely, by the upper end of their intervals; for "
        "the sure number the cost of an item and of all, and how many labels of all are missing"
    )
    _print(title, columns, rows)
    if best is None:
        _no_sure_way(found, goal)
        return
    known = all(way.cost_per_item is not None for way in found.ways if way.labels_surely is not None)
    how = f"{counted(best.labels_surely or 0, 'label')} per item, {_named(best.evidence, found.evidence)}"
    price = f", at {_money(best.cost_per_item)} per item" if known else ""
    which = "cheapest way" if known else "way with the fewest labels"
    middle = "" if best.labels == best.labels_surely else f" The prediction itself says {best.labels}."
    say(f"The {which} that surely reaches {goal}: {how}{price}.{middle}")
    if not known:
        say(_missing_prices(summary.prices))
    if found.doubtful:
        say("Do not rely on it: on this pilot the predictions promise too much, see the notes.")


def _no_sure_way(found: Plan, goal: str) -> None:
    most = max(one.labels for one in found.predicted)
    likely = min((way for way in found.ways if way.labels is not None), key=lambda way: way.labels or 0, default=None)
    say(f"No way surely reaches {goal} with up to {most} labels per item.")
    if likely is not None:
        how = f"{counted(likely.labels or 0, 'label')} per item, {_named(likely.evidence, found.evidence)}"
        say(f"The predictions themselves say {how}, but this pilot leaves them too uncertain: label more items.")


def _way(way: Way, found: Plan) -> list[str]:
    name = _named(way.evidence, found.evidence)
    labels, surely = ("none" if number is None else str(number) for number in (way.labels, way.labels_surely))
    if way.missing is None:
        return [name, labels, surely, "", "", ""]
    return [name, labels, surely, _money(way.cost_per_item), _money(way.cost_of_source), f"{way.missing:,}"]


def _missing_prices(prices: Prices) -> str:
    names = {"--price-label": prices.label, "--price-call": prices.call, "--calls-per-item": prices.calls}
    return f"To compare costs, give {', '.join(name for name, value in names.items() if value is None)}."


def _replay(found: Plan) -> None:
    replayed = found.replay
    if replayed.rows:
        rows = [
            [
                str(row.labels),
                f"{row.evenly:.4f}",
                f"{row.targeted:.4f}",
                f"{row.gain:+.4f} {row.gain_low:+.4f} to {row.gain_high:+.4f}",
            ]
            for row in replayed.rows
        ]
        title = (
            f"Where the next labels go, replayed on {counted(replayed.items, 'item')} from {replayed.rows[0].start} "
            f"per item: {replayed.measure}"
        )
        _print(title, ["labels", "evenly", "targeted", "gain by targeting"], rows)
    else:
        say()
    say(replayed.verdict())
    if found.next_items:
        say(f"The least certain items: {', '.join(found.next_items)}")


def _interval(value: float, low: float, high: float, one_line: bool = True) -> str:
    """A value with its interval behind or below it."""
    return f"{value:.3f}{' ' if one_line else chr(10)}{low:.3f}-{high:.3f}"


def _money(value: float | None) -> str:
    """An amount, or that it is not known.

    >>> _money(1234.5), _money(0.0024), _money(None)
    ('1,234.50', '0.0024', 'unknown')
    """
    if value is None:
        return "unknown"
    return f"{value:,.2f}" if value >= 100 else f"{value:.4g}"


def _width() -> int:
    return console().width


def _print(title: str, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    """An empty line, the title and a table; the first column to the left."""
    from rich.text import Text

    screen = console()
    say()
    say_table(Text(title), screen)
    say_table(_table(columns, rows), screen)


def _table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for at, column in enumerate(columns):
        table.add_column(Text(column), justify="right" if at else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
