"""Numbers and tables as the model card shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, the first column left-aligned, the others right-aligned.

    >>> print(table(["", "KL"], [["none", ".25"]]))
    |  | KL |
    |---|---:|
    | none | .25 |
    """
    lines = [_line(titles), "|---|" + "---:|" * (len(titles) - 1), *map(_line, rows)]
    return "\n".join(lines)


def number(value: float | None, decimals: int = 3, *, sign: bool = False) -> str:
    """Without the zero before the point, as the project writes numbers below 1; a dash where undefined.

    >>> number(0.25), number(-0.02, sign=True), number(1.5), number(None)
    ('.250', '−.020', '1.500', '—')
    """
    if value is None:
        return "—"
    # What rounds to zero is zero, not minus zero.
    text = f"{round(value, decimals) + 0.0:{'+' if sign else ''}.{decimals}f}"
    return re.sub(r"^([+−]?)0\.", r"\1.", text.replace("-", "−"))


def unsigned(interval: Mapping[str, float | None]) -> str:
    """A value with its interval, where it has one."""
    return _with_bounds(interval, sign=False)


def signed(interval: Mapping[str, float | None]) -> str:
    """A difference with its interval, where it has one."""
    return _with_bounds(interval, sign=True)


def percent(share: float, decimals: int = 1) -> str:
    """A share as the card shows it.

    >>> percent(0.8305)
    '83.0%'
    """
    return f"{100 * share:.{decimals}f}%"


def _with_bounds(interval: Mapping[str, float | None], *, sign: bool) -> str:
    value = number(interval["value"], sign=sign)
    if interval["value"] is None or interval["low"] is None:
        return value
    return f"{value} [{number(interval['low'], sign=sign)}, {number(interval['high'], sign=sign)}]"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
