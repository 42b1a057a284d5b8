"""Tables as notebooks show them: HTML, with everything that comes from data escaped; pictures may stand above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labeldist.pictures.svg import escaped

ROWS = 10
MOST = 500  # characters of a cell
MOST_NOTE = 4000


def html_table(
    head: Sequence[str], rows: Iterable[Sequence[object]], note: str = "", *, more: int = 0, above: str = ""
) -> str:
    """A table with a note below it; numbers with three decimals, ``more`` rows are not shown. ``above``: pictures.

    >>> html_table(["id", "p"], [["<b>", 0.25]])
    '<table><thead><tr><th>id</th><th>p</th></tr></thead><tbody><tr><td>&lt;b&gt;</td><td>0.250</td></tr></tbody></table>'
    """
    names = "".join(f"<th>{_cell(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    told = " ".join(filter(None, (f"{more:,} more rows." if more > 0 else "", note)))
    below = f"<p>{_cell(told, MOST_NOTE)}</p>" if told else ""
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>{below}"
    return f"<div>{above}{table}</div>" if above else table


def _cell(value: object, most: int = MOST) -> str:
    return escaped(f"{value:.3f}" if isinstance(value, float) else str(value), most)
